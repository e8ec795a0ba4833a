"""What the list of runtimes is sorted by: the same order whether an index is walked or rows are sorted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from mlops_console.actor import ActorKind, system
from mlops_console.keyset import Order, Page, page
from mlops_console.queries import Scope, scope_for
from mlops_console.web import lists
from runtimes.listing import RuntimeRow, runtime_rows
from runtimes.models import Runtime, RuntimeImage
from runtimes.orders import RUNTIME_ORDERS, RUNTIME_WALKS
from runtimes.queries import RuntimeFilter, runtime_source
from tests.cast import Cast
from tests.factories import make_image, make_runtime

pytestmark = pytest.mark.django_db
ADMIN = system(ActorKind.COMMAND, "reader")
KEYS: dict[str, Callable[[Runtime], tuple[Any, ...]]] = {
    "image": lambda row: (row.image.display_name, row.image_id, row.workspace_id, row.display_name),
    "version": lambda row: (
        row.pinned_version.precedence if row.pinned_version else "",
        row.pinned_version_id or 0,
        row.workspace_id,
        row.display_name,
    ),
    "managed_by": lambda row: (row.managed_by_bootstrap, row.display_name),
    "workspace": lambda row: (row.workspace.display_name, row.workspace_id, row.display_name),
    "id": lambda row: (row.uid,),
}
WALKED = ("image", "version", "managed_by", "workspace")
ALL = RuntimeFilter()


@pytest.fixture
def images(cast: Cast) -> list[RuntimeImage]:
    """Images of three workspaces, two of each with one name, that bear runtimes pinned and not, of people and not."""
    found = []
    for workspace in (cast.workspace, cast.everyone, cast.other):
        for number in range(3):
            versions = "v1.0.0 v2.0.0" if number else "v1.0.0"
            image = make_image(workspace, f"i{number}", versions=versions, display_name=f"i{number // 2}")
            found.append(image)
            pins = [None, None, *image.versions.order_by("pk")]
            for row in range(7):
                make_runtime(
                    image,
                    f"r{(row * 5) % 7}-{number}",
                    display_name=f"r{row % 3}",
                    pinned_version=pins[row % len(pins)],
                    managed_by_bootstrap=workspace.is_global and row % 2 == 0,
                    platform_state="ACTIVE" if workspace.is_global and row % 2 == 0 else None,
                )
    return found


def cut(scope: Scope, order: Order, token: str = "", narrow: RuntimeFilter = ALL) -> Page[RuntimeRow]:
    return page(runtime_source(scope, narrow), order=order, size=5, token=token, read=runtime_rows)


def forth(scope: Scope, order: Order, token: str = "", narrow: RuntimeFilter = ALL) -> list[int]:
    found = cut(scope, order, token, narrow)
    return [row.pk for row in found.rows] + (forth(scope, order, found.next, narrow) if found.next else [])


def back(scope: Scope, order: Order, token: str) -> list[int]:
    found = cut(scope, order, token)
    return (back(scope, order, found.previous) if found.previous else []) + [row.pk for row in found.rows]


def expected(scope: Scope, sort: str, *, down: bool = False) -> list[int]:
    rows = Runtime.objects.filter(scope.rows()).select_related("workspace", "image", "pinned_version")
    return [row.pk for row in sorted(rows, key=lambda row: (*KEYS[sort](row), row.pk), reverse=down)]


def test_orders_that_are_walked_are_those_of_the_table() -> None:
    assert set(RUNTIME_WALKS) == {RUNTIME_ORDERS[sort] for sort in WALKED}


@pytest.mark.parametrize("down", [False, True], ids=["up", "down"])
@pytest.mark.parametrize("sort", KEYS)
def test_pages_meet_every_row_once_in_order(cast: Cast, images: list[RuntimeImage], sort: str, down: bool) -> None:
    order = Order(RUNTIME_ORDERS[sort], descending=down)
    for uid in (cast.workspace.uid, cast.everyone.uid, "-"):
        scope = scope_for(ADMIN, uid)
        rows = expected(scope, sort, down=down)
        assert (uid, forth(scope, order)) == (uid, rows)
        assert (uid, back(scope, order, cut(scope, order).last)) == (uid, rows)


@pytest.mark.parametrize("sort", KEYS)
def test_what_a_filter_leaves_comes_in_the_same_order(cast: Cast, images: list[RuntimeImage], sort: str) -> None:
    narrow = RuntimeFilter(managed_by_bootstrap=False)
    for uid in (cast.workspace.uid, "-"):
        scope = scope_for(ADMIN, uid)
        left = set(Runtime.objects.filter(managed_by_bootstrap=False).values_list("pk", flat=True))
        rows = [pk for pk in expected(scope, sort) if pk in left]
        assert forth(scope, Order(RUNTIME_ORDERS[sort]), narrow=narrow) == rows


@pytest.mark.parametrize("sort", WALKED)
def test_an_empty_workspace_has_a_page_without_rows(cast: Cast, sort: str) -> None:
    assert cut(scope_for(ADMIN, cast.workspace.uid), Order(RUNTIME_ORDERS[sort])) == Page([], "", "", "")


@pytest.mark.parametrize(("name", "met"), [("a", 5), ("z", 12)])
def test_an_image_that_is_renamed_meanwhile_moves_with_its_rows(
    images: list[RuntimeImage], name: str, met: int
) -> None:
    scope, order = scope_for(ADMIN, "-"), Order(RUNTIME_ORDERS["image"])
    first = cut(scope, order)
    image = images[0]
    assert {row.image for row in first.rows} == {image.uid}
    RuntimeImage.objects.filter(pk=image.pk).update(display_name=name)
    seen = [*(row.pk for row in first.rows), *forth(scope, order, first.next)]
    # What lies before is not met any more, and what comes again is met again; all others are met once.
    assert len([pk for pk in seen if pk in set(image.runtimes.values_list("pk", flat=True))]) == met
    others = Runtime.objects.exclude(image=image).values_list("pk", flat=True)
    assert sorted(pk for pk in seen if pk in set(others)) == sorted(others)


@pytest.mark.parametrize(("few", "walks"), [(lists.FEW, False), (0, True)])
def test_few_rows_are_sorted_at_once(
    images: list[RuntimeImage], monkeypatch: pytest.MonkeyPatch, few: int, walks: bool
) -> None:
    monkeypatch.setattr(lists, "FEW", few)
    scope = scope_for(ADMIN, "-")
    query = lists.read(RequestFactory().get("/", {"sort": "version"}), RUNTIME_ORDERS, "name")
    with CaptureQueriesContext(connection) as queries:
        context = lists.context(runtime_source(scope), query, "", read=runtime_rows)
    assert any("unnest" in each["sql"] for each in queries.captured_queries) is walks
    assert [row.pk for row in context["page"].rows] == expected(scope, "version")[:50]
    assert context["count"] == len(expected(scope, "version"))
