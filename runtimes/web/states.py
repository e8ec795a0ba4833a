"""The state dialog: one for every verb and every kind of row, as a page or inside a dialog."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from mlops_console.errors import Refused
from mlops_console.web.dialogs import render_dialog
from mlops_console.web.forms import add_faults
from mlops_console.web.http import ConsoleRequest
from mlops_console.web.submission import Submission, submit
from runtimes.models import Runtime, RuntimeImage, Version
from runtimes.rules.lifecycle import REASON_MAX, StateVerb

DONE: Final = {
    StateVerb.DEPRECATE: "deprecated",
    StateVerb.DISABLE: "disabled",
    StateVerb.ENABLE: "enabled",
    StateVerb.ACTIVATE: "activated",
}
SHOWN: Final = 10
MEANS: Final = {
    StateVerb.DEPRECATE: "Still usable; whoever picks it for something new is warned.",
    StateVerb.DISABLE: "Not to be used for new deployments or upgrades; what runs keeps running.",
    StateVerb.ENABLE: "To be used for new deployments and upgrades without a warning.",
    StateVerb.ACTIVATE: "To be used for new deployments and upgrades without a warning.",
}
_ICONS: Final = {
    StateVerb.DEPRECATE: "triangle-alert",
    StateVerb.DISABLE: "ban",
    StateVerb.ENABLE: "circle-check",
    StateVerb.ACTIVATE: "circle-check",
}


class ReasonForm(forms.Form):
    """Why a state changes."""

    reason = forms.CharField(
        label="Reason",
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 3, "data-counter": ""}),
        help_text=f"1 to {REASON_MAX:,} characters; everyone who sees this row and its history can read it.",
        error_messages={"required": "Give a reason: it is shown to everyone who depends on this."},
    )


@dataclass(frozen=True)
class StateDialog:
    """What the dialog says before anybody confirms."""

    verb: StateVerb
    subject: str
    back: str
    affected: Sequence[dict[str, Any]] = ()
    warning: str = ""
    hidden: Sequence[tuple[str, str]] = ()
    done: Callable[[Any], str] | None = None
    affected_none: str = ""


def answer(
    request: ConsoleRequest, dialog: StateDialog, perform: Callable[[str], Any], *, submitted: bool = True
) -> HttpResponse:
    """Show the dialog, or carry out what it confirmed; a POST that only asks for it is not `submitted`."""
    form = ReasonForm(request.POST if submitted and request.method == "POST" else None)

    def confirm() -> str:
        done = perform(form.cleaned_data["reason"])
        return dialog.done(done) if dialog.done else f"{dialog.subject} {DONE[dialog.verb]}."

    outcome = Submission[str]()
    if submitted:
        outcome = submit(request, check=form.is_valid, perform=confirm, blame=partial(add_faults, form))
    if outcome.done:
        messages.success(request, outcome.done)
        return redirect(dialog.back)
    context = {
        "heading": dialog.verb.value.title(),
        "subject": dialog.subject,
        "lead": MEANS[dialog.verb],
        "warning": dialog.warning,
        "affected": [*dialog.affected, *_refused(outcome.refused)],
        "affected_none": dialog.affected_none,
        "form": form,
        "refusal": outcome.refusal,
        "action_url": request.path,
        "cancel_url": dialog.back,
        "hidden": dialog.hidden,
        "tone": "danger" if dialog.verb is StateVerb.DISABLE else "",
    }
    return render_dialog(request, context, outcome.status)


def _refused(fault: Refused | None) -> list[dict[str, Any]]:
    """The rows that refused; a single one's refusal is the sentence above already."""
    rows = fault.data.get("rows", {}) if fault else {}
    if len(rows) < 2:
        return []
    return [affected("Cannot change", ({"label": name, "note": why} for name, why in rows.items()), len(rows))]


def affected(title: str, items: Iterable[dict[str, Any]], total: int) -> dict[str, Any]:
    """One list of the dialog: some items, and how many more there are."""
    shown = list(items)
    return {"title": title, "items": shown, "more": max(0, total - len(shown))}


def runtimes_affected(title: str, runtimes: QuerySet[Runtime]) -> list[dict[str, Any]]:
    """The list of runtimes in a dialog, its first few and their number; no list where there are none."""
    total = runtimes.count()
    return [affected(title, runtime_items(runtimes[:SHOWN]), total)] if total else []


def verb_buttons(state: str, base: str, lift: StateVerb = StateVerb.ENABLE) -> list[dict[str, Any]]:
    """The verbs that lead away from an effective state; `base` is the address of the row, `lift` the way back up."""
    verbs = (StateVerb.DEPRECATE, StateVerb.DISABLE, lift)
    return [
        {
            "label": verb.value.title(),
            "url": f"{base}{verb.value}/",
            "icon": _ICONS[verb],
            "tone": "danger" if verb is StateVerb.DISABLE else "",
        }
        for verb in verbs
        if verb.target != state
    ]


def layers_of(row: Runtime | RuntimeImage | Version) -> dict[str, Any]:
    """Both layers of state as the component shows them."""
    layers = row.layers
    api = {"state": row.api_state, "by": row.api_state_by, "at": row.api_state_at, "reason": row.api_reason}
    platform = row.platform_state and {
        "state": row.platform_state,
        "by": "values.yaml",
        "at": row.platform_state_at,
        "reason": row.platform_reason,
    }
    return {"effective": layers.effective, "holder": layers.holder, "platform": platform, "api": api}


def runtime_items(runtimes: Iterable[Runtime]) -> list[dict[str, Any]]:
    """Runtimes as the dialog lists them."""
    return [
        {
            "label": each.display_name,
            "url": reverse("runtimes:runtime-detail", args=[each.workspace.uid, each.uid]),
            "state": each.state,
            "note": f"in {each.workspace}" + (f", pinned to {each.pinned_version}" if each.pinned_version else ""),
        }
        for each in runtimes
    ]
