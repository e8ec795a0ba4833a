"""What somebody else changed while a form was open."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.http import QueryDict

from mlops_console.errors import Refused
from mlops_console.queries import history_of


def conflict_of(form: forms.Form, refused: Refused | None, subject: str) -> dict[str, Any] | None:
    """The other's change for a form refused as stale, else None.

    Each revision of a row left one audit entry, so the entries since the one the form was opened at tell what
    differs. The form takes on the new revision: saving it again is then done knowingly.
    """
    if refused is None or refused.code != "stale":
        return None
    missed = refused.data["revision"] - form.cleaned_data["revision"]
    entries = list(history_of(subject, limit=max(missed, 1)))
    typed = cast("QueryDict", form.data).copy()
    typed["revision"] = str(refused.data["revision"])
    form.data = typed
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for entry in reversed(entries):
        before = entry.before | before
        after |= entry.after
    return {"by": entries[0].actor, "at": entries[0].at, "before": before, "after": after} if entries else None
