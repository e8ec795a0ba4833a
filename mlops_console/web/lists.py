"""What pages of rows share: the query parameters of filter, order, page and size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from mlops_console.access import Right
from mlops_console.errors import Invalid
from mlops_console.keyset import COUNT_CAP, BadPageToken, Column, Order, Read, capped_count, page, queryset_of
from mlops_console.sources import Source
from mlops_console.web.http import ConsoleRequest

M = TypeVar("M", bound=Model)
SIZES: Final = (25, 50, 100, 250)
DEFAULT_SIZE: Final = 50
FEW: Final = 2_000  # rows
NEWEST_FIRST: Final = Order((), descending=True)


@dataclass(frozen=True)
class ListQuery:
    """How a person wants a list cut, read from the address.

    `sort` is empty where a search comes newest first. `filter` is the address without what only concerns this page,
    `counted` says that somebody asked for the number of rows.
    """

    sort: str
    rows: int
    token: str
    order: Order
    searched: bool = False
    counted: bool = False
    filter: str = ""


def read(
    request: HttpRequest, orders: Mapping[str, tuple[Column, ...]], default: str, *, searched: bool = False
) -> ListQuery:
    """Read `sort`, `rows` and `page`; a sort or size that is not offered falls back to the default.

    What was `searched` and not sorted comes newest first: rows that hold a word are found in that order, while those
    that come first by name may only be found by looking at all of them.
    """
    sort = request.GET.get("sort", "")
    if sort.removeprefix("-") not in orders:
        sort = "" if searched else default
    rows = request.GET.get("rows", "")
    size = next((each for each in SIZES if str(each) == rows), DEFAULT_SIZE)
    order = Order(orders[sort.removeprefix("-")], descending=sort.startswith("-")) if sort else NEWEST_FIRST
    asked = request.GET.copy()
    for parameter in ("page", "count"):
        asked.pop(parameter, None)
    return ListQuery(
        sort, size, request.GET.get("page", ""), order, searched, "count" in request.GET, asked.urlencode()
    )


def context(
    rows: QuerySet[M] | Source[M],
    query: ListQuery,
    binding: str,
    *,
    read: Read[Any] | None = None,
    count_url: str = "",
) -> dict[str, Any]:
    """The context that tables and pagers take; raises Invalid for a page token of another list.

    `rows` and `read` are those of `keyset.page`. Where a `count_url` is given, which answers by
    `count_answer`, the number of rows that a search finds comes after the rows: `count` is None until then.
    """
    count, cut_from = None, rows
    if query.searched and query.sort:
        # Rows with a word in common tend to stand together by name: in that order, they may be the last of all.
        count = capped_count(rows)
        if count <= COUNT_CAP:
            found = queryset_of(rows)
            cut_from = found.filter(pk__in=found.order_by().values("pk")[:COUNT_CAP])
    elif isinstance(rows, Source) and query.order.columns in rows.walks:
        # A walk goes past what few rows refer to; these are sorted in less time.
        count = capped_count(rows)
        cut_from = replace(rows, walks={}) if count <= FEW else rows
    elif isinstance(rows, Source) and query.searched:
        cut_from = replace(rows, apart=False)
    try:
        cut = page(cut_from, order=query.order, size=query.rows, token=query.token, binding=binding, read=read)
    except BadPageToken as fault:
        raise Invalid({"page": f"{fault} Go back to the first page."}) from None
    if cut.is_first and not cut.next:
        count = len(cut.rows)
    elif count is None and not (query.searched and count_url and not query.counted):
        count = capped_count(rows)
    return {
        "page": cut,
        "count": count,
        "count_url": f"{count_url}?{query.filter}",
        "newest_first": not query.sort,
        "sort": query.sort,
        "rows": query.rows,
        "rows_choices": SIZES,
    }


def count_answer(request: HttpRequest, rows: QuerySet[M] | Source[M], query: ListQuery) -> HttpResponse:
    """The number of rows of a list, as its pager shows it."""
    context = {"count": capped_count(rows), "newest_first": not query.sort}
    return render(request, "components/_pager_count.html", context)


def may_write(request: ConsoleRequest) -> bool:
    """Whether the list offers to make something new: never for `-`, which is no place to put it."""
    workspace = request.scope.workspace if request.scope else None
    return workspace is not None and request.actor.may(Right.WRITE, workspace)
