"""Reading what is running; the same for pages and API."""

from __future__ import annotations

from typing import Final, TypeVar

from django.db.models import BigIntegerField, Case, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import NullIf

from deployments.models import Artifact, Composition, Deployment, Event, Experiment, RegisteredModel, Rollout
from mlops_console.access import Right
from mlops_console.actor import Actor
from mlops_console.errors import Missing
from mlops_console.queries import Scope, scope_for, workspaces_of
from mlops_console.statements import Instances
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
    disabled = State.DISABLED.value
    current = Version.objects.filter(image=OuterRef("image")).best_first()
    pinned = Q(pinned_version__isnull=False)
    unusable = Q(pinned_version__state=disabled) | Q(pinned_version__image__state=disabled)
    latest = Case(
        When(state=disabled, then=None),
        When(pinned & unusable, then=None),
        When(pinned, then=F("pinned_version")),
        When(image__state=disabled, then=None),
        default=Subquery(current.values("pk")[:1]),
        output_field=BigIntegerField(null=True),
    )
    # Looked up, not joined: beside what else is read of compositions, PostgreSQL would plan it longer than run it.
    runtime = Runtime.objects.order_by().filter(pk=OuterRef("runtime"))
    return rows.annotate(**{_LATEST: Subquery(runtime.values(latest=latest))})


def moved_by_latest(rows: QuerySet[Composition]) -> QuerySet[Composition]:
    """Those compositions that Latest would move; the same as `planning.upgrade_available`."""
    # One comparison, so that the database asks once for each where Latest leads.
    return (
        with_latest(rows)
        .alias(elsewhere=NullIf(_LATEST, "version_id", output_field=BigIntegerField()))
        .filter(elsewhere__isnull=False)
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


def whole_compositions() -> QuerySet[Composition]:
    """Compositions with all that is shown of them."""
    return Composition.objects.select_related(
        "experiment",
        "version__image__workspace",
        "runtime__workspace",
        "runtime__image__workspace",
        "runtime__pinned_version__image__workspace",
    )


_COMPOSITIONS: Final = Instances[Composition](
    lambda deployment, start, stop: with_latest(
        whole_compositions().filter(deployment=deployment, position__gte=start, position__lt=stop).order_by("position")
    )
)


def compositions_of(deployment: Deployment, *, start: int, stop: int) -> list[Composition]:
    """Compositions of a deployment in order, of the positions from `start` to before `stop`, with all that is shown.

    They carry the `latest_id` of `with_latest`.
    """
    return _COMPOSITIONS.found(deployment=deployment.pk, start=start, stop=stop)


def weights_of(deployment: Deployment) -> list[int]:
    """The weights of all compositions of a deployment, in order."""
    return list(Composition.objects.filter(deployment=deployment).order_by("position").values_list("weight", flat=True))


def experiment_count(deployment: Deployment) -> int:
    """How many experiments a deployment serves, each counted once."""
    return Composition.objects.filter(deployment=deployment).order_by().values("experiment").distinct().count()


def rollouts_of(deployment: Deployment) -> QuerySet[Rollout]:
    """The rollouts of a deployment, newest first."""
    return Rollout.objects.filter(deployment=deployment).order_by("-number")


def find_rollout(deployment: Deployment, number: int) -> Rollout:
    """One rollout of a deployment; raises Missing."""
    found = rollouts_of(deployment).filter(number=number).first()
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
