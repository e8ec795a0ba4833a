"""What a plan does with one composition, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from deployments.planning.snapshot import VersionFact


class Kind(StrEnum):
    """What becomes of a composition; versions compare within an image, so another image is neither up nor down."""

    UPGRADE = "UPGRADE"
    ROLLBACK = "ROLLBACK"
    SWITCH = "SWITCH"
    SKIP = "SKIP"
    BLOCKED = "BLOCKED"

    @property
    def moves(self) -> bool:
        """Whether the composition gets another version."""
        return self in _MOVES


_MOVES: Final = frozenset({Kind.UPGRADE, Kind.ROLLBACK, Kind.SWITCH})


class Code(StrEnum):
    """Why a composition is skipped or blocked (R9)."""

    NOT_SELECTED = "not-selected"
    ALREADY_ON_TARGET = "already-on-target"
    ROLLOUT_IN_PROGRESS = "rollout-in-progress"
    DEPLOYMENT_PAUSED = "deployment-paused"
    RUNTIME_DISABLED = "runtime-disabled"
    UNKNOWN_VERSION = "unknown-version"
    IMAGE_DISABLED = "image-disabled"
    VERSION_DISABLED = "version-disabled"
    NO_USABLE_VERSION = "no-usable-version"
    UNKNOWN_EXPERIMENT = "unknown-experiment"

    @property
    def kind(self) -> Kind:
        """SKIP or BLOCKED."""
        return Kind.SKIP if self in (Code.NOT_SELECTED, Code.ALREADY_ON_TARGET) else Kind.BLOCKED


class CautionCode(StrEnum):
    """What to know about a move before it is started (R9)."""

    DEPRECATED_TARGET = "deprecated-target"
    DOWNGRADE = "downgrade"
    IMAGE_NOT_OF_RUNTIME = "image-not-of-runtime"
    ARCHITECTURE_NARROWED = "architecture-narrowed"
    PROBE_PATH_CHANGED = "probe-path-changed"


@dataclass(frozen=True)
class Caution:
    """A warning, which blocks nothing."""

    code: CautionCode
    sentence: str


@dataclass(frozen=True)
class Verdict:
    """Why a composition does not move, and what a person can do about it."""

    code: Code
    sentence: str
    cure: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """What becomes of one composition; one for an experiment that the deployment does not have has no composition.

    `before` is what it runs and `after` what it is to run, even where it is blocked; None where there is none.
    Moves have a sentence, which says why to that version, but neither code nor cure.
    """

    kind: Kind
    composition: str
    experiment_id: str
    experiment_name: str
    runtime: str
    before: VersionFact | None = None
    after: VersionFact | None = None
    code: Code | None = None
    sentence: str
    cure: str = ""
    warnings: tuple[Caution, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """What stays the same when the world is planned anew."""
        return (self.composition, "") if self.composition else ("", self.experiment_id)
