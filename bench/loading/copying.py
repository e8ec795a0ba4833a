"""COPY into empty tables, whose indexes and foreign keys are off meanwhile and check every row when they come back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from django.core.management.color import no_style
from django.db import connection
from django.db.models import Field, GeneratedField, Model
from psycopg import sql

# Foreign keys and unique constraints go first and come back last: they stand on indexes and on other tables.
_CONSTRAINTS: Final = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype IN ('f', 'u') AND conrelid = ANY(%s::regclass[]) ORDER BY contype DESC, conname
"""
_INDEXES: Final = """
    SELECT c.relname, pg_get_indexdef(c.oid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid = ANY(%s::regclass[]) AND NOT i.indisprimary
      AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = i.indexrelid AND contype IN ('u', 'x'))
    ORDER BY c.relname
"""
_MEMORY: Final = "SET LOCAL maintenance_work_mem = '512MB'"


@contextmanager
def bare(models: Sequence[type[Model]]) -> Iterator[None]:
    """Tables without indexes and foreign keys but their primary keys; raises IntegrityError where a row breaks one.

    Belongs into the transaction that fills them: whoever looks from outside never sees them bare.
    """
    tables = [model._meta.db_table for model in models]
    with connection.cursor() as cursor:
        cursor.execute(_MEMORY)
        cursor.execute(_CONSTRAINTS, [tables])
        constraints = cursor.fetchall()
        cursor.execute(_INDEXES, [tables])
        indexes = cursor.fetchall()
        for table, name, _ in reversed(constraints):
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        for _, definition in indexes:
            cursor.execute(definition)
        for table, name, definition in constraints:
            cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')


def copy(model: type[Model], columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """COPY rows of the named columns, JSON as text; a key that is not named counts from 1, the rest are defaults."""
    fields = {str(each.column): each for each in model._meta.concrete_fields if not isinstance(each, GeneratedField)}
    if missing := set(columns) - set(fields):
        raise ValueError(f"{model.__name__} has no {', '.join(sorted(missing))}")
    rest = [column for column, each in fields.items() if column not in columns and not each.primary_key]
    constants = tuple(_default(fields[column]) for column in rest)
    key = str(model._meta.pk.column)
    if key not in columns:
        columns, rows = (key, *columns), ((number, *row) for number, row in enumerate(rows, start=1))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table),
        sql.SQL(", ").join(sql.Identifier(column) for column in (*columns, *rest)),
    )
    with connection.cursor() as cursor, cursor.copy(statement) as out:
        for row in rows:
            out.write_row(row + constants)


def finish(models: Sequence[type[Model]]) -> None:
    """Let sequences go on after the highest keys."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(models)):
            cursor.execute(statement)


def vacuum() -> None:
    """Give the planner its figures and index-only scans their map; outside any transaction."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


def _default(field: Field[Any, Any]) -> Any:
    return field.get_db_prep_save(field.get_default(), connection)
