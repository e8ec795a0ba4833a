"""Experiments and deployments of the demo, made by the same actions that people use, while its catalogue grows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from django.db import transaction
from django.utils import timezone

from deployments import storage
from deployments.actions.deployments import Wish, create_deployment, pause_deployment
from deployments.actions.experiments import complete_artifact, create_artifact, create_experiment
from deployments.demo import models
from deployments.demo.fleet import FLEET, Live, Model
from deployments.demo.history import RELEASES, as_of
from deployments.models import Experiment
from mlops_console.actor import Actor, ActorKind, person, system
from mlops_console.models import GLOBAL, User, Workspace
from mlops_console.queries import roles_of
from runtimes.actions.bootstrap import apply_values
from runtimes.bootstrap import read_values
from runtimes.models import Runtime, RuntimeImage

_TODAY: Final = len(RELEASES)
# Each workspace's own people have made what is in it.
_MAKERS: Final = {True: "operator", False: "stranger"}


@transaction.atomic
def seed_deployments(catalogue: Path | None, workspace: str, other_workspace: str) -> None:
    """Make what the demo has deployed, unless its workspaces hold experiments already.

    `catalogue` is the demo's own, which is brought in release by release; without it, or where it is there already,
    deployments begin on what there is.
    """
    places = {True: workspace, False: other_workspace}
    if Experiment.objects.filter(workspace__uid__in=places.values()).exists():
        return
    makers = {is_risk: _maker(name) for is_risk, name in _MAKERS.items()}
    workspaces = {is_risk: Workspace.objects.get(uid=uid) for is_risk, uid in places.items()}
    grows = catalogue is not None and not RuntimeImage.objects.filter(workspace__uid=GLOBAL).exists()
    for release in range(_TODAY + 1):
        now = timezone.now()
        if grows and catalogue is not None:
            _bring_in(catalogue, release, now)
        known = _known_runtimes()
        for live in FLEET:
            if live.release == release and live.runtime in known:
                maker, place = makers[live.is_risk], workspaces[live.is_risk]
                _deploy(maker, place, live, known[live.runtime], now)


def _bring_in(catalogue: Path, release: int, now: datetime) -> None:
    values = read_values(catalogue.read_bytes())
    is_today = release == _TODAY
    apply_values(
        actor=system(ActorKind.BOOTSTRAP, "demo"),
        values=values if is_today else as_of(values, RELEASES[release]),
        source=str(catalogue) if is_today else f"{catalogue.name} of {_TODAY - release} releases ago",
        now=now,
    )


def _deploy(maker: Actor, workspace: Workspace, live: Live, model_type: str, now: datetime) -> None:
    wishes = [
        Wish(
            experiment=_experiment(maker, workspace, each, model_type, now).uid,
            runtime=live.runtime,
            weight=each.weight,
        )
        for each in live.models
    ]
    deployment = create_deployment(
        actor=maker,
        workspace=workspace,
        display_name=live.name,
        description=live.description,
        mode=live.mode,
        wishes=wishes,
        now=now,
    )
    if live.is_asleep:
        reason = "Out of season; it would only take memory."
        pause_deployment(actor=maker, workspace=workspace.uid, uid=deployment.uid, now=now, reason=reason)


def _experiment(maker: Actor, workspace: Workspace, model: Model, model_type: str, now: datetime) -> Experiment:
    file = create_artifact(actor=maker, workspace=workspace, kind=model_type, mime_type="application/zip", now=now)
    stored = storage.store(file.uid, [models.artifact(model.model, model.shift)])
    complete_artifact(actor=maker, uid=file.uid, stored=stored, now=now)
    return create_experiment(
        actor=maker,
        workspace=workspace,
        display_name=model.name,
        model_type=model_type,
        metadata={"source": "demo", "algorithm": models.MODELS[model.model]["kind"]},
        artifact=file.uid,
        now=now,
    )


def _known_runtimes() -> Mapping[str, str]:
    """The runtimes that there are, by name, with the model type of each."""
    return {each.name: each.model_type_id for each in Runtime.objects.select_related("workspace")}


def _maker(name: str) -> Actor:
    user = User.objects.get(username=name)
    return person(user, roles=roles_of(user))
