"""What may be asked of a composition: where an upgrade is to lead it (R9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

WILDCARD: Final = "*"


@dataclass(frozen=True)
class Latest:
    """The runtime's pinned version, else the current version of the runtime's image."""


@dataclass(frozen=True)
class Keep:
    """The version that runs now, whatever the wildcard says."""


@dataclass(frozen=True)
class ToVersion:
    """One version by its resource name; the number may come without its v."""

    name: str


@dataclass(frozen=True)
class ToImage:
    """The current version of an image, by the image's resource name."""

    name: str


Target: TypeAlias = Latest | Keep | ToVersion | ToImage
Targets: TypeAlias = Mapping[str, Target]


def target_for(experiment_id: str, targets: Targets) -> Target | None:
    """What is asked for an experiment: by its id, else by the wildcard, else nothing."""
    return targets.get(experiment_id, targets.get(WILDCARD))


def target_text(target: Target) -> str:
    """A target as one word, for a form field or a stored plan."""
    match target:
        case Latest():
            return "latest"
        case Keep():
            return "keep"
        case ToVersion(name):
            return f"version:{name}"
        case ToImage(name):
            return f"image:{name}"


def parse_target(text: str) -> Target:
    """The target that `target_text` wrote; raises ValueError. Whether it leads anywhere, the plan says."""
    match text.partition(":"):
        case ("latest", "", ""):
            return Latest()
        case ("keep", "", ""):
            return Keep()
        case ("version", ":", name):
            return ToVersion(name)
        case ("image", ":", name):
            return ToImage(name)
        case _:
            raise ValueError("A target is latest, keep, version: or image: with a resource name.")
