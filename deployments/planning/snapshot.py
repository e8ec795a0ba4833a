"""The world as a plan sees it: frozen, and complete for the deployment that is planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from runtimes.rules.lifecycle import State
from runtimes.rules.versions import current, precedence

DEFAULT_PROBE_PATH: Final = "/readyz"


@dataclass(frozen=True, kw_only=True)
class VersionFact:
    """A version by its resource name `workspaces/W/runtimeImages/I/versions/v1.5.4`; `number` is the v1.5.4."""

    name: str
    number: str
    reference: str
    state: State = State.ACTIVE
    readiness_probe_path: str = ""
    architectures: tuple[str, ...] = ()

    @property
    def image(self) -> str:
        """The resource name of its image."""
        return self.name.rpartition("/versions/")[0]

    @property
    def probe_path(self) -> str:
        """Where it is asked whether it is ready."""
        return self.readiness_probe_path or DEFAULT_PROBE_PATH

    @cached_property
    def precedence(self) -> str:
        """A key to compare it by with versions of the same image."""
        return precedence(self.number)


@dataclass(frozen=True, kw_only=True)
class ImageFact:
    """A runtime image by its resource name, with all its versions."""

    name: str
    display_name: str
    state: State = State.ACTIVE
    versions: tuple[VersionFact, ...] = ()

    @cached_property
    def by_number(self) -> dict[str, VersionFact]:
        """Its versions by their numbers."""
        return {version.number: version for version in self.versions}

    @cached_property
    def current(self) -> VersionFact | None:
        """Its current version (R4), whatever the state of the image itself."""
        number = current((version.number, version.state) for version in self.versions)
        return None if number is None else self.by_number[number]


@dataclass(frozen=True, kw_only=True)
class RuntimeFact:
    """A runtime by its resource name, on an image and perhaps pinned to one version, both by resource name."""

    name: str
    display_name: str
    image: str
    pinned: str | None = None
    state: State = State.ACTIVE


@dataclass(frozen=True, kw_only=True)
class CompositionFact:
    """One experiment in a deployment: its runtime and the version that it runs now, by resource name."""

    uid: str
    experiment_id: str
    experiment_name: str
    runtime: str
    version: str


@dataclass(frozen=True, kw_only=True)
class DeploymentFact:
    """A deployment; `rollout_in_progress` is the name of the rollout that has not ended, if there is one."""

    name: str
    display_name: str
    revision: str
    paused: bool = False
    rollout_in_progress: str | None = None
    compositions: tuple[CompositionFact, ...] = ()


@dataclass(frozen=True, kw_only=True)
class World:
    """Images and runtimes by resource name: at least all that the compositions run, use and may be moved to."""

    images: Mapping[str, ImageFact]
    runtimes: Mapping[str, RuntimeFact]

    @classmethod
    def of(cls, images: Iterable[ImageFact], runtimes: Iterable[RuntimeFact]) -> World:
        """A world of these rows."""
        return cls(images={each.name: each for each in images}, runtimes={each.name: each for each in runtimes})

    def version(self, name: str) -> VersionFact:
        """A version that somebody runs or is pinned to; raises KeyError for a world that was not read in full."""
        image, _, number = name.rpartition("/versions/")
        return self.images[image].by_number[number]
