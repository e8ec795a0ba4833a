"""The table of runtimes and its export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from mlops_console.access import Right
from mlops_console.actions.people import set_columns
from mlops_console.actor import Actor
from mlops_console.keyset import capped_count
from mlops_console.queries import Scope
from mlops_console.web import lists
from mlops_console.web.dialogs import render_dialog
from mlops_console.web.exports import csv_response
from mlops_console.web.http import ConsoleRequest, enter, person_of, redirect_back
from runtimes import queries
from runtimes.listing import ExportRow, exported, runtime_rows
from runtimes.orders import RUNTIME_ORDERS
from runtimes.queries import RuntimeFilter
from runtimes.web.forms import ColumnsForm, RuntimeFilterForm
from runtimes.web.runtime_rows import rows_html

COLUMNS: Final = {
    "model_type": "Model type",
    "image": "Runtime image",
    "version": "Version",
    "state": "State",
    "managed_by": "Managed by",
    "workspace": "Workspace",
    "updated": "Updated",
}
TITLES: Final = {
    "managed_by": "Bootstrap: comes from values.yaml; edit it there. "
    "People: created and edited in the console or by the API.",
}
DEFAULT_COLUMNS: Final = ("model_type", "image", "version", "state", "managed_by", "updated")
VERBS: Final = [{"value": verb, "label": verb.title()} for verb in ("deprecate", "disable", "enable")]


@require_GET
def runtime_list(request: ConsoleRequest, workspace: str) -> HttpResponse:
    """The table of runtimes in a scope."""
    scope = enter(request, workspace)
    filters, narrow = narrowed(request.GET)
    query = lists.read(request, RUNTIME_ORDERS, "name", searched=bool(narrow.words))
    context = lists.context(
        queries.runtime_source(scope, narrow),
        query,
        f"runtimes {scope.uid} {narrow}",
        read=runtime_rows,
        count_url=reverse("runtimes:runtime-count", args=[scope.uid]),
    )
    shown = _shown_columns(request, scope)
    changeable = changeable_rows(request.actor, scope)
    if changeable is not None:
        known = changeable == scope or context["count"] is None
        context["changeable_count"] = (
            context["count"] if known else capped_count(queries.runtime_source(changeable, narrow))
        )
    chosen_from = changeable if context.get("changeable_count") != 0 else None
    context |= {
        "filters": filters,
        "filtered": narrow != RuntimeFilter(),
        "may_write": lists.may_write(request),
        "has_boxes": chosen_from is not None,
        "columns": [
            {"key": key, "label": label, "shown": key in shown, "title": TITLES.get(key, "")}
            for key, label in COLUMNS.items()
        ],
        "rows_html": rows_html(context["page"].rows, scope, chosen_from, shown),
        "columns_url": _columns_url(request, scope),
        "bulk_url": reverse("runtimes:runtime-bulk", args=[scope.uid]),
        "verbs": VERBS,
    }
    return render(request, "runtimes/runtime_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def runtime_columns(request: ConsoleRequest, workspace: str) -> HttpResponse:
    """The dialog that chooses the columns of the table; the choice is remembered for the person."""
    scope = enter(request, workspace)
    back = reverse("runtimes:runtime-list", args=[workspace])
    posted = request.POST if request.method == "POST" else None
    form = ColumnsForm(COLUMNS, posted, initial={"column": sorted(_shown_columns(request, scope))})
    if posted is not None and form.is_valid():
        set_columns(actor=request.actor, list_name="runtimes", columns=form.cleaned_data["column"])
        return redirect_back(request, back)
    context = {
        "heading": "Columns",
        "lead": "What the table of runtimes shows beside the name.",
        "confirm": "Save columns",
        "form": form,
        "cancel_url": back,
        "hidden": [("next", request.GET.get("next") or request.POST.get("next", ""))],
    }
    return render_dialog(request, context, HTTPStatus.UNPROCESSABLE_ENTITY if posted is not None else HTTPStatus.OK)


@require_GET
def runtime_export(request: ConsoleRequest, workspace: str) -> StreamingHttpResponse:
    """The filtered rows as CSV, in the order of the table."""
    scope = enter(request, workspace)
    _, narrow = narrowed(request.GET)
    order = lists.read(request, RUNTIME_ORDERS, "name", searched=bool(narrow.words)).order
    rows = exported(queries.runtime_source(scope, narrow), order)
    header = (
        "name",
        "id",
        "workspace",
        "model type",
        "runtime image",
        "pinned version",
        "state",
        "state reason",
        "managed by",
        "description",
        "created",
        "updated",
    )
    return csv_response(f"runtimes-{scope.uid}.csv", header, map(_export_row, rows))


def narrowed(query: Mapping[str, Any]) -> tuple[RuntimeFilterForm, RuntimeFilter]:
    """The filter of a query string."""
    form = RuntimeFilterForm(query, queries.model_type_names())
    return form, form.narrow


def _shown_columns(request: ConsoleRequest, scope: Scope) -> frozenset[str]:
    chosen = person_of(request).preferences.get("columns", {}).get("runtimes")
    if chosen is not None:
        return frozenset(chosen)
    return frozenset((*DEFAULT_COLUMNS, "workspace") if scope.is_all else DEFAULT_COLUMNS)


def _columns_url(request: ConsoleRequest, scope: Scope) -> str:
    address = reverse("runtimes:runtime-columns", args=[scope.uid])
    return f"{address}?{urlencode({'next': request.get_full_path()})}"


def changeable_rows(actor: Actor, scope: Scope) -> Scope | None:
    """The part of a scope whose states somebody may change, None where they may change none of it.

    What a workspace inherits from `global` is listed there, but only platform admins change it.
    """
    if actor.is_platform_admin:
        return scope
    if scope.workspace is None or not actor.may(Right.CHANGE_STATE, scope.workspace):
        return None
    return replace(scope, inherited=None)


def _export_row(row: ExportRow) -> tuple[Any, ...]:
    return (
        row.display_name,
        row.uid,
        row.workspace,
        row.model_type,
        row.image_resource,
        row.pinned_version or "",
        row.state,
        row.state_reason,
        queries.BOOTSTRAP if row.managed_by_bootstrap else queries.PEOPLE,
        row.description,
        row.created_at.isoformat(),
        row.updated_at.isoformat(),
    )
