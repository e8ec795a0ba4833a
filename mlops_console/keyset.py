"""Pages of rows by keyset: each page starts after the last row of the one before, so that page 20,000 costs as much
as page 1. Page tokens are opaque, signed, and bound to the list they were cut from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any, Generic, Protocol, TypeAlias, TypeVar, overload

from django.core import signing
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Expression, F, Func, Model, Q, QuerySet, Value
from django.db.models.sql.compiler import SQLCompiler

M = TypeVar("M", bound=Model)
M_co = TypeVar("M_co", bound=Model, covariant=True)
_SALT = "mlops_console.keyset"
COUNT_CAP = 10_000
Column: TypeAlias = str | Expression


class Keyed(Protocol):
    """A row that says which one it is."""

    @property
    def pk(self) -> Any:
        """The primary key."""


class Source(Protocol[M_co]):
    """What a list is cut from, where it is more than a queryset: it finds keys and counts rows by itself."""

    @property
    def queryset(self) -> QuerySet[M_co]:
        """All of its rows."""

    @property
    def parts(self) -> Sequence[Q]:
        """Conditions as `page` takes them, for what is narrowed further."""

    def keys(self, order: Order, start: Sequence[Any] | None, *, reverse: bool, limit: int) -> list[tuple[Any, ...]]:
        """The first keys after `start`, as of `key_query`."""

    def count(self, limit: int) -> int:
        """How many rows there are, up to a limit."""


R = TypeVar("R", bound=Keyed)
R_co = TypeVar("R_co", bound=Keyed, covariant=True)
Read: TypeAlias = Callable[[Sequence[Any]], Iterable[R]]


class BadPageToken(ValueError):
    """A page token that was edited, or that belongs to another list."""


@dataclass(frozen=True)
class Order:
    """Columns or expressions to sort by, `-` before columns that go downwards; `descending` turns all of them round.

    The primary key is added to make the order total; it goes the way of the last column.
    """

    columns: tuple[Column, ...]
    descending: bool = False

    @property
    def keys(self) -> tuple[tuple[Column, bool], ...]:
        """What rows are compared by, and whether each goes downwards."""
        keys = [_key(column, turned=self.descending) for column in self.columns]
        return (*keys, ("pk", keys[-1][1] if keys else self.descending))

    def ordering(self, *, reverse: bool = False) -> list[Any]:
        """Arguments for `order_by`."""
        return [
            _expression(column).desc() if down is not reverse else _expression(column).asc()
            for column, down in self.keys
        ]


@dataclass(frozen=True)
class Page(Generic[R_co]):
    """Some rows and the tokens of their neighbours; an empty token says that there is none."""

    rows: Sequence[R_co]
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


@overload
def page(
    queryset: QuerySet[M] | Source[M],
    *,
    order: Order,
    size: int,
    token: str = ...,
    binding: str = ...,
    parts: Sequence[Q] = ...,
    read: None = ...,
) -> Page[M]: ...


@overload
def page(
    queryset: QuerySet[M] | Source[M],
    *,
    order: Order,
    size: int,
    token: str = ...,
    binding: str = ...,
    parts: Sequence[Q] = ...,
    read: Read[R],
) -> Page[R]: ...


def page(
    queryset: QuerySet[M] | Source[M],
    *,
    order: Order,
    size: int,
    token: str = "",
    binding: str = "",
    parts: Sequence[Q] = (),
    read: Read[Any] | None = None,
) -> Page[Any]:
    """Cut one page of at most `size` rows out of a queryset or a source.

    `binding` names the list (scope, filter, order): a token of another list raises BadPageToken.
    With `parts` or `read`, and for a source, the keys are found first, and then their rows: two queries, not one.
    `parts` are conditions of which each row fulfils one, and each of which leaves one range of an index; a source has
    its own. `read` answers the rows of some primary keys of the queryset, in any order.
    """
    mark = _binding(order, binding)
    where, start = _read(token, mark, len(order.keys)) if token else ("next", None)
    reverse, limit = where != "next", size + 1
    by_key = not isinstance(queryset, QuerySet) or bool(parts) or read is not None
    found: list[Any]
    if not isinstance(queryset, QuerySet):
        found = queryset.keys(order, start, reverse=reverse, limit=limit)
    elif by_key:
        found = list(key_query(queryset, order, parts or (Q(),), start, reverse=reverse, limit=limit))
    else:
        found = list(_from(queryset, order, start, reverse=reverse)[:limit])
    more, found = len(found) > size, found[:size]
    if reverse:
        found.reverse()
    keys = found if by_key else [tuple(getattr(row, name) for name in _names(order)) for row in found]
    before = more if reverse else start is not None
    after = start is not None if reverse else more
    return Page(
        rows=_in_order(keys, read or partial(_whole, queryset)) if by_key else found,
        next=_token("next", keys[-1], mark) if keys and after else "",
        previous=_token("previous", keys[0], mark) if keys and before else "",
        last=_token("previous", None, mark) if keys and after else "",
    )


def key_query(
    rows: QuerySet[M], order: Order, parts: Sequence[Q], start: Sequence[Any] | None, *, reverse: bool, limit: int
) -> QuerySet[M, tuple[Any, ...]]:
    """The first keys after `start` of all parts, each of which is read in order by itself: merged ranges, no sort.

    What stands in `parts` and `start` may be expressions.
    """
    names = _names(order)
    ordered = _from(rows, order, start, reverse=reverse).values_list(*names)
    ranges = [ordered.filter(part)[:limit] for part in parts]
    if len(ranges) == 1:
        return ranges[0]
    ways = ["-" if down is not reverse else "" for _, down in order.keys]
    merged = ranges[0].union(*ranges[1:], all=True)
    return merged.order_by(*(way + name for way, name in zip(ways, names, strict=True)))[:limit]


def capped_count(queryset: QuerySet[M] | Source[M], cap: int = COUNT_CAP) -> int:
    """Count rows up to `cap` + 1, which stands for "more"."""
    if not isinstance(queryset, QuerySet):
        return queryset.count(cap + 1)
    return bare_rows(queryset, cap + 1).count()


def bare_rows(rows: QuerySet[M], limit: int) -> QuerySet[M, tuple[int]]:
    """Rows to be counted, up to a limit: nothing of them is selected, so that an index is all that is read."""
    return rows.order_by().values_list(Value(1))[:limit]


def _from(rows: QuerySet[M], order: Order, start: Sequence[Any] | None, *, reverse: bool) -> QuerySet[M]:
    """The rows in order after the one with the keys of `start`, each with its keys."""
    names = _names(order)
    marked = rows.annotate(**{name: _expression(column) for name, (column, _) in zip(names, order.keys, strict=True)})
    if start is not None:
        marked = marked.filter(_beyond(order, names, start, reverse=reverse))
    ordered: QuerySet[M] = marked.order_by(*order.ordering(reverse=reverse))
    return ordered


def _names(order: Order) -> list[str]:
    """What the keys of a row are called in a query."""
    return [f"keyset_{position}" for position in range(len(order.keys))]


def queryset_of(rows: QuerySet[M] | Source[M]) -> QuerySet[M]:
    """The rows of a list for whatever else is asked about them."""
    return rows if isinstance(rows, QuerySet) else rows.queryset


def _whole(rows: QuerySet[M] | Source[M], pks: Sequence[Any]) -> QuerySet[M]:
    """The rows of some keys as they are in the list."""
    return queryset_of(rows).order_by().filter(pk__in=pks)


def _in_order(keys: Sequence[tuple[Any, ...]], read: Read[R]) -> list[R]:
    """The rows of some keys, whose last part is the primary key; one that is gone since is left out."""
    pks = [key[-1] for key in keys]
    found = {row.pk: row for row in read(pks)} if pks else {}
    return [found[pk] for pk in pks if pk in found]


def _key(column: Column, *, turned: bool) -> tuple[Column, bool]:
    if isinstance(column, str):
        return column.removeprefix("-"), column.startswith("-") is not turned
    return column, turned


def _expression(column: Column) -> F | Expression:
    return F(column) if isinstance(column, str) else column


def _value(given: Any) -> Expression:
    return given if isinstance(given, Expression) else Value(given)


def _beyond(order: Order, names: Sequence[str], start: Sequence[Any], *, reverse: bool) -> Q | _RowCompare:
    """The condition that a row comes after (or, in reverse, before) the one with the values of `start`."""
    operators = ["lt" if down is not reverse else "gt" for _, down in order.keys]
    if len(set(operators)) == 1:
        sign = "<" if operators[0] == "lt" else ">"
        return _RowCompare([F(name) for name in names], sign, [_value(each) for each in start])
    # No row comparison goes two ways at once. The bound on the first column alone is what an index can use.
    beyond = Q()
    for position, operator in enumerate(operators):
        same = Q(**dict(zip(names[:position], start, strict=False)))
        beyond |= same & Q(**{f"{names[position]}__{operator}": start[position]})
    return Q(**{f"{names[0]}__{operators[0]}e": start[0]}) & beyond


def _binding(order: Order, binding: str) -> str:
    text = f"{order.columns}{order.descending}{binding}"
    return sha256(text.encode()).hexdigest()[:16]


def _token(where: str, key: Sequence[Any] | None, mark: str) -> str:
    start = key and [value.isoformat() if isinstance(value, datetime) else value for value in key]
    return signing.dumps([where, start, mark], salt=_SALT)


def _read(token: str, mark: str, keys: int) -> tuple[str, list[Any] | None]:
    try:
        where, start, of = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        raise BadPageToken("This page token is not one of ours, or was changed.") from None
    if of != mark or (start is not None and len(start) != keys):
        raise BadPageToken("This page token belongs to another list: the filter or the order has changed since.")
    return where, start
