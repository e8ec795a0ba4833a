"""Orders that no index holds as a whole: rows are walked stretch by stretch, each in the order of an index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias, TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Expression, Func, Model, OuterRef, Q, QuerySet, Value
from django.db.models.lookups import Exact, GreaterThan, LessThan

from mlops_console.keyset import Order, key_query

M = TypeVar("M", bound=Model)
Keys: TypeAlias = Sequence[Expression]


@dataclass(frozen=True)
class Alike:
    """Rows that fulfil a condition and have the same first keys, the very first of which no other row has.

    With `apart`, it is only within each place that an index holds their order.
    """

    condition: Q
    keys: tuple[Any, ...]
    apart: bool = False

    @property
    def width(self) -> int:
        """How many keys it is about."""
        return len(self.keys)

    def same(self, rows: QuerySet[M], start: Keys) -> QuerySet[M]:
        """Those whose first keys are those of `start`: all or none, which the database knows before it looks."""
        return rows.filter(self.condition, Exact(Value(self.keys[0]), start[0]))

    def beyond(self, rows: QuerySet[M], start: Keys | None, cut: Cut) -> QuerySet[M, Any]:
        """The first of those whose first keys come after `start`: of all or of none."""
        rows = rows.filter(self.condition)
        if start is not None:
            after = LessThan if cut.is_downwards else GreaterThan
            rows = rows.filter(after(Value(self.keys[0]), start[0]))
        return cut.of(rows, self.width)


@dataclass(frozen=True)
class Grouped:
    """Rows by what they refer to, whose `columns` and primary key are their first keys."""

    apart: ClassVar[bool] = False
    path: str
    columns: tuple[str, ...]

    @property
    def width(self) -> int:
        """How many keys it is about."""
        return len(self.columns) + 1

    def same(self, rows: QuerySet[M], start: Keys) -> QuerySet[M]:
        """Those of the group of `start`, unless its columns have changed since."""
        paths = (*(f"{self.path}__{column}" for column in self.columns), f"{self.path}_id")
        return rows.filter(**dict(zip(paths, start, strict=False)))

    def beyond(self, rows: QuerySet[M], start: Keys | None, cut: Cut) -> QuerySet[Any, Any]:
        """The first of those in later groups; no more of a group is read than fits on a page."""
        group_of: Any = rows.model._meta.get_field(self.path).related_model
        order = Order(self.columns, cut.order.descending)
        begin = start and start[: self.width]
        later = key_query(group_of._default_manager.all(), order, (Q(),), begin, reverse=cut.reverse, limit=cut.limit)
        group = cut.of(rows.filter(**{self.path: OuterRef("pk")}), self.width)
        return later.values(walked=_Each(ArraySubquery(group)))


Walk: TypeAlias = tuple[Alike | Grouped, ...]


@dataclass(frozen=True)
class Cut:
    """Which rows are asked for, whatever they are taken of."""

    order: Order
    reverse: bool
    limit: int

    @property
    def is_downwards(self) -> bool:
        """Whether rows are read from the highest keys on."""
        return self.order.descending is not self.reverse

    def of(self, rows: QuerySet[M], width: int, start: Keys | None = None) -> QuerySet[M, Any]:
        """The primary keys of the first rows after `start` of some that are the same by the first `width` keys."""
        order = Order(self.order.columns[width:], self.order.descending)
        begin = start and start[width:]
        return key_query(rows, order, (Q(),), begin, reverse=self.reverse, limit=self.limit).values("pk")


class _Each(Func):
    """The items of an array, a row for each; rows stay in their order."""

    function = "unnest"
    set_returning = True
    arity = 1


def walked(
    rows: QuerySet[M],
    order: Order,
    walk: Walk,
    parts: Sequence[Q],
    whole: Q,
    start: Keys | None,
    *,
    reverse: bool,
    limit: int,
) -> Q:
    """A condition in place of `parts` that leaves few rows, among them the first ones after `start`.

    `whole` is the condition of all parts at once. Nothing else may narrow the rows: to find a few of them in each
    stretch may take longer than to sort them. Parts may hold expressions, and `start` is made of them.
    """
    cut = Cut(order, reverse, limit)
    found = []
    for stretch in walk:
        for part in parts if stretch.apart else (whole,):
            within = rows.filter(part)
            if start is not None:
                found.append(cut.of(stretch.same(within, start), stretch.width, start))
            found.append(stretch.beyond(within, start, cut))
    return Q(pk__in=found[0].union(*found[1:], all=True))
