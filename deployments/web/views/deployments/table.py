"""The table of deployments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from deployments import lists as tables
from deployments.lists import DEPLOYMENT_ORDERS, DeploymentFilter
from deployments.web.forms import DeploymentFilterForm
from mlops_console.queries import Scope
from mlops_console.web import lists
from mlops_console.web.http import ConsoleRequest, enter

COMPOSITIONS_SHOWN: Final = 3


@require_GET
def deployment_list(request: ConsoleRequest, workspace: str) -> HttpResponse:
    """The table of deployments in a scope."""
    scope = enter(request, workspace)
    filters, narrow = narrowed(scope, request.GET)
    query = lists.read(request, DEPLOYMENT_ORDERS, "name")
    context = lists.context(tables.deployment_list(scope, narrow), query, f"deployments {scope.uid} {narrow}")
    for row in context["page"].rows:
        every = list(row.compositions.all())
        row.shown = every[:COMPOSITIONS_SHOWN]
        row.more = len(every) - len(row.shown)
    context |= {
        "filters": filters,
        "filtered": narrow != DeploymentFilter(),
        "may_write": lists.may_write(request),
    }
    return render(request, "deployments/deployment_list.html", context)


def narrowed(scope: Scope, query: Mapping[str, Any]) -> tuple[DeploymentFilterForm, DeploymentFilter]:
    """The filter of a query string; a word that is not offered narrows nothing, a name of nothing finds nothing."""
    form = DeploymentFilterForm(query, tables.in_use(scope))
    form.is_valid()
    typed = form.cleaned_data
    narrow = DeploymentFilter(
        search=typed.get("q", ""),
        health=typed.get("state", ""),
        mode=typed.get("mode", ""),
        runtime=typed.get("runtime", ""),
        image=typed.get("image", ""),
        version=typed.get("version", ""),
        upgrade_available={"yes": True, "no": False}.get(typed.get("upgrade", "")),
    )
    return form, narrow
