"""Pages of rows: every row exactly once, both ways, whatever happens meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import NamedTuple

import pytest
from django.db import connection
from django.db.models import F, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat
from django.test.utils import CaptureQueriesContext

from mlops_console.keyset import BadPageToken, Order, Page, capped_count, page
from mlops_console.models import Workspace

pytestmark = pytest.mark.django_db
START = datetime(2026, 1, 1, tzinfo=UTC)
ORDERS = {
    "key only": Order(()),
    "names with ties": Order(("display_name",)),
    "names with ties, descending": Order(("display_name",), descending=True),
    "instants with ties, descending": Order(("updated_at",), descending=True),
    "two columns": Order(("description", "display_name")),
    "up, then down": Order(("description", "-updated_at")),
    "down, then up, then down": Order(("-updated_at", "display_name", "-description")),
    "down, then up, turned round": Order(("-updated_at", "display_name"), descending=True),
}
PARTS = [Q(description="a"), Q(description="b")]


def make_rows(count: int = 23) -> QuerySet[Workspace]:
    Workspace.objects.all().delete()
    Workspace.objects.bulk_create(
        Workspace(
            uid=f"w{number:03}",
            display_name=f"name {number % 4}",
            description="ab"[number % 2],
            updated_at=START + timedelta(hours=number % 3),
        )
        for number in range(count)
    )
    return Workspace.objects.all()


def expected(rows: QuerySet[Workspace], order: Order) -> list[str]:
    found = list(rows)
    # Sorting is stable: the least important key comes first.
    for column, down in reversed(order.keys):
        found.sort(key=attrgetter(str(column)), reverse=down)
    return [row.uid for row in found]


def walk(rows: QuerySet[Workspace], order: Order, size: int) -> list[Page[Workspace]]:
    pages = [page(rows, order=order, size=size)]
    while pages[-1].next:
        pages.append(page(rows, order=order, size=size, token=pages[-1].next))
    return pages


def walk_back(rows: QuerySet[Workspace], order: Order, size: int, token: str) -> list[Page[Workspace]]:
    pages: list[Page[Workspace]] = []
    while token:
        pages.insert(0, page(rows, order=order, size=size, token=token))
        token = pages[0].previous
    return pages


def uids(pages: list[Page[Workspace]]) -> list[str]:
    return [row.uid for each in pages for row in each.rows]


@pytest.mark.parametrize("size", [1, 2, 7, 22, 23, 24])
@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_a_walk_meets_every_row_once_in_both_directions(order: Order, size: int) -> None:
    rows = make_rows()
    there = walk(rows, order, size)
    assert uids(there) == expected(rows, order)
    assert there[0].is_first
    assert not there[-1].next
    assert all(len(each.rows) == size for each in there[:-1])
    back = walk_back(rows, order, size, there[-1].previous)
    assert uids([*back, there[-1]]) == expected(rows, order)
    assert not back or back[0].is_first


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_the_last_page_is_one_step_away(order: Order) -> None:
    rows = make_rows()
    last = page(rows, order=order, size=5, token=page(rows, order=order, size=5).last)
    assert uids([last]) == expected(rows, order)[-5:]
    assert not last.next
    assert not last.last
    assert uids([*walk_back(rows, order, 5, last.previous), last]) == expected(rows, order)


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_rows_that_come_meanwhile_neither_repeat_nor_hide_others(order: Order) -> None:
    rows = make_rows()
    there = expected(rows, order)
    pages = [page(rows, order=order, size=4)]
    while pages[-1].next:
        step = len(pages)
        Workspace.objects.create(uid=f"a{step}", display_name="", description="", updated_at=START - timedelta(days=1))
        Workspace.objects.create(
            uid=f"z{step}", display_name="z", description="z", updated_at=START + timedelta(days=1)
        )
        pages.append(page(rows, order=order, size=4, token=pages[-1].next))
    seen = uids(pages)
    assert len(seen) == len(set(seen))
    assert [uid for uid in seen if uid.startswith("w")] == there


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_a_page_goes_on_where_the_last_row_was_even_when_that_is_gone(order: Order) -> None:
    rows = make_rows()
    there = expected(rows, order)
    first = page(rows, order=order, size=4)
    Workspace.objects.filter(uid=first.rows[-1].uid).delete()
    assert uids([page(rows, order=order, size=4, token=first.next)]) == there[4:8]


@pytest.mark.parametrize("size", [1, 7, 22, 23, 24])
@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_parts_are_merged_into_the_order_of_the_whole(order: Order, size: int) -> None:
    rows = make_rows()
    token = ""
    there: list[Page[Workspace]] = []
    back: list[Page[Workspace]] = []
    while token or not there:
        there.append(page(rows, order=order, size=size, token=token, parts=PARTS))
        token = there[-1].next
    assert uids(there) == expected(rows, order)
    token = there[0].last
    while token:
        back.insert(0, page(rows, order=order, size=size, token=token, parts=PARTS))
        token = back[0].previous
    assert uids(back) == (expected(rows, order) if len(there) > 1 else [])


@pytest.mark.parametrize("parts", [PARTS, []], ids=["in parts", "in one"])
def test_rows_are_read_by_the_keys_that_were_found_first(parts: list[Q]) -> None:
    class Row(NamedTuple):
        pk: int
        uid: str

    def read(pks: Sequence[int]) -> list[Row]:
        asked.append(list(pks))
        return [Row(each.pk, each.uid) for each in rows.filter(pk__in=pks).exclude(uid="w000").order_by("-pk")]

    asked: list[list[int]] = []
    rows, order = make_rows(6), Order(("uid",))
    with CaptureQueriesContext(connection) as queries:
        first = page(rows, order=order, size=4, parts=parts, read=read)
    assert len(queries) == 2
    assert [row.uid for row in first.rows] == ["w001", "w002", "w003"]  # the one before was gone by then
    second = page(rows, order=order, size=4, token=first.next, parts=parts, read=read)
    assert [row.uid for row in second.rows] == ["w004", "w005"]
    assert [len(each) for each in asked] == [4, 2]


def test_keys_are_found_without_what_only_the_rows_need() -> None:
    rows = make_rows().select_related("creator").annotate(loud=Concat(F("uid"), Value("!")))
    with CaptureQueriesContext(connection) as queries:
        found = page(rows, order=Order(("display_name",)), size=5, parts=PARTS)
    assert vars(found.rows[0])["loud"] == f"{found.rows[0].uid}!"
    keys, _ = (each["sql"] for each in queries)
    assert "JOIN" not in keys
    assert "!" not in keys


@pytest.mark.parametrize("descending", [False, True])
def test_an_expression_can_be_sorted_by(descending: bool) -> None:
    rows = make_rows()
    order = Order((Concat(F("description"), F("uid"), output_field=TextField()),), descending=descending)
    wanted = sorted((f"{row.description}{row.uid}" for row in rows), reverse=descending)
    assert [uid[0:4] for uid in uids(walk(rows, order, 5))] == [each[1:] for each in wanted]


def test_an_empty_list_has_no_neighbours() -> None:
    only = page(Workspace.objects.none(), order=Order(("uid",)), size=5)
    assert (list(only.rows), only.next, only.previous, only.last) == ([], "", "", "")


def test_a_page_costs_one_query() -> None:
    rows = make_rows()
    first = page(rows, order=Order(("display_name",)), size=5)
    with CaptureQueriesContext(connection) as queries:
        page(rows, order=Order(("display_name",)), size=5, token=first.next)
    assert len(queries) == 1


def test_a_token_of_another_list_is_refused() -> None:
    rows = make_rows()
    order = Order(("display_name",))
    token = page(rows, order=order, size=5, binding="lab").next
    for other, binding in (
        (order, "elsewhere"),
        (Order(("display_name",), True), "lab"),
        (Order(("uid",)), "lab"),
    ):
        with pytest.raises(BadPageToken, match="another list"):
            page(rows, order=other, size=5, token=token, binding=binding)


def test_an_edited_token_is_refused() -> None:
    rows = make_rows()
    order = Order(("display_name",))
    token = page(rows, order=order, size=5).next
    edited = [token[:at] + ("B" if token[at] == "A" else "A") + token[at + 1 :] for at in range(len(token))]
    for each in (*edited, token[:-1], token + "A", "next", "A:B:C", "::", "\x00", "é"):
        with pytest.raises(BadPageToken):
            page(rows, order=order, size=5, token=each)


@pytest.mark.parametrize(("cap", "counted"), [(5, 6), (22, 23), (23, 23), (100, 23)])
def test_counts_stop_one_past_the_cap(cap: int, counted: int) -> None:
    assert capped_count(make_rows(), cap) == counted
