"""Queries that Django writes once: putting one together takes it longer than PostgreSQL takes to answer."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import BooleanField, Func, Model, QuerySet, Value
from django.db.models.query import get_related_populators
from psycopg.types.datetime import TimestamptzLoader

M = TypeVar("M", bound=Model)
Row = tuple[Any, ...]


@dataclass(frozen=True)
class _Named:
    """What stands in a statement for a value."""

    name: str


class Among(Func):
    """Whether a column is one of the values of a list: one text whatever its length, where IN is another for each."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = BooleanField()


class Statement:
    """A query whose text is kept. It is written by a function of the values it is asked with.

    The function gets an expression for each of them, in which the value is put when the statement runs, and answers a
    queryset of `values_list`. So the query must be the same for all values: what depends on them is another statement.
    `names` are the values of a function that takes any.
    """

    def __init__(self, write: Callable[..., QuerySet[Any, Any]], names: Iterable[str] | None = None) -> None:
        self._write = write
        self._names = tuple(inspect.signature(write).parameters if names is None else names)

    def rows(self, **values: Any) -> Iterable[Row]:
        """The rows for some values, in the order of the columns; raises KeyError for a value that is missing."""
        sql, parameters, convert = self._written
        return convert(_answer(sql, parameters, values))

    def count(self, **values: Any) -> int:
        """How many rows there are for some values; raises KeyError for a value that is missing."""
        sql, parameters, _ = self._written
        [(count,)] = _answer(f"SELECT COUNT(*) FROM ({sql}) counted", parameters, values)  # noqa: S608 - sql is Django's
        return int(count)

    @cached_property
    def _written(self) -> tuple[str, tuple[Any, ...], Callable[[list[Row]], Iterable[Row]]]:
        """The text, what it is given, and what makes values of Python of those of the database."""
        compiler = self._compiler()
        sql, parameters = compiler.as_sql()
        converters = compiler.get_converters([column for column, _, _ in compiler.select])
        # Thousands are kept: one that converts nothing lets go of its compiler, which takes most of the memory.
        return sql, parameters, partial(compiler.apply_converters, converters=converters) if converters else iter

    def _compiler(self) -> Any:
        slots = {name: Value(_Named(name)) for name in self._names}
        return self._write(**slots).query.get_compiler(DEFAULT_DB_ALIAS)


class Instances(Statement, Generic[M]):
    """The same for a queryset of a model: it answers instances, with what is selected of related ones."""

    def found(self, **values: Any) -> list[M]:
        """The instances for some values; raises KeyError for a value that is missing."""
        return [self._made(row) for row in self.rows(**values)]

    @cached_property
    def _made(self) -> Callable[[Row], M]:
        """What makes an instance of a row, as Django does it."""
        compiler = self._compiler()
        compiler.pre_sql_setup()
        info, annotated = compiler.klass_info, compiler.annotation_col_map or {}
        model: type[M] = info["model"]
        columns = slice(info["select_fields"][0], info["select_fields"][-1] + 1)
        names = [column.target.attname for column, _, _ in compiler.select[columns]]
        related = get_related_populators(info, compiler.select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg] # stubs of Django 6

        def make(row: Row) -> M:
            made = model.from_db(DEFAULT_DB_ALIAS, names, row[columns])
            for each in related:
                each.populate(row, made)
            for name, position in annotated.items():
                setattr(made, name, row[position])
            return made

        return make


def _answer(sql: str, parameters: Iterable[Any], values: Mapping[str, Any]) -> list[Row]:
    given = [values[each.name] if isinstance(each, _Named) else each for each in parameters]
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        # Django reads instants by a loader of its own in Python, which takes as long as all else of a row.
        cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
        cursor.execute(sql, given)
        rows: list[Row] = cursor.fetchall()
        return rows
