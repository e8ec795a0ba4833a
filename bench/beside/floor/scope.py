# ruff: noqa: S608 - statements are pieced together from parts that stand in these files
"""Which rows of a table a page shows, as parts of a raw statement."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

SIZE_MAX: Final = 1_000


@dataclass(frozen=True)
class Cut:
    """One page of a list: what narrows it, by what it is ordered, after which row it begins."""

    where: str
    values: Sequence[Any]
    keys: Sequence[str]
    query: Mapping[str, str]

    @property
    def size(self) -> int:
        """How many rows."""
        return min(SIZE_MAX, int(self.query.get("pageSize") or 50))

    @property
    def backwards(self) -> bool:
        """Whether it is the end that was asked for, whose rows are read from behind."""
        return "end" in self.query

    @property
    def descending(self) -> bool:
        """Whether rows are read downwards."""
        return self.query.get("sort", "").startswith("-") is not self.backwards

    def rows(self, workspace: str, columns: str, tables: str) -> tuple[str, list[Any]]:
        """A statement for the rows, `t` being the table; a workspace is read for itself, and so is `global`.

        Each of the two is one range of an index, and the few rows of both are merged; what has no order but its age is
        read for both at once.
        """
        way, sign = ("DESC", "<") if self.descending else ("ASC", ">")
        keys = (*self.keys, "t.id")
        after, start = "", self.query.get("after", "").split("|") if "after" in self.query else []
        if start:
            after = f"AND ({', '.join(keys)}) {sign} ({', '.join(['%s'] * len(keys))})"
        named = ", ".join(f"{key} AS key_{number}" for number, key in enumerate(keys))
        order = ", ".join(f"{{0}}{number} {way}" for number in range(len(keys)))
        limit = f"ORDER BY {order.format('key_')} LIMIT {self.size + 1}"
        inner = f"SELECT {columns}, {named} FROM {tables} WHERE {{scope}} {self.where} {after} {limit}"
        if workspace == "-" or not self.keys:
            scope, where = among(workspace)
            return inner.format(scope=scope), [*where, *self.values, *start]
        outer = f"""
            SELECT x.* FROM console_workspace s CROSS JOIN LATERAL ({inner.format(scope="t.workspace_id = s.id")}) x
            WHERE s.uid IN (%s, 'global') {limit}
        """
        return outer, [*self.values, *start, workspace]

    def start_after(self, row: Mapping[str, Any]) -> str:
        """The parameter `after` of the page behind a row."""
        return "|".join(str(row[f"key_{number}"]) for number in range(len(self.keys) + 1))

    def count(self, workspace: str, table: str, cap: int) -> tuple[str, list[Any]]:
        """A statement that counts the rows, up to a cap."""
        scope, values = among(workspace) if self.query.get("q") else within(workspace)
        return f"SELECT count(*) FROM (SELECT FROM {table} t WHERE {scope} {self.where} LIMIT {cap + 1}) c", [
            *values,
            *self.values,
        ]


def within(workspace: str) -> tuple[str, list[Any]]:
    """The condition that a row lies in a workspace or in `global`, or anywhere for `-`."""
    if workspace == "-":
        return "TRUE", []
    return "t.workspace_id IN (SELECT id FROM console_workspace WHERE uid IN (%s, 'global'))", [workspace]


def among(workspace: str) -> tuple[str, list[Any]]:
    """The same by keys, read first: how words are best looked for depends on how large a workspace is."""
    if workspace == "-":
        return "TRUE", []
    with connection.cursor() as cursor:
        cursor.execute("SELECT array_agg(id) FROM console_workspace WHERE uid IN (%s, 'global')", [workspace])
        return "t.workspace_id = ANY(%s)", list(cursor.fetchone())


def words(text: str) -> str:
    """A search as a query of full text: each word, or what begins with it."""
    return " & ".join(f"{word}:*" for word in re.findall(r"[^\W_]+", text.lower()))
