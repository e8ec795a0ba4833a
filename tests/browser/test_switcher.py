"""From one workspace to another: by a select while they are few, by a search while they are many."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from mlops_console.models import Workspace
from tests.browser.conftest import Open
from tests.browser.test_looks import faults_of
from tests.cast import Cast

pytestmark = pytest.mark.browser


@pytest.fixture
def crowd(world: Cast) -> None:
    """More workspaces than a select offers."""
    Workspace.objects.bulk_create(Workspace(uid=f"w{n:02}", display_name=f"Team {n:02}") for n in range(60))


def test_a_select_goes_at_once(signed_in: Open, world: Cast) -> None:
    page = signed_in("admin", "/workspaces/lab/runtime-images/")
    page.get_by_label("Workspace", exact=True).select_option("All workspaces")
    page.wait_for_url("**/workspaces/-/runtime-images/")


@pytest.mark.usefixtures("crowd")
def test_a_search_by_keyboard_alone(signed_in: Open) -> None:
    page = signed_in("admin", "/workspaces/lab/runtime-images/")
    switcher = page.get_by_label("Workspace", exact=True)
    expect(switcher).to_contain_text("Lab")
    switcher.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Switch workspace")
    expect(dialog.get_by_label("Search workspaces")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(switcher).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("link", name="Team 07")).to_be_visible()
    page.keyboard.type("team 4")
    expect(dialog.get_by_role("link", name=re.compile("Team"))).to_have_count(10)
    page.keyboard.type("2")
    expect(dialog.get_by_role("link", name=re.compile("Team"))).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url("**/workspaces/w42/runtime-images/")
    expect(page.get_by_label("Workspace", exact=True)).to_contain_text("Team 42")


@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_a_search_on_a_small_screen(signed_in: Open, color_scheme: str) -> None:
    page = signed_in("admin", "/workspaces/lab/audit/", width=400, color_scheme=color_scheme)
    page.get_by_role("button", name="Menu").click()
    page.get_by_label("Workspace", exact=True).click()
    dialog = page.get_by_role("dialog", name="Switch workspace")
    expect(dialog).to_be_visible()
    assert faults_of(page) == []
    dialog.get_by_role("link", name="Team 03").click()
    page.wait_for_url("**/workspaces/w03/audit/")


@pytest.mark.usefixtures("crowd")
def test_a_search_without_scripts(signed_in: Open) -> None:
    page = signed_in("admin", "/workspaces/lab/deployments/", javascript=False)
    page.get_by_label("Workspace", exact=True).click()
    page.get_by_label("Search workspaces").fill("Team 4")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", name="Switch workspace")).to_be_visible()
    page.get_by_role("link", name="Team 44").click()
    page.wait_for_url("**/workspaces/w44/deployments/")
