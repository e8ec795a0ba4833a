"""Reading what is running; the same for pages and API."""

from __future__ import annotations

from typing import Final, TypeVar

from django.db.models import BigIntegerField, Case, F, OuterRef, Q, QuerySet, Subquery, When

from deployments.models import Artifact, Composition, Deployment, Event, Experiment, RegisteredModel, Rollout
from deployments.snapshots import RUNS
from mlops_console.access import Right
from mlops_console.actor import Actor
from mlops_console.errors import Missing
from mlops_console.queries import Scope, scope_for, workspaces_of
from runtimes.models import Runtime, Version
from runtimes.rules.lifecycle import State

_LATEST: Final = "latest_id"
R = TypeVar("R", Artifact, Deployment, Experiment, RegisteredModel)


def experiments_in(scope: Scope) -> QuerySet[Experiment]:
    """The experiments of a scope."""
    return Experiment.objects.filter(scope.rows()).select_related("workspace", "owner")


def deployments_in(scope: Scope) -> QuerySet[Deployment]:
    """The deployments of a scope that nobody has deleted."""
    return Deployment.objects.filter(scope.rows(), deleted_at__isnull=True).select_related("workspace", "creator")


def with_latest(rows: QuerySet[Composition]) -> QuerySet[Composition]:
    """Annotate `latest_id`: the version that Latest would lead to, NULL where it leads nowhere (R9).

    The same as `planning.latest_of`, but that a disabled runtime leads nowhere either.
    """
    return rows.annotate(**{_LATEST: _latest("runtime__")})


def moved_by_latest(runtimes: QuerySet[Runtime]) -> Q:
    """The condition that Latest would move a composition on one of some runtimes; asks for these in one query.

    The same as `planning.upgrade_available`. Compositions are many and runtimes few, so where those lead is found out
    once for each runtime, and not again for each composition.
    """
    led_to: dict[int, list[int]] = {}
    for runtime, version in runtimes.order_by().values_list("pk", _latest("")):
        if version is not None:
            led_to.setdefault(version, []).append(runtime)
    moved = Q(pk__in=())
    for version, leading in led_to.items():
        moved |= Q(~Q(version=version), runtime__in=leading)
    return moved


def _latest(path: str) -> Case:
    """The version that a runtime leads to; `path` leads from the row to its runtime."""
    disabled = State.DISABLED.value
    current = Version.objects.filter(image=OuterRef(f"{path}image")).best_first()
    pinned = Q(**{f"{path}pinned_version__isnull": False})
    unusable = Q(**{f"{path}pinned_version__state": disabled}) | Q(**{f"{path}pinned_version__image__state": disabled})
    return Case(
        When(Q(**{f"{path}state": disabled}), then=None),
        When(pinned & unusable, then=None),
        When(pinned, then=F(f"{path}pinned_version")),
        When(Q(**{f"{path}image__state": disabled}), then=None),
        default=Subquery(current.values("pk")[:1]),
        output_field=BigIntegerField(null=True),
    )


def find_experiment(actor: Actor, workspace: str, uid: str) -> Experiment:
    """One experiment of a workspace; raises Missing or NotAllowed."""
    rows = experiments_in(scope_for(actor, workspace))
    return _one(rows.filter(uid=uid), f"There is no experiment {uid} in workspace {workspace}.")


def find_deployment(actor: Actor, workspace: str, uid: str) -> Deployment:
    """One deployment of a workspace; raises Missing or NotAllowed."""
    rows = deployments_in(scope_for(actor, workspace))
    return _one(rows.filter(uid=uid), f"There is no deployment {uid} in workspace {workspace}.")


def find_artifact(actor: Actor, uid: str) -> Artifact:
    """One artifact in the workspaces that the actor sees; raises Missing."""
    rows = Artifact.objects.filter(uid=uid, workspace__in=workspaces_of(actor)).select_related(
        "workspace", "experiment"
    )
    found = _one(rows, f"There is no artifact {uid}.")
    actor.require(Right.VIEW, found.workspace)
    return found


def compositions_of(deployment: Deployment) -> QuerySet[Composition]:
    """The compositions of a deployment in order, with all that is shown of them."""
    rows = Composition.objects.filter(deployment=deployment).select_related(
        "experiment", "version__image__workspace", *RUNS
    )
    return rows.order_by("position")


def rollouts_of(deployment: Deployment) -> QuerySet[Rollout]:
    """The rollouts of a deployment, newest first."""
    return Rollout.objects.filter(deployment=deployment).order_by("-number")


def find_rollout(deployment: Deployment, number: int) -> Rollout:
    """One rollout of a deployment; raises Missing."""
    found = rollouts_of(deployment).filter(number=number).select_related("plan").first()
    if found is None:
        raise Missing(f"{deployment.display_name} has no rollout #{number}.")
    return found


def events_of(rollout: Rollout) -> QuerySet[Event]:
    """What happened in a rollout, in order."""
    return Event.objects.filter(rollout=rollout).select_related("composition__experiment").order_by("pk")


def _one(rows: QuerySet[R], otherwise: str) -> R:
    found = rows.first()
    if found is None:
        raise Missing(otherwise)
    return found
