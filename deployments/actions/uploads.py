"""An experiment with its file in one go, as somebody with a browser makes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from deployments import storage
from deployments.actions.experiments import complete_artifact, create_artifact, create_experiment
from deployments.models import Artifact, Experiment
from mlops_console.actor import Actor
from mlops_console.models import Workspace


def upload_experiment(
    *,
    actor: Actor,
    workspace: Workspace,
    display_name: str,
    chunks: Iterable[bytes],
    now: datetime,
    description: str = "",
    model_type: str = "",
    metadata: Mapping[str, Any] | None = None,
    mime_type: str = "",
) -> Experiment:
    """Make an experiment of a file; where that fails, nothing of it is left. Raises Missing, NotAllowed or Invalid.

    Not one transaction: a file takes its time, and nobody should wait for it with locks held.
    """
    artifact = create_artifact(actor=actor, workspace=workspace, now=now, mime_type=mime_type)
    try:
        stored = storage.store(artifact.uid, chunks)
        with transaction.atomic():
            complete_artifact(actor=actor, uid=artifact.uid, stored=stored, now=now)
            return create_experiment(
                actor=actor,
                workspace=workspace,
                display_name=display_name,
                description=description,
                model_type=model_type,
                metadata=metadata,
                artifact=artifact.uid,
                now=now,
            )
    except BaseException:
        storage.remove(artifact.uid)
        Artifact.objects.filter(pk=artifact.pk, experiment=None).delete()
        raise
