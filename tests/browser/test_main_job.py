"""The main job from end to end, as a person does it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from runtimes.models import Runtime
from tests.browser.conftest import Open
from tests.cast import Cast
from tests.factories import make_image, make_model_type, make_runtime

pytestmark = pytest.mark.browser
LIST = "/workspaces/lab/runtimes/"


def told(page: Page) -> Locator:
    """What just happened, as the console says it."""
    return page.get_by_role("status", name="Messages")


def create_runtime(page: Page, name: str, uid: str) -> None:
    page.get_by_role("link", name="New runtime").first.click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("ID", exact=True).fill(uid)
    page.get_by_label("Model type").select_option("h2o3_mojo")
    page.get_by_label("Runtime image").select_option(label="H2o3 mojo: current version (v1.6.0)")
    variables = page.get_by_role("group", name="Environment variables", exact=True)
    variables.get_by_role("button", name="Add variable").click()
    variables.get_by_label("Key").first.fill("THREADS")
    variables.get_by_label("Value").first.fill("{GPU_COUNT}")
    page.get_by_role("button", name="Create runtime").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_create_filter_edit_and_change_states(signed_in: Open, world: Cast, javascript: bool) -> None:
    make_model_type()
    make_model_type("vllm_config")
    make_image(world.workspace, versions="v1.5.4 v1.6.0")
    page = signed_in("operator", LIST, javascript=javascript)
    expect(page.get_by_text("No runtimes yet")).to_be_visible()

    create_runtime(page, "Credit scoring", "credit")
    expect(told(page)).to_contain_text("Runtime Credit scoring created.")

    page.get_by_role("link", name="Runtimes", exact=True).first.click()
    page.get_by_label("Model type").select_option("vllm_config")
    if not javascript:
        page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("heading", name="No runtime matches")).to_be_visible()
    assert "model_type=vllm_config" in page.url
    page.go_back()
    expect(page.get_by_role("link", name="Credit scoring")).to_be_visible()
    page.get_by_role("link", name="Credit scoring").click()

    page.get_by_role("link", name="Edit").click()
    for label in ("Model type", "Runtime image"):
        field = page.get_by_label(label)
        expect(field).to_be_disabled()
        described = page.locator(f"#{field.get_attribute('aria-describedby')}")
        expect(described).to_contain_text("cannot be changed")
    page.get_by_label("Description").fill("Scores loan applications.")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("definition").filter(has_text="Scores loan applications.")).to_be_visible()

    page.get_by_role("button", name="Deprecate").click()
    expect(page.get_by_role("heading", name="Deprecate")).to_be_visible()
    confirm = page.locator("form.dialog-form").get_by_role("button", name="Deprecate")
    confirm.click()
    expect(page.get_by_role("alert").first).to_be_visible()
    assert Runtime.objects.get().state == "ACTIVE"
    page.get_by_label("Reason").fill("Replaced by the challenger.")
    confirm.click()
    expect(told(page)).to_contain_text("Credit scoring deprecated.")
    expect(page.get_by_text("Replaced by the challenger.").first).to_be_visible()
    assert Runtime.objects.get().state == "DEPRECATED"


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_pin_a_new_runtime(signed_in: Open, world: Cast, javascript: bool) -> None:
    make_model_type()
    make_image(world.workspace, versions="v1.5.4 v1.6.0")
    page = signed_in("operator", f"{LIST}new/", javascript=javascript)
    page.get_by_label("Name", exact=True).fill("Pinned")
    page.get_by_label("Model type").select_option("h2o3_mojo")
    page.get_by_label("Runtime image").select_option(label="H2o3 mojo: current version (v1.6.0)")
    show = page.get_by_role("button", name="Show versions")
    if javascript:
        expect(show).to_be_hidden()
    else:
        show.click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Pinned")
    expect(page.get_by_label("Pinned version").get_by_role("option")).to_have_text(["Not pinned", "v1.6.0", "v1.5.4"])
    page.get_by_label("Pinned version").select_option("v1.5.4")
    page.get_by_role("button", name="Create runtime").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Pinned")
    pinned = Runtime.objects.select_related("pinned_version").get().pinned_version
    assert pinned is not None
    assert pinned.version == "v1.5.4"


def test_a_ceiling_cannot_be_lifted(signed_in: Open, world: Cast) -> None:
    make_runtime(make_image(world.everyone), platform_state="DISABLED", platform_reason="CVE-2026-1234")
    page = signed_in("admin", "/workspaces/global/runtimes/mojo/")
    page.get_by_role("button", name="Enable").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("I would like to")
    dialog.get_by_role("button", name="Enable").click()
    expect(dialog.get_by_role("alert")).to_contain_text("CVE-2026-1234")
    expect(dialog.get_by_role("alert")).to_contain_text("config.deployer.composition.runtimes.mojo")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Enable")).to_be_focused()


def test_bulk_over_two_pages(signed_in: Open, world: Cast) -> None:
    image = make_image(world.workspace)
    for number in range(30):
        make_runtime(image, f"r{number:02}")
    page = signed_in("operator", f"{LIST}?rows=25")
    page.get_by_label("Select R00", exact=True).check()
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("link", name="R29")).to_be_visible()
    page.get_by_label("Select R29", exact=True).check()
    page.locator("#bulk").get_by_role("button", name="Disable").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("2 runtimes")).to_be_visible()
    dialog.get_by_label("Reason").fill("CVE")
    dialog.get_by_role("button", name="Disable").click()
    expect(told(page)).to_contain_text("2 runtimes disabled.")
    assert sorted(Runtime.objects.filter(state="DISABLED").values_list("uid", flat=True)) == ["r00", "r29"]

    page.goto(f"{LIST}?rows=25&state=ACTIVE")
    page.get_by_label("Select R01", exact=True).check()
    page.get_by_role("checkbox", name="All 28 rows that match").check()
    page.locator("#bulk").get_by_role("button", name="Deprecate").click()
    dialog.get_by_label("Reason").fill("End of life")
    dialog.get_by_role("button", name="Deprecate").click()
    expect(told(page)).to_contain_text("28 runtimes deprecated.")
    assert Runtime.objects.filter(state="DEPRECATED").count() == 28


def test_deleting_what_is_in_use_is_refused(signed_in: Open, world: Cast) -> None:
    make_runtime(make_image(world.workspace, versions="v1.0.0"))
    page = signed_in("owner", "/workspaces/lab/runtime-images/h2o3-mojo/")
    page.get_by_role("link", name="Delete").click()
    expect(page.get_by_text("Runtimes bound to it")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("alert")).to_contain_text("workspaces/lab/runtimes/mojo")


def test_a_reference_is_checked_while_it_is_typed(signed_in: Open, world: Cast) -> None:
    make_image(world.workspace)
    page = signed_in("operator", "/workspaces/lab/runtime-images/h2o3-mojo/versions/new/")
    page.get_by_label("Container image").press_sequentially("host:5000/h2oai/scorer:latest")
    check = page.locator("#reference-check")
    expect(check).to_contain_text("latest")
    expect(check).to_contain_text("give the version")
    page.get_by_label("Version", exact=True).fill("2.0.0")
    expect(check).to_contain_text("v2.0.0")
    expect(check).to_contain_text("host:5000")


def test_a_tampered_form_is_refused(signed_in: Open, world: Cast) -> None:
    make_model_type("vllm_config")
    make_runtime(make_image(world.workspace))
    page = signed_in("operator", f"{LIST}mojo/edit/")
    page.get_by_label("Model type").evaluate(
        "field => { field.disabled = false; field.add(new Option('vllm_config')); field.value = 'vllm_config' }"
    )
    with page.expect_response(lambda response: response.request.method == "POST") as answer:
        page.get_by_role("button", name="Save changes").click()
    assert answer.value.status == 400
    expect(page.get_by_role("alert").first).to_contain_text("cannot be changed")
    assert Runtime.objects.get().model_type_id == "h2o3_mojo"


def test_back_and_reload_restore_the_filtered_page(signed_in: Open, world: Cast) -> None:
    image = make_image(world.workspace)
    for number in range(30):
        make_runtime(image, f"r{number:02}")
    page = signed_in("viewer", f"{LIST}?rows=25")
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("link", name="R29")).to_be_visible()
    page.get_by_role("link", name="Name").click()
    expect(page.get_by_role("columnheader", name="Name")).to_have_attribute("aria-sort", "descending")
    page.go_back()
    expect(page.get_by_role("link", name="Previous")).to_be_visible()
    expect(page.get_by_role("link", name="R25")).to_be_visible()
    page.reload()
    expect(page.get_by_role("link", name="Previous")).to_be_visible()
    page.get_by_label("Search").fill("r07")
    expect(page.get_by_role("link", name="R07", exact=True)).to_be_visible()
    assert "q=r07" in page.url
    assert "page=" not in page.url


def test_a_dialog_by_keyboard_alone(signed_in: Open, world: Cast) -> None:
    make_runtime(make_image(world.workspace))
    page = signed_in("operator", f"{LIST}mojo/")
    page.get_by_role("button", name="Disable").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Reason")).to_be_focused()
    page.keyboard.type("CVE-2026-1")
    page.keyboard.press("Tab")
    while not page.evaluate("document.activeElement.matches('.dialog-form button:not([type=button])')"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(told(page)).to_contain_text("Mojo disabled.")
    assert Runtime.objects.get().api_reason == "CVE-2026-1"
