"""Undoing or taking over what somebody changed outside of the console, each after a question that says what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from deployments import queries
from deployments.actions.drift import NOTHING_DIFFERS, adopt_drift, reapply_drift
from deployments.drifts import choices_for
from deployments.models import Deployment
from deployments.planning.adoption import Choice, can_be_adopted
from deployments.rollouts.drift import mark_of_all
from deployments.web.drift_rows import what_of
from mlops_console.access import Right
from mlops_console.web.dialogs import render_dialog
from mlops_console.web.forms import add_faults
from mlops_console.web.http import ConsoleRequest, enter
from mlops_console.web.submission import submit
from runtimes.rules.lifecycle import REASON_MAX

_STAYS: Final = "Not all of it can be adopted, and so nothing is. Why, and what helps, stands at each line."


class DriftForm(forms.Form):
    """Why drift is undone or taken over."""

    reason = forms.CharField(
        label="Reason",
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 3, "data-counter": ""}),
        error_messages={"required": "Give a reason: whoever made the change will ask for it."},
        help_text=f"1 to {REASON_MAX:,} characters; it stands in the time line and the audit trail.",
    )


@dataclass(frozen=True)
class _Question:
    """One of the two verbs: what it does, and what is said when that is done."""

    verb: str
    lead: str
    title: str
    tone: str
    action: Callable[..., Deployment]
    done: str


_ADOPT: Final = _Question(
    "Adopt",
    "From now on the console wants what was found. Where that is a version, its scorers are replaced once more, one "
    "after the other and without a gap; a number of replicas is only taken note of.",
    "What the console will want",
    "",
    adopt_drift,
    "what was changed outside of the console is adopted",
)
_REAPPLY: Final = _Question(
    "Re-apply",
    "The console writes again what it wants, over what somebody else has changed, and nothing that is not listed here.",
    "What will be undone",
    "danger",
    reapply_drift,
    "what the console wants is being applied again",
)


@require_http_methods(["GET", "HEAD", "POST"])
def deployment_adopt(request: ConsoleRequest, workspace: str, uid: str) -> HttpResponse:
    """Asks before what was found is taken over."""
    return _ask(request, workspace, uid, _ADOPT)


@require_http_methods(["GET", "HEAD", "POST"])
def deployment_reapply(request: ConsoleRequest, workspace: str, uid: str) -> HttpResponse:
    """Asks before what was found is undone."""
    return _ask(request, workspace, uid, _REAPPLY)


def _ask(request: ConsoleRequest, workspace: str, uid: str, question: _Question) -> HttpResponse:
    row = queries.find_deployment(request.actor, workspace, uid)
    enter(request, workspace)
    request.actor.require(Right.WRITE, row.workspace)
    address = reverse("deployments:deployment-detail", args=[row.workspace.uid, row.uid])
    form = DriftForm(request.POST if request.method == "POST" else None)
    outcome = submit(
        request,
        check=form.is_valid,
        perform=lambda: question.action(
            actor=request.actor,
            workspace=row.workspace.uid,
            uid=uid,
            mark=request.POST.get("seen", ""),
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        ),
        blame=partial(add_faults, form),
    )
    if outcome.done:
        messages.success(request, f"{row.display_name}: {question.done}.")
        return redirect(address)
    found = choices_for(row)
    can_be_done = bool(found) and (question is _REAPPLY or can_be_adopted(found))
    context = {
        "heading": question.verb,
        "subject": row.display_name,
        "lead": question.lead if can_be_done else "",
        "affected": [{"title": question.title if can_be_done else "What differs", "items": _items(found, question)}],
        "form": form if can_be_done else None,
        "refusal": outcome.refusal or ("" if can_be_done else _STAYS if found else NOTHING_DIFFERS),
        "hidden": [("seen", mark_of_all(row.drift_lines))],
        "action_url": request.path,
        "cancel_url": address,
        "tone": question.tone,
    }
    return render_dialog(request, context, outcome.status)


def _items(found: Sequence[Choice], question: _Question) -> list[dict[str, Any]]:
    return [{"label": what_of(each), "note": _becomes(each, question)} for each in found]


def _becomes(choice: Choice, question: _Question) -> str:
    """What a line comes to, or why it cannot."""
    line = choice.line
    if question is _REAPPLY:
        return f"{line.found or 'nothing'} becomes {line.wanted or 'nothing'}"
    if not choice.can_be_kept:
        return f"{choice.why_not} {choice.cure}"
    return " ".join((f"{line.found} is kept as {choice.kept_as}.", *(each.sentence for each in choice.warnings)))
