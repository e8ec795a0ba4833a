"""What a search finds is shown before it is counted."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from runtimes.models import Runtime
from tests.browser.conftest import Open
from tests.cast import Cast
from tests.factories import make_image, make_model_type

pytestmark = pytest.mark.browser
LIST = "/workspaces/lab/runtimes/"


@pytest.fixture
def many(world: Cast) -> None:
    """Sixty runtimes whose names begin alike."""
    make_model_type()
    fields = {"workspace": world.workspace, "image": make_image(world.workspace), "model_type_id": "h2o3_mojo"}
    Runtime.objects.bulk_create(
        Runtime(uid=f"r{number}", display_name=f"Credit {number}", **fields) for number in range(60)
    )


def test_the_count_of_a_search_comes_after_its_rows(signed_in: Open, many: None) -> None:
    page = signed_in("viewer", LIST)
    page.get_by_label("Search").fill("credit")
    expect(page.locator(".pager-count")).to_have_text("60 rows, newest first")
    expect(page.locator("#rows tbody th").first).to_contain_text("Credit 59")
    page.get_by_role("link", name="Next").click()
    expect(page.locator("#rows tbody th")).to_have_count(10)
    expect(page.locator(".pager-count")).to_have_text("60 rows, newest first")


def test_without_scripts_the_count_of_a_search_is_a_link_away(signed_in: Open, many: None) -> None:
    page = signed_in("viewer", f"{LIST}?q=credit", javascript=False)
    expect(page.locator(".pager-count")).to_contain_text("More than 50 rows, newest first")
    page.get_by_role("link", name="Count").click()
    expect(page.locator(".pager-count")).to_have_text("60 rows, newest first")
