"""Drift as a person meets it: it appears, one reads what differs, and adopts or re-applies it, with scripts or not."""

from __future__ import annotations

from typing import Final

import pytest
from playwright.sync_api import Page, expect

from deployments.models import Deployment
from tests.browser.conftest import Open
from tests.browser.test_main_job import told
from tests.cast import Cast
from tests.factories import make_deployment, make_drift, make_image, make_runtime

pytestmark = pytest.mark.browser
PLACE: Final = "/workspaces/lab/deployments/"
FOUND: Final = "h2oai/h2o3-mojo:1.1.0"


@pytest.fixture
def deployment(world: Cast) -> Deployment:
    """One that runs v1.0.0."""
    image = make_image(world.workspace, versions="v1.0.0 v1.1.0")
    return make_deployment(
        make_runtime(image), version=image.versions.get(version="v1.0.0"), uid="live", health="LAUNCHING"
    )


def decide(page: Page, verb: str) -> None:
    """Press a button, read the question, give a reason, confirm."""
    page.get_by_role("region", name="Drift").get_by_role("button", name=verb).click()
    expect(page.get_by_role("heading", name=verb, exact=True)).to_be_visible()
    question = page.locator("form.dialog-form")
    expect(question).to_contain_text(FOUND)
    question.get_by_role("button", name=verb).click()
    expect(question.get_by_text("Give a reason")).to_be_visible()
    question.get_by_label("Reason").fill("As agreed with the night shift.")
    question.get_by_role("button", name=verb).click()


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_what_somebody_changed_is_adopted(signed_in: Open, deployment: Deployment, javascript: bool) -> None:
    make_drift(deployment.compositions.get(), image=FOUND, replicas="3")
    page = signed_in("operator", PLACE, javascript=javascript)
    row = page.get_by_role("row").filter(has_text="Churn live")
    expect(row).to_contain_text("Drift")
    row.get_by_role("link", name="Churn live").click()
    differs = page.get_by_role("region", name="Drift").get_by_role("table", name="What differs")
    expect(differs.get_by_role("row").nth(1)).to_contain_text("kubectl-set")
    expect(differs).to_contain_text("Can be adopted as v1.1.0.")
    decide(page, "Adopt")
    expect(told(page)).to_contain_text("Churn live: what was changed outside of the console is adopted.")
    expect(page.get_by_role("region", name="Drift")).to_have_count(0)
    expect(page.get_by_role("table", name="Compositions")).to_contain_text("v1.1.0")
    assert deployment.compositions.get().options["kubernetesResourceSpec"]["replicas"] == 3


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_what_somebody_changed_is_undone(signed_in: Open, deployment: Deployment, javascript: bool) -> None:
    make_drift(deployment.compositions.get(), image=FOUND, other="16")
    page = signed_in("operator", f"{PLACE}live/", javascript=javascript)
    drift = page.get_by_role("region", name="Drift")
    expect(drift.get_by_role("button", name="Adopt")).to_have_count(0)
    expect(drift).to_contain_text("Cannot be adopted.")
    decide(page, "Re-apply")
    expect(told(page)).to_contain_text("what the console wants is being applied again.")
    expect(drift).to_contain_text("operator asked for it")
    wish = Deployment.objects.get().reapply
    assert wish
    assert (wish.by, len(wish.lines)) == ("operator", 2)
    # What the worker writes once the engine says that it is as it should be.
    Deployment.objects.update(drift=[], reapply_lines=[], reapply_by="", reapply_at=None, health="HEALTHY")
    if not javascript:
        page.reload()
    expect(drift).to_have_count(0)


def test_drift_appears_and_changes_while_one_looks(signed_in: Open, deployment: Deployment) -> None:
    page = signed_in("operator", f"{PLACE}live/")
    drift = page.get_by_role("region", name="Drift")
    expect(page.get_by_role("region", name="Compositions")).to_be_visible()
    expect(drift).to_have_count(0)
    make_drift(deployment.compositions.get(), replicas="3")
    expect(drift).to_contain_text("Can be adopted as 3 replicas.", timeout=15_000)
    expect(page.locator("#health")).to_contain_text("Drift")
    drift.get_by_role("button", name="Re-apply").focus()
    page.keyboard.press("Enter")
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("3 becomes 1")
    # Somebody goes on changing it while the question is open.
    Deployment.objects.update(drift=[])
    make_drift(deployment.compositions.get(), replicas="9")
    question.get_by_label("Reason").fill("Too many.")
    question.get_by_role("button", name="Re-apply").click()
    expect(question.get_by_role("alert")).to_contain_text("something else differs by now")
    expect(question).to_contain_text("9 becomes 1")
    assert Deployment.objects.get().reapply is None
    question.get_by_role("button", name="Re-apply").click()
    expect(told(page)).to_contain_text("is being applied again")
    assert Deployment.objects.get().reapply


def test_an_upgrade_waits_for_a_decision(signed_in: Open, deployment: Deployment) -> None:
    make_drift(deployment.compositions.get(), replicas="3")
    page = signed_in("operator", f"{PLACE}live/")
    page.get_by_role("link", name="Upgrade runtime image").click()
    expect(page.get_by_role("note")).to_contain_text("This deployment has drifted")
    page.get_by_role("button", name="Preview").click()
    page.get_by_label("Reason").fill("A CVE.")
    page.get_by_role("button", name="Start upgrade").click()
    expect(page.get_by_role("alert")).to_contain_text("has drifted: adopt or re-apply what differs first.")
    page.get_by_role("link", name="adopt or re-apply").click()
    expect(page.get_by_role("region", name="Drift")).to_be_visible()
