"""Pages of experiments: trained models that can be deployed."""

from __future__ import annotations

import json
from functools import partial
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from deployments import lists as tables
from deployments import queries, storage
from deployments.actions.experiments import delete_experiment
from deployments.actions.uploads import upload_experiment
from deployments.lists import EXPERIMENT_ORDERS, ExperimentFilter
from deployments.models import Experiment
from deployments.web.experiment_rows import rows_html
from deployments.web.forms import ExperimentFilterForm, ExperimentForm
from mlops_console.access import Right
from mlops_console.queries import history_of
from mlops_console.web import lists
from mlops_console.web.dialogs import Deletion, ask_deletion
from mlops_console.web.forms import add_faults
from mlops_console.web.http import ConsoleRequest, enter, enter_workspace
from mlops_console.web.navigation import history_url
from mlops_console.web.submission import submit
from runtimes.models.search import words_query
from runtimes.queries import model_types

DEPLOYMENTS_SHOWN: Final = 50


@require_GET
def experiment_list(request: ConsoleRequest, workspace: str) -> HttpResponse:
    """The table of experiments in a scope."""
    scope = enter(request, workspace)
    filters = ExperimentFilterForm(request.GET, list(model_types()))
    filters.is_valid()
    search, model_type = (filters.cleaned_data.get(field, "") for field in ("q", "model_type"))
    narrow = ExperimentFilter(words_query(search), model_type)
    query = lists.read(request, EXPERIMENT_ORDERS, "name", searched=bool(search))
    rows = tables.experiment_source(scope, narrow)
    context = lists.context(rows, query, f"experiments {scope.uid} {narrow}", read=tables.experiment_rows)
    context |= {
        "filters": filters,
        "filtered": bool(search or model_type),
        "may_write": lists.may_write(request),
        "rows_html": rows_html(context["page"].rows, scope),
    }
    return render(request, "deployments/experiment_list.html", context)


@require_GET
def experiment_detail(request: ConsoleRequest, workspace: str, uid: str) -> HttpResponse:
    """One experiment: what is known of it, its files, its models, and what serves it."""
    row = queries.find_experiment(request.actor, workspace, uid)
    enter(request, workspace)
    actor, place = request.actor, row.workspace
    serving = tables.deployments_of(row, actor)
    context = {
        "experiment": row,
        "metadata": [(key, _text(value)) for key, value in sorted(row.metadata.items())],
        "artifacts": list(row.artifacts.filter(uploaded_at__isnull=False)),
        "model_versions": list(row.model_versions.select_related("model").order_by("model__display_name", "-number")),
        "deployments": serving[:DEPLOYMENTS_SHOWN],
        "more": max(0, serving.count() - DEPLOYMENTS_SHOWN),
        "may_write": actor.may(Right.WRITE, place),
        "may_delete": actor.may(Right.DELETE, place),
        "history": history_of(row.name),
        "history_url": history_url(place.uid, row.name),
    }
    return render(request, "deployments/experiment_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def experiment_create(request: ConsoleRequest, workspace: str) -> HttpResponse:
    """The form that uploads an experiment."""
    place = enter_workspace(request, workspace)
    request.actor.require(Right.WRITE, place)
    posted = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = ExperimentForm(*posted, model_types=list(model_types()))

    def perform() -> Experiment:
        values = dict(form.cleaned_data)
        file = values.pop("file")
        return upload_experiment(
            actor=request.actor,
            workspace=place,
            chunks=file.chunks(),
            mime_type=file.content_type or "",
            now=timezone.now(),
            **values,
        )

    outcome = submit(request, check=form.is_valid, perform=perform, blame=partial(add_faults, form))
    if outcome.done:
        messages.success(request, f"Experiment {outcome.done.display_name} uploaded.")
        return redirect("deployments:experiment-detail", workspace, outcome.done.uid)
    context = {"form": form, "refusal": outcome.refusal, "size_max": storage.SIZE_MAX}
    return render(request, "deployments/experiment_create.html", context, status=outcome.status)


@require_http_methods(["GET", "HEAD", "POST"])
def experiment_delete(request: ConsoleRequest, workspace: str, uid: str) -> HttpResponse:
    """Asks before an experiment is deleted, and names what uses it."""
    row = queries.find_experiment(request.actor, workspace, uid)
    enter(request, workspace)
    request.actor.require(Right.DELETE, row.workspace)
    dialog = Deletion(
        subject=row.display_name,
        lead="The experiment and its files are removed for good; its history stays.",
        back=reverse("deployments:experiment-detail", args=[row.workspace.uid, uid]),
        done_back=reverse("deployments:experiment-list", args=[row.workspace.uid]),
    )

    def perform() -> None:
        files = delete_experiment(actor=request.actor, workspace=row.workspace.uid, uid=uid, now=timezone.now())
        # Only now that nothing leads to them any more.
        for file in files:
            storage.remove(file)

    return ask_deletion(request, dialog, perform)


def _text(value: Any) -> str:
    """A value of the metadata as text, as JSON has it where it is none."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
