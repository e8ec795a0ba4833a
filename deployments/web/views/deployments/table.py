"""The table of deployments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from deployments import lists as tables
from deployments.lists import DEPLOYMENT_ORDERS, DeploymentFilter
from deployments.web.deployment_rows import rows_html
from deployments.web.forms import DRIFTED, DeploymentFilterForm
from mlops_console.errors import Missing
from mlops_console.queries import Scope
from mlops_console.web import lists
from mlops_console.web.http import ConsoleRequest, enter
from runtimes.models.search import words_query


@require_GET
def deployment_list(request: ConsoleRequest, workspace: str) -> HttpResponse:
    """The table of deployments in a scope."""
    scope = enter(request, workspace)
    filters, narrow = narrowed(scope, request.GET)
    query = lists.read(request, DEPLOYMENT_ORDERS, "name", searched=bool(narrow.words))
    context = lists.context(
        tables.deployment_list(scope, narrow),
        query,
        f"deployments {scope.uid} {narrow}",
        read=tables.deployment_rows,
    )
    context |= {
        "rows_html": rows_html(context["page"].rows, scope),
        "filters": filters,
        "filtered": narrow != DeploymentFilter(),
        "may_write": lists.may_write(request),
    }
    return render(request, "deployments/deployment_list.html", context)


@require_GET
def deployment_offers(request: ConsoleRequest, workspace: str, kind: str) -> HttpResponse:
    """What the filter of a kind can be set to, once somebody is about to do so."""
    scope = enter(request, workspace)
    if kind not in tables.USES:
        raise Missing(f"Deployments are not narrowed by {kind}.")
    return render(request, "deployments/_offers.html", {"offers": tables.in_use(scope, kind)})


def narrowed(scope: Scope, query: Mapping[str, Any]) -> tuple[DeploymentFilterForm, DeploymentFilter]:
    """The filter of a query string; a word that is not offered narrows nothing, a name of nothing finds nothing."""
    form = DeploymentFilterForm(query, scope.uid)
    form.is_valid()
    typed = form.cleaned_data
    state = typed.get("state", "")
    narrow = DeploymentFilter(
        words=words_query(typed.get("q", "")),
        health="" if state == DRIFTED else state,
        has_drift=True if state == DRIFTED else None,
        mode=typed.get("mode", ""),
        runtime=typed.get("runtime", ""),
        image=typed.get("image", ""),
        version=typed.get("version", ""),
        upgrade_available={"yes": True, "no": False}.get(typed.get("upgrade", "")),
    )
    return form, narrow
