"""Where a target leads in a world: to which version, and why to that one (R4, R9)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from deployments.planning.snapshot import (
    CompositionFact,
    DeploymentFact,
    ImageFact,
    RuntimeFact,
    VersionFact,
    World,
)
from deployments.planning.targets import Keep, Latest, Target, Targets, ToImage, ToVersion, target_for
from runtimes.rules.lifecycle import State
from runtimes.rules.names import quoted
from runtimes.rules.versions import VersionFault, parse_version

_GLOBAL: Final = "global"


@dataclass(frozen=True)
class Aim:
    """The version that a target leads to, usable or not, its image, and why that one."""

    image: ImageFact
    version: VersionFact
    why: str


@dataclass(frozen=True)
class Empty:
    """An image without a version to use."""

    image: ImageFact
    why: str


@dataclass(frozen=True)
class Unknown:
    """A target that names what is not there."""

    why: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """A composition with what it runs and what is asked of it; `aim` is None where it is to stay as it is."""

    composition: CompositionFact
    runtime: RuntimeFact
    before: VersionFact
    target: Target | None
    aim: Aim | Empty | Unknown | None


def rows_of(deployment: DeploymentFact, world: World, targets: Targets) -> Iterator[Row]:
    """Every composition with its aim; raises KeyError for a world that lacks what one runs or uses."""
    workspace = deployment.name.split("/")[1]
    for composition in deployment.compositions:
        target = target_for(composition.experiment_id, targets)
        runtime = world.runtimes[composition.runtime]
        yield Row(
            composition=composition,
            runtime=runtime,
            before=world.version(composition.version),
            target=target,
            aim=None if target is None or isinstance(target, Keep) else aim_at(target, runtime, world, workspace),
        )


def latest_of(runtime: RuntimeFact, world: World) -> VersionFact | None:
    """The version that Latest leads to, None where it may not be moved to: none is usable, or the image is disabled."""
    image, version = _latest(runtime, world)
    usable = version is not None and State.DISABLED not in (version.state, image.state)
    return version if usable else None


def upgrade_available(composition: CompositionFact, world: World) -> bool:
    """Whether Latest would move a composition, up or down, if its deployment is neither paused nor rolling out."""
    runtime = world.runtimes[composition.runtime]
    latest = latest_of(runtime, world)
    return runtime.state is not State.DISABLED and latest is not None and latest.name != composition.version


def aim_at(
    target: Latest | ToVersion | ToImage, runtime: RuntimeFact, world: World, workspace: str
) -> Aim | Empty | Unknown:
    """Where a target leads a composition of a runtime, in a deployment of a workspace."""
    match target:
        case Latest():
            image, version = _latest(runtime, world)
            if version is not None and runtime.pinned is not None:
                return Aim(image, version, f"The runtime {runtime.display_name} is pinned to {version.number}.")
            return _current_of(image)
        case ToImage(name):
            found = _image(name, world, workspace)
            return _no_image(name) if found is None else _current_of(found)
        case ToVersion(name):
            return _exactly(name, world, workspace)


def _latest(runtime: RuntimeFact, world: World) -> tuple[ImageFact, VersionFact | None]:
    """The pinned version, usable or not: a pin is a decision, and nothing else is taken in its stead."""
    if runtime.pinned is not None:
        pinned = world.version(runtime.pinned)
        return world.images[pinned.image], pinned
    # The runtime's image, not that of the version it happens to run: latest leads back from a switch.
    image = world.images[runtime.image]
    return image, image.current


def _current_of(image: ImageFact) -> Aim | Empty:
    version = image.current
    if version is None:
        return Empty(image, f"{image.display_name} has no version that is active or deprecated.")
    return Aim(image, version, f"{version.number} is the current version of {image.display_name}.")


def _exactly(name: str, world: World, workspace: str) -> Aim | Unknown:
    image_name, mark, number = name.rpartition("/versions/")
    if not mark:
        return Unknown(f"{quoted(name)} names no version; a name reads workspaces/W/runtimeImages/I/versions/v1.5.4.")
    image = _image(image_name, world, workspace)
    if image is None:
        return _no_image(image_name)
    try:
        version = image.by_number.get(parse_version(number))
    except VersionFault:
        version = None
    if version is None:
        return Unknown(f"{image.display_name} has no version {quoted(number)}.")
    return Aim(image, version, f"{version.number} of {image.display_name} was chosen.")


def _image(name: str, world: World, workspace: str) -> ImageFact | None:
    """An image of the workspace or, as when one is fetched by name, the inherited one of that id (R2).

    Whatever else a snapshot holds, another tenant's image is not there for this deployment.
    """
    match name.split("/"):
        case ["workspaces", owner, "runtimeImages", uid] if owner in (workspace, _GLOBAL):
            return world.images.get(name) or world.images.get(f"workspaces/{_GLOBAL}/runtimeImages/{uid}")
        case _:
            return None


def _no_image(name: str) -> Unknown:
    return Unknown(f"There is no runtime image {quoted(name)} that this deployment may use.")
