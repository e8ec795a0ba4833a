"""Words of the rules as choices of columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class Labelled(Protocol):
    """A member of an enum that knows its words for people."""

    @property
    def value(self) -> str: ...

    @property
    def label(self) -> str: ...


def choices_of(members: Iterable[Labelled]) -> list[tuple[str, str]]:
    """The choices of a column that holds one of these."""
    return [(member.value, member.label) for member in members]
