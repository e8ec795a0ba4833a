"""Links that lead through a list swap its rows, and leave the page around them as it is."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Response, expect

from deployments.models import Rollout
from mlops_console.models import AuditEntry, Token
from tests.browser.conftest import Open
from tests.cast import Cast
from tests.factories import make_deployment, make_image, make_runtime

pytestmark = pytest.mark.browser
LIST = "/workspaces/lab/runtimes/"
LISTS = (
    LIST,
    "/workspaces/lab/runtime-images/",
    "/workspaces/lab/experiments/",
    "/workspaces/lab/deployments/",
    "/workspaces/lab/rollouts/",
    "/workspaces/lab/audit/",
    "/workspaces/lab/members/",
    "/workspaces/lab/tokens/",
    "/workspaces/",
    "/tokens/",
    "/people/",
)


@pytest.fixture
def lab(world: Cast) -> Cast:
    """A workspace with thirty runtimes, and one of everything else."""
    image = make_image(world.workspace, versions="v1.0.0")
    for number in range(30):
        make_runtime(image, f"r{number:02}")
    deployment = make_deployment(make_runtime(image, "live", api_state="DISABLED"), uid="live")
    Rollout.objects.create(deployment=deployment, number=1, status="SUCCEEDED", started_by="owner")
    AuditEntry.objects.create(workspace="lab", verb="create", subject="workspaces/lab/runtimes/r00")
    Token.objects.create(user=world.admin, name="ci", digest="admin")
    Token.objects.create(user=world.owner, name="ci", digest="owner")
    return world


def is_rows(answer: Response) -> bool:
    return answer.request.headers.get("hx-target") == "rows"


def mark(page: Page) -> None:
    page.evaluate("document.querySelector('.sidebar').dataset.stays = ''")


def expect_only_rows_swapped(page: Page) -> None:
    expect(page.locator(".sidebar")).to_have_attribute("data-stays", "")


def test_sorting_paging_and_clearing_a_filter(signed_in: Open, lab: Cast) -> None:
    page = signed_in("operator")
    page.goto(f"{LIST}?rows=25&state=ACTIVE&model_type=h2o3_mojo")
    export = page.get_by_role("link", name="Export CSV")
    mark(page)
    with page.expect_response(is_rows) as answer:
        page.get_by_role("link", name="Name", exact=True).press("Enter")
    expect(page.get_by_role("columnheader", name="Name")).to_have_attribute("aria-sort", "descending")
    expect(page.locator("#sort-name")).to_be_focused()
    expect(export).to_have_attribute("href", f"{LIST}export.csv?rows=25&state=ACTIVE&model_type=h2o3_mojo&sort=-name")
    assert "<body" not in answer.value.text()

    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("link", name="R00")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Name")).to_have_attribute("aria-sort", "descending")
    expect(page.locator("#rows")).to_be_focused()
    assert "page=" in page.url

    page.get_by_role("link", name="Remove the filter State: Active").click()
    expect(page.locator(".pager-count")).to_have_text("31 rows")
    expect(page.get_by_label("State")).to_have_value("")
    expect(page.get_by_label("Model type")).to_have_value("h2o3_mojo")
    expect(page.get_by_role("columnheader", name="Name")).to_have_attribute("aria-sort", "descending")
    assert page.url.endswith(f"{LIST}?rows=25&model_type=h2o3_mojo&sort=-name")
    expect_only_rows_swapped(page)

    page.go_back()
    expect(page.get_by_role("link", name="R00")).to_be_visible()
    expect(page.get_by_label("State")).to_have_value("ACTIVE")
    page.get_by_role("link", name="Clear all").click()
    page.wait_for_url(f"**{LIST}?")
    expect(page.get_by_label("Model type")).to_have_value("")


def test_every_list_is_sorted_in_its_place(signed_in: Open, lab: Cast) -> None:
    page = signed_in("admin")
    for path in LISTS:
        page.goto(path)
        mark(page)
        header = page.locator("th:has(.sort)").last
        name = header.inner_text()
        before = header.get_attribute("aria-sort")
        with page.expect_response(is_rows):
            header.get_by_role("link").click()
        after = page.locator("th[aria-sort]")
        expect(after).to_have_text(name)
        expect(after).not_to_have_attribute("aria-sort", before or "none")
        expect_only_rows_swapped(page)
        assert "sort=" in page.url


def test_what_stands_in_a_row_asks_for_itself(signed_in: Open, lab: Cast) -> None:
    page = signed_in("admin", "/workspaces/lab/members/")
    mark(page)
    page.locator("#rows tbody button").last.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.locator("#rows tbody tr").first).to_be_visible()
    expect_only_rows_swapped(page)
    assert page.url.endswith("/members/")
