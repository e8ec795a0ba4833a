"""The audit trail: what an entry changed comes when it is opened."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from mlops_console import audit
from tests.browser.conftest import Open
from tests.cast import Cast

pytestmark = pytest.mark.browser
LIST = "/workspaces/lab/audit/"


@pytest.fixture(autouse=True)
def entries(world: Cast) -> None:
    audit.record(
        audit.entry(
            actor=world.actor("operator"),
            verb=audit.Verb.DISABLE,
            subject=audit.Subject(audit.Kind.RUNTIME, f"workspaces/lab/runtimes/{uid}", "lab"),
            now=datetime(2026, 11, 24, 12, tzinfo=UTC),
            reason="CVE",
            before={"state": f"BEFORE-{uid}"},
            after={"state": f"AFTER-{uid}"},
        )
        for uid in ("one", "two")
    )


def test_an_opened_entry_asks_once_for_what_it_changed(signed_in: Open) -> None:
    page = signed_in("viewer", LIST)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/audit/" in request.url else None)
    summary = page.get_by_text("Show what changed in workspaces/lab/runtimes/one")
    summary.focus()
    page.keyboard.press("Enter")
    change = page.get_by_role("group", name="Before and after")
    expect(change.get_by_role("row")).to_have_text(["Field Before After", "state BEFORE-one AFTER-one"])
    expect(summary).to_be_focused()
    for _ in range(2):
        page.keyboard.press("Enter")
    expect(change).to_be_visible()
    assert len(asked) == 1
    assert page.url.endswith(LIST)
    page.get_by_text("Show what changed in workspaces/lab/runtimes/two").click()
    expect(page.get_by_text("AFTER-two")).to_be_visible()
    expect(page.get_by_text("AFTER-one")).to_be_visible()


def test_without_scripts_an_entry_leads_to_its_own_page(signed_in: Open) -> None:
    page = signed_in("viewer", LIST, javascript=False)
    page.get_by_text("Show what changed in workspaces/lab/runtimes/one").click()
    page.get_by_role("link", name="Before and after").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Audit entry")
    expect(page.get_by_text("AFTER-one")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Audit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Audit")
