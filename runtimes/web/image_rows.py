"""The rows of the table of images, and those of the runtimes on one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.utils import timezone
from django.utils.safestring import SafeString

from mlops_console.queries import Scope
from mlops_console.web.http import address_of
from mlops_console.web.stencils import Stencil, joined
from mlops_console.web.templatetags.console import NOTHING, breakable, time_texts
from runtimes.listing import ImageRow, RuntimeRow

_ROW: Final = Stencil("runtimes/_image_row.html")
_BOUND_ROW: Final = Stencil("runtimes/_bound_row.html")


def rows_html(rows: Iterable[ImageRow], scope: Scope) -> SafeString:
    """The rows of a page; those of all workspaces name theirs."""
    now = timezone.now()
    filled = [
        _ROW.fill(
            {
                "url": f"{address_of('runtimes:image-list', row.workspace)}{row.uid}/",
                "display_name": row.display_name,
                "uid": row.uid,
                "current_version": row.current_version,
                "reference": breakable(row.current_reference or NOTHING),
                "version_count": str(row.version_count),
                "workspace_name": row.workspace_name,
                **time_texts(row.updated_at, now),
            },
            is_inherited=scope.inherits(row.workspace),
            is_usable=bool(row.current_version),
            current_state=row.current_state,
            state=row.state,
            bootstrap=row.managed_by_bootstrap,
            is_all=scope.is_all,
        )
        for row in rows
    ]
    return joined(filled)


def bound_rows_html(rows: Iterable[RuntimeRow]) -> SafeString:
    """The rows of the runtimes on an image."""
    filled = [
        _BOUND_ROW.fill(
            {
                "url": f"{address_of('runtimes:runtime-list', row.workspace)}{row.uid}/",
                "display_name": row.display_name,
                "workspace_name": row.workspace_name,
                "model_type": row.model_type,
                "version": row.pinned_version or "current",
            },
            state=row.state,
        )
        for row in rows
    ]
    return joined(filled)
