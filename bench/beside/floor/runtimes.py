# ruff: noqa: S608 - statements are pieced together from parts that stand in these files
"""The table of runtimes."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, Final
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse

from bench.beside.floor.page import COUNT_CAP, SWITCHER, answer, badge, counted, page, select
from bench.beside.floor.scope import Cut, words

ORDERS: Final = {
    "name": ("t.display_name",),
    "id": ("t.uid",),
    "model_type": ("t.model_type_id", "t.display_name"),
    "image": ("i.display_name", "t.image_id", "t.workspace_id", "t.display_name"),
    "version": ("coalesce(v.precedence, '')", "coalesce(v.id, 0)", "t.workspace_id", "t.display_name"),
    "state": ("t.state", "t.display_name"),
    "managed_by": ("t.managed_by_bootstrap", "t.display_name"),
    "workspace": ("w.display_name", "t.workspace_id", "t.display_name"),
    "updated": ("t.updated_at",),
}
TABLES: Final = """runtimes_runtime t JOIN console_workspace w ON w.id = t.workspace_id
    JOIN runtimes_runtimeimage i ON i.id = t.image_id JOIN console_workspace iw ON iw.id = i.workspace_id
    LEFT JOIN runtimes_version v ON v.id = t.pinned_version_id"""
_COLUMNS: Final = """t.uid AS uid, t.display_name AS name, w.uid AS place, w.display_name AS place_name,
    t.model_type_id AS type, i.uid AS image, i.display_name AS image_name, iw.uid AS image_place,
    v.version AS version, t.state AS state, t.managed_by_bootstrap AS managed, t.updated_at AS updated"""
_ROW: Final = (
    '<tr><td class="check"><input type="checkbox" name="row" value="workspaces/%(place)s/runtimes/%(uid)s" form="bulk"'
    ' aria-label="Select %(name)s"></td><th scope="row"><a href="/workspaces/%(place)s/runtimes/%(uid)s/">%(name)s</a>'
    '<span class="sub mono">%(uid)s</span></th><td class="mono">%(type)s</td>'
    '<td><a href="/workspaces/%(image_place)s/runtime-images/%(image)s/">%(image_name)s</a></td><td>%(version)s</td>'
    "<td>%(badge)s</td><td>%(managed_by)s</td><td>%(place_name)s</td>"
    '<td><time datetime="%(updated)s">%(updated)s</time></td></tr>'
)


def cut(query: Mapping[str, str]) -> Cut:
    """What a query string asks for."""
    conditions = {
        "model_type": "AND t.model_type_id = %s",
        "state": "AND t.state = %s",
        "q": "AND t.words @@ to_tsquery('simple', %s)",
    }
    given = {name: query[name] for name in conditions if query.get(name)}
    values: list[Any] = [words(value) if name == "q" else value for name, value in given.items()]
    if query.get("managed_by"):
        conditions["managed_by"] = "AND t.managed_by_bootstrap = %s"
        given["managed_by"], values = "", [*values, query["managed_by"] == "bootstrap"]
    where = " ".join(conditions[name] for name in given)
    if query.get("q") and "sort" not in query:
        return Cut(where, values, (), {**query, "sort": "-"})  # newest first
    sort = query.get("sort", "name").removeprefix("-")
    return Cut(where, values, ORDERS[sort], query)


def runtime_list(request: HttpRequest, workspace: str) -> HttpResponse:
    """The page."""
    query = request.GET.dict()
    asked = cut(query)
    rows, values = asked.rows(workspace, _COLUMNS, TABLES)
    is_search = not asked.keys
    # The number of rows that a search finds is an address of its own.
    count, counting = ("NULL", []) if is_search else asked.count(workspace, "runtimes_runtime", COUNT_CAP)
    types = "(SELECT json_agg(name ORDER BY name) FROM runtimes_modeltype)"
    found, total, switcher, names = answer(
        f"SELECT (SELECT json_agg(r) FROM ({rows}) r), ({count}), {SWITCHER}, {types}",
        [*values, *counting],
    )
    shown = (found or [])[: asked.size]
    if is_search and "after" not in query and len(found or []) <= asked.size:
        total = len(shown)
    if asked.backwards:
        shown.reverse()
    filters = select("model_type", "Model type", names, query.get("model_type", ""))
    filters += select("state", "State", ("ACTIVE", "DEPRECATED", "DISABLED"), query.get("state", ""))
    filters += select("managed_by", "Managed by", ("bootstrap", "people"), query.get("managed_by", ""))
    filters += f'<label>Search<input name="q" value="{escape(query.get("q", ""))}"></label>'
    following = quote(asked.start_after(shown[-1])) if shown else ""
    return page(
        "Runtimes",
        workspace,
        switcher=switcher,
        filters=filters,
        head=ORDERS,
        rows=[_ROW % _told(row) for row in shown],
        count=total,
        pager=f'<a href="?after={following}">Next</a>',
    )


def runtime_count(request: HttpRequest, workspace: str) -> HttpResponse:
    """How many rows a search finds."""
    count, values = cut(request.GET.dict()).count(workspace, "runtimes_runtime", COUNT_CAP)
    return HttpResponse(counted(answer(count, values)[0]))


def _told(row: dict[str, Any]) -> dict[str, Any]:
    return row | {
        "name": escape(row["name"]),
        "image_name": escape(row["image_name"]),
        "place_name": escape(row["place_name"]),
        "version": row["version"] or "current",
        "badge": badge(row["state"]),
        "managed_by": "values.yaml" if row["managed"] else "people",
    }
