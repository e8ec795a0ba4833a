"""The rows of the table of audit entries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from mlops_console.models import AuditEntry
from mlops_console.queries import Scope
from mlops_console.web.stencils import Stencil, joined
from mlops_console.web.templatetags.console import NOTHING, time_texts

_ROW: Final = Stencil("mlops_console/_audit_row.html")


def rows_html(entries: Iterable[AuditEntry], scope: Scope) -> SafeString:
    """The rows of a page; what changed is only asked for when an entry is opened."""
    now = timezone.now()
    folder = reverse("console:audit-list", args=[scope.uid])
    filled = [
        _ROW.fill(
            {
                "url": f"{folder}{entry.pk}/",
                "actor": entry.actor,
                "verb": entry.verb,
                "subject": entry.subject,
                "subject_kind": entry.subject_kind,
                "reason": entry.reason or NOTHING,
                **time_texts(entry.at, now),
            },
            actor_kind=entry.actor_kind,
            is_changed=bool(entry.before or entry.after),
        )
        for entry in entries
    ]
    return joined(filled)
