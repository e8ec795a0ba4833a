"""Lists whose statements are kept: one for each shape of filter, order and page, whatever the values are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Final, Generic, TypeVar

from django.db.models import F, Model, Q, QuerySet, Value

from mlops_console.keyset import Column, Order, bare_rows, key_query
from mlops_console.statements import Among, Statement
from mlops_console.walks import Walk, walked

M = TypeVar("M", bound=Model)
SHAPES_MAX: Final = 1024  # whose statements are kept


@dataclass(frozen=True)
class Source(Generic[M]):
    """The rows of a table that a filter leaves, in some places or, for None, everywhere.

    `write` answers the rows for a filter: a dataclass whose fields narrow where they are neither None nor empty. The
    query must be the same whatever they are set to, as they may be expressions. `places` are values of the column
    `path`, at least one, each of which is one range of an index. With `apart` each of these is read in the order of
    the list, and merged; without, what the filter leaves in all of them is found first. `walks` are those of orders
    that no index holds, by their columns; they are taken where nothing narrows.
    """

    write: Callable[[Any], QuerySet[M]]
    narrow: Any
    path: str = "workspace"
    places: tuple[Any, ...] | None = None
    apart: bool = True
    walks: Mapping[tuple[Column, ...], Walk] = field(default_factory=dict)

    @property
    def queryset(self) -> QuerySet[M]:
        """All rows."""
        rows = self.write(self.narrow)
        return rows if self.places is None else rows.filter(**{f"{self.path}__in": self.places})

    @property
    def parts(self) -> list[Q]:
        """The places as conditions, as `keyset.page` takes them."""
        return [Q()] if self.places is None else [Q(**{self.path: place}) for place in self.places]

    def keys(self, order: Order, start: Sequence[Any] | None, *, reverse: bool, limit: int) -> list[tuple[Any, ...]]:
        """The first keys after `start`, as of `key_query`."""
        begins = {f"start_{position}": value for position, value in enumerate(start or ())}
        walk = None if self._given else self.walks.get(order.columns)
        statement = _keys(self._shape, order, walk, tuple(begins), reverse, limit)
        return list(statement.rows(**self._values, **begins))

    def count(self, limit: int) -> int:
        """How many rows there are, up to a limit."""
        return _counted(self._shape, limit).count(**self._values)

    @cached_property
    def _given(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self.narrow).items() if value not in (None, "")}

    @cached_property
    def _values(self) -> dict[str, Any]:
        places = self.places or ()
        each = {f"place_{position}": place for position, place in enumerate(places)}
        return {**self._given, **each, "places": list(places)}

    @cached_property
    def _shape(self) -> _Shape:
        number = None if self.places is None else len(self.places)
        return _Shape(self.write, type(self.narrow), tuple(self._given), self.path, number, self.apart)


@dataclass(frozen=True)
class _Shape:
    """All of a source but its values."""

    write: Callable[[Any], QuerySet[Any]]
    narrow: Callable[..., Any]
    given: tuple[str, ...]
    path: str
    places: int | None
    apart: bool

    @property
    def names(self) -> tuple[str, ...]:
        """The values that its statements are run with."""
        return *self.given, "places", *(f"place_{position}" for position in range(self.places or 0))

    def rows(self, slots: Mapping[str, Value]) -> QuerySet[Any]:
        """What the filter leaves."""
        return self.write(self.narrow(**{name: slots[name] for name in self.given}))

    def parts(self, slots: Mapping[str, Value]) -> list[Q]:
        """The places as conditions, in each of which rows are read in order."""
        if self.places is None:
            return [Q()]
        if not self.apart:
            return [self.within(slots)]
        return [Q(**{self.path: slots[f"place_{position}"]}) for position in range(self.places)]

    def within(self, slots: Mapping[str, Value]) -> Q:
        """The places as one condition."""
        return Q() if self.places is None else Q(Among(F(self.path), slots["places"]))


@lru_cache(maxsize=SHAPES_MAX)
def _keys(
    shape: _Shape, order: Order, walk: Walk | None, begins: tuple[str, ...], reverse: bool, limit: int
) -> Statement:
    def write(**slots: Value) -> QuerySet[Any, Any]:
        start = [slots[name] for name in begins] or None
        rows, parts = shape.rows(slots), shape.parts(slots)
        if walk is not None:
            whole = shape.within(slots)
            parts = [walked(rows, order, walk, parts, whole, start, reverse=reverse, limit=limit)]
        return key_query(rows, order, parts, start, reverse=reverse, limit=limit)

    return Statement(write, (*shape.names, *begins))


@lru_cache(maxsize=SHAPES_MAX)
def _counted(shape: _Shape, limit: int) -> Statement:
    def write(**slots: Value) -> QuerySet[Any, Any]:
        return bare_rows(shape.rows(slots).filter(shape.within(slots)), limit)

    return Statement(write, shape.names)
