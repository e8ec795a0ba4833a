"""Upgrades by the API without a worker: what is started, what is refused and how, what a preview tells."""

from __future__ import annotations

from typing import Any

import pytest

from deployments.models import Deployment, Plan, Rollout
from mlops_console.models import AuditEntry
from runtimes.models import Runtime
from tests.cast import Cast, Program
from tests.factories import make_deployment, make_drift, make_experiment, make_image, make_runtime, make_version

pytestmark = pytest.mark.django_db
PLACE = "/api/deployer/v2/workspaces/lab/deployments"
IMAGE = "workspaces/lab/runtimeImages/h2o3-mojo"
BATCH = f"{PLACE}:batchUpgradeRuntimeImage"


@pytest.fixture
def runtime(cast: Cast) -> Runtime:
    image = make_image(cast.workspace, versions="v1.0.0 v1.1.0")
    make_version(image, "v2.0.0", api_state="DISABLED")
    return make_runtime(image)


@pytest.fixture
def split(cast: Cast, runtime: Runtime) -> Deployment:
    old = runtime.image.versions.get(version="v1.0.0")
    first, second = (make_experiment(cast.workspace, name, uid=name) for name in ("one", "two"))
    return make_deployment(runtime, first, second, version=old)


@pytest.fixture
def operator(cast: Cast) -> Program:
    return cast.api("operator")


def target(experiment: str, version: str = "") -> dict[str, str]:
    return {"experimentId": experiment} | ({"runtimeImageVersion": version} if version else {})


def moves(deployment: Deployment) -> dict[str, str]:
    """What the last rollout moves, by experiment."""
    steps = Rollout.objects.filter(deployment=deployment).order_by("number").last()
    assert steps is not None
    return {step.composition.experiment.uid: step.after.version for step in steps.steps.all()}


@pytest.mark.parametrize(
    ("body", "moved"),
    [
        pytest.param({}, {"one": "v1.1.0", "two": "v1.1.0"}, id="no targets"),
        pytest.param({"targets": []}, {"one": "v1.1.0", "two": "v1.1.0"}, id="empty targets"),
        pytest.param({"targets": [target("two")]}, {"two": "v1.1.0"}, id="one to the latest"),
        pytest.param({"targets": [target("*")]}, {"one": "v1.1.0", "two": "v1.1.0"}, id="all by the wildcard"),
        pytest.param({"targets": [target("one", IMAGE)]}, {"one": "v1.1.0"}, id="an image"),
        pytest.param({"targets": [target("one", f"{IMAGE}/versions/1.1.0")]}, {"one": "v1.1.0"}, id="without the v"),
        pytest.param(
            {"targets": [target("one"), target("two", f"{IMAGE}/versions/v1.0.0")]},
            {"one": "v1.1.0"},
            id="one is there",
        ),
    ],
)
def test_targets_say_what_moves(
    operator: Program, split: Deployment, body: dict[str, Any], moved: dict[str, str]
) -> None:
    answer = operator.post(f"{PLACE}/{split.uid}:upgradeRuntimeImage", body)
    assert (answer.status, answer.json["deployment"]["etag"]) == (200, "2")
    assert moves(split) == moved


@pytest.mark.parametrize(
    ("targets", "status", "code", "told"),
    [
        pytest.param([target("one", f"{IMAGE}/versions/v2.0.0")], 409, 10, "disabled", id="disabled"),
        pytest.param([target("three")], 400, 3, "targets.0.experimentId", id="unknown experiment"),
        pytest.param([target("one", f"{IMAGE}/versions/v9.0.0")], 404, 5, "has no version", id="unknown version"),
        pytest.param([target("one", "nonsense")], 404, 5, "names no version", id="no name of a version"),
        pytest.param(
            [target("one", "workspaces/elsewhere/runtimeImages/h2o3-mojo")], 404, 5, "may use", id="another tenant's"
        ),
        pytest.param([target("one"), target("one", IMAGE)], 400, 3, "something else", id="said twice"),
        pytest.param([{}], 400, 3, "Name an experiment", id="nobody named"),
        pytest.param(
            [target("one"), target("two", f"{IMAGE}/versions/v2.0.0")], 409, 10, "disabled", id="one of two blocked"
        ),
    ],
)
def test_what_cannot_be_is_refused_whole(
    operator: Program, split: Deployment, targets: list[Any], status: int, code: int, told: str
) -> None:
    answer = operator.post(f"{PLACE}/{split.uid}:upgradeRuntimeImage", {"targets": targets})
    assert told in answer.error(status, code)
    assert not Rollout.objects.exists()
    assert Deployment.objects.get().revision == 1


def test_what_is_there_already_changes_nothing(operator: Program, runtime: Runtime) -> None:
    row = make_deployment(runtime)
    before = operator.get(f"{PLACE}/{row.uid}").json
    assert operator.post(f"{PLACE}/{row.uid}:upgradeRuntimeImage", {}).json == before
    assert not AuditEntry.objects.filter(verb="upgrade").exists()


