"""Upgrading a live deployment as a person does it, with real scorers behind a real router."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from deployments.actions.deployments import Wish, create_deployment
from deployments.engines.contract import Engine
from deployments.engines.registry import engine_named
from deployments.models import Composition, Deployment, Rollout, WorkloadSpec
from deployments.planning.modes import Mode
from deployments.rollouts.turn import turn
from mlops_console.actor import ActorKind, system
from runtimes.models import Runtime, RuntimeImage, Version
from tests.browser.conftest import Open
from tests.cast import Cast
from tests.factories import make_experiment, make_image, make_runtime, make_version

pytestmark = pytest.mark.browser
REASON = "CVE-2026-1234"
PATIENCE = 60_000
SCRIPTS = pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])


@dataclass(frozen=True)
class Scene:
    """A live deployment of three experiments on v1.0.0; v1.1.0 is the latest, v0.9.0 is disabled."""

    deployment: Deployment
    image: RuntimeImage
    engine: Engine

    @property
    def page(self) -> str:
        return f"/workspaces/lab/deployments/{self.deployment.uid}/"

    def versions(self) -> list[str]:
        rows = Composition.objects.filter(deployment=self.deployment).order_by("position")
        return [each.version.version for each in rows.select_related("version")]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = engine_named("local", folder=tmp_path / "engine")
    yield made
    made.stop_all()


@contextmanager
def working(engine: Engine) -> Iterator[None]:
    """A worker that takes one turn after the other beside the browser."""
    stopped = threading.Event()
    actor = system(ActorKind.WORKER, "worker of the test")

    def work() -> None:
        try:
            while not stopped.is_set():
                if not turn(engine=engine, actor=actor, now=timezone.now()):
                    stopped.wait(0.05)
        finally:
            connection.close()

    thread = threading.Thread(target=work, name="worker")
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


@contextmanager
def asking(address: str) -> Iterator[list[int]]:
    """A client that asks again and again; answers the statuses that it got."""
    stopped = threading.Event()
    statuses: list[int] = []
    place = urlsplit(address)

    def ask() -> None:
        while not stopped.wait(0.02):
            client = http.client.HTTPConnection(place.hostname or "", place.port, timeout=10)
            client.request("GET", f"{place.path}/model/schema")
            statuses.append(client.getresponse().status)
            client.close()

    thread = threading.Thread(target=ask, name="client")
    thread.start()
    try:
        yield statuses
    finally:
        stopped.set()
        thread.join()


@pytest.fixture
def scene(world: Cast, engine: Engine) -> Scene:
    image = make_image(world.workspace, versions="v1.0.0")
    runtime = make_runtime(image)
    names = ("Churn one", "Churn two", "Churn three")
    wishes = [
        Wish(experiment=make_experiment(world.workspace, name).uid, runtime=runtime.name, weight=30) for name in names
    ]
    deployment = create_deployment(
        actor=world.actor("owner"),
        workspace=world.workspace,
        display_name="Churn live",
        mode=Mode.SPLIT,
        wishes=wishes,
        now=timezone.now(),
    )
    make_version(image, "v1.1.0")
    make_version(image, "v0.9.0", api_state="DISABLED")
    with working(engine):
        for _ in range(600):
            deployment.refresh_from_db()
            if deployment.health == "HEALTHY":
                break
            threading.Event().wait(0.1)
    assert deployment.health == "HEALTHY", deployment.health_message
    return Scene(deployment, image, engine)


def choose(page: Page, name: str, label: str) -> None:
    page.get_by_label(f"Target for {name}", exact=True).select_option(label=label)


def row_of(page: Page, name: str) -> Locator:
    return page.get_by_role("table", name="Upgrade preview").get_by_role("row").filter(has_text=name)


def preview(page: Page) -> None:
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("table", name="Upgrade preview")).to_be_visible()


def start(page: Page) -> None:
    page.get_by_label("Reason").fill(REASON)
    page.get_by_role("button", name="Start upgrade").click()


def follow(page: Page, javascript: bool, words: str) -> None:
    """Watch the rollout's page until it says so; without scripts by reloading it."""
    status = page.locator("#rollout-status")
    if javascript:
        expect(status).to_contain_text(words, timeout=PATIENCE)
        return
    for _ in range(PATIENCE // 500):
        if words in status.inner_text():
            return
        page.wait_for_timeout(500)
        page.get_by_role("link", name="Reload").click()
    raise AssertionError(f"never {words}: {status.inner_text()}")


@SCRIPTS
def test_one_is_upgraded_one_skipped_one_blocked(signed_in: Open, scene: Scene, javascript: bool) -> None:
    Runtime.objects.update(environment_variables={"THREADS": "4"})
    page = signed_in("operator", f"{scene.page}upgrade/", javascript=javascript)
    choose(page, "Churn one", "Latest")
    choose(page, "Churn two", "Keep current version")
    choose(page, "Churn three", "H2o3 mojo v0.9.0 (disabled)")
    preview(page)
    columns = page.get_by_role("table", name="Upgrade preview").get_by_role("columnheader")
    expect(columns).to_have_text(["Experiment", "Current version", "Target version", "Action", "Why"])
    expect(row_of(page, "Churn one")).to_contain_text("Upgrade")
    expect(row_of(page, "Churn one")).to_contain_text("h2oai/h2o3-mojo:1.1.0")
    expect(row_of(page, "Churn one")).to_contain_text("1 environment variable will be different")
    expect(row_of(page, "Churn two")).to_contain_text("Skip")
    expect(row_of(page, "Churn three")).to_contain_text("v0.9.0 of H2o3 mojo is disabled")

    start(page)
    expect(page.get_by_role("alert").first).to_contain_text("v0.9.0 of H2o3 mojo is disabled")
    expect(page.get_by_label("Reason")).to_have_value(REASON)
    assert not Rollout.objects.exists()

    page.get_by_label("Leave out what is blocked").check()
    with asking(scene.deployment.address) as statuses, working(scene.engine):
        page.get_by_role("button", name="Start upgrade").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("#1 of Churn live")
        expect(page.get_by_role("button", name="Abort")).to_be_visible()
        follow(page, javascript, "Succeeded")
    assert scene.versions() == ["v1.1.0", "v1.0.0", "v1.0.0"]
    specs = WorkloadSpec.objects.order_by("composition__position")
    assert [each.content["environment"] for each in specs] == [{"THREADS": "4"}, {}, {}]
    expect(page.get_by_role("button", name="Abort")).to_be_hidden()
    expect(page.get_by_role("list", name="Phases of Churn one")).to_contain_text("Done")
    expect(page.get_by_role("list", name="Time line, newest first")).to_contain_text("Churn one runs v1.1.0")
    expect(page.get_by_role("img", name="Requests a second by version")).to_be_visible()
    expect(page.locator(".traffic-told")).to_contain_text(" 0 failed")
    assert len(statuses) > 20
    assert set(statuses) == {200}
    # The page that has arrived at the end asks no more.
    expect(page.locator("#rollout-live")).not_to_have_attribute("hx-trigger", "every 1s")


@SCRIPTS
def test_a_plan_that_has_gone_stale(signed_in: Open, scene: Scene, javascript: bool) -> None:
    page = signed_in("operator", f"{scene.page}upgrade/", javascript=javascript)
    choose(page, "Churn one", "Latest")
    page.get_by_label("All other experiments").select_option(label="Keep current version")
    preview(page)
    make_version(scene.image, "v1.2.0")
    with page.expect_response(lambda response: response.request.method == "POST") as answer:
        start(page)
    assert answer.value.status == 409
    sides = page.get_by_role("table", name="Old and new plan")
    changed = sides.get_by_role("row").filter(has_text="Churn one")
    expect(changed).to_contain_text("differs")
    expect(changed.get_by_role("cell").nth(0)).to_contain_text("v1.0.0 → v1.1.0")
    expect(changed.get_by_role("cell").nth(1)).to_contain_text("v1.0.0 → v1.2.0")
    expect(sides.get_by_role("row").filter(has_text="Churn two")).to_contain_text("the same")
    expect(page.get_by_label("Reason")).to_have_value(REASON)
    expect(page.get_by_label("Target for Churn one")).to_have_value("latest")
    assert not Rollout.objects.exists()
    page.get_by_role("button", name="Start upgrade").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("#1 of Churn live")
    assert Rollout.objects.get().steps.get().after.version == "v1.2.0"


@SCRIPTS
def test_an_abort_brings_back_what_ran_before(signed_in: Open, scene: Scene, javascript: bool) -> None:
    Version.objects.filter(version="v1.1.0").update(reference="h2oai/mojo-slow-30:1.1.0")
    page = signed_in("operator", f"{scene.page}upgrade/", javascript=javascript)
    preview(page)
    with working(scene.engine):
        start(page)
        follow(page, javascript, "Running")
        page.get_by_role("button", name="Pause").click()
        page.locator("form.dialog-form").get_by_role("button", name="Pause").click()
        expect(page.locator("#rollout-status")).to_contain_text("Pauses after the composition that is on its way")
        page.get_by_role("button", name="Abort").click()
        confirm = page.locator("form.dialog-form").get_by_role("button", name="Abort")
        confirm.click()
        expect(page.get_by_role("alert").first).to_contain_text("Abort was not carried out")
        page.get_by_label("Reason").fill("Too slow")
        confirm.click()
        follow(page, javascript, "Rolled back")
    expect(page.get_by_text("Aborted by operator: Too slow.").first).to_be_visible()
    assert scene.versions() == ["v1.0.0"] * 3


def test_a_version_that_never_gets_ready_is_undone_with_its_cause(signed_in: Open, scene: Scene) -> None:
    Version.objects.filter(version="v1.1.0").update(reference="h2oai/mojo-crash-0:1.1.0")
    page = signed_in("operator", f"{scene.page}upgrade/")
    preview(page)
    with asking(scene.deployment.address) as statuses, working(scene.engine):
        start(page)
        follow(page, True, "Rolled back")
    expect(page.locator("#rollout-live .notice")).to_contain_text("Churn one")
    # It may be over before a request was counted, which is said in other words.
    expect(page.locator("#rollout-live")).to_contain_text(" 0 failed")
    assert scene.versions() == ["v1.0.0"] * 3
    assert set(statuses) == {200}
