"""Reading what is running; the same for pages and API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeVar

from django.db.models import BigIntegerField, Case, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery, When

from deployments.models import Artifact, Composition, Deployment, Event, Experiment, RegisteredModel, Rollout
from deployments.snapshots import RUNS
from mlops_console.access import Right
from mlops_console.actor import Actor
from mlops_console.errors import Missing
from mlops_console.queries import Scope, scope_for, workspaces_of
from runtimes.models import Version
from runtimes.models.search import matching
from runtimes.rules.lifecycle import State

R = TypeVar("R", Artifact, Deployment, Experiment, RegisteredModel)


DEPLOYMENT_ORDERS: Final[dict[str, tuple[str, ...]]] = {
    "name": ("display_name",),
    "mode": ("mode",),
    "health": ("health",),
    "upgrade": ("upgrade_available",),
    "workspace": ("workspace__display_name",),
    "updated": ("updated_at",),
}
EXPERIMENT_ORDERS: Final[dict[str, tuple[str, ...]]] = {
    "name": ("display_name",),
    "model_type": ("type_name",),
    "owner": ("owner_name",),
    "deployments": ("deployment_count",),
    "workspace": ("workspace__display_name",),
    "created": ("created_at",),
}


@dataclass(frozen=True)
class DeploymentFilter:
    """What a list of deployments narrows by; an empty value does not narrow.

    `runtime`, `image` and `version` are resource names, the last two of what runs, not of what a runtime stands for.
    """

    search: str = ""
    health: str = ""
    mode: str = ""
    runtime: str = ""
    image: str = ""
    version: str = ""
    upgrade_available: bool | None = None

    def apply(self, rows: QuerySet[Deployment]) -> QuerySet[Deployment]:
        """Narrow deployments that carry `upgrade_available`."""
        if self.health:
            rows = rows.filter(health=self.health)
        if self.mode:
            rows = rows.filter(mode=self.mode)
        if any((self.runtime, self.image, self.version)):
            rows = rows.filter(Exists(self._running().filter(deployment=OuterRef("pk"))))
        if self.upgrade_available is not None:
            rows = rows.filter(upgrade_available=self.upgrade_available)
        return matching(rows, self.search) if self.search else rows

    def _running(self) -> QuerySet[Composition]:
        """One composition has to answer all that is asked of compositions."""
        rows = Composition.objects.all()
        if self.runtime:
            rows = rows.filter(_named(self.runtime, "runtimes", "runtime"))
        if self.image:
            rows = rows.filter(_named(self.image, "runtimeImages", "version__image"))
        return rows.filter(_named_version(self.version)) if self.version else rows


def experiments_in(scope: Scope) -> QuerySet[Experiment]:
    """The experiments of a scope."""
    return Experiment.objects.filter(scope.rows()).select_related("workspace", "owner")


def deployments_in(scope: Scope) -> QuerySet[Deployment]:
    """The deployments of a scope that nobody has deleted."""
    return Deployment.objects.filter(scope.rows(), deleted_at__isnull=True).select_related("workspace", "creator")


def deployment_list(scope: Scope, narrow: DeploymentFilter = DeploymentFilter()) -> QuerySet[Deployment]:
    """The deployments of a scope with what a list shows of them."""
    rows = deployments_in(scope).annotate(
        upgrade_available=Exists(upgradable().filter(deployment=OuterRef("pk"))),
    )
    shown = with_latest(Composition.objects.select_related("experiment", "version__image", "runtime"))
    return narrow.apply(rows).prefetch_related(Prefetch("compositions", shown.order_by("position")))


def with_latest(rows: QuerySet[Composition]) -> QuerySet[Composition]:
    """Annotate `latest_id`: the version that Latest would lead to, NULL where it leads nowhere (R9).

    The same as `planning.latest_of`, but that a disabled runtime leads nowhere either.
    """
    current = Version.objects.filter(image=OuterRef("runtime__image")).best_first()
    nowhere = Q(runtime__state=State.DISABLED.value) | Q(
        Q(runtime__pinned_version__state=State.DISABLED.value)
        | Q(runtime__pinned_version__image__state=State.DISABLED.value),
        runtime__pinned_version__isnull=False,
    )
    return rows.annotate(
        latest_id=Case(
            When(nowhere, then=None),
            When(runtime__pinned_version__isnull=False, then=F("runtime__pinned_version")),
            When(runtime__image__state=State.DISABLED.value, then=None),
            default=Subquery(current.values("pk")[:1]),
            output_field=BigIntegerField(null=True),
        )
    )


def upgradable() -> QuerySet[Composition]:
    """The compositions that Latest would move, up or down; the same as `planning.upgrade_available`."""
    return with_latest(Composition.objects.order_by()).filter(
        ~Q(latest_id=F("version_id")), latest_id__isnull=False
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


def _named(name: str, kind: str, path: str) -> Q:
    """The condition that a row of a kind has a resource name; other texts name nothing."""
    match name.split("/"):
        case ["workspaces", workspace, word, uid] if word == kind and "\x00" not in name:
            return Q(**{f"{path}__workspace__uid": workspace, f"{path}__uid": uid})
        case _:
            return Q(pk__in=())


def _named_version(name: str) -> Q:
    image, _, number = name.rpartition("/versions/")
    return _named(image, "runtimeImages", "version__image") & Q(version__version=number)


def _one(rows: QuerySet[R], otherwise: str) -> R:
    found = rows.first()
    if found is None:
        raise Missing(otherwise)
    return found
