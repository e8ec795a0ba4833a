"""Lists of deployments and experiments: what they narrow by, sort by and show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db.models import CharField, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, NullIf

from deployments.models import Composition, Deployment, Experiment
from deployments.planning.modes import Mode
from deployments.queries import moved_by_latest, with_latest
from mlops_console.actor import Actor
from mlops_console.models import Workspace
from mlops_console.queries import Scope, workspaces_of
from mlops_console.sources import Source
from mlops_console.statements import Among, Statement
from runtimes.listing import looked_up
from runtimes.models import Runtime, RuntimeImage, Version
from runtimes.models.search import holding

IN_USE_MAX: Final = 1_000
USES: Final = ("runtime", "image", "version")
_FOLDERS: Final[dict[str, tuple[Any, str, str]]] = {
    "runtime": (Runtime, "runtime", "runtimes"),
    "image": (RuntimeImage, "version__image", "runtimeImages"),
}
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

_HAS_DRIFT: Final = ~Q(drift=[])


@dataclass(frozen=True)
class DeploymentFilter:
    """What a list of deployments narrows by; an empty value does not narrow. `words` are those of `words_query`.

    `runtime`, `image` and `version` are resource names, or what people call them: a name or ID, or the number of a
    version. The last two are of what runs, not of what a runtime stands for.
    """

    words: str = ""
    health: str = ""
    has_drift: bool | None = None
    mode: str = ""
    runtime: str = ""
    image: str = ""
    version: str = ""
    upgrade_available: bool | None = None

    @property
    def names_uses(self) -> bool:
        """Whether it names what deployments run on."""
        return any((self.runtime, self.image, self.version))

    def apply(self, rows: QuerySet[Deployment]) -> QuerySet[Deployment]:
        """Narrow deployments that carry `upgrade_available`."""
        if self.health:
            rows = rows.filter(health=self.health)
        if self.has_drift is not None:
            rows = rows.annotate(drifted=_HAS_DRIFT).filter(drifted=self.has_drift)
        if self.mode:
            rows = rows.filter(mode=self.mode)
        if self.names_uses:
            rows = rows.filter(Exists(self._running().filter(deployment=OuterRef("pk"))))
        if self.upgrade_available is not None:
            rows = rows.filter(Q(upgrade_available=self.upgrade_available))
        return holding(rows, self.words) if self.words else rows

    def _running(self) -> QuerySet[Composition]:
        """One composition has to answer all that is asked of compositions."""
        rows = Composition.objects.all()
        if self.runtime:
            rows = rows.filter(_named(self.runtime, "runtimes", "runtime"))
        if self.image:
            rows = rows.filter(_named(self.image, "runtimeImages", "version__image"))
        return rows.filter(_named_version(self.version)) if self.version else rows


def deployment_list(
    scope: Scope, narrow: DeploymentFilter = DeploymentFilter()
) -> Source[Deployment] | QuerySet[Deployment]:
    """The deployments of a scope as a list is cut from them."""
    source = Source(_deployments, narrow, places=scope.places())
    # What is asked of a name depends on its form.
    return source.queryset if narrow.names_uses else source


class Line(NamedTuple):
    """One composition in a list of deployments: its experiment and the version that it runs."""

    experiment: str
    version: str
    reference: str
    state: str


class DeploymentRow(NamedTuple):
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


# For one page: planning joins takes PostgreSQL longer than looking fifty rows up.
_DEPLOYMENTS: Final = Statement(
    lambda pks: (
        Deployment.objects.order_by()
        .filter(Among(F("pk"), pks))
        .annotate(drifted=_HAS_DRIFT)
        .values_list(
            "pk",
            "uid",
            "display_name",
            looked_up(Workspace, "workspace", "uid"),
            looked_up(Workspace, "workspace", "display_name"),
            "mode",
            "health",
            "drifted",
            "updated_at",
        )
    )
)
_COMPOSITIONS: Final = Statement(
    lambda pks: (
        with_latest(Composition.objects.filter(Among(F("deployment"), pks)))
        .order_by("position")
        .values_list(
            "deployment_id",
            "version_id",
            "latest_id",
            looked_up(Experiment, "experiment", "display_name"),
            "version__version",
            "version__reference",
            "version__state",
        )
    )
)


def deployment_rows(keys: Sequence[int]) -> Iterator[DeploymentRow]:
    """The rows of some deployments, in two queries."""
    pks = list(keys)
    lines: dict[int, list[Line]] = {key: [] for key in pks}
    moving = set()
    for key, runs, latest, *line in _COMPOSITIONS.rows(pks=pks):
        lines[key].append(Line._make(line))
        if latest not in (None, runs):
            moving.add(key)
    for row in _DEPLOYMENTS.rows(pks=pks):
        key = row[0]
        shown = lines[key][:LINES_SHOWN]
        yield DeploymentRow._make((*row, shown, len(lines[key]) - len(shown), key in moving))


@dataclass(frozen=True)
class ExperimentFilter:
    """What a list of experiments narrows by; an empty value does not narrow. `words` are those of `words_query`."""

    words: str = ""
    model_type: str = ""


class ExperimentRow(NamedTuple):
    """What a list shows of an experiment."""

    pk: int
    uid: str
    display_name: str
    model_type_id: str | None
    owner: str | None
    workspace_uid: str
    workspace_name: str
    created_at: datetime
    deployment_count: int


def experiment_source(scope: Scope, narrow: ExperimentFilter) -> Source[Experiment]:
    """The experiments of a scope as lists are cut from them."""
    return Source(_experiments, narrow, places=scope.places())


def experiment_rows(pks: Sequence[int]) -> Iterator[ExperimentRow]:
    """The rows of some primary keys, in no order; whoever asks has found the keys in a scope."""
    return map(ExperimentRow._make, _EXPERIMENT_ROWS.rows(pks=list(pks)))


def _experiments(narrow: ExperimentFilter) -> QuerySet[Experiment]:
    rows = Experiment.objects.annotate(
        type_name=Coalesce("model_type_id", Value(""), output_field=CharField()),
        owner_name=Coalesce("owner__username", Value("")),
        deployment_count=_deployment_count(),
    )
    if narrow.model_type:
        rows = rows.filter(model_type=narrow.model_type)
    return holding(rows, narrow.words) if narrow.words else rows


def _deployment_count() -> Coalesce:
    """How many deployments serve an experiment."""
    live = Composition.objects.filter(experiment=OuterRef("pk"), deployment__deleted_at__isnull=True).order_by()
    counted = live.values("experiment").annotate(n=Count("deployment", distinct=True)).values("n")
    return Coalesce(Subquery(counted), Value(0))


_EXPERIMENT_ROWS: Final = Statement(
    lambda pks: (
        Experiment.objects.order_by()
        .filter(Among(F("pk"), pks))
        .values_list(
            *("pk", "uid", "display_name", "model_type_id"),
            Coalesce(NullIf("owner__display_name", Value("")), "owner__username"),
            *("workspace__uid", "workspace__display_name", "created_at"),
            _deployment_count(),
        )
    )
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
        ordered = versions.order_by("image__display_name", "image_id", "-precedence")
        told = ordered.values_list("image__workspace__uid", "image__uid", "version", "image__display_name")
        return [
            (f"workspaces/{workspace}/runtimeImages/{image}/versions/{number}", f"{label} {number}")
            for workspace, image, number, label in told[:IN_USE_MAX]
        ]
    model, path, folder = _FOLDERS[kind]
    rows = model.objects.filter(Exists(running.filter(**{path: OuterRef("pk")}))).order_by("display_name", "pk")
    told = rows.values_list("workspace__uid", "uid", "display_name")
    return [(f"workspaces/{workspace}/{folder}/{uid}", label) for workspace, uid, label in told[:IN_USE_MAX]]


def _deployments(narrow: DeploymentFilter) -> QuerySet[Deployment]:
    """The deployments that nobody has deleted; whether they can be upgraded is asked where that narrows or sorts."""
    moved = Exists(moved_by_latest(Composition.objects.filter(deployment=OuterRef("pk"))))
    return narrow.apply(Deployment.objects.filter(deleted_at__isnull=True).annotate(upgrade_available=moved))


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
