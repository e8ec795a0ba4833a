"""A person makes a token, copies it, and revokes it."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from mlops_console.actions.tokens import digest
from mlops_console.models import Token
from tests.browser.conftest import Open
from tests.browser.test_main_job import told
from tests.cast import Cast

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_create_copy_and_revoke(signed_in: Open, world: Cast, javascript: bool) -> None:
    page = signed_in("viewer", javascript=javascript)
    page.get_by_role("link", name="API tokens").click()
    expect(page.get_by_role("heading", name="No tokens yet")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("nightly job")
    page.get_by_label("Read-only").check()
    page.get_by_role("button", name="Create token").click()

    made = page.get_by_role("region", name="Token nightly job created")
    expect(made).to_contain_text("cannot be shown again")
    secret = made.locator("code").first.inner_text()
    assert Token.objects.get(digest=digest(secret)).read_only
    if javascript:
        expect(made).to_be_focused()
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        made.get_by_role("button", name="Copy the token").click()
        expect(page.locator("#announcer")).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == secret

    table = page.get_by_role("table", name="API tokens")
    expect(table.get_by_role("row", name="nightly job")).to_contain_text("Active")
    page.get_by_role("button", name="Revoke nightly job").click()
    expect(page.get_by_role("heading", name="Revoke")).to_be_visible()
    page.locator("form.dialog-form").get_by_role("button", name="Revoke").click()
    expect(told(page)).to_contain_text("Token nightly job revoked.")
    expect(table.get_by_role("row", name="nightly job")).to_contain_text("Revoked")
    expect(page.get_by_text(secret)).to_have_count(0)
    assert Token.objects.get().revoked_at is not None


@pytest.mark.parametrize(("width", "color_scheme"), [(1280, "light"), (400, "dark")])
def test_a_new_token_fits_and_is_accessible(signed_in: Open, world: Cast, width: int, color_scheme: str) -> None:
    page = signed_in("viewer", "/tokens/", width=width, color_scheme=color_scheme)
    page.get_by_label("Name", exact=True).fill("x" * 100)
    page.get_by_role("button", name="Create token").click()
    expect(page.get_by_role("button", name="Copy the token")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    violations = Axe().run(page).response["violations"]
    assert [each["id"] for each in violations if each["impact"] in ("serious", "critical")] == []


def test_an_admin_revokes_what_a_member_has(signed_in: Open, world: Cast) -> None:
    Token.objects.create(user=world.viewer, name="ci", digest="x")
    page = signed_in("owner", "/workspaces/lab/")
    page.get_by_role("link", name="Tokens", exact=True).click()
    page.get_by_role("button", name="Revoke ci of viewer").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Token ci of viewer")
    dialog.get_by_role("button", name="Revoke").click()
    expect(told(page)).to_contain_text("Token ci of viewer revoked.")
    assert Token.objects.get().revoked_at is not None
