"""A search: what it finds comes newest first, and how much that is comes after it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from mlops_console.web import lists
from runtimes.models import Runtime
from tests.cast import Cast
from tests.factories import make_image, make_model_type

pytestmark = pytest.mark.django_db
LIST = "/workspaces/lab/runtimes/"
Make = Callable[[int], None]


@pytest.fixture
def make(cast: Cast) -> Make:
    """Make some runtimes whose names hold one word, the oldest being the last by name."""

    def make(count: int) -> None:
        make_model_type()
        image = make_image(cast.workspace)
        Runtime.objects.bulk_create(
            Runtime(
                workspace=cast.workspace,
                image=image,
                model_type_id="h2o3_mojo",
                uid=f"r{number}",
                display_name=f"credit {9999 - number}",
            )
            for number in range(count)
        )

    return make


@pytest.fixture
def viewer(cast: Cast) -> Client:
    return cast.client("viewer")


def uids(client: Client, query: str) -> list[str]:
    return re.findall(
        r'<th scope="row">\s*<a href="/workspaces/lab/runtimes/([^/]*)/"', client.get(LIST + query).content.decode()
    )


def words(client: Client, address: str) -> str:
    """What stands beside the pages."""
    found = re.search(r'<p class="pager-count.*?</p>', client.get(address).content.decode(), re.DOTALL)
    assert found
    return " ".join(re.sub(r"<[^>]*>", " ", found[0]).split()).replace(" ,", ",")


@pytest.mark.parametrize(
    ("query", "first", "said"),
    [
        ("", "r29", "30 rows"),
        ("?q=credit", "r29", "30 rows, newest first"),
        ("?q=credit&sort=name", "r29", "30 rows"),
        ("?q=credit&sort=-name", "r0", "30 rows"),
        ("?q=credit&sort=updated", "r0", "30 rows"),
        ("?q=credit&sort=nonsense", "r29", "30 rows, newest first"),
    ],
)
def test_what_was_searched_comes_newest_first_unless_sorted(
    viewer: Client, make: Make, query: str, first: str, said: str
) -> None:
    make(30)
    assert uids(viewer, query)[0] == first
    assert words(viewer, LIST + query) == said


def test_the_number_of_rows_of_a_search_comes_after_them(viewer: Client, make: Make) -> None:
    make(30)
    with CaptureQueriesContext(connection) as queries:
        page = viewer.get(f"{LIST}?q=credit&rows=25")
    assert not any("COUNT(" in each["sql"] for each in queries)
    assert page.context["count"] is None
    said = "More than 25 rows, newest first · Count"
    assert words(viewer, f"{LIST}?q=credit&rows=25") == said
    later = re.search(r'hx-get="([^"]*count\.html[^"]*)"', page.content.decode())
    assert later
    assert words(viewer, later[1].replace("&amp;", "&")) == "30 rows, newest first"


def test_without_scripts_a_link_leads_to_the_page_with_its_count(viewer: Client, make: Make) -> None:
    make(30)
    link = re.search(r'<a href="([^"]*)">Count</a>', viewer.get(f"{LIST}?q=credit&rows=25").content.decode())
    assert link
    assert words(viewer, link[1].replace("&amp;", "&")) == "30 rows, newest first"


def test_rows_that_fill_no_page_are_not_counted_again(viewer: Client, make: Make) -> None:
    make(3)
    for query in ("", "?q=credit"):
        with CaptureQueriesContext(connection) as queries:
            assert words(viewer, LIST + query).startswith("3 rows")
        assert not any("COUNT(" in each["sql"] for each in queries)


def test_the_pages_of_a_search_meet_every_row_once(viewer: Client, make: Make) -> None:
    make(60)
    for sort in ("", "&sort=name", "&sort=-state", "&sort=version"):
        found, token = [], ""
        while True:
            query = f"?q=credit&rows=25{sort}{f'&page={token}' if token else ''}"
            found += uids(viewer, query)
            if not (token := viewer.get(LIST + query).context["page"].next):
                break
        assert len(found) == len(set(found)) == 60


def test_more_rows_than_are_counted_can_be_sorted_as_well(
    viewer: Client, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "COUNT_CAP", 10)
    make(30)
    assert uids(viewer, "?q=credit&sort=name&rows=25")[0] == "r29"


def test_many_rows_are_chosen_though_not_counted(cast: Cast, make: Make) -> None:
    make(30)
    page = cast.client("operator").get(f"{LIST}?q=credit&rows=25").content.decode()
    assert re.search(r'data-matching="rows" />All\s+rows\s+that match', page)
