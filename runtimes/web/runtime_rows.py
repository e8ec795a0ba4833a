"""The rows of the table of runtimes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from django.utils import timezone
from django.utils.safestring import SafeString

from mlops_console.queries import Scope
from mlops_console.web.http import address_of
from mlops_console.web.stencils import Stencil, joined
from mlops_console.web.templatetags.console import breakable, time_texts
from runtimes.listing import RuntimeRow

_FITS: Final = 20  # letters that have room in a column of limited width, however wide they are
_ROW: Final = Stencil("runtimes/_runtime_row.html")


def rows_html(rows: Iterable[RuntimeRow], scope: Scope, changeable: Scope | None, shown: Collection[str]) -> SafeString:
    """The rows of a page with the columns that are `shown`; where some are `changeable`, these begin with a box."""
    now = timezone.now()
    columns = frozenset(shown)
    every = changeable is not None and changeable.workspace is None
    owners = {each.pk for each in (changeable.workspace, changeable.inherited) if each} if changeable else set()
    filled = [
        _ROW.fill(
            {
                "url": f"{address_of('runtimes:runtime-list', row.workspace)}{row.uid}/",
                "resource": row.name,
                "display_name": row.display_name,
                "uid": row.uid,
                "model_type": breakable(row.model_type),
                "image_url": f"{address_of('runtimes:image-list', row.image_workspace)}{row.image}/",
                "image_name": row.image_name,
                "pinned_version": row.pinned_version or "",
                "workspace_name": row.workspace_name,
                **time_texts(row.updated_at, now),
            },
            may_be_cut=len(row.workspace_name) > _FITS,
            shown=columns,
            has_boxes=changeable is not None,
            has_box=every or row.workspace_id in owners,
            is_inherited=scope.inherits(row.workspace),
            is_pinned=row.pinned_version is not None,
            state=row.state,
            bootstrap=row.managed_by_bootstrap,
        )
        for row in rows
    ]
    return joined(filled)
