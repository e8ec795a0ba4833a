"""Questions asked before something happens: inside a dialog with htmx, as a page of their own without."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from mlops_console.web.http import ConsoleRequest
from mlops_console.web.submission import submit


@dataclass(frozen=True)
class Deletion:
    """What is said before something is deleted; `back` is its page, `done_back` where to go once it is gone."""

    subject: str
    lead: str
    back: str
    done_back: str
    affected: Sequence[Mapping[str, Any]] = ()
    verb: str = "Delete"
    done: str = "deleted"


def ask_deletion(request: ConsoleRequest, dialog: Deletion, perform: Callable[[], object]) -> HttpResponse:
    """Show the question, or delete once it was confirmed."""

    def delete() -> bool:
        perform()
        return True

    outcome = submit(request, check=lambda: True, perform=delete, blame=lambda _: None)
    if outcome.done:
        messages.success(request, f"{dialog.subject} {dialog.done}.")
        return redirect(dialog.done_back)
    context = {
        "heading": dialog.verb,
        "subject": dialog.subject,
        "lead": dialog.lead,
        "affected": dialog.affected,
        "refusal": outcome.refusal,
        "action_url": request.path,
        "cancel_url": dialog.back,
        "tone": "danger",
    }
    return render_dialog(request, context, outcome.status)


def render_dialog(request: ConsoleRequest, context: Mapping[str, Any], status: HTTPStatus) -> HttpResponse:
    """The fragment for a dialog that htmx opened, else a whole page."""
    template = "components/_dialog.html" if request.htmx else "components/dialog_page.html"
    return render(request, template, dict(context), status=status)
