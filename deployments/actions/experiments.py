"""Making, changing and removing experiments and the files that hold their models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import ProtectedError

from deployments import queries
from deployments.models import Artifact, Experiment
from deployments.storage import Stored
from mlops_console import audit
from mlops_console.access import Right
from mlops_console.actor import Actor
from mlops_console.errors import Invalid, Refused
from mlops_console.models import Workspace
from runtimes.actions.checks import Faults, checked_names, hold_workspace, in_use
from runtimes.models import ModelType
from runtimes.rules.names import text_fault

METADATA_MAX: Final = 1_000
KEY_MAX: Final = 253
VALUE_MAX: Final = 65_536
INT_MAX: Final = 2**63 - 1
_FIELDS: Final = ("display_name", "description", "metadata")


@transaction.atomic
def create_experiment(
    *,
    actor: Actor,
    workspace: Workspace,
    display_name: str,
    now: datetime,
    description: str = "",
    model_type: str = "",
    metadata: Mapping[str, Any] | None = None,
    artifact: str = "",
    artifact_type: str = "",
) -> Experiment:
    """Make an experiment, with an uploaded artifact of the same workspace where one is named.

    `artifact_type` is what that is called from now on, where that is not what it was uploaded as.

    Raises Missing, NotAllowed or Invalid.
    """
    actor.require(Right.WRITE, workspace)
    hold_workspace(workspace)
    faults = Faults()
    values: dict[str, Any] = dict(checked_names(faults, display_name, description))
    values["metadata"] = _checked_metadata(faults, metadata or {})
    if model_type and ModelType.objects.select_for_update(no_key=True).filter(name=model_type).first() is None:
        faults["model_type"] = f"There is no model type {model_type!r}."
    file = Artifact.objects.select_for_update().filter(workspace=workspace, uid=artifact).first() if artifact else None
    if artifact and file is None:
        faults["artifact"] = f"There is no artifact {artifact!r} in workspace {workspace.uid}."
    if file is not None and file.experiment_id is not None:
        # What an experiment is must not change behind those who deploy it.
        faults["artifact"] = f"The artifact {artifact} belongs to another experiment already."
    faults.raise_any()
    experiment = Experiment.objects.create(
        workspace=workspace,
        model_type_id=model_type or None,
        owner=actor.user,
        created_at=now,
        updated_at=now,
        **values,
    )
    if file is not None:
        file.experiment = experiment
        file.type = artifact_type or file.type
        file.save(update_fields=["experiment", "type"])
    after = {field: values[field] for field in _FIELDS if values[field]} | {"model_type": model_type}
    _record(actor, audit.Verb.CREATE, experiment, now, after=after)
    return experiment


@transaction.atomic
def delete_experiment(*, actor: Actor, workspace: str, uid: str, now: datetime) -> list[str]:
    """Remove an experiment and answer the ids of its artifacts, whose files are the caller's to remove.

    Raises Missing, NotAllowed, or Refused naming the deployments and models that use it (R8).
    """
    found = queries.find_experiment(actor, workspace, uid)
    actor.require(Right.DELETE, found.workspace)
    before = {field: getattr(found, field) for field in _FIELDS if getattr(found, field)}
    files = list(found.artifacts.values_list("uid", flat=True))
    try:
        found.delete()
    except ProtectedError as fault:
        raise in_use("experiment", uid, fault) from None
    _record(actor, audit.Verb.DELETE, found, now, before=before)
    return files


@transaction.atomic
def create_artifact(
    *, actor: Actor, workspace: Workspace, now: datetime, kind: str = "", mime_type: str = "", experiment: str = ""
) -> Artifact:
    """Announce a file that is about to be uploaded, for an experiment where one is named by its id.

    Raises Missing, NotAllowed, Invalid, or Refused for an experiment that has its file.
    """
    actor.require(Right.WRITE, workspace)
    hold_workspace(workspace)
    for field, text, maximum in (("type", kind, 100), ("mime_type", mime_type, 200)):
        if fault := text_fault(text, label="It", maximum=maximum, one_line=True):
            raise Invalid({field: fault})
    taker = locked_taker(workspace, experiment) if experiment else None
    # No audit entry yet: an announced file is nothing that anybody could use.
    return Artifact.objects.create(
        workspace=workspace, experiment=taker, type=kind, mime_type=mime_type, created_at=now
    )


def locked_taker(workspace: Workspace, uid: str, *, has: Artifact | None = None) -> Experiment:
    """An experiment that takes a file, locked; raises Invalid, or Refused for one that has another file than `has`.

    What an experiment is must not change behind those who deploy it.
    """
    taker = Experiment.objects.select_for_update().filter(workspace=workspace, uid=uid).first()
    if taker is None:
        raise Invalid({"experiment": f"There is no experiment {uid!r} in workspace {workspace.uid}."})
    others = taker.artifacts.exclude(pk=has.pk) if has else taker.artifacts.all()
    if others.exists():
        raise Refused("taken", f"The experiment {taker.display_name} has its file already; make another experiment.")
    return taker


@transaction.atomic
def complete_artifact(*, actor: Actor, uid: str, stored: Stored, now: datetime) -> Artifact:
    """Take note of a file that has arrived whole; raises Missing, NotAllowed, or Refused for one that was there."""
    artifact = queries.find_artifact(actor, uid)
    actor.require(Right.WRITE, artifact.workspace)
    artifact = Artifact.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=artifact.pk)
    if artifact.uploaded_at is not None:
        raise Refused("taken", f"The artifact {uid} has its file already.")
    artifact.size, artifact.md5, artifact.sha256, artifact.uploaded_at = stored.size, stored.md5, stored.sha256, now
    artifact.save(update_fields=["size", "md5", "sha256", "uploaded_at"])
    subject = audit.Subject(audit.Kind.ARTIFACT, f"artifacts/{uid}", artifact.workspace.uid)
    after = {"size": stored.size, "sha256": stored.sha256, "type": artifact.type}
    audit.record([audit.entry(actor=actor, verb=audit.Verb.CREATE, subject=subject, now=now, after=after)])
    return artifact


def _checked_metadata(faults: Faults, metadata: Mapping[str, Any]) -> dict[str, Any]:
    if len(metadata) > METADATA_MAX:
        faults["metadata"] = f"There are {len(metadata):,} entries; at most {METADATA_MAX:,} are allowed."
        return {}
    for key, value in metadata.items():
        fault = text_fault(key, label="The key", maximum=KEY_MAX, one_line=True)
        if isinstance(value, str):
            fault = fault or text_fault(value, label="The value", maximum=VALUE_MAX)
        elif isinstance(value, bool | int | float | dict | list):
            fault = fault or _json_fault(value)
        else:
            fault = fault or "The value is a text, a number, true, false, an object or a list."
        if fault:
            faults[f"metadata.{key[:KEY_MAX]}"] = fault
    return dict(metadata)


def _json_fault(value: Any) -> str:
    """What keeps a value from being stored as JSON, or `""`."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (ValueError, RecursionError):
        return "The value is no JSON that can be stored."
    if "\\u0000" in text:
        return "The value holds NUL."
    if isinstance(value, int) and not -INT_MAX <= value <= INT_MAX:
        return "The number has more than 64 bits."
    return (
        f"The value has {len(text):,} characters; at most {VALUE_MAX:,} are allowed." if len(text) > VALUE_MAX else ""
    )


def _record(actor: Actor, verb: audit.Verb, experiment: Experiment, now: datetime, **differing: Any) -> None:
    subject = audit.Subject(audit.Kind.EXPERIMENT, experiment.name, experiment.workspace.uid)
    audit.record([audit.entry(actor=actor, verb=verb, subject=subject, now=now, **differing)])
