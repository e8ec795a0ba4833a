"""The audit trail of a workspace, or of all of them, as a page, entry by entry, and as a file."""

from __future__ import annotations

import json
from typing import Final

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from mlops_console.models import AuditEntry
from mlops_console.queries import audit_in, audit_source, find_entry
from mlops_console.web import lists
from mlops_console.web.audit_rows import audit_rows, rows_html
from mlops_console.web.exports import csv_response
from mlops_console.web.forms import AuditFilterForm
from mlops_console.web.http import ConsoleRequest, address_of, enter

# Entries are numbered as they are written: the key alone is their order, and every index ends in it.
ORDERS: Final[dict[str, tuple[str, ...]]] = {"time": ()}
COLUMNS: Final = (
    "time",
    "actor",
    "actor kind",
    "verb",
    "subject kind",
    "subject",
    "workspace",
    "reason",
    "before",
    "after",
    "request id",
)


@require_GET
def audit_list(request: ConsoleRequest, workspace: str) -> HttpResponse:
    """Who did what, when and why, newest first."""
    scope = enter(request, workspace)
    filters = AuditFilterForm(request.GET, all_workspaces=scope.is_all)
    narrow = filters.narrow()
    query = lists.read(request, ORDERS, "-time")
    context = lists.context(audit_source(scope, narrow), query, f"audit:{scope.uid}:{narrow}", read=audit_rows)
    export = address_of("console:audit-export", scope.uid)
    context |= {
        "filters": filters,
        "export_url": f"{export}?{query.filter}" if query.filter else export,
        "rows_html": rows_html(context["page"].rows, scope),
    }
    return render(request, "mlops_console/audit_list.html", context)


@require_GET
def audit_detail(request: ConsoleRequest, workspace: str, entry: int) -> HttpResponse:
    """One entry, as a page of its own; htmx gets what changed, to show it in the list."""
    found = find_entry(enter(request, workspace), entry)
    if request.htmx:
        changed = {"before": found.before, "after": found.after, "caption": "Before and after"}
        return render(request, "components/_diff.html", changed)
    return render(request, "mlops_console/audit_detail.html", {"entry": found})


@require_GET
def audit_export(request: ConsoleRequest, workspace: str) -> StreamingHttpResponse:
    """The filtered entries as CSV, streamed through a cursor of the database."""
    scope = enter(request, workspace)
    entries = (
        audit_in(scope, AuditFilterForm(request.GET, all_workspaces=scope.is_all).narrow())
        .order_by("-id")
        .iterator(chunk_size=2000)
    )
    name = "all" if scope.is_all else scope.uid
    return csv_response(f"audit-{name}.csv", COLUMNS, (_line(entry) for entry in entries))


def _line(entry: AuditEntry) -> list[str]:
    return [
        entry.at.isoformat(),
        entry.actor,
        entry.actor_kind,
        entry.verb,
        entry.subject_kind,
        entry.subject,
        entry.workspace,
        entry.reason,
        json.dumps(entry.before, ensure_ascii=False, sort_keys=True) if entry.before else "",
        json.dumps(entry.after, ensure_ascii=False, sort_keys=True) if entry.after else "",
        entry.request_id,
    ]
