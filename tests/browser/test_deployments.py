"""Experiments and deployments from end to end, as a person makes them."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect
from pytest_django.fixtures import Settings

from deployments.models import Deployment, Event, Experiment
from tests.browser.conftest import Open
from tests.browser.test_main_job import told
from tests.cast import Cast
from tests.factories import make_deployment, make_experiment, make_image, make_runtime

pytestmark = pytest.mark.browser
LIST = "/workspaces/lab/deployments/"
MODEL = b'{"kind": "linear", "inputs": [{"name": "x", "coefficient": 2}]}'


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_upload_an_experiment_and_deploy_it_beside_another(
    signed_in: Open, world: Cast, settings: Settings, tmp_path: Path, javascript: bool
) -> None:
    settings.DATA_DIR = tmp_path
    image = make_image(world.workspace, versions="v1.0.0 v1.1.0")
    make_runtime(image, display_name="MOJO")
    make_runtime(image, "gold", display_name="MOJO gold", selector={"tier": "gold"})
    make_runtime(image, "retired", display_name="MOJO retired", api_state="DISABLED")
    make_experiment(world.workspace, "Challenger", metadata={"tier": "gold"})
    page = signed_in("operator", "/workspaces/lab/experiments/", javascript=javascript)

    page.get_by_role("link", name="Upload experiment").first.click()
    page.get_by_label("Name", exact=True).fill("Churn 2026")
    page.get_by_label("Model type").select_option("h2o3_mojo")
    page.get_by_label("Metadata").fill("tier=silver\nteam=risk")
    page.get_by_label("Artifact").set_input_files({"name": "model.json", "mimeType": "text/json", "buffer": MODEL})
    page.get_by_role("button", name="Upload experiment").click()
    expect(told(page)).to_contain_text("Experiment Churn 2026 uploaded.")
    assert Experiment.objects.get(display_name="Churn 2026").artifacts.get().size == len(MODEL)

    page.get_by_role("link", name="Deploy", exact=True).click()
    page.get_by_label("Name", exact=True).fill("Churn A/B")
    page.get_by_role("radio", name="A/B split").check()
    first = page.get_by_role("group", name="Composition 1")
    expect(first.get_by_label("Runtime")).to_have_value("workspaces/lab/runtimes/mojo")
    first.get_by_text("2 runtimes do not match").click()
    expect(first.get_by_text("It is disabled.")).to_be_visible()
    expect(first.get_by_text("Its selector does not match")).to_be_visible()
    first.get_by_label("Weight").fill("90")

    page.get_by_role("button", name="Add composition").click()
    second = page.get_by_role("group", name="Composition 2")
    second.get_by_label("Experiment").select_option(label="Challenger (h2o3_mojo)")
    if javascript:
        expect(second.get_by_label("Experiment")).to_be_focused()
    else:
        second.get_by_role("button", name="Show runtimes").click()
    second.get_by_label("Runtime").select_option("workspaces/lab/runtimes/gold")
    second.get_by_label("Weight").fill("10")
    expect(first.get_by_label("Weight")).to_have_value("90")
    page.get_by_role("button", name="Create deployment").click()
    expect(told(page)).to_contain_text("Deployment Churn A/B created")
    expect(page.get_by_role("heading", level=1)).to_have_text("Churn A/B")
    table = page.get_by_role("table", name="Compositions")
    expect(table.get_by_role("row").nth(1)).to_contain_text("90")
    expect(table.get_by_role("row").nth(2)).to_contain_text("MOJO gold")


def test_weights_are_asked_for_in_a_split_only(signed_in: Open, world: Cast) -> None:
    experiment = make_experiment(world.workspace)
    page = signed_in("operator", f"{LIST}new/?experiment={experiment.uid}")
    expect(page.get_by_label("Weight")).to_be_hidden()
    page.get_by_role("radio", name="A/B split").check()
    expect(page.get_by_label("Weight")).to_be_visible()


def test_the_page_follows_a_launch_and_then_falls_silent(signed_in: Open, world: Cast) -> None:
    runtime = make_runtime(make_image(world.workspace, versions="v1.0.0"))
    deployment = make_deployment(runtime, health="LAUNCHING", health_message="Waiting for Churn to become ready.")
    page = signed_in("viewer", f"{LIST}{deployment.uid}/")
    live = page.locator("#live")
    expect(live).to_contain_text("Waiting for Churn")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "seen=" in request.url else None)
    Deployment.objects.update(
        health="HEALTHY", health_message="", health_at=timezone.now(), address="http://127.0.0.1:21080/d-1"
    )
    Event.objects.create(deployment=deployment, kind="healthy", sentence="Everything is ready.")
    expect(live).to_contain_text("Everything is ready.")
    expect(page.locator("#health")).to_have_text("Healthy")
    expect(live.get_by_role("button", name="Copy the address")).to_be_visible()
    asked.clear()
    page.wait_for_timeout(2500)
    assert asked == []


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_pause_resume_and_delete(signed_in: Open, world: Cast, javascript: bool) -> None:
    runtime = make_runtime(make_image(world.workspace, versions="v1.0.0"))
    deployment = make_deployment(runtime, health="HEALTHY")
    page = signed_in("owner", f"{LIST}{deployment.uid}/", javascript=javascript)
    for verb, done in (("Pause", "paused"), ("Resume", "resumed")):
        page.get_by_role("button", name=verb, exact=True).click()
        expect(page.get_by_role("heading", name=verb)).to_be_visible()
        page.get_by_label("Reason").fill("Maintenance.")
        page.locator("form.dialog-form").get_by_role("button", name=verb).click()
        expect(told(page)).to_contain_text(f"Churn live {done}.")
    page.get_by_role("link", name="Delete").click()
    page.locator("form.dialog-form").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="No deployments yet")).to_be_visible()


def test_the_table_narrows_by_what_can_be_upgraded_and_comes_back(signed_in: Open, world: Cast) -> None:
    image = make_image(world.workspace, versions="v1.0.0 v1.1.0")
    runtime = make_runtime(image)
    make_deployment(runtime, name="Old one", version=image.versions.get(version="v1.0.0"))
    make_deployment(runtime, make_experiment(world.workspace), name="New one")
    page = signed_in("viewer", LIST)
    page.get_by_label("Upgrade available").select_option("yes")
    expect(page.get_by_role("link", name="New one")).to_be_hidden()
    expect(page.get_by_role("link", name="Old one")).to_be_visible()
    assert "upgrade=yes" in page.url
    page.get_by_role("link", name="Old one").click()
    expect(page.get_by_text("Latest is v1.1.0")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Upgrade available")).to_have_value("yes")
    expect(page.get_by_role("link", name="New one")).to_be_hidden()
