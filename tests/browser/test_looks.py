"""Every page fits its window and passes axe, light and dark, wide and narrow."""

from __future__ import annotations

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from deployments.models import Artifact, Event, Rollout, RolloutStep, TrafficCount
from deployments.rollouts.snapshot import Phase
from mlops_console.models import AuditEntry, Token
from runtimes.models import Runtime
from tests.browser.conftest import Open
from tests.cast import Cast
from tests.factories import make_deployment, make_drift, make_experiment, make_image, make_runtime

pytestmark = pytest.mark.browser
LONG = "A name that nobody should give a runtime but somebody will, " * 3
PAGES = (
    "/",
    "/workspaces/",
    "/workspaces/lab/",
    "/workspaces/lab/members/",
    "/workspaces/lab/tokens/",
    "/workspaces/lab/audit/",
    "/workspaces/lab/audit/4711/",
    "/workspaces/lab/runtimes/",
    "/workspaces/lab/runtimes/?state=DISABLED",
    "/workspaces/lab/runtimes/new/",
    "/workspaces/lab/runtimes/mojo/",
    "/workspaces/lab/runtimes/mojo/edit/",
    "/workspaces/lab/runtimes/mojo/disable/",
    "/workspaces/lab/runtime-images/",
    "/workspaces/lab/runtime-images/new/",
    "/workspaces/lab/runtime-images/h2o3-mojo/",
    "/workspaces/lab/runtime-images/h2o3-mojo/versions/new/",
    "/workspaces/elsewhere/runtimes/",
    "/workspaces/lab/deployments/",
    "/workspaces/-/deployments/?upgrade=yes&mode=SPLIT",
    "/workspaces/elsewhere/deployments/",
    "/workspaces/lab/deployments/new/?experiment=trained",
    "/workspaces/elsewhere/deployments/new/",
    "/workspaces/lab/deployments/live/",
    "/workspaces/lab/deployments/live/pause/",
    "/workspaces/lab/deployments/drifted/",
    "/workspaces/lab/deployments/drifted/adopt/",
    "/workspaces/lab/deployments/drifted/reapply/",
    "/workspaces/lab/experiments/",
    "/workspaces/lab/experiments/new/",
    "/workspaces/lab/experiments/trained/",
    "/workspaces/lab/rollouts/",
    "/workspaces/lab/rollouts/?status=FAILED",
    "/workspaces/lab/rollouts/4711/",
    "/workspaces/lab/rollouts/4711/abort/",
    "/workspaces/lab/deployments/live/upgrade/",
    "/tokens/",
    "/people/",
    "/people/new/",
    "/model-types/",
    "/bootstrap/",
    "/workspaces/none/runtimes/",
    "/api/",
    "/api/docs/",
    "/api/authz/v1/workspaces",
    "/api/runtime/v1/workspaces/lab/runtimes",
    "/api/runtime/v1/workspaces/lab/runtimes/mojo",
    "/api/runtime/v1/workspaces/lab/runtimes/mojo:deprecate",
    "/api/runtime/v1/workspaces/lab/runtimes?filter=nothing",
    "/api/nothing",
)


