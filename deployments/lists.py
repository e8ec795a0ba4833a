"""Lists of deployments and experiments: what they narrow by, sort by and show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import CharField, Count, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from deployments.models import Composition, Deployment, Experiment
from deployments.queries import deployments_in, experiments_in, moved_by_latest
from mlops_console.actor import Actor
from mlops_console.queries import Scope, workspaces_of
from runtimes.models import Runtime, Version
from runtimes.models.search import matching

DRIFTED: Final = "DRIFTED"
IN_USE_MAX: Final = 1_000
DEPLOYMENT_ORDERS: Final[dict[str, tuple[str, ...]]] = {
    "name": ("display_name",),
    "mode": ("mode", "display_name"),
    "health": ("health", "display_name"),
    "upgrade": ("upgrade_available", "display_name"),
    "workspace": ("workspace__display_name", "display_name"),
    "updated": ("updated_at",),
}
EXPERIMENT_ORDERS: Final[dict[str, tuple[str, ...]]] = {
    "name": ("display_name",),
    "model_type": ("type_name", "display_name"),
    "owner": ("owner_name", "display_name"),
    "deployments": ("deployment_count", "display_name"),
    "workspace": ("workspace__display_name", "display_name"),
    "created": ("created_at",),
}


@dataclass(frozen=True)
class DeploymentFilter:
    """What a list of deployments narrows by; an empty value does not narrow. DRIFTED is beside the healths.

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
            rows = rows.exclude(drift=[]) if self.health == DRIFTED else rows.filter(health=self.health)
        if self.mode:
            rows = rows.filter(mode=self.mode)
        if any((self.runtime, self.image, self.version)):
            rows = rows.filter(Exists(self._running().filter(deployment=OuterRef("pk"))))
        if self.upgrade_available is not None:
            rows = rows.filter(Q(upgrade_available=self.upgrade_available))
        return matching(rows, self.search) if self.search else rows

    def _running(self) -> QuerySet[Composition]:
        """One composition has to answer all that is asked of compositions."""
        rows = Composition.objects.all()
        if self.runtime:
            rows = rows.filter(_named(self.runtime, "runtimes", "runtime"))
        if self.image:
            rows = rows.filter(_named(self.image, "runtimeImages", "version__image"))
        return rows.filter(_named_version(self.version)) if self.version else rows


def deployment_list(scope: Scope, narrow: DeploymentFilter = DeploymentFilter()) -> QuerySet[Deployment]:
    """The deployments of a scope with what a list shows of them."""
    in_use = Exists(Composition.objects.filter(runtime=OuterRef("pk")))
    moved = moved_by_latest(Runtime.objects.filter(scope.rows(), in_use))
    upgrade = Exists(Composition.objects.filter(moved, deployment=OuterRef("pk")))
    rows = deployments_in(scope).annotate(upgrade_available=upgrade)
    shown = Composition.objects.select_related("experiment", "version")
    return narrow.apply(rows).prefetch_related(Prefetch("compositions", shown.order_by("position")))


@dataclass(frozen=True)
class ExperimentFilter:
    """What a list of experiments narrows by; an empty value does not narrow."""

    search: str = ""
    model_type: str = ""


def experiment_list(scope: Scope, narrow: ExperimentFilter = ExperimentFilter()) -> QuerySet[Experiment]:
    """The experiments of a scope with what a list shows of them."""
    rows = experiments_in(scope)
    if narrow.model_type:
        rows = rows.filter(model_type=narrow.model_type)
    if narrow.search:
        rows = matching(rows, narrow.search)
    live = Composition.objects.filter(experiment=OuterRef("pk"), deployment__deleted_at__isnull=True).order_by()
    counted = live.values("experiment").annotate(n=Count("deployment", distinct=True)).values("n")
    return rows.annotate(
        type_name=Coalesce("model_type_id", Value(""), output_field=CharField()),
        owner_name=Coalesce("owner__username", Value("")),
        deployment_count=Coalesce(Subquery(counted), Value(0)),
    )


def deployments_of(experiment: Experiment, actor: Actor) -> QuerySet[Deployment]:
    """The deployments that serve an experiment, in the workspaces that the actor sees."""
    rows = Deployment.objects.filter(deleted_at__isnull=True, workspace__in=workspaces_of(actor))
    serving = rows.filter(Exists(Composition.objects.filter(experiment=experiment, deployment=OuterRef("pk"))))
    return serving.select_related("workspace").order_by("display_name", "pk")


@dataclass(frozen=True)
class InUse:
    """What the deployments of a scope run on, as resource names with labels, by label."""

    runtimes: Sequence[tuple[str, str]]
    images: Sequence[tuple[str, str]]
    versions: Sequence[tuple[str, str]]


def in_use(scope: Scope) -> InUse:
    """What a list of deployments can narrow by; at most the first thousand of each."""
    running = Composition.objects.filter(scope.rows("deployment__workspace"), deployment__deleted_at__isnull=True)
    versions = list(
        Version.objects.filter(Exists(running.filter(version=OuterRef("pk"))))
        .select_related("image__workspace")
        .order_by("image__display_name", "image_id", "-precedence")[:IN_USE_MAX]
    )
    runtimes = (
        Runtime.objects.filter(Exists(running.filter(runtime=OuterRef("pk"))))
        .select_related("workspace")
        .order_by("display_name", "pk")[:IN_USE_MAX]
    )
    return InUse(
        runtimes=[(each.name, each.display_name) for each in runtimes],
        images=list({each.image.name: each.image.display_name for each in versions}.items()),
        versions=[(each.name, f"{each.image.display_name} {each.version}") for each in versions],
    )


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
