"""The rows of the table of deployments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from deployments.lists import DeploymentRow
from mlops_console.queries import Scope
from mlops_console.web.stencils import Stencil, joined
from mlops_console.web.templatetags.console import time_texts

_ROW: Final = Stencil("deployments/_deployment_row.html")


def rows_html(rows: Iterable[DeploymentRow], scope: Scope) -> SafeString:
    """The rows of a page."""
    now = timezone.now()
    filled = []
    for row in rows:
        texts = {
            "url": reverse("deployments:deployment-detail", args=[row.workspace_uid, row.uid]),
            "name": row.display_name,
            "workspace": row.workspace_name,
        }
        for place, line in enumerate(row.lines):
            texts[f"experiment_{place}"] = line.experiment
            texts[f"reference_{place}"] = line.reference
            texts[f"version_{place}"] = line.version
        html = _ROW.fill(
            texts | time_texts(row.updated_at, now),
            mode=row.mode_label,
            health=row.health,
            has_drift=row.has_drift,
            states=tuple(line.state for line in row.lines),
            more=row.more,
            upgrade_available=row.upgrade_available,
            is_inherited=scope.inherits(row.workspace_uid),
            is_all=scope.is_all,
        )
        filled.append(html)
    return joined(filled)
