# ruff: noqa: S608 - statements are pieced together from parts that stand in these files
"""The table of audit entries."""

from __future__ import annotations

from html import escape
from typing import Any, Final

from django.http import HttpRequest, HttpResponse

from bench.beside.floor.page import COUNT_CAP, SIZE, SWITCHER, answer, page

_FILTERS: Final = {
    "actor": "AND actor = %s",
    "verb": "AND verb = %s",
    "subject": "AND (subject = %s OR subject LIKE %s)",
    "key": "AND id < %s",
}
_COLUMNS: Final = "id, at, actor, verb, subject, subject_kind, reason"
_ROW: Final = (
    '<tr><td><time datetime="%(at)s">%(at)s</time></td><td>%(actor)s</td><td>%(verb)s</td>'
    '<td class="wrap"><span class="mono">%(subject)s</span> <span class="sub">%(subject_kind)s</span></td>'
    '<td>%(reason)s</td><td><details><summary>Show</summary><a href="%(id)s/">Before and after</a></details></td></tr>'
)


def audit_list(request: HttpRequest, workspace: str) -> HttpResponse:
    """The page."""
    query = request.GET.dict()
    where, values = ("TRUE", []) if workspace == "-" else ("workspace = %s", [workspace])
    for name, condition in _FILTERS.items():
        if given := query.get(name):
            where += f" {condition}"
            values += [given, f"{given}/%"] if name == "subject" else [given]
    counting = f"SELECT count(*) FROM (SELECT FROM console_auditentry WHERE {where} LIMIT {COUNT_CAP + 1}) c"
    rows = f"SELECT {_COLUMNS} FROM console_auditentry WHERE {where} ORDER BY id DESC LIMIT {SIZE + 1}"
    statement = f"SELECT (SELECT json_agg(r) FROM ({rows}) r), ({counting}), {SWITCHER}"
    found, total, switcher = answer(statement, [*values, *values])
    return page(
        "Audit",
        workspace,
        switcher=switcher,
        filters="".join(f'<label>{name}<input name="{name}"></label>' for name in _FILTERS),
        head=("time",),
        rows=[_ROW % _told(row) for row in (found or [])[:SIZE]],
        count=total,
        pager="",
    )


def _told(row: dict[str, Any]) -> dict[str, Any]:
    return row | {name: escape(row[name]) for name in ("actor", "subject", "reason")}
