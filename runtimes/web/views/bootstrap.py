"""The page of the values file: what was applied, what it changed, and what differs from it."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from mlops_console.web.http import ConsoleRequest
from runtimes import queries


@require_GET
def bootstrap_detail(request: ConsoleRequest) -> HttpResponse:
    """The values file applied last, with the rows that people hold down and those that are gone from it."""
    request.actor.require_platform_admin("see the bootstrap")
    runs = queries.bootstrap_runs()
    context = {
        "run": runs[0] if runs else None,
        "earlier": runs[1:],
        "held": list(queries.held_rows()),
        "removed": list(queries.removed_rows()),
    }
    return render(request, "runtimes/bootstrap_detail.html", context)
