"""The rows of the table of experiments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.utils import timezone
from django.utils.safestring import SafeString

from deployments.lists import ExperimentRow
from mlops_console.queries import Scope
from mlops_console.web.http import address_of
from mlops_console.web.stencils import Stencil, joined
from mlops_console.web.templatetags.console import NOTHING, breakable, thousands, time_texts

_ROW: Final = Stencil("deployments/_experiment_row.html")


def rows_html(rows: Iterable[ExperimentRow], scope: Scope) -> SafeString:
    """The rows of a page; those of all workspaces name theirs."""
    now = timezone.now()
    filled = [
        _ROW.fill(
            {
                "url": f"{address_of('deployments:experiment-list', row.workspace_uid)}{row.uid}/",
                "display_name": row.display_name,
                "uid": row.uid,
                "model_type": breakable(row.model_type_id or NOTHING),
                "deployment_count": thousands(row.deployment_count),
                "owner": row.owner or NOTHING,
                "workspace_name": row.workspace_name,
                **time_texts(row.created_at, now),
            },
            is_inherited=scope.inherits(row.workspace_uid),
            is_all=scope.is_all,
        )
        for row in rows
    ]
    return joined(filled)
