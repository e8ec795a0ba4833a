"""The table of rollouts, a rollout's live page, and what people may want of one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from deployments import rollout_queries
from deployments.actions.rollouts import abort_rollout, pause_rollout, resume_rollout
from deployments.models import Rollout
from deployments.rollout_queries import ROLLOUT_ORDERS, RolloutFilter
from deployments.web.rollout_forms import RolloutFilterForm, WhyForm
from deployments.web.rollout_rows import live_context, marks_of, verbs_of
from mlops_console.access import Right
from mlops_console.web import lists
from mlops_console.web.dialogs import render_dialog
from mlops_console.web.forms import add_faults
from mlops_console.web.http import ConsoleRequest, enter
from mlops_console.web.navigation import history_url
from mlops_console.web.submission import submit

_LIVE: Final = "rollout-live"
_MEANS: Final = {
    "Pause": "The composition that is on its way gets where it goes; no further one begins until somebody resumes.",
    "Resume": "The rollout goes on with the compositions that have not begun.",
    "Abort": "What has moved goes back to the version that it had, without a gap. That cannot be stopped half-way.",
}
_DONE: Final = {"Pause": "is to pause", "Resume": "goes on", "Abort": "is being undone"}


@require_GET
def rollout_list(request: ConsoleRequest, workspace: str) -> HttpResponse:
    """The table of rollouts in a scope, newest first."""
    scope = enter(request, workspace)
    filters = RolloutFilterForm(request.GET)
    filters.is_valid()
    narrow = RolloutFilter(filters.cleaned_data.get("q", ""), filters.cleaned_data.get("status", ""))
    rows = rollout_queries.rollouts_in(scope, narrow)
    context = lists.context(rows, lists.read(request, ROLLOUT_ORDERS, "-started"), f"rollouts {scope.uid} {narrow}")
    context |= {"filters": filters, "filtered": narrow != RolloutFilter()}
    return render(request, "deployments/rollout_list.html", context)


@require_GET
def rollout_detail(request: ConsoleRequest, workspace: str, rollout: int) -> HttpResponse:
    """One rollout; its page asks for the live part again and again, and gets nothing while nothing has changed."""
    found = _rollout(request, workspace, rollout)
    marks = marks_of(found)
    is_part = request.htmx.target == _LIVE
    if is_part and request.GET.get("since") == marks["since"]:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    may_write = request.actor.may(Right.WRITE, found.deployment.workspace)
    context = live_context(found) | {
        "rollout": found,
        "marks": marks,
        "verbs": verbs_of(found) if may_write else [],
        "is_part": is_part,
        # The buttons are left alone while they stay the same: a press must not lose its button half-way.
        "with_head": is_part and request.GET.get("state") != marks["state"],
        "history_url": history_url(found.deployment.workspace.uid, f"{found.deployment.name}/rollouts/{found.number}"),
    }
    return render(request, "deployments/_rollout_live.html" if is_part else "deployments/rollout_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def rollout_pause(request: ConsoleRequest, workspace: str, rollout: int) -> HttpResponse:
    """The dialog that pauses a rollout."""
    return _ask(request, workspace, rollout, "Pause", pause_rollout)


@require_http_methods(["GET", "HEAD", "POST"])
def rollout_resume(request: ConsoleRequest, workspace: str, rollout: int) -> HttpResponse:
    """The dialog that lets a paused rollout go on."""
    return _ask(request, workspace, rollout, "Resume", resume_rollout)


@require_http_methods(["GET", "HEAD", "POST"])
def rollout_abort(request: ConsoleRequest, workspace: str, rollout: int) -> HttpResponse:
    """The dialog that aborts a rollout; only here a reason must be given."""
    return _ask(request, workspace, rollout, "Abort", abort_rollout)


def _ask(request: ConsoleRequest, workspace: str, key: int, verb: str, perform: Callable[..., Rollout]) -> HttpResponse:
    found = _rollout(request, workspace, key)
    place = found.deployment.workspace
    request.actor.require(Right.WRITE, place)
    form = WhyForm(request.POST if request.method == "POST" else None, required=verb == "Abort")
    outcome = submit(
        request,
        check=form.is_valid,
        perform=lambda: perform(
            actor=request.actor,
            workspace=place.uid,
            uid=found.deployment.uid,
            number=found.number,
            now=timezone.now(),
            reason=form.cleaned_data["reason"],
        ),
        blame=partial(add_faults, form),
    )
    if outcome.done:
        messages.success(request, f"Rollout #{found.number} of {found.deployment.display_name} {_DONE[verb]}.")
        return redirect("deployments:rollout-detail", place.uid, found.pk)
    context = {
        "heading": verb,
        "subject": f"#{found.number} of {found.deployment.display_name}",
        "lead": _MEANS[verb],
        "form": form,
        "refusal": outcome.refusal,
        "action_url": request.path,
        "cancel_url": request.path.removesuffix(f"{verb.lower()}/"),
        "tone": "danger" if verb == "Abort" else "",
    }
    return render_dialog(request, context, outcome.status)


def _rollout(request: ConsoleRequest, workspace: str, key: int) -> Rollout:
    """The rollout, its page shown under the workspace of the address."""
    found = rollout_queries.find_rollout_by_key(request.actor, workspace, key)
    enter(request, workspace)
    return found
