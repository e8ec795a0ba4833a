"""One deployment: how it is, what it serves, what happened to it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from deployments import queries
from deployments.models import Deployment
from deployments.web.live import live_of
from mlops_console.access import Right
from mlops_console.queries import history_of
from mlops_console.web.http import ConsoleRequest, enter
from mlops_console.web.navigation import history_url
from runtimes.rules.environment import MASK, looks_secret


@require_GET
def deployment_detail(request: ConsoleRequest, workspace: str, uid: str) -> HttpResponse:
    """The page, or of it the part that changes by itself, if that is no longer what the browser has seen."""
    row = queries.find_deployment(request.actor, workspace, uid)
    scope = enter(request, workspace)
    actor, place = request.actor, row.workspace
    may_write = actor.may(Right.WRITE, place)
    live = live_of(row, may_write=may_write, page=request.GET.get("page", ""))
    context: dict[str, Any] = {"deployment": row, "live": live, "scoring": _scoring(row), "scope": scope}
    if request.htmx and "seen" in request.GET:
        if request.GET["seen"] == live.mark:
            return HttpResponse(status=HTTPStatus.NO_CONTENT)
        return render(request, "deployments/_deployment_live.html", context | {"changed": True})
    context |= {
        "variables": [
            (key, MASK if looks_secret(key) and not may_write else value)
            for key, value in sorted(row.environment_variables.items())
        ],
        "verbs": _verbs(row) if may_write else [],
        "may_write": may_write,
        "may_delete": actor.may(Right.DELETE, place),
        "history": history_of(row.name),
        "history_url": history_url(place.uid, row.name),
    }
    return render(request, "deployments/deployment_detail.html", context)


def _scoring(row: Deployment) -> dict[str, str]:
    """Where requests go, and how to send one: the scorer itself knows a request that fits its model."""
    if not row.address:
        return {}
    model = f"{row.address}/model"
    return {
        "score": f"{model}/score",
        "curl": f"curl -sS {model}/sample_request | curl -sS {model}/score -H 'Content-Type: application/json' -d @-",
    }


def _verbs(row: Deployment) -> list[dict[str, str]]:
    verb, icon = ("resume", "play") if row.paused else ("pause", "pause")
    url = reverse(f"deployments:deployment-{verb}", args=[row.workspace.uid, row.uid])
    return [{"label": verb.title(), "url": url, "icon": icon, "tone": ""}]