@pytest.mark.parametrize(
    ("width", "color_scheme"),
    [(1280, "light"), (1280, "dark"), (400, "light"), (400, "dark")],
    ids=["wide light", "wide dark", "narrow light", "narrow dark"],
)
def test_every_page_fits_and_is_accessible(signed_in: Open, world: Cast, width: int, color_scheme: str) -> None:
    image = make_image(world.workspace, versions="v1.9.0 v1.10.0 v2.0.0-rc.1", description=LONG)
    runtime = make_runtime(
        image,
        display_name=LONG,
        description=LONG,
        environment_variables={"JAVA_OPTS": "-X" * 300, "GPUS": "{GPU_COUNT}"},
        volumes=[{"id": "tmp", "type": "EMPTY_DIR", "readOnly": False, "mountPaths": ["/t" * 60], "properties": {}}],
    )
    make_runtime(image, "x" * 63, display_name="Q" * 200)
    make_rollout(runtime)
    make_runtime(image, "gold", display_name=LONG, selector={"k" * 200: "v" * 200})
    drifted = make_deployment(runtime, name=LONG[:200], uid="drifted")
    make_drift(
        drifted.compositions.get(), image=f"r.example:5000/{'q' * 200}@sha256:{'a' * 64}", replicas="7", other=LONG
    )
    trained = make_experiment(world.workspace, "Q" * 200, uid="trained", description=LONG, metadata={"k" * 200: LONG})
    Artifact.objects.create(
        workspace=world.workspace, experiment=trained, size=1, sha256="a" * 64, uploaded_at=timezone.now()
    )
    for user in (world.admin, world.owner):
        Token.objects.create(user=user, name="T" * 100, digest=user.username)
        Token.objects.create(user=user, name=LONG[:100], digest=f"{user.username} 2", revoked_at=timezone.now())
    AuditEntry.objects.create(
        pk=4711,
        workspace="lab",
        actor="T" * 100,
        actor_kind="token",
        verb="update",
        subject=f"workspaces/lab/runtimes/{'x' * 63}",
        reason=LONG,
        before={"k" * 200: LONG},
        after={"k" * 200: "v" * 200},
    )
    page = signed_in("admin", width=width, color_scheme=color_scheme)
    faults = {}
    for path in PAGES:
        page.goto(path)
        if found := faults_of(page):
            faults[path] = found
    # What is only seen after a press of a button.
    page.goto("/workspaces/lab/audit/")
    page.get_by_text("Show what changed").first.click()
    expect(page.get_by_role("group", name="Before and after")).to_be_visible()
    if found := faults_of(page):
        faults["an opened audit entry"] = found
    page.goto("/workspaces/lab/deployments/live/upgrade/")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("table", name="Upgrade preview")).to_be_visible()
    if found := faults_of(page):
        faults["the preview of an upgrade"] = found
    assert faults == {}


def faults_of(page: Page) -> list[str]:
    """What is wrong with how a page looks."""
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    found = [
        f"{violation['id']}: {violation['nodes'][0]['html'][:120]}"
        for violation in Axe().run(page).response["violations"]
        if violation["impact"] in ("serious", "critical")
    ]
    return [*found, f"{wider} pixels too wide"] if wider > 0 else found


def make_rollout(runtime: Runtime) -> None:
    """A deployment in the middle of a rollout that goes wrong, while requests come in."""
    experiments = [make_experiment(runtime.workspace, name) for name in (LONG[:200], "Q" * 200)]
    old = runtime.image.versions.get(version="v1.9.0")
    new = runtime.image.versions.get(version="v1.10.0")
    deployment = make_deployment(runtime, *experiments, uid="live", name=LONG[:200], version=old)
    rollout = Rollout.objects.create(
        pk=4711, deployment=deployment, number=1, reason=LONG, started_by="owner", status="UNDOING", cause=LONG
    )
    for composition, phase in zip(deployment.compositions.all(), (Phase.UNDO_SHIFTING, Phase.PENDING), strict=True):
        RolloutStep.objects.create(
            rollout=rollout,
            position=composition.position,
            composition=composition,
            before=old,
            after=new,
            old_workload=composition.workload,
            new_workload=f"{composition.uid}-1",
            phase=phase.value,
        )
    Event.objects.create(deployment=deployment, rollout=rollout, kind="undo", sentence=LONG * 3)
    workload = deployment.compositions.all()[0].workload
    for second, answered in enumerate((0, 20, 90, 130)):
        at = timezone.now() + timedelta(seconds=second)
        for name in ("", workload):
            TrafficCount.objects.create(rollout=rollout, at=at, workload=name, answered=answered, failed=second)
