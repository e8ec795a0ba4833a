# ruff: noqa: S608 - statements are pieced together from parts that stand in these files
"""A page as one text: the frame of the console's pages with its links, its switcher and one table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, Final

from django.db import connection
from django.http import HttpResponse

SIZE: Final = 50
COUNT_CAP: Final = 10_000
SWITCHER_MAX: Final = 20
# What every page asks for beside its rows: the workspaces of the switcher, or that they are too many for one.
SWITCHER: Final = f"""(
    SELECT json_agg(json_build_array(uid, display_name) ORDER BY display_name, id)
    FROM (SELECT * FROM console_workspace ORDER BY display_name, id LIMIT {SWITCHER_MAX + 1}) s
)"""
_PLACES: Final = ("runtimes", "runtime-images", "experiments", "deployments", "rollouts", "audit")
_PAGE: Final = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>%(title)s · MLOps Console</title>
<link rel="stylesheet" href="/static/console.css"><script src="/static/console.js" defer></script></head>
<body><a class="skip" href="#main">Skip to content</a>
<aside class="sidebar">%(switcher)s<nav aria-label="Main"><ul>%(nav)s</ul></nav></aside>
<main id="main"><h1>%(title)s</h1><form class="filters" method="get" role="search">%(filters)s
<button>Apply</button></form>
<table class="table"><caption>%(title)s</caption><thead><tr>%(head)s</tr></thead><tbody>%(rows)s</tbody></table>
%(count)s<nav aria-label="Pages">%(pager)s</nav></main></body></html>"""


def answer(statement: str, values: Sequence[Any]) -> tuple[Any, ...]:
    """The one row that one statement answers."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row: tuple[Any, ...] = cursor.fetchone()
        return row


def page(
    title: str,
    workspace: str,
    *,
    switcher: Sequence[Sequence[str]],
    filters: str,
    head: Iterable[str],
    rows: Sequence[str],
    count: int | None,
    pager: str,
) -> HttpResponse:
    """The page; a `count` of None says that there is a link to it."""
    content = _PAGE % {
        "title": title,
        "switcher": _switcher(workspace, switcher),
        "nav": "".join(f'<li><a href="/workspaces/{workspace}/{place}/">{place}</a></li>' for place in _PLACES),
        "filters": filters,
        "head": "".join(f'<th scope="col"><a class="sort" href="?sort={key}">{key}</a></th>' for key in head),
        "rows": "".join(rows[:SIZE]),
        "count": '<p class="pager-count"><a href="?count=yes">Count</a></p>' if count is None else counted(count),
        "pager": pager,
    }
    return HttpResponse(content)


def counted(count: int) -> str:
    """How many rows there are."""
    return f'<p class="pager-count">{f"{COUNT_CAP:,}+" if count > COUNT_CAP else f"{count:,}"} rows</p>'


def select(name: str, label: str, choices: Iterable[str], chosen: str) -> str:
    """A filter."""
    options = "".join(f"<option{' selected' if each == chosen else ''}>{escape(each)}</option>" for each in choices)
    return f'<label>{label}<select name="{name}"><option value="">Any</option>{options}</select></label>'


def badge(state: str) -> str:
    """A state in a word."""
    return f'<span class="badge {state.lower()}">{state.capitalize()}</span>'


def _switcher(workspace: str, choices: Sequence[Sequence[str]]) -> str:
    if len(choices) > SWITCHER_MAX:
        return f'<a class="switcher" href="/workspaces/switch/?next=/workspaces/{workspace}/">{workspace}</a>'
    options = "".join(
        f'<option value="{uid}"{" selected" if uid == workspace else ""}>{escape(name)}</option>'
        for uid, name in choices
    )
    return (
        '<form class="switcher" action="/workspaces/switch/"><label for="switcher">Workspace</label>'
        f'<select name="workspace" id="switcher"><option value="-">All workspaces</option>{options}</select>'
        "<button>Go</button></form>"
    )
