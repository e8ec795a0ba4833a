"""Environment variables that a scorer would start with otherwise than before (R14)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runtimes.rules.environment import masked_change


@dataclass(frozen=True)
class VariableChange:
    """A variable with its values, secrets masked; None where it is not set."""

    key: str
    before: str | None
    after: str | None


def variable_changes(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[VariableChange, ...]:
    """The variables that differ between what runs and what would, by name; templates in them are resolved already."""
    shown_before, shown_after = masked_change(before, after)
    return tuple(
        VariableChange(key, shown_before.get(key), shown_after.get(key))
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    )
