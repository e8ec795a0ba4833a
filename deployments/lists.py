"""Lists of deployments and experiments: what they narrow by, sort by and show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from django.db.models import CharField, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from deployments.models import Composition, Deployment, Experiment
from deployments.planning.modes import Mode
from deployments.queries import deployments_in, experiments_in, moved_by_latest, with_latest
from mlops_console.actor import Actor
from mlops_console.queries import Scope, workspaces_of
from runtimes.models import Runtime, RuntimeImage, Version
from runtimes.models.search import matching

DRIFTED: Final = "DRIFTED"
IN_USE_MAX: Final = 1_000
USES: Final = ("runtime", "image", "version")
LINES_SHOWN: Final = 3
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

_ROW: Final = (
    "pk",
    "uid",
    "display_name",
    "mode",
    "health",
    "drift",
    "updated_at",
)
_LINE: Final = ("experiment__display_name", "version__version", "version__reference", "version__state")


@dataclass(frozen=True)
class DeploymentFilter:
    """What a list of deployments narrows by; an empty value does not narrow. DRIFTED is beside the healths.

    `runtime`, `image` and `version` are resource names, or what people call them: a name or ID, or the number of a
    version. The last two are of what runs, not of what a runtime stands for.
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
    """The deployments of a scope; whether an upgrade is available is asked where one narrows or sorts by it."""
    # The scope once more, as where all of a scope lead is found out in one go.
    compositions = Composition.objects.filter(scope.rows("deployment__workspace"), deployment=OuterRef("pk"))
    return narrow.apply(deployments_in(scope).annotate(upgrade_available=Exists(moved_by_latest(compositions))))


class Line(NamedTuple):
    """One composition in a list of deployments: its experiment and the version that it runs."""

    experiment: str
    version: str
    reference: str
    state: str


@dataclass(frozen=True)
class DeploymentRow:
    """A deployment as its list shows it: some of its compositions, and how many `more` there are."""

    pk: int
    uid: str
    display_name: str
    workspace_uid: str
    workspace_name: str
    mode: str
    health: str
    has_drift: bool
    updated_at: datetime
    lines: Sequence[Line]
    more: int
    upgrade_available: bool

    @property
    def mode_label(self) -> str:
        """Its mode in words."""
        return Mode(self.mode).label


def deployment_rows(keys: Sequence[int]) -> Iterator[DeploymentRow]:
    """The rows of some deployments, in two queries."""
    lines: dict[int, list[Line]] = {key: [] for key in keys}
    moving = set()
    compositions = with_latest(Composition.objects.filter(deployment__in=keys)).order_by("deployment", "position")
    for key, runs, latest, *told in compositions.values_list("deployment_id", "version_id", "latest_id", *_LINE):
        lines[key].append(Line(*told))
        if latest not in (None, runs):
            moving.add(key)
    for told in Deployment.objects.filter(pk__in=keys).values(
        *_ROW, workspace_uid=F("workspace__uid"), workspace_name=F("workspace__display_name")
    ):
        key, drift = told["pk"], told.pop("drift")
        shown = lines[key][:LINES_SHOWN]
        yield DeploymentRow(
            **told,
            has_drift=bool(drift),
            lines=shown,
            more=len(lines[key]) - len(shown),
            upgrade_available=key in moving,
        )


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


def in_use(scope: Scope, kind: str) -> list[tuple[str, str]]:
    """What deployments of a scope run on, of a kind of USES, as resource names with labels, by label; a thousand."""
    running = Composition.objects.filter(scope.rows("deployment__workspace"), deployment__deleted_at__isnull=True)
    if kind == "version":
        versions = Version.objects.filter(Exists(running.filter(version=OuterRef("pk"))))
        versions = versions.select_related("image__workspace")
        ordered = versions.order_by("image__display_name", "image_id", "-precedence")
        return [(each.name, f"{each.image.display_name} {each.version}") for each in ordered[:IN_USE_MAX]]
    model, path = (Runtime, "runtime") if kind == "runtime" else (RuntimeImage, "version__image")
    rows = model.objects.filter(Exists(running.filter(**{path: OuterRef("pk")}))).select_related("workspace")
    return [(each.name, each.display_name) for each in rows.order_by("display_name", "pk")[:IN_USE_MAX]]


def _named(name: str, kind: str, path: str) -> Q:
    """The condition that a row of a kind has a resource name, or a name or ID; other texts name nothing."""
    match name.split("/"):
        case ["workspaces", workspace, word, uid] if word == kind and "\x00" not in name:
            return Q(**{f"{path}__workspace__uid": workspace, f"{path}__uid": uid})
        case [called] if "\x00" not in name:
            return Q(**{f"{path}__uid": called}) | Q(**{f"{path}__display_name": called})
        case _:
            return Q(pk__in=())


def _named_version(name: str) -> Q:
    """The condition that a composition runs a version, by its resource name or its number."""
    image, mark, number = name.rpartition("/versions/")
    numbered = Q(version__version=number) if "\x00" not in name else Q(pk__in=())
    return _named(image, "runtimeImages", "version__image") & numbered if mark else numbered
