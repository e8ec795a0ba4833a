"""Pages of rows by keyset: each page starts after the last row of the one before, so that page 20,000 costs as much
as page 1. Page tokens are opaque, signed, and bound to the list they were cut from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Generic, TypeVar

from django.core import signing
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Expression, F, Func, Model, Q, QuerySet, Value
from django.db.models.sql.compiler import SQLCompiler

M = TypeVar("M", bound=Model)
_SALT = "mlops_console.keyset"
COUNT_CAP = 10_000


class BadPageToken(ValueError):
    """A page token that was edited, or that belongs to another list."""


@dataclass(frozen=True)
class Order:
    """Columns to sort by, `-` before those that go downwards; `descending` turns all of them round.

    The primary key is added to make the order total; it goes the way of the last column.
    """

    columns: tuple[str, ...]
    descending: bool = False

    @property
    def keys(self) -> tuple[tuple[str, bool], ...]:
        """The columns of the row comparison, and whether each goes downwards."""
        keys = [(column.removeprefix("-"), column.startswith("-") is not self.descending) for column in self.columns]
        return (*keys, ("pk", keys[-1][1] if keys else self.descending))

    def ordering(self, *, reverse: bool = False) -> list[Any]:
        """Arguments for `order_by`."""
        return [F(column).desc() if down is not reverse else F(column).asc() for column, down in self.keys]


@dataclass(frozen=True)
class Page(Generic[M]):
    """Some rows and the tokens of their neighbours; an empty token says that there is none."""

    rows: Sequence[M]
    next: str
    previous: str
    last: str

    @property
    def is_first(self) -> bool:
        """Whether nothing comes before these rows."""
        return not self.previous


class _RowCompare(Func):
    """`(a, b) > (x, y)`: one index range, where the spelt-out ORs of it would be many."""

    output_field = BooleanField()

    def __init__(self, left: Sequence[Expression | F], operator: str, right: Sequence[Expression | F]) -> None:
        super().__init__(*left, *right)
        self.operator = operator

    def as_sql(  # type: ignore[override]
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any
    ) -> tuple[str, list[Any]]:
        parts = [compiler.compile(part) for part in self.get_source_expressions()]
        half = len(parts) // 2
        left, right = (", ".join(sql for sql, _ in side) for side in (parts[:half], parts[half:]))
        return f"({left}) {self.operator} ({right})", [value for _, values in parts for value in values]


def page(queryset: QuerySet[M], *, order: Order, size: int, token: str = "", binding: str = "") -> Page[M]:
    """Cut one page of at most `size` rows out of a queryset, in one query.

    `binding` names the list (scope, filter, order): a token of another list raises BadPageToken.
    """
    mark = _binding(order, binding)
    where, start = _read(token, mark, len(order.keys)) if token else ("next", None)
    reverse = where != "next"
    rows = queryset.order_by(*order.ordering(reverse=reverse)).annotate(
        **{f"keyset_{position}": F(column) for position, (column, _) in enumerate(order.keys)}
    )
    if start is not None:
        rows = rows.filter(_beyond(order, start, reverse=reverse))
    found = list(rows[: size + 1])
    more, found = len(found) > size, found[:size]
    if reverse:
        found.reverse()
    before = more if reverse else start is not None
    after = start is not None if reverse else more
    return Page(
        rows=found,
        next=_token("next", _values(found[-1], order), mark) if found and after else "",
        previous=_token("previous", _values(found[0], order), mark) if found and before else "",
        last=_token("previous", None, mark) if found and after else "",
    )


def capped_count(queryset: QuerySet[M], cap: int = COUNT_CAP) -> int:
    """Count rows up to `cap` + 1, which stands for "more"."""
    return queryset.order_by()[: cap + 1].count()


def _beyond(order: Order, start: list[Any], *, reverse: bool) -> Q | _RowCompare:
    """The condition that a row comes after (or, in reverse, before) the one with the values of `start`."""
    columns = [column for column, _ in order.keys]
    operators = ["lt" if down is not reverse else "gt" for _, down in order.keys]
    if len(set(operators)) == 1:
        sign = "<" if operators[0] == "lt" else ">"
        return _RowCompare([F(column) for column in columns], sign, [Value(each) for each in start])
    # No row comparison goes two ways at once. The bound on the first column alone is what an index can use.
    beyond = Q()
    for position, operator in enumerate(operators):
        same = Q(**dict(zip(columns[:position], start, strict=False)))
        beyond |= same & Q(**{f"{columns[position]}__{operator}": start[position]})
    return Q(**{f"{columns[0]}__{operators[0]}e": start[0]}) & beyond


def _values(row: Model, order: Order) -> list[Any]:
    return [
        value.isoformat() if isinstance(value, datetime) else value
        for value in (getattr(row, f"keyset_{position}") for position in range(len(order.keys)))
    ]


def _binding(order: Order, binding: str) -> str:
    text = f"{order.columns}{order.descending}{binding}"
    return sha256(text.encode()).hexdigest()[:16]


def _token(where: str, start: list[Any] | None, mark: str) -> str:
    return signing.dumps([where, start, mark], salt=_SALT)


def _read(token: str, mark: str, keys: int) -> tuple[str, list[Any] | None]:
    try:
        where, start, of = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        raise BadPageToken("This page token is not one of ours, or was changed.") from None
    if of != mark or (start is not None and len(start) != keys):
        raise BadPageToken("This page token belongs to another list: the filter or the order has changed since.")
    return where, start
