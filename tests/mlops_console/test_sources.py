"""Lists whose statements are kept: they answer as the queryset does, whatever is set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import QuerySet

from mlops_console.keyset import Order, Page, capped_count, page
from mlops_console.models import Workspace
from mlops_console.sources import Source
from tests.mlops_console.test_keyset import ORDERS, START, expected, make_rows, uids

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Narrow:
    """What the rows are narrowed by."""

    display_name: str = ""
    since: datetime | None = None


FILTERS = {
    "none": Narrow(),
    "a name": Narrow(display_name="name 1"),
    "another name": Narrow(display_name="name 2"),
    "no name": Narrow(display_name="' OR true --"),
    "an instant": Narrow(since=START + timedelta(hours=1)),
    "both": Narrow(display_name="name 1", since=START + timedelta(hours=2)),
}
PLACES: dict[str, tuple[Any, ...] | None] = {
    "everywhere": None,
    "in one": ("a",),
    "in two": ("a", "b"),
    "in one of two": ("a", "nowhere"),
}


def write(narrow: Narrow) -> QuerySet[Workspace]:
    rows = Workspace.objects.all()
    if narrow.display_name:
        rows = rows.filter(display_name=narrow.display_name)
    return rows if narrow.since is None else rows.filter(updated_at__gte=narrow.since)


def walk(source: Source[Workspace], order: Order, size: int = 4) -> list[Page[Workspace]]:
    pages = [page(source, order=order, size=size)]
    while pages[-1].next:
        pages.append(page(source, order=order, size=size, token=pages[-1].next))
    return pages


@pytest.mark.parametrize("places", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_pages_and_counts_are_those_of_the_queryset(order: Order, places: tuple[Any, ...] | None) -> None:
    make_rows()
    for narrow in FILTERS.values():
        source = Source(write, narrow, path="description", places=places)
        rows = write(narrow) if places is None else write(narrow).filter(description__in=places)
        there = walk(source, order)
        assert uids(there) == expected(rows, order)
        assert uids(walk(replace(source, apart=False), order)) == expected(rows, order)
        assert capped_count(source) == len(expected(rows, order))
        assert capped_count(source, 3) == min(len(expected(rows, order)), 4)
        if there[0].last:
            last = page(source, order=order, size=4, token=there[0].last)
            assert uids([last]) == expected(rows, order)[-4:]


def test_a_query_is_written_once_for_all_values() -> None:
    written = []

    def counting(narrow: Narrow) -> QuerySet[Workspace]:
        written.append(narrow)
        return write(narrow)

    make_rows()
    for name in ("name 0", "name 1", "nobody"):
        for places in (("a",), ("b",)):
            source = Source(counting, Narrow(display_name=name), path="description", places=places)
            source.keys(Order(("uid",)), None, reverse=False, limit=5)
            source.count(5)
    assert len(written) == 2
