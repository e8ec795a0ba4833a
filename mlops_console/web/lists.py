"""What pages of rows share: the query parameters of filter, order, page and size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from mlops_console.access import Right
from mlops_console.errors import Invalid
from mlops_console.keyset import BadPageToken, Order, Page, capped_count, page
from mlops_console.web.http import ConsoleRequest

M = TypeVar("M", bound=Model)
SIZES: Final = (25, 50, 100, 250)
DEFAULT_SIZE: Final = 50


@dataclass(frozen=True)
class ListQuery:
    """How a person wants a list cut, read from the address."""

    sort: str
    rows: int
    token: str
    order: Order


def read(request: HttpRequest, orders: Mapping[str, tuple[str, ...]], default: str) -> ListQuery:
    """Read `sort`, `rows` and `page`; a sort or size that is not offered falls back to the default."""
    sort = request.GET.get("sort", default)
    if sort.removeprefix("-") not in orders:
        sort = default
    rows = request.GET.get("rows", "")
    size = next((each for each in SIZES if str(each) == rows), DEFAULT_SIZE)
    order = Order(orders[sort.removeprefix("-")], descending=sort.startswith("-"))
    return ListQuery(sort, size, request.GET.get("page", ""), order)


def context(queryset: QuerySet[M], query: ListQuery, binding: str) -> dict[str, Any]:
    """The context that tables and pagers take; raises Invalid for a page token of another list."""
    try:
        cut: Page[M] = page(queryset, order=query.order, size=query.rows, token=query.token, binding=binding)
    except BadPageToken as fault:
        raise Invalid({"page": f"{fault} Go back to the first page."}) from None
    return {
        "page": cut,
        "count": capped_count(queryset),
        "sort": query.sort,
        "rows": query.rows,
        "rows_choices": SIZES,
    }


def may_write(request: ConsoleRequest) -> bool:
    """Whether the list offers to make something new: never for `-`, which is no place to put it."""
    workspace = request.scope.workspace if request.scope else None
    return workspace is not None and request.actor.may(Right.WRITE, workspace)
