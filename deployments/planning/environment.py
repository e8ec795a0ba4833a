"""Environment variables that a scorer would start with otherwise than before (R14)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runtimes.rules.environment import masked_change, resolve


@dataclass(frozen=True)
class Run:
    """What a scorer starts with: its variables, templates unresolved, and its number of GPUs."""

    variables: Mapping[str, str]
    gpu_count: int = 0


@dataclass(frozen=True)
class VariableChange:
    """A variable with its resolved values, secrets masked; None where it is not set."""

    key: str
    before: str | None
    after: str | None


def variable_changes(before: Run, after: Run) -> tuple[VariableChange, ...]:
    """The variables that resolve differently in two runs, by name; raises TemplateFault for what no save lets through.

    A template that is written otherwise but comes to the same is no change, and one that counts GPUs may be one
    as it stands.
    """
    old, new = _resolved(before), _resolved(after)
    shown_old, shown_new = masked_change(old, new)
    return tuple(
        VariableChange(key, shown_old.get(key), shown_new.get(key))
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    )


def _resolved(run: Run) -> dict[str, str]:
    return {key: resolve(value, run.gpu_count) for key, value in run.variables.items()}
