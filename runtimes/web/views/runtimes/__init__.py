"""Pages of runtimes."""

from runtimes.web.views.runtimes.bulk import runtime_bulk
from runtimes.web.views.runtimes.count import runtime_count
from runtimes.web.views.runtimes.detail import runtime_delete, runtime_detail, runtime_state
from runtimes.web.views.runtimes.edit import runtime_create, runtime_update
from runtimes.web.views.runtimes.table import runtime_columns, runtime_export, runtime_list

__all__ = [
    "runtime_bulk",
    "runtime_columns",
    "runtime_count",
    "runtime_create",
    "runtime_delete",
    "runtime_detail",
    "runtime_export",
    "runtime_list",
    "runtime_state",
    "runtime_update",
]
