"""Rows with named fields, as scoring requests bring them and responses take them back."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


class BadRequest(Exception):
    """What is wrong with a request, as a sentence for whoever sent it."""


@dataclass(frozen=True)
class Frame:
    """Rows of values under field names; `included` are the input fields that the response repeats."""

    fields: list[str]
    rows: list[list[Any]]
    included: list[str] = field(default_factory=list)
    named: bool = True

    def with_scores(self, outputs: Sequence[str], scores: Sequence[Sequence[Any]]) -> dict[str, Any]:
        """The body of a response: field names, unless the request wants none, and a row of scores for each row."""
        places = [self.fields.index(name) for name in self.included]
        rows = [[*(row[place] for place in places), *score] for row, score in zip(self.rows, scores, strict=True)]
        return ({"fields": [*self.included, *outputs]} if self.named else {}) | {"score": rows}


def read_frame(body: bytes, rows_max: int) -> Frame:
    """The rows of a request, as `fields` and `rows` or as a list of values for each field; raises BadRequest."""
    content = _json(body)
    if not isinstance(content, dict):
        raise BadRequest('The body is not a JSON object such as {"fields": ["x"], "rows": [[1]]}.')
    frame = _by_rows(content) if "rows" in content or "fields" in content else _by_columns(content)
    if not frame.rows:
        raise BadRequest("There are no rows to score.")
    if len(frame.rows) > rows_max:
        raise BadRequest(f"There are {len(frame.rows):,} rows; at most {rows_max:,} are scored at once.")
    if len(set(frame.fields)) < len(frame.fields):
        raise BadRequest("A field is named twice.")
    if strange := [name for name in frame.included if name not in frame.fields]:
        raise BadRequest(f"includeFieldsInOutput names {strange[0]!r}, which is not among the fields.")
    return frame


def _json(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_no_constant)
    except RecursionError:
        raise BadRequest("The body is nested too deeply.") from None
    except ValueError as error:
        raise BadRequest(f"The body is not JSON: {error}.") from None


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _by_rows(content: dict[str, Any]) -> Frame:
    fields, rows = _names(content, "fields"), content.get("rows")
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise BadRequest("rows is not a list of lists of values.")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(fields):
            raise BadRequest(f"Row {number} has {len(row)} values for {len(fields)} fields.")
    included = _names(content, "includeFieldsInOutput") if content.get("includeFieldsInOutput") else []
    return Frame(fields, rows, included, named=content.get("noFieldNamesInOutput") is not True)


def _by_columns(content: dict[str, Any]) -> Frame:
    lengths = {len(values) if isinstance(values, list) else -1 for values in content.values()}
    if len(lengths) != 1 or -1 in lengths:
        raise BadRequest("Give fields and rows, or for each field a list of values, all of the same length.")
    return Frame(list(content), [list(row) for row in zip(*content.values(), strict=True)])


def _names(content: dict[str, Any], key: str) -> list[str]:
    value = content.get(key)
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise BadRequest(f"{key} is not a list of field names.")
    return value


def number_in(value: Any) -> float | None:
    """A finite number, also one written as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
