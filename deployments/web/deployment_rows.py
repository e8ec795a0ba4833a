"""The rows of the table of deployments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.utils import timezone
from django.utils.safestring import SafeString

from deployments.lists import DeploymentRow
from mlops_console.queries import Scope
from mlops_console.web.http import address_of
from mlops_console.web.stencils import Stencil, joined
from mlops_console.web.templatetags.console import time_texts

_ROW: Final = Stencil("deployments/_deployment_row.html")
_LINE: Final = Stencil("deployments/_deployment_line.html")


def rows_html(rows: Iterable[DeploymentRow], scope: Scope) -> SafeString:
    """The rows of a page."""
    now = timezone.now()
    filled = [
        _ROW.fill(
            {
                "url": f"{address_of('deployments:deployment-list', row.workspace_uid)}{row.uid}/",
                "name": row.display_name,
                "lines": joined(_LINE.fill(line._asdict(), state=line.state) for line in row.lines),
                "more": str(row.more),
                "workspace": row.workspace_name,
                **time_texts(row.updated_at, now),
            },
            mode=row.mode_label,
            health=row.health,
            has_drift=row.has_drift,
            has_more=row.more > 0,
            upgrade_available=row.upgrade_available,
            is_inherited=scope.inherits(row.workspace_uid),
            is_all=scope.is_all,
        )
        for row in rows
    ]
    return joined(filled)
