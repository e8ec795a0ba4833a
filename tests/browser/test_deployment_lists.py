"""Deployments where there are many: what their list is narrowed by, and the pages of the compositions of one."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from deployments.models import Composition, Deployment, Experiment
from tests.browser.conftest import Open
from tests.cast import Cast
from tests.factories import make_deployment, make_image, make_runtime

pytestmark = pytest.mark.browser
LIST = "/workspaces/lab/deployments/"
SCRIPTS = pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])


@pytest.fixture
def many(world: Cast) -> Deployment:
    """A deployment of 120 models on one runtime, beside one on another."""
    image = make_image(world.workspace, versions="v1.0.0 v1.1.0")
    make_deployment(make_runtime(image, "other"), name="Beside")
    row = make_deployment(make_runtime(image), name="Many", mode="SPLIT", health="LAUNCHING")
    first = row.compositions.get()
    experiments = Experiment.objects.bulk_create(
        Experiment(workspace=world.workspace, display_name=f"Model {number}") for number in range(2, 121)
    )
    Composition.objects.bulk_create(
        Composition(deployment=row, position=position, experiment=each, runtime=first.runtime, version=first.version)
        for position, each in enumerate(experiments, start=1)
    )
    return row


def names(page: Page) -> list[str]:
    return page.locator("#rows tbody th").all_inner_texts()


def test_what_runs_is_offered_once_the_filter_is_entered(signed_in: Open, many: Deployment) -> None:
    page = signed_in("viewer", LIST)
    expect(page.locator("#offers-runtime option")).to_have_count(0)
    page.get_by_label("Runtime", exact=True).focus()
    expect(page.locator("#offers-runtime option")).to_have_count(2)
    page.get_by_label("Runtime", exact=True).fill("workspaces/lab/runtimes/other")
    expect(page.locator("#rows tbody th")).to_have_count(1)
    assert names(page) == ["Beside"]
    expect(page.locator(".chip-text")).to_have_text("Runtime: other")
    expect(page.get_by_label("Runtime", exact=True)).to_be_focused()
    page.locator(".chip").click()
    expect(page.locator("#rows tbody th")).to_have_count(2)
    expect(page.get_by_label("Runtime", exact=True)).to_have_value("")


def test_without_scripts_a_filter_takes_a_name_or_an_id(signed_in: Open, many: Deployment) -> None:
    page = signed_in("viewer", LIST, javascript=False)
    page.get_by_label("Runtime", exact=True).fill("other")
    page.get_by_role("button", name="Apply").click()
    assert names(page) == ["Beside"]
    page.get_by_label("Version").fill("v1.0.0")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("heading", name="No deployment matches")).to_be_visible()


@SCRIPTS
def test_paging_through_the_compositions_of_a_deployment(
    signed_in: Open, many: Deployment, *, javascript: bool
) -> None:
    page = signed_in("viewer", f"{LIST}{many.uid}/", javascript=javascript)
    compositions = page.get_by_role("region", name="Compositions")
    expect(compositions.locator("tbody tr")).to_have_count(50)
    page.get_by_role("link", name="Next").click()
    expect(compositions).to_contain_text("Model 51")
    assert page.url.endswith("?page=2")
    page.get_by_role("link", name="Next").click()
    expect(compositions.locator("tbody tr")).to_have_count(20)
    expect(page.get_by_text("101–120 of 120 compositions")).to_be_visible()
    expect(page.get_by_role("link", name="Next")).to_have_count(0)
    page.get_by_role("link", name="Previous").click()
    expect(compositions).to_contain_text("Model 51")


def test_what_changes_by_itself_stays_on_its_page(signed_in: Open, many: Deployment) -> None:
    page = signed_in("viewer", f"{LIST}{many.uid}/")
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("region", name="Compositions")).to_contain_text("Model 51")
    Deployment.objects.filter(pk=many.pk).update(health="HEALTHY")
    expect(page.locator("#health")).to_contain_text("Healthy")
    expect(page.get_by_role("region", name="Compositions")).to_contain_text("Model 51")
