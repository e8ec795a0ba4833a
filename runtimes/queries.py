"""Reading what can run; the same for pages and API."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from mlops_console.actor import Actor
from mlops_console.errors import Missing
from mlops_console.queries import Scope, workspaces_of
from mlops_console.sources import Source
from mlops_console.statements import Among, Instances, Statement
from runtimes.bootstrap import REMOVED_REASON
from runtimes.models import BootstrapRun, ModelType, Runtime, RuntimeImage, Version
from runtimes.models.layered import Layered
from runtimes.models.search import holding
from runtimes.orders import RUNTIME_WALKS
from runtimes.rules.ceiling import decide
from runtimes.rules.lifecycle import State, StateVerb
from runtimes.rules.versions import VersionFault, current, parse_version

T = TypeVar("T", Runtime, RuntimeImage)
R = TypeVar("R", bound=Layered)
BOOTSTRAP: Final = "bootstrap"
PEOPLE: Final = "people"
_TYPE_NAMES: Final = Statement(lambda: ModelType.objects.order_by("name").values_list("name"))
_MANAGED: Final = Q(managed_by_bootstrap=True)
_HELD: Final = Q(api_state__gt=F("platform_state"))  # the words of the states sort by severity


def _by_id(rows: QuerySet[T]) -> Instances[T]:
    # In the order of their keys, in which changes of many lock them as well.
    return Instances(lambda places, uid: rows.filter(Among(F("workspace"), places), uid=uid).order_by("pk"))


_BOUND: Final = Runtime.objects.select_related("image", "pinned_version")
_RUNTIMES: Final = _by_id(_BOUND.defer("words"))
# What a change looks at: the columns of the runtime, and of what it is bound to only what names that.
_LOCKED_RUNTIMES: Final = _by_id(
    _BOUND.only(
        *(each.name for each in Runtime._meta.concrete_fields if each.name != "words"),
        *("image__uid", "image__workspace", "pinned_version__version"),
    ).select_for_update(of=("self",))
)
_IMAGES: Final = _by_id(RuntimeImage.objects.with_current().defer("words"))
_LOCKED_IMAGES: Final = _by_id(RuntimeImage.objects.with_current().select_for_update(of=("self",)))
_HELD_IMAGES: Final = _by_id(RuntimeImage.objects.only("uid", "workspace").select_for_update(no_key=True))


@dataclass(frozen=True)
class RowFilter:
    """What a list narrows by; what is empty does not narrow. `words` are those of `words_query`."""

    words: str = ""
    state: str = ""
    managed_by_bootstrap: bool | None = None

    def apply(self, rows: QuerySet[T]) -> QuerySet[T]:
        """Narrow runtimes or images."""
        if self.state:
            rows = rows.filter(state=self.state)
        if self.managed_by_bootstrap is not None:
            rows = rows.filter(managed_by_bootstrap=self.managed_by_bootstrap)
        return holding(rows, self.words) if self.words else rows


@dataclass(frozen=True)
class RuntimeFilter(RowFilter):
    """What the list of runtimes narrows by as well."""

    model_type: str = ""


def runtime_source(scope: Scope, narrow: RuntimeFilter = RuntimeFilter()) -> Source[Runtime]:
    """The runtimes of a scope as lists are cut from them."""
    return Source(_runtimes, narrow, places=scope.places(), walks=RUNTIME_WALKS)


def image_source(scope: Scope, narrow: RowFilter = RowFilter()) -> Source[RuntimeImage]:
    """The images of a scope as lists are cut from them."""
    return Source(_images, narrow, places=scope.places())


def runtimes_in(scope: Scope, narrow: RuntimeFilter = RuntimeFilter()) -> QuerySet[Runtime]:
    """The runtimes of a scope with what a list shows of them."""
    return runtime_source(scope, narrow).queryset


def images_in(scope: Scope, narrow: RowFilter = RowFilter()) -> QuerySet[RuntimeImage]:
    """The images of a scope with their current version and the number of versions."""
    return image_source(scope, narrow).queryset


def _runtimes(narrow: RuntimeFilter) -> QuerySet[Runtime]:
    rows = narrow.apply(Runtime.objects.select_related("workspace", "image__workspace", "pinned_version"))
    return rows.filter(model_type=narrow.model_type) if narrow.model_type else rows


def _images(narrow: RowFilter) -> QuerySet[RuntimeImage]:
    return narrow.apply(RuntimeImage.objects.with_current().with_version_count().select_related("workspace"))


def find_runtime(scope: Scope, uid: str, *, locked: bool = False) -> Runtime:
    """One runtime of a workspace, or the inherited one of that id; raises Missing, also for `-`.

    This and its like lock the row until the transaction ends where that is asked for.
    """
    row = _nearest("runtime", scope, uid, _LOCKED_RUNTIMES if locked else _RUNTIMES)
    # A runtime takes images of its own workspace or of global, which are at hand.
    for place in (scope.workspace, scope.inherited):
        if place is not None and place.pk == row.image.workspace_id:
            row.image.workspace = place
    return row


def find_image(scope: Scope, uid: str, *, locked: bool = False) -> RuntimeImage:
    """One image of a workspace, or the inherited one of that id; raises Missing, also for `-`."""
    return _nearest("runtime image", scope, uid, _LOCKED_IMAGES if locked else _IMAGES)


def hold_image(scope: Scope, uid: str) -> RuntimeImage:
    """The same with no more than its name, kept from being deleted until the transaction ends."""
    return _nearest("runtime image", scope, uid, _HELD_IMAGES)


def find_version(scope: Scope, image: str, version: str, *, locked: bool = False) -> Version:
    """One version of an image, its id with or without the leading v; raises Missing, also for `-`."""
    return version_of(find_image(scope, image), version, locked=locked)


def version_of(image: RuntimeImage, version: str, *, locked: bool = False) -> Version:
    """One version of an image at hand; raises Missing."""
    rows = Version.objects.select_for_update() if locked else Version.objects.all()
    try:
        found = rows.filter(image=image, version=parse_version(version)).first()
    except VersionFault:
        found = None
    if found is None:
        raise Missing(f"Runtime image {image.uid} has no version {version}.")
    found.image = image
    return found


def versions_of(image: RuntimeImage) -> QuerySet[Version]:
    """The versions of an image, highest first."""
    return Version.objects.filter(image=image).order_by("-precedence", "pk")


def model_types() -> QuerySet[ModelType]:
    """Every known model type by name."""
    return ModelType.objects.order_by("name")


def model_type_names() -> list[str]:
    """Their names."""
    return [name for (name,) in _TYPE_NAMES.rows()]


def model_types_with_use() -> QuerySet[ModelType]:
    """Every known model type with the number of runtimes of it."""
    # One range of an index for each; a join would visit every runtime.
    counted = Runtime.objects.filter(model_type=OuterRef("pk")).order_by().values("model_type")
    return model_types().annotate(
        runtime_count=Coalesce(Subquery(counted.annotate(n=Count("*")).values("n")), Value(0))
    )


def pickable_images(scope: Scope) -> QuerySet[RuntimeImage]:
    """The images that a new runtime of the scope may name."""
    rows = RuntimeImage.objects.filter(scope.rows()).select_related("workspace").with_current()
    return rows.order_by("display_name", "pk")


def named(rows: QuerySet[Runtime], names: Iterable[str]) -> QuerySet[Runtime]:
    """Narrow runtimes to those with the given resource names; other texts name nothing."""
    wanted = Q(pk__in=())
    by_workspace: dict[str, list[str]] = {}
    for name in names:
        match name.split("/"):
            case ["workspaces", workspace, "runtimes", uid] if "\x00" not in name:
                by_workspace.setdefault(workspace, []).append(uid)
    for workspace, uids in by_workspace.items():
        wanted |= Q(workspace__uid=workspace, uid__in=uids)
    return rows.filter(wanted)


def current_of(runtime: Runtime) -> Version | None:
    """The version that a runtime stands for now: the pinned one, else the current one of its image."""
    return runtime.pinned_version or Version.objects.filter(image=runtime.image_id).best_first().first()


def runtimes_on(image: RuntimeImage, actor: Actor) -> QuerySet[Runtime]:
    """Runtimes bound to an image, in the workspaces that the actor sees."""
    bound = Runtime.objects.filter(image=image)
    if not actor.is_platform_admin:
        bound = bound.filter(workspace__in=workspaces_of(actor))
    return bound.select_related("workspace", "pinned_version").order_by("display_name", "pk")


@dataclass(frozen=True)
class CurrentAfter:
    """What an image resolves to as current before and after one of its versions changes state."""

    before: str | None
    after: str | None

    @property
    def is_none_left(self) -> bool:
        """Whether the change takes the last usable version away."""
        return self.before is not None and self.after is None

    @property
    def sentence(self) -> str:
        """The change in words."""
        if self.before == self.after:
            return f"stays {self.after}" if self.after else "stays without a usable version"
        return f"{self.before or 'none'} → {self.after or 'none'}"


def current_after(version: Version, verb: StateVerb) -> CurrentAfter:
    """What the image of a version resolves to once a verb was carried out on that version."""
    layers = decide(version.layers, verb).layers
    states = [(each.version, State(each.state)) for each in Version.objects.filter(image=version.image_id)]
    after = [(name, layers.effective if name == version.version else state) for name, state in states]
    return CurrentAfter(current(states), current(after))


def runtimes_resolving_to(version: Version, actor: Actor) -> QuerySet[Runtime]:
    """Runtimes pinned to a version and, where it is the current one, those that follow its image."""
    bound = runtimes_on(version.image, actor)
    states = ((each.version, State(each.state)) for each in Version.objects.filter(image=version.image_id))
    following = Q(pinned_version=version)
    if current(states) == version.version:
        following |= Q(pinned_version__isnull=True)
    return bound.filter(following)


def held_rows(limit: int | None = None) -> Iterator[Runtime | RuntimeImage | Version]:
    """Bootstrap-managed rows that people hold below what the platform says; at most `limit` of each kind."""
    return _managed(_HELD, limit)


def held_count() -> int:
    """How many rows people hold so."""
    return sum(model._default_manager.filter(_MANAGED & _HELD).count() for model in (RuntimeImage, Version, Runtime))


def removed_rows() -> Iterator[Runtime | RuntimeImage | Version]:
    """Rows that are gone from the values file, and therefore disabled by the platform."""
    return _managed(Q(platform_state=State.DISABLED.value, platform_reason=REMOVED_REASON))


def bootstrap_runs(limit: int = 20) -> list[BootstrapRun]:
    """The values files applied last, newest first."""
    return list(BootstrapRun.objects.all()[:limit])


def _managed(condition: Q, limit: int | None = None) -> Iterator[Runtime | RuntimeImage | Version]:
    managed = _MANAGED & condition
    yield from RuntimeImage.objects.filter(managed).select_related("workspace")[:limit]
    yield from Version.objects.filter(managed).select_related("image__workspace")[:limit]
    yield from Runtime.objects.filter(managed).select_related("workspace")[:limit]


def _nearest(what: str, scope: Scope, uid: str, rows: Instances[T]) -> T:
    """The row of that id that is a workspace's own, else the one it inherits."""
    near = [each for each in (scope.one(), scope.inherited) if each is not None]
    found = {row.workspace_id: row for row in rows.found(places=[each.pk for each in near], uid=uid)}
    for place in near:
        if row := found.get(place.pk):
            row.workspace = place
            return row
    raise Missing(f"There is no {what} {uid} in workspace {scope.uid}.")


def still_there(row: QuerySet[R], what: str) -> R:
    """The one row of a queryset, looked up a moment ago; raises Missing where it is gone since."""
    found = row.first()
    if found is None:
        raise Missing(f"{what} is gone.")
    return found
