"""Exploring the API with a browser, and doing things by its forms."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from runtimes.models import Runtime
from tests.browser.conftest import Open
from tests.cast import Cast
from tests.factories import make_image, make_model_type, make_runtime

pytestmark = pytest.mark.browser
LIST = "/api/runtime/v1/workspaces/lab/runtimes"
RUNTIME = {
    "displayName": "Credit scoring",
    "modelType": "h2o3_mojo",
    "runtimeImage": "workspaces/lab/runtimeImages/mojo",
}


def body(page: Page, **changes: object) -> None:
    """Change some of the JSON in the text area."""
    area = page.get_by_label("Body, as JSON")
    area.fill(json.dumps(json.loads(area.input_value()) | changes, indent=2))


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_create_change_deprecate_and_delete(signed_in: Open, world: Cast, javascript: bool) -> None:
    make_model_type()
    make_image(world.workspace, "mojo", versions="v1.0.0")
    page = signed_in("admin", "/", javascript=javascript)
    page.get_by_role("link", name="API", exact=True).click()
    page.get_by_role("link", name="/workspaces/lab/runtimes").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Runtimes")

    page.get_by_label("runtimeId").fill("credit")
    body(page, **RUNTIME, environmentVariables={"THREADS": "{if GPU_COUNT > 1}2"})
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("alert")).to_contain_text("environmentVariables.THREADS")
    expect(page.get_by_label("runtimeId")).to_have_value("credit")
    body(page, environmentVariables={"THREADS": "{GPU_COUNT}"})
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("status").get_by_text("Created.")).to_be_visible()

    page.get_by_role("status").get_by_role("link", name="workspaces/lab/runtimes/credit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Credit scoring")
    body(page, description="Scores loan applications.")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("region", name="The answer as JSON")).to_contain_text('"Scores loan applications."')
    row = Runtime.objects.get()
    assert (row.description, row.environment_variables) == ("Scores loan applications.", {"THREADS": "{GPU_COUNT}"})

    page.get_by_role("link", name="Deprecate").click()
    page.get_by_label("reason").fill("Replaced by the challenger.")
    page.get_by_label("dryRun").check()
    page.get_by_role("button", name="Deprecate").click()
    expect(page.get_by_text("A dry run: nothing has changed.")).to_be_visible()
    expect(page.get_by_label("reason")).to_have_value("Replaced by the challenger.")
    page.get_by_label("dryRun").uncheck()
    page.get_by_role("button", name="Deprecate").click()
    expect(page.get_by_role("status").get_by_text("Done.")).to_be_visible()
    row.refresh_from_db()
    assert (row.state, row.state_reason) == ("DEPRECATED", "Replaced by the challenger.")

    page.get_by_role("navigation", name="Breadcrumbs").get_by_role("link", name="credit", exact=True).click()
    confirm = page.get_by_role("button", name="Delete credit")
    expect(confirm).to_be_hidden()
    page.get_by_text("Delete…").click()
    confirm.click()
    page.get_by_role("link", name="Back to the list").click()
    expect(page.get_by_role("region", name="The answer as JSON")).to_contain_text('"runtimes": []')
    assert not Runtime.objects.exists()


def test_a_list_is_narrowed_and_paged(signed_in: Open, world: Cast) -> None:
    image = make_image(world.workspace)
    for number in range(3):
        make_runtime(image, f"r{number}")
    page = signed_in("viewer", LIST)
    answer = page.get_by_role("region", name="The answer as JSON")
    page.get_by_label("filter").fill("display_name != 'R1'")
    page.get_by_label("pageSize").fill("1")
    page.get_by_role("button", name="List").click()
    expect(answer.get_by_role("link", name="workspaces/lab/runtimes/r0")).to_be_visible()
    page.get_by_role("link", name="Next page").click()
    expect(answer.get_by_role("link", name="workspaces/lab/runtimes/r2")).to_be_visible()
    expect(page.get_by_label("filter")).to_have_value("display_name != 'R1'")
    page.get_by_role("link", name="Count").click()
    expect(answer).to_contain_text('"count": "2"')
    page.go_back()
    answer.get_by_role("link", name="workspaces/lab/runtimes/r2").click()
    expect(page.get_by_role("button", name="Save changes")).to_be_hidden()


def test_the_documentation_leads_from_operations_to_schemas(signed_in: Open, world: Cast) -> None:
    page = signed_in("viewer", "/api/")
    page.get_by_role("link", name="Documentation").click()
    page.get_by_role("navigation", name="Contents").get_by_role("link", name="createRuntime", exact=True).click()
    operation = page.get_by_role("article", name="Make a runtime", exact=True)
    expect(operation).to_be_in_viewport()
    operation.get_by_role("link", name="Volume").click()
    expect(page.get_by_role("article", name="Volume", exact=True)).to_be_in_viewport()
