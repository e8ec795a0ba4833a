# ruff: noqa: S608 - statements are pieced together from parts that stand in these files
"""The table of deployments, each with its first compositions and whether any of them could be upgraded."""

from __future__ import annotations

from html import escape
from typing import Any, Final

from django.http import HttpRequest, HttpResponse

from bench.beside.floor.page import COUNT_CAP, SWITCHER, answer, badge, page, select
from bench.beside.floor.scope import Cut

# Where Latest leads a composition: the pinned version, else the current one of the image; nowhere if disabled.
_LATEST: Final = """CASE WHEN r.state = 'DISABLED' THEN NULL
    WHEN p.id IS NOT NULL THEN CASE WHEN p.state = 'DISABLED' OR pi.state = 'DISABLED' THEN NULL ELSE p.id END
    WHEN i.state = 'DISABLED' THEN NULL
    ELSE (SELECT l.id FROM runtimes_version l WHERE l.image_id = r.image_id AND l.state <> 'DISABLED'
          ORDER BY l.state, l.precedence DESC LIMIT 1) END"""
_COMPOSITIONS: Final = f"""SELECT
    json_agg(json_build_array(e.display_name, v.version, v.state) ORDER BY c.position) FILTER (WHERE c.position < 3)
        AS shown, count(*) AS compositions, bool_or(v.id <> {_LATEST}) AS upgrade
    FROM deployments_composition c JOIN deployments_experiment e ON e.id = c.experiment_id
    JOIN runtimes_version v ON v.id = c.version_id JOIN runtimes_runtime r ON r.id = c.runtime_id
    JOIN runtimes_runtimeimage i ON i.id = r.image_id LEFT JOIN runtimes_version p ON p.id = r.pinned_version_id
    LEFT JOIN runtimes_runtimeimage pi ON pi.id = p.image_id WHERE c.deployment_id = d.key_1"""
_COLUMNS: Final = """t.uid AS uid, t.display_name AS name, w.uid AS place, t.mode AS mode, t.health AS health,
    t.updated_at AS updated"""
_TABLES: Final = "deployments_deployment t JOIN console_workspace w ON w.id = t.workspace_id"
_ROW: Final = (
    '<tr><th scope="row"><a href="/workspaces/%(place)s/deployments/%(uid)s/">%(name)s</a></th><td>%(mode)s</td>'
    "<td>%(badge)s</td><td><ul>%(lines)s</ul></td><td>%(upgrade)s</td>"
    '<td><time datetime="%(updated)s">%(updated)s</time></td></tr>'
)


def deployment_list(request: HttpRequest, workspace: str) -> HttpResponse:
    """The page."""
    asked = Cut("AND t.deleted_at IS NULL", [], ["t.display_name"], request.GET.dict())
    rows, values = asked.rows(workspace, _COLUMNS, _TABLES)
    count, counted = asked.count(workspace, "deployments_deployment", COUNT_CAP)
    found, total, switcher = answer(
        f"""SELECT (SELECT json_agg(row_to_json(x)) FROM
            (SELECT * FROM ({rows}) d LEFT JOIN LATERAL ({_COMPOSITIONS}) s ON TRUE) x), ({count}), {SWITCHER}
        """,
        [*values, *counted],
    )
    return page(
        "Deployments",
        workspace,
        switcher=switcher,
        filters=select("state", "State", ("HEALTHY", "UNHEALTHY", "FAILED"), ""),
        head=("name", "mode", "health", "upgrade", "updated"),
        rows=[_ROW % _told(row) for row in (found or [])[: asked.size]],
        count=total,
        pager="",
    )


def _told(row: dict[str, Any]) -> dict[str, Any]:
    lines = "".join(
        f"<li>{escape(name)} → {version} {'' if state == 'ACTIVE' else badge(state)}</li>"
        for name, version, state in row["shown"] or ()
    )
    more = f"<li>+{row['compositions'] - 3}</li>" if row["compositions"] > 3 else ""
    told = {"name": escape(row["name"]), "badge": badge(row["health"]), "lines": lines + more}
    return row | told | {"upgrade": "Yes" if row["upgrade"] else "No"}
