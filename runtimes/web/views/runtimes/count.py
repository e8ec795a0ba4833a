"""How many runtimes a search finds, for the pager of their table."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from mlops_console.web import lists
from mlops_console.web.http import ConsoleRequest, enter
from runtimes import queries
from runtimes.orders import RUNTIME_ORDERS
from runtimes.web.views.runtimes.table import narrowed


@require_GET
def runtime_count(request: ConsoleRequest, workspace: str) -> HttpResponse:
    """The number of rows of the table."""
    scope = enter(request, workspace)
    _, narrow = narrowed(request.GET)
    query = lists.read(request, RUNTIME_ORDERS, "name", searched=bool(narrow.words))
    return lists.count_answer(request, queries.runtime_source(scope, narrow), query)
