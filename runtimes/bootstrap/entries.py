"""What the entries of both sections have in common."""

from __future__ import annotations

from typing import Final

from runtimes.bootstrap.faults import Faults, Path
from runtimes.bootstrap.shape import StatefulEntry
from runtimes.rules.lifecycle import State, check_reason

DEFAULT_REASON: Final = "set in values.yaml"


def state_and_reason(entry: StatefulEntry, path: Path, faults: Faults) -> tuple[State, str]:
    """The state, ACTIVE by default, and why; a restriction never goes without a reason."""
    state = entry.state or State.ACTIVE
    given = entry.state_reason or ""
    reason = faults.check((*path, "stateReason"), check_reason, given) if given.strip() else ""
    return state, reason or ("" if state is State.ACTIVE else DEFAULT_REASON)


def required(given: str, path: Path, faults: Faults) -> str:
    """The text, after noting a fault where there is none."""
    if not given and not faults.below(path):
        faults.add(path, "This is required.")
    return given
