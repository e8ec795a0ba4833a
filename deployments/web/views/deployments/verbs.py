"""Pausing, resuming and deleting a deployment, each after a question."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from deployments import queries
from deployments.actions import deployments
from deployments.models import Deployment
from mlops_console.access import Right
from mlops_console.web.dialogs import Deletion, ask_deletion, render_dialog
from mlops_console.web.forms import add_faults
from mlops_console.web.http import ConsoleRequest, enter
from mlops_console.web.submission import submit
from runtimes.rules.lifecycle import REASON_MAX, check_reason

_LOST: Final = (
    "It has drifted: what somebody changed of its scorers outside of the console is lost with them. Resumed, they are "
    "as the console wants them."
)


class ReasonForm(forms.Form):
    """Why something is done, if somebody wants to say."""

    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 3, "data-counter": ""}),
        help_text="Optional; it stands in the audit trail.",
    )

    def clean_reason(self) -> str:
        """The reason without blanks around it."""
        text: str = self.cleaned_data["reason"]
        try:
            return check_reason(text) if text else ""
        except ValueError as fault:
            raise forms.ValidationError(str(fault)) from None


@require_http_methods(["GET", "HEAD", "POST"])
def deployment_pause(request: ConsoleRequest, workspace: str, uid: str) -> HttpResponse:
    """Asks before nothing of a deployment runs any more."""
    lead = "Its scorers are stopped until it is resumed: requests to its address are answered by nobody."
    return _ask(request, workspace, uid, "Pause", lead, deployments.pause_deployment, "paused")


@require_http_methods(["GET", "HEAD", "POST"])
def deployment_resume(request: ConsoleRequest, workspace: str, uid: str) -> HttpResponse:
    """Asks before a deployment runs again."""
    lead = "Its scorers are started in the versions they ran before."
    return _ask(request, workspace, uid, "Resume", lead, deployments.resume_deployment, "resumed")


@require_http_methods(["GET", "HEAD", "POST"])
def deployment_delete(request: ConsoleRequest, workspace: str, uid: str) -> HttpResponse:
    """Asks before a deployment is deleted."""
    row = _deployment(request, workspace, uid, Right.DELETE)
    dialog = Deletion(
        subject=row.display_name,
        lead="Its scorers are stopped and its address is gone for good; its audit trail and the experiments stay.",
        back=_address(row),
        done_back=reverse("deployments:deployment-list", args=[row.workspace.uid]),
    )
    return ask_deletion(
        request,
        dialog,
        lambda: deployments.delete_deployment(
            actor=request.actor, workspace=row.workspace.uid, uid=uid, now=timezone.now()
        ),
    )


def _ask(
    request: ConsoleRequest,
    workspace: str,
    uid: str,
    verb: str,
    lead: str,
    action: Callable[..., Deployment],
    done: str,
) -> HttpResponse:
    row = _deployment(request, workspace, uid, Right.WRITE)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    outcome = submit(
        request,
        check=form.is_valid,
        perform=lambda: action(
            actor=request.actor,
            workspace=row.workspace.uid,
            uid=uid,
            now=timezone.now(),
            reason=form.cleaned_data["reason"],
        ),
        blame=partial(add_faults, form),
    )
    if outcome.done:
        messages.success(request, f"{row.display_name} {done}.")
        return redirect(_address(row))
    context = {
        "heading": verb,
        "subject": row.display_name,
        "lead": lead,
        "warning": _LOST if verb == "Pause" and row.drift else "",
        "form": form,
        "refusal": outcome.refusal,
        "action_url": request.path,
        "cancel_url": _address(row),
    }
    return render_dialog(request, context, outcome.status)


def _deployment(request: ConsoleRequest, workspace: str, uid: str, right: Right) -> Deployment:
    row = queries.find_deployment(request.actor, workspace, uid)
    enter(request, workspace)
    request.actor.require(right, row.workspace)
    return row


def _address(row: Deployment) -> str:
    return reverse("deployments:deployment-detail", args=[row.workspace.uid, row.uid])
