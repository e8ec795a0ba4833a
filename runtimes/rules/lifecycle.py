"""The states of images, versions and runtimes, and the verbs that move between them (R5)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from runtimes.rules.names import check_text

REASON_MAX: Final = 1000


class State(StrEnum):
    """From least to most restrictive; the database relies on the words sorting the same way."""

    ACTIVE = "ACTIVE"
    DEPRECATED = "DEPRECATED"
    DISABLED = "DISABLED"

    @property
    def severity(self) -> int:
        """0 for ACTIVE, 2 for DISABLED."""
        return list(State).index(self)


class StateVerb(StrEnum):
    """What people and programs do to a state; runtimes and images are enabled, versions activated."""

    DEPRECATE = "deprecate"
    DISABLE = "disable"
    ENABLE = "enable"
    ACTIVATE = "activate"

    @property
    def target(self) -> State:
        """The state that the verb asks for."""
        return _TARGETS[self]


_TARGETS: Final = {
    StateVerb.DEPRECATE: State.DEPRECATED,
    StateVerb.DISABLE: State.DISABLED,
    StateVerb.ENABLE: State.ACTIVE,
    StateVerb.ACTIVATE: State.ACTIVE,
}


def check_reason(text: str) -> str:
    """The reason without blanks around it; raises ValueError when it is blank, too long or not plain text."""
    return check_text(text, label="The reason", maximum=REASON_MAX, required=True)
