"""Models that the scorer can serve."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from deployments.engines.local.scorer.frames import BadRequest, Frame, number_in

NUMBER, TEXT = "Float64", "Str"
ECHO: Final = "The artifact holds no model.json: each row is given back as it came, under the same fields."


class Model(Protocol):
    """Something to score with."""

    @property
    def description(self) -> str:
        """What it is, in words."""

    @property
    def inputs(self) -> Sequence[tuple[str, str]]:
        """Names and types of what it needs."""

    @property
    def outputs(self) -> Sequence[tuple[str, str]]:
        """Names and types of what it answers."""

    def sample(self) -> list[Any]:
        """A row that can be scored."""

    def score(self, frame: Frame) -> dict[str, Any]:
        """The response for the rows of a request; raises BadRequest."""


@dataclass(frozen=True)
class Echo:
    """Gives rows back; what an artifact without a model gets."""

    description: str = ECHO
    inputs: Sequence[tuple[str, str]] = ()
    outputs: Sequence[tuple[str, str]] = ()

    def sample(self) -> list[Any]:
        """A row of one field."""
        return [1]

    def score(self, frame: Frame) -> dict[str, Any]:
        """The rows themselves."""
        return frame.with_scores(frame.fields, frame.rows)


@dataclass(frozen=True)
class Input:
    """One term of a sum: a number times a coefficient, or the weight of a level."""

    name: str
    coefficient: float = 0.0
    levels: Mapping[str, float] = field(default_factory=dict)
    default: Any = None

    @property
    def kind(self) -> str:
        """The type of its values."""
        return TEXT if self.levels else NUMBER

    def term(self, value: Any, row: int) -> float:
        """What a value of the row adds to the sum; raises BadRequest."""
        value = self.default if value is None or value == "" else value
        if value is None:
            raise BadRequest(f"Row {row} has no value for {self.name!r}.")
        if self.levels:
            if (weight := self.levels.get(str(value))) is None:
                known = ", ".join(sorted(self.levels))
                raise BadRequest(f"Row {row}: {value!r} is no level of {self.name!r}; levels are {known}.")
            return weight
        if (number := number_in(value)) is None:
            raise BadRequest(f"Row {row}: {value!r} is no number for {self.name!r}.")
        return self.coefficient * number


@dataclass(frozen=True)
class Linear:
    """An intercept and a term for each input; with two labels the sum is the log-odds of the second."""

    terms: Sequence[Input]
    intercept: float
    target: str
    labels: Sequence[str] = ()

    @property
    def description(self) -> str:
        """What it is, in words."""
        return f"A {'logistic' if self.labels else 'linear'} model of {self.target} with {len(self.terms)} inputs."

    @property
    def inputs(self) -> Sequence[tuple[str, str]]:
        """Names and types of what it needs."""
        return [(term.name, term.kind) for term in self.terms]

    @property
    def outputs(self) -> Sequence[tuple[str, str]]:
        """Names and types of what it answers."""
        return [(f"{self.target}.{label}", NUMBER) for label in self.labels] or [(self.target, NUMBER)]

    def sample(self) -> list[Any]:
        """Defaults, else the first level or 0."""
        return [next((v for v in (t.default, *t.levels) if v is not None), 0) for t in self.terms]

    def score(self, frame: Frame) -> dict[str, Any]:
        """A number for each row, or the probabilities of both labels; raises BadRequest."""
        if missing := [term.name for term in self.terms if term.name not in frame.fields and term.default is None]:
            raise BadRequest(
                f"The request has no field {missing[0]!r}; needed are {', '.join(t.name for t in self.terms)}."
            )
        places = [frame.fields.index(term.name) if term.name in frame.fields else -1 for term in self.terms]
        scores = [self._row(row, places, number) for number, row in enumerate(frame.rows, start=1)]
        return frame.with_scores([name for name, _ in self.outputs], scores)

    def _row(self, row: Sequence[Any], places: Sequence[int], number: int) -> list[float]:
        values = (row[place] if place >= 0 else None for place in places)
        total = math.fsum(t.term(v, number) for t, v in zip(self.terms, values, strict=True)) + self.intercept
        if not math.isfinite(total):
            raise BadRequest(f"Row {number} is beyond the numbers that can be scored.")
        if not self.labels:
            return [total]
        odds = math.exp(-abs(total))
        likely, unlikely = 1 / (1 + odds), odds / (1 + odds)
        return [unlikely, likely] if total >= 0 else [likely, unlikely]
