"""From rows to the frozen world that plans are computed from, in a constant number of queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from django.db.models import Q, QuerySet

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
from deployments.rollouts.contents import gpu_count
from mlops_console.models import GLOBAL
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
    "options",
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
    options: Mapping[str, Any]


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
    rows = Composition.objects.filter(deployment__in=keys).order_by("deployment", "position")
    if first is not None:
        rows = rows.filter(position__lt=first)
    found = list(map(_Row._make, rows.values_list(*_ROW)))
    rollouts = {each.deployment_id: each for each in Rollout.objects.active().filter(deployment__in=keys)}
    runtimes = {each.pk: each for each in _with_images(Runtime.objects.filter(pk__in={each.runtime for each in found}))}
    images = {each.image for each in found} | _images_of(runtimes.values())
    wanted = Q(pk__in=images) | _named((targets or {}).values()) | _holding(references, deployments)
    world, versions = _world(runtimes.values(), wanted)
    names = {key: runtime.name for key, runtime in runtimes.items()}
    of: dict[int, list[CompositionFact]] = {key: [] for key in keys}
    for each in found:
        of[each.deployment].append(
            CompositionFact(
                uid=each.uid,
                experiment_id=each.experiment_id,
                experiment_name=each.experiment_name,
                runtime=names[each.runtime],
                version=versions[each.version],
                gpu_count=gpu_count(each.options),
            )
        )
    facts = [
        DeploymentFact(
            name=each.name,
            display_name=each.display_name,
            revision=str(each.revision),
            paused=each.paused,
            rollout_in_progress=f"#{rollouts[each.pk].number}" if each.pk in rollouts else None,
            compositions=tuple(of[each.pk]),
        )
        for each in deployments
    ]
    return facts, world


def candidates_of(rows: QuerySet[Runtime]) -> tuple[list[Candidate], World]:
    """Some runtimes as candidates for an experiment, and their world, in three queries."""
    runtimes = list(_with_images(rows))
    world, _ = _world(runtimes, Q(pk__in=_images_of(runtimes)))
    return [
        Candidate(runtime=world.runtimes[each.name], model_type=each.model_type_id, selector=each.selector)
        for each in runtimes
    ], world


def version_fact(version: Version) -> VersionFact:
    """A version as plans see it; its image and workspace should have been read with it."""
    return VersionFact(
        name=version.name,
        number=version.version,
        reference=version.reference,
        state=State(version.state),
        readiness_probe_path=version.readiness_probe_path,
        architectures=tuple(version.architectures),
    )


def _with_images(rows: QuerySet[Runtime]) -> QuerySet[Runtime]:
    return rows.select_related("workspace", "image__workspace", "pinned_version__image__workspace")


def _world(runtimes: Iterable[Runtime], wanted: Q) -> tuple[World, dict[int, str]]:
    """A world of some runtimes and images, and the names of the versions in it by their keys."""
    images = {each.pk: each for each in RuntimeImage.objects.filter(wanted).select_related("workspace")}
    versions: dict[int, list[VersionFact]] = {key: [] for key in images}
    names = {}
    for version in Version.objects.filter(image__in=images).order_by("image", "-precedence"):
        version.image = images[version.image_id]
        fact = version_fact(version)
        versions[version.image_id].append(fact)
        names[version.pk] = fact.name
    facts = (
        ImageFact(
            name=each.name,
            display_name=each.display_name,
            state=State(each.state),
            versions=tuple(versions[key]),
        )
        for key, each in images.items()
    )
    return World.of(facts, (_runtime_fact(each) for each in runtimes)), names


def _images_of(runtimes: Iterable[Runtime]) -> set[int]:
    found = set()
    for each in runtimes:
        found.add(each.image_id)
        if each.pinned_version is not None:
            found.add(each.pinned_version.image_id)
    return found


def _named(targets: Iterable[Target]) -> Q:
    """The images that targets name, and the inherited ones of the same id."""
    uids: dict[str, set[str]] = {}
    for target in targets:
        name = target.name if isinstance(target, ToImage | ToVersion) else ""
        match name.split("/"):
            case ["workspaces", workspace, "runtimeImages", uid, *_] if "\x00" not in name:
                uids.setdefault(workspace, set()).add(uid)
                uids.setdefault(GLOBAL, set()).add(uid)
    wanted = Q(pk__in=())
    for workspace, known in uids.items():
        wanted |= Q(workspace__uid=workspace, uid__in=known)
    return wanted


def _holding(references: Collection[str], deployments: Sequence[Deployment]) -> Q:
    """The images of these deployments' workspaces, and the inherited ones, that have a version with a reference."""
    if not references:
        return Q(pk__in=())
    versions = Version.objects.filter(reference__in=references).values("image")
    places = Q(workspace__in={each.workspace_id for each in deployments}) | Q(workspace__uid=GLOBAL)
    return Q(pk__in=versions) & places


def _runtime_fact(runtime: Runtime) -> RuntimeFact:
    return RuntimeFact(
        name=runtime.name,
        display_name=runtime.display_name,
        image=runtime.image.name,
        pinned=runtime.pinned_version.name if runtime.pinned_version else None,
        state=State(runtime.state),
        environment_variables=runtime.environment_variables,
    )
