"""The state verbs in addresses."""

from __future__ import annotations

from runtimes.rules.lifecycle import StateVerb


class StateVerbConverter:
    """Matches `deprecate`, `disable`, `enable` and `activate`."""

    regex = "|".join(verb.value for verb in StateVerb)

    def to_python(self, value: str) -> StateVerb:
        """The verb of a path word."""
        return StateVerb(value)

    def to_url(self, value: StateVerb) -> str:
        """The path word of a verb."""
        return value.value
