"""From rows to the frozen world that plans are computed from, in a constant number of queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from django.db.models import F, Q, QuerySet

from deployments.models import Composition, Deployment, Rollout
from deployments.planning.matching import Candidate
from deployments.planning.snapshot import (
    CompositionFact,
    DeploymentFact,
    ImageFact,
    RuntimeFact,
    VersionFact,
    World,
)
from deployments.planning.targets import Target, ToImage, ToVersion
from mlops_console.models import GLOBAL
from mlops_console.queries import Scope
from mlops_console.statements import Among, Row, Statement
from runtimes.models import Runtime, RuntimeImage, Version
from runtimes.rules.lifecycle import State

_ROW: Final = (
    "deployment_id",
    "uid",
    "experiment__uid",
    "experiment__display_name",
    "runtime_id",
    "version_id",
    "version__image_id",
)
_RUNTIME: Final = (
    "pk",
    "workspace__uid",
    "uid",
    "display_name",
    "image_id",
    "pinned_version_id",
    "pinned_version__image_id",
    "state",
)
_ROLLOUT: Final = ("deployment_id", "number")
_IMAGE: Final = ("pk", "workspace__uid", "uid", "display_name", "state")
_VERSION: Final = ("image_id", "pk", "version", "reference", "state", "readiness_probe_path", "architectures")
_IN_ORDER: Final = Composition.objects.order_by("deployment", "position")
_ROWS: Final = Statement(lambda keys: _IN_ORDER.filter(Among(F("deployment"), keys)).values_list(*_ROW))
_FIRST_ROWS: Final = Statement(
    lambda keys, first: _IN_ORDER.filter(Among(F("deployment"), keys), position__lt=first).values_list(*_ROW)
)
_ROLLOUTS: Final = Statement(
    lambda keys: Rollout.objects.active().order_by().filter(Among(F("deployment"), keys)).values_list(*_ROLLOUT)
)
_RUNTIMES: Final = Statement(lambda pks: Runtime.objects.order_by().filter(Among(F("pk"), pks)).values_list(*_RUNTIME))
_IMAGES: Final = Statement(lambda pks: RuntimeImage.objects.order_by().filter(Among(F("pk"), pks)).values_list(*_IMAGE))
_VERSIONS: Final = Statement(
    lambda keys: Version.objects.filter(Among(F("image"), keys)).order_by("image", "-precedence").values_list(*_VERSION)
)


class _Row(NamedTuple):
    """A composition as it is read: what it runs by its key, as many run the same."""

    deployment: int
    uid: str
    experiment_id: str
    experiment_name: str
    runtime: int
    version: int
    image: int


class _Runtime(NamedTuple):
    """A runtime as it is read, with the keys of what it is bound to."""

    pk: int
    workspace: str
    uid: str
    display_name: str
    image: int
    pinned: int | None
    pinned_image: int | None
    state: str


def deployment_facts(
    deployments: Sequence[Deployment],
    targets: Mapping[str, Target] | None = None,
    *,
    references: Collection[str] = (),
    first: int | None = None,
) -> tuple[list[DeploymentFact], World]:
    """Deployments with their compositions, or the `first` of each, and the world that they and some targets reach.

    With `references`, so are the images that these may use and of which a version has such a reference. Five queries,
    however many deployments and compositions there are: those are many, and what they run is little.
    """
    keys = [each.pk for each in deployments]
    rows = _ROWS.rows(keys=keys) if first is None else _FIRST_ROWS.rows(keys=keys, first=first)
    found = list(map(_Row._make, rows))
    rollouts: dict[int, int] = dict(_ROLLOUTS.rows(keys=keys))
    runtimes = list(map(_Runtime._make, _RUNTIMES.rows(pks=list({each.runtime for each in found}))))
    images = {each.image for each in found} | _images_of(runtimes)
    others = _named((targets or {}).values()) | _holding(references, deployments)
    world, names, versions = _world(runtimes, images, others)
    of: dict[int, list[CompositionFact]] = {key: [] for key in keys}
    for each in found:
        of[each.deployment].append(
            CompositionFact(
                uid=each.uid,
                experiment_id=each.experiment_id,
                experiment_name=each.experiment_name,
                runtime=names[each.runtime],
                version=versions[each.version],
            )
        )
    facts = [
        DeploymentFact(
            name=each.name,
            display_name=each.display_name,
            revision=str(each.revision),
            paused=each.paused,
            rollout_in_progress=f"#{rollouts[each.pk]}" if each.pk in rollouts else None,
            compositions=tuple(of[each.pk]),
        )
        for each in deployments
    ]
    return facts, world


def candidates_of(rows: QuerySet[Runtime]) -> tuple[list[Candidate], World]:
    """Some runtimes as candidates for an experiment, and their world, in three queries."""
    found = list(rows.values_list(*_RUNTIME, "model_type_id", "selector"))
    runtimes = [_Runtime._make(row[:-2]) for row in found]
    world, names, _ = _world(runtimes, _images_of(runtimes), others=Q())
    return [
        Candidate(runtime=world.runtimes[names[pk]], model_type=model_type, selector=selector)
        for pk, *_, model_type, selector in found
    ], world


def images_in(scope: Scope) -> list[ImageFact]:
    """The images that a scope offers, by name, in two queries."""
    rows = RuntimeImage.objects.filter(scope.rows()).order_by("display_name", "pk")
    images, _ = _image_facts(rows.values_list(*_IMAGE))
    return list(images.values())


def _world(
    runtimes: Iterable[_Runtime], images: Collection[int], others: Q
) -> tuple[World, dict[int, str], dict[int, str]]:
    """A world of runtimes, images by their keys and `others`; the names of its runtimes and versions by their keys."""
    facts, versions = _image_facts(_image_rows(images, others))
    names = {each.pk: f"workspaces/{each.workspace}/runtimes/{each.uid}" for each in runtimes}
    known = (
        RuntimeFact(
            name=names[each.pk],
            display_name=each.display_name,
            image=facts[each.image].name,
            pinned=None if each.pinned is None else versions[each.pinned],
            state=State(each.state),
        )
        for each in runtimes
    )
    return World.of(facts.values(), known), names, versions


def _image_rows(keys: Collection[int], others: Q) -> Iterable[Row]:
    if others:
        return RuntimeImage.objects.order_by().filter(Q(pk__in=keys) | others).values_list(*_IMAGE)
    return _IMAGES.rows(pks=list(keys)) if keys else ()


def _image_facts(found: Iterable[Row]) -> tuple[dict[int, ImageFact], dict[int, str]]:
    """Images as they are read, with all their versions, and the names of these versions; both by their keys."""
    images = {pk: (f"workspaces/{workspace}/runtimeImages/{uid}", *rest) for pk, workspace, uid, *rest in found}
    versions: dict[int, list[VersionFact]] = {key: [] for key in images}
    names = {}
    rows = _VERSIONS.rows(keys=list(images)) if images else ()
    for image, pk, number, reference, state, probe_path, architectures in rows:
        names[pk] = f"{images[image][0]}/versions/{number}"
        fact = VersionFact(
            name=names[pk],
            number=number,
            reference=reference,
            state=State(state),
            readiness_probe_path=probe_path,
            architectures=tuple(architectures),
        )
        versions[image].append(fact)
    facts = {
        key: ImageFact(name=name, display_name=display_name, state=State(state), versions=tuple(versions[key]))
        for key, (name, display_name, state) in images.items()
    }
    return facts, names


def _images_of(runtimes: Iterable[_Runtime]) -> set[int]:
    return {key for each in runtimes for key in (each.image, each.pinned_image) if key is not None}


def _named(targets: Iterable[Target]) -> Q:
    """The images that targets name, and the inherited ones of the same id."""
    uids: dict[str, set[str]] = {}
    for target in targets:
        name = target.name if isinstance(target, ToImage | ToVersion) else ""
        match name.split("/"):
            case ["workspaces", workspace, "runtimeImages", uid, *_] if "\x00" not in name:
                uids.setdefault(workspace, set()).add(uid)
                uids.setdefault(GLOBAL, set()).add(uid)
    wanted = Q()
    for workspace, known in uids.items():
        wanted |= Q(workspace__uid=workspace, uid__in=known)
    return wanted


def _holding(references: Collection[str], deployments: Sequence[Deployment]) -> Q:
    """The images of these deployments' workspaces, and the inherited ones, that have a version with a reference."""
    if not references:
        return Q()
    versions = Version.objects.filter(reference__in=references).values("image")
    places = Q(workspace__in={each.workspace_id for each in deployments}) | Q(workspace__uid=GLOBAL)
    return Q(pk__in=versions) & places
