"""Two layers of state on a row, and what a verb may do under the platform's ceiling (R6)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from runtimes.rules.lifecycle import State, StateVerb


class Holder(StrEnum):
    """Which layer keeps a row from being ACTIVE."""

    NOBODY = "NOBODY"
    PLATFORM = "PLATFORM"
    API = "API"
    BOTH = "BOTH"


@dataclass(frozen=True)
class Layers:
    """The state that people gave a row and the one of a values file, None where no file manages the row."""

    api: State
    platform: State | None = None

    @property
    def effective(self) -> State:
        """The more restrictive of the two."""
        return max(self.api, self.platform or State.ACTIVE, key=lambda state: state.severity)

    @property
    def holder(self) -> Holder:
        """Who holds the row at its effective state."""
        if self.effective is State.ACTIVE:
            return Holder.NOBODY
        if self.api is self.platform:
            return Holder.BOTH
        return Holder.API if self.api is self.effective else Holder.PLATFORM


class DecisionKind(StrEnum):
    """What becomes of a verb."""

    CHANGE = "CHANGE"
    NOOP = "NOOP"
    REFUSED = "REFUSED"


@dataclass(frozen=True)
class Decision:
    """What becomes of a verb, and the layers afterwards."""

    kind: DecisionKind
    layers: Layers

    @property
    def changes(self) -> bool:
        """Whether anything is written."""
        return self.kind is DecisionKind.CHANGE


def decide(layers: Layers, verb: StateVerb) -> Decision:
    """What a verb does: it sets the people's layer to its target, unless that lies above the ceiling.

    A change of the people's layer counts even where the effective state stays as it is: it will hold the row when
    the platform's state is lifted. A refusal leaves the layers as they were; the ceiling is their platform state.
    """
    if layers.platform is not None and verb.target.severity < layers.platform.severity:
        return Decision(DecisionKind.REFUSED, layers)
    if layers.api is verb.target:
        return Decision(DecisionKind.NOOP, layers)
    return Decision(DecisionKind.CHANGE, replace(layers, api=verb.target))


def platform_says(layers: Layers, wanted: State) -> tuple[Layers, bool]:
    """The layers once a values file says `wanted`, and whether people hold the row below that."""
    return replace(layers, platform=wanted), layers.api.severity > wanted.severity
