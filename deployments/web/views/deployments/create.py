"""The form of a new deployment."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from deployments.actions.deployments import create_deployment
from deployments.models import Deployment
from deployments.offers import EXPERIMENTS_MAX, offers_for, pickable_experiments
from deployments.planning.modes import Mode
from deployments.web.forms import DeploymentForm
from deployments.web.rows import CompositionRows
from mlops_console.access import Right
from mlops_console.errors import Invalid
from mlops_console.web.forms import add_faults
from mlops_console.web.http import ConsoleRequest, enter
from mlops_console.web.submission import Submission, submit
from runtimes.web.rows import changes_rows, typed


@require_http_methods(["GET", "HEAD", "POST"])
def deployment_create(request: ConsoleRequest, workspace: str) -> HttpResponse:
    """The form for a new deployment: once an experiment is picked, the runtimes that take it are offered."""
    scope = enter(request, workspace)
    place = scope.one()
    request.actor.require(Right.WRITE, place)
    form, rows = _typed(request)
    experiments, has_more = pickable_experiments(scope, rows.chosen)
    offers = offers_for(scope, [each for each in experiments if each.uid in rows.chosen])
    rows.offer(experiments, offers, request.get_full_path())
    outcome: Submission[Deployment] = Submission()
    if form.is_bound:
        outcome = submit(
            request,
            check=lambda: form.is_valid() & rows.is_valid(),
            perform=lambda: create_deployment(
                actor=request.actor,
                workspace=place,
                display_name=form.cleaned_data["display_name"],
                description=form.cleaned_data["description"],
                mode=Mode(form.cleaned_data["mode"]),
                wishes=rows.wishes(Mode(form.cleaned_data["mode"])),
                now=timezone.now(),
            ),
            blame=lambda fault: _blame(form, rows, fault),
        )
    if outcome.done:
        messages.success(request, f"Deployment {outcome.done.display_name} created; it is being started.")
        for warning in rows.warnings():
            messages.warning(request, warning)
        return redirect("deployments:deployment-detail", workspace, outcome.done.uid)
    context = {
        "form": form,
        "rows": rows,
        "refusal": outcome.refusal,
        "has_experiments": bool(experiments),
        "listed_max": EXPERIMENTS_MAX if has_more else 0,
    }
    return render(request, "deployments/deployment_create.html", context, status=outcome.status)


def _typed(request: ConsoleRequest) -> tuple[DeploymentForm, CompositionRows]:
    """An empty form, or what was typed: unchecked where a button of the rows was pressed, else to be saved."""
    if request.method != "POST":
        return DeploymentForm(), CompositionRows(initial=[{"experiment": request.GET.get("experiment", "")}])
    if changes_rows(request.POST) or "offer" in request.POST:
        return DeploymentForm(initial=typed(request.POST, DeploymentForm)), CompositionRows.retyped(request.POST)
    return DeploymentForm(request.POST), CompositionRows(request.POST)


def _blame(form: DeploymentForm, rows: CompositionRows, fault: Invalid) -> None:
    rest = {path: sentence for path, sentence in fault.fields.items() if not rows.blame(path, sentence)}
    if rest:
        add_faults(form, Invalid(rest))