def test_a_preview_names_every_kind_and_keeps_nothing(cast: Cast, operator: Program, split: Deployment) -> None:
    body = {"targets": [target("one"), target("two", f"{IMAGE}/versions/v2.0.0"), target("three")]}
    for program in (operator, cast.api("viewer")):
        plan = program.post(f"{PLACE}/{split.uid}:previewUpgradeRuntimeImage", body).json["plan"]
        steps = {step["experimentId"]: step for step in plan["steps"]}
        assert {uid: (step["kind"], step.get("code")) for uid, step in steps.items()} == {
            "one": ("UPGRADE", None),
            "two": ("BLOCKED", "version-disabled"),
            "three": ("BLOCKED", "unknown-experiment"),
        }
        assert steps["one"]["before"]["image"] == "h2oai/h2o3-mojo:1.0.0"
        assert steps["one"]["after"]["name"] == f"{IMAGE}/versions/v1.1.0"
        assert all(step["message"] for step in plan["steps"])
        assert steps["two"]["cure"]
        assert (plan["changes"], plan["blocked"], len(plan["fingerprint"])) == (1, 2, 64)
    assert not Plan.objects.exists()


def test_a_fingerprint_holds_an_upgrade_to_its_preview(operator: Program, runtime: Runtime, split: Deployment) -> None:
    path = f"{PLACE}/{split.uid}"
    plan = operator.post(f"{path}:previewUpgradeRuntimeImage", {}).json["plan"]
    make_version(runtime.image, "v1.2.0")
    body = {"fingerprint": plan["fingerprint"]}
    assert "changed since" in operator.post(f"{path}:upgradeRuntimeImage", body).error(409, 10)
    plan = operator.post(f"{path}:previewUpgradeRuntimeImage", {}).json["plan"]
    assert operator.post(f"{path}:upgradeRuntimeImage", {"fingerprint": plan["fingerprint"]}).status == 200


def test_a_batch_starts_each_on_its_own(cast: Cast, operator: Program, runtime: Runtime, split: Deployment) -> None:
    there = make_deployment(runtime, name="There already")
    elsewhere = make_deployment(make_runtime(make_image(cast.other, versions="v1.0.0")), name="Elsewhere")
    requests: list[dict[str, Any]] = [
        {"name": there.name},
        {"name": split.name, "targets": [target("one")]},
        {"name": elsewhere.name},
        {"name": "workspaces/lab/deployments/nobody"},
        {"name": "nonsense"},
    ]
    told = operator.post(BATCH, {"requests": requests, "reason": "CVE-2026-1234"}).json
    assert [each["name"] for each in told["deployments"]] == [there.name, split.name]
    assert {name: error["code"] for name, error in told["errors"].items()} == {each["name"]: 5 for each in requests[2:]}
    assert moves(split) == {"one": "v1.1.0"}
    assert Rollout.objects.get().reason == "CVE-2026-1234"
    everywhere = BATCH.replace("/lab/", "/-/")
    told = cast.api("admin").post(everywhere, {"requests": [{"name": elsewhere.name}]}).json
    assert [each["name"] for each in told["deployments"]] == [elsewhere.name]


@pytest.mark.parametrize("number", [0, 1001])
def test_a_batch_has_1_to_1000_requests(operator: Program, number: int) -> None:
    requests = [{"name": f"workspaces/lab/deployments/{each}"} for each in range(number)]
    assert "1 to 1,000" in operator.post(BATCH, {"requests": requests}).error(400, 3)


def test_what_has_drifted_is_not_upgraded_and_says_so(operator: Program, split: Deployment) -> None:
    make_drift(split.compositions.get(position=0), replicas="3")
    status = operator.get(f"{PLACE}/{split.uid}/status").json["deploymentStatus"]
    assert status["updatesAllowed"] is False
    assert "Somebody changed it outside of the console" in status["message"]
    assert "has drifted" in operator.post(f"{PLACE}/{split.uid}:upgradeRuntimeImage", {}).error(409, 10)
    assert not Rollout.objects.exists()


def test_a_batch_names_nothing_twice(operator: Program, split: Deployment) -> None:
    operator.post(BATCH, {"requests": [{"name": split.name}] * 2}).error(400, 3)
    assert not Rollout.objects.exists()


def test_a_rollout_is_listed_read_and_told_what_people_want(operator: Program, split: Deployment) -> None:
    path = f"{PLACE}/{split.uid}"
    operator.post(f"{path}:upgradeRuntimeImage", {"reason": "CVE-2026-1234"})
    rollout = operator.get(f"{path}/rollouts").json["rollouts"][0]
    assert (rollout["name"], rollout["status"], rollout["intent"]) == (f"{split.name}/rollouts/1", "PENDING", "RUN")
    assert [step["phase"] for step in rollout["steps"]] == ["PENDING", "PENDING"]
    assert operator.get(f"{path}/status").json["deploymentStatus"]["updatesAllowed"] is False
    for verb, intent in (("pause", "PAUSE"), ("resume", "RUN"), ("abort", "ABORT")):
        told = operator.post(f"{path}/rollouts/1:{verb}", {"reason": "Because"}).json["rollout"]
        assert told["intent"] == intent
    operator.post(f"{path}/rollouts/1:resume").error(409, 10)
    assert len(operator.get(f"{path}/rollouts/1").json["rollout"]["events"]) == 4
    for number in ("2", "x", "٣", "9" * 30):
        operator.get(f"{path}/rollouts/{number}").error(404, 5)
    assert operator.get(f"{path}/rollouts", filter="status = SUCCEEDED").json["rollouts"] == []
