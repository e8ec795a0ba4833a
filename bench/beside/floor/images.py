# ruff: noqa: S608 - statements are pieced together from parts that stand in these files
"""The table of runtime images."""

from __future__ import annotations

from html import escape
from typing import Any, Final

from django.http import HttpRequest, HttpResponse

from bench.beside.floor.page import COUNT_CAP, SWITCHER, answer, badge, page, select
from bench.beside.floor.scope import Cut, words

_COLUMNS: Final = """t.uid AS uid, t.display_name AS name, w.uid AS place, c.version AS version,
    c.reference AS reference, n.versions AS versions, t.state AS state, t.managed_by_bootstrap AS managed,
    t.updated_at AS updated"""
_TABLES: Final = """runtimes_runtimeimage t JOIN console_workspace w ON w.id = t.workspace_id
    LEFT JOIN LATERAL (SELECT version, reference FROM runtimes_version WHERE image_id = t.id AND state <> 'DISABLED'
        ORDER BY state, precedence DESC LIMIT 1) c ON TRUE
    LEFT JOIN LATERAL (SELECT count(*) AS versions FROM runtimes_version WHERE image_id = t.id) n ON TRUE"""
_ROW: Final = (
    '<tr><th scope="row"><a href="/workspaces/%(place)s/runtime-images/%(uid)s/">%(name)s</a><span>%(uid)s</span></th>'
    '<td>%(version)s</td><td class="mono">%(reference)s</td><td>%(versions)s</td><td>%(badge)s</td><td>%(managed)s</td>'
    '<td><time datetime="%(updated)s">%(updated)s</time></td></tr>'
)


def image_list(request: HttpRequest, workspace: str) -> HttpResponse:
    """The page."""
    query = request.GET.dict()
    where, values = ("AND t.words @@ to_tsquery('simple', %s)", [words(query["q"])]) if query.get("q") else ("", [])
    asked = Cut(where, values, ["t.display_name"], query)
    rows, given = asked.rows(workspace, _COLUMNS, _TABLES)
    count, counted = asked.count(workspace, "runtimes_runtimeimage", COUNT_CAP)
    statement = f"SELECT (SELECT json_agg(r) FROM ({rows}) r), ({count}), {SWITCHER}"
    found, total, switcher = answer(statement, [*given, *counted])
    return page(
        "Runtime images",
        workspace,
        switcher=switcher,
        filters=select("state", "State", ("ACTIVE", "DEPRECATED", "DISABLED"), ""),
        head=("name", "current_version", "reference", "versions", "state", "managed_by", "updated"),
        rows=[_ROW % _told(row) for row in (found or [])[: asked.size]],
        count=total,
        pager="",
    )


def _told(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"name": escape(row["name"]), "badge": badge(row["state"])}
