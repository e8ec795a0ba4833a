"""What people type about rollouts."""

from __future__ import annotations

from typing import Any, Final

from django import forms

from deployments.rollout_queries import UNDER_WAY
from deployments.rollouts.snapshot import Status
from runtimes.rules.lifecycle import REASON_MAX

_STATUSES: Final = [
    ("", "Any status"),
    (UNDER_WAY, "Under way"),
    *((status.value, status.label) for status in Status),
]


class RolloutFilterForm(forms.Form):
    """What the list of rollouts narrows by."""

    q = forms.CharField(label="Search", required=False, max_length=200, widget=forms.SearchInput)
    status = forms.ChoiceField(label="Status", required=False, choices=_STATUSES)


class WhyForm(forms.Form):
    """Why a rollout is paused, resumed or aborted."""

    reason = forms.CharField(
        label="Reason",
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 3, "data-counter": ""}),
        error_messages={"required": "Give a reason: it becomes the cause that this page shows."},
    )

    def __init__(self, data: Any, *, required: bool) -> None:
        super().__init__(data)
        self.fields["reason"].required = required
        self.fields[
            "reason"
        ].help_text = (
            f"{'1' if required else 'Up'} to {REASON_MAX:,} characters; it stands in the time line and the audit trail."
        )
