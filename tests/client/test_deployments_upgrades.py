"""Upgrading runtime images by the published client, in every form that it has."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from h2o_mlops import options, types
from h2o_mlops.errors import MLOpsApiError, MLOpsConflictError, MLOpsNotFoundError

from tests.client.deploying import ROWS, answer, deploy, register, scoring, until, versions
from tests.client.wire import Wire

Composition = options.CompositionOptions
OLD, NEW = "v1.0.0", "v1.1.0"


@pytest.fixture(scope="module")
def family(lab: Any) -> Any:
    """An image with an old version, a new one, a disabled one and one that never becomes ready."""
    made = lab.runtime_images.create("Family", "registry.example.org/family:1.0.0", uid="family")
    for tag in ("family:1.1.0", "family:0.9.0", "family-neverready:0.8.0"):
        made.versions.create(f"registry.example.org/{tag}")
    made.versions.get("v0.9.0").disable(reason="CVE-2026-1234")
    return made


@pytest.fixture(scope="module")
def runs_on(admin: Any, lab: Any, family: Any) -> Any:
    return scoring(admin, lab.runtimes.create("Linear", family, "h2o3_mojo"))


@pytest.fixture(scope="module")
def models(lab: Any) -> list[Any]:
    return [register(lab, f"Model {number}", number) for number in (2, 5)]


@pytest.fixture(scope="module")
def single(lab: Any, models: list[Any], runs_on: Any) -> Iterator[Any]:
    made = deploy(lab, "Single", Composition(models[0], runs_on))
    yield made
    made.delete()


@pytest.fixture(scope="module")
def split(lab: Any, models: list[Any], runs_on: Any) -> Iterator[Any]:
    parts = [Composition(model, runs_on, traffic_weight=50) for model in models]
    made = deploy(lab, "Split", *parts, mode=types.DeploymentModeType.AB_TEST)
    yield made
    made.delete()


@pytest.fixture
def settle(wire: Callable[[str], Wire]) -> Callable[[Any], Any]:
    """Wait until no rollout of a deployment is under way; answers the last one."""

    def wait(deployment: Any) -> Any:
        path = f"/api/deployer/v2/{deployment._resource_name}"
        until(lambda: wire("admin").get(f"{path}/status").json["deploymentStatus"]["updatesAllowed"], seconds=90)
        deployment._refresh()
        rollouts = wire("admin").get(f"{path}/rollouts").json["rollouts"]
        return rollouts[0] if rollouts else None

    return wait


@contextmanager
def asking(scorer: Any) -> Iterator[Counter[str]]:
    """Somebody who keeps asking for scores, and what they were told."""
    told: Counter[str] = Counter()
    enough = threading.Event()

    def ask() -> None:
        while not enough.is_set():
            try:
                told[str(scorer.score(ROWS)["score"])] += 1
            except Exception as fault:  # noqa: BLE001 - whatever it is, it is a lost request
                told[repr(fault)] += 1

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield told
    finally:
        enough.set()
        thread.join()


def to(deployment: Any, family: Any, number: str, settle: Callable[[Any], Any]) -> None:
    """Bring every composition of a deployment to a version."""
    name = family.versions.get(number)._resource_name
    deployment.upgrade_runtime_image({"*": name})
    settle(deployment)
    assert set(versions(deployment).values()) == {number}


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(lambda family, uid: None, id="nothing: the latest"),
        pytest.param(lambda family, uid: family, id="an image"),
        pytest.param(lambda family, uid: family.versions.get(NEW), id="a version"),
        pytest.param(lambda family, uid: family.versions.get(NEW)._resource_name, id="the name of a version"),
        pytest.param(lambda family, uid: {uid: family.versions.get(NEW)}, id="an experiment to a version"),
        pytest.param(lambda family, uid: {uid: None}, id="an experiment to the latest"),
        pytest.param(lambda family, uid: {"*": None}, id="all to the latest"),
        pytest.param(lambda family, uid: {}, id="an empty choice, which is all"),
    ],
)
def test_every_form_of_an_upgrade_arrives_and_loses_no_request(
    lab: Any, single: Any, family: Any, settle: Callable[[Any], Any], form: Callable[[Any, str], Any]
) -> None:
    to(single, family, OLD, settle)
    assert single.scorer.score(ROWS)["score"] == answer(2)
    found = lab.runtime_images.get(family.uid)
    with asking(single.scorer) as told:
        before = single.revision_uid
        single.upgrade_runtime_image(form(found, single.experiments[0].uid))
        assert single.revision_uid != before
        rollout = settle(single)
    assert rollout["status"] == "SUCCEEDED", rollout
    assert set(versions(single).values()) == {NEW}
    assert set(told) == {str(answer(2))}, told
    assert single.scorer.score(ROWS)["score"] == answer(2)
    assert not single.was_rolled_back


def test_what_is_on_its_target_is_skipped_and_changes_nothing(
    single: Any, family: Any, settle: Callable[[Any], Any]
) -> None:
    to(single, family, NEW, settle)
    before = (single.revision_uid, single.last_modified_time)
    single.upgrade_runtime_image()
    assert (single.revision_uid, single.last_modified_time) == before


def test_some_experiments_go_and_the_others_stay(
    split: Any, models: list[Any], family: Any, settle: Callable[[Any], Any]
) -> None:
    to(split, family, OLD, settle)
    first, second = (model.experiment().uid for model in models)
    split.upgrade_runtime_image({first: family.versions.get(NEW)})
    settle(split)
    assert versions(split) == {first: NEW, second: OLD}
    flags = [each.deployment_composition.runtime_image_upgrade_available for each in split._get_deployment_elements()]
    assert flags == [False, True]
    split.upgrade_runtime_image({first: family.versions.get(OLD), "*": None})
    settle(split)
    assert versions(split) == {first: OLD, second: NEW}


def test_one_value_for_two_experiments_is_refused_by_the_client(split: Any, family: Any) -> None:
    with pytest.raises(ValueError, match="2 compositions"):
        split.upgrade_runtime_image(family.versions.get(NEW))


@pytest.mark.parametrize(
    ("target", "error", "match"),
    [
        pytest.param("{family}/versions/v0.9.0", MLOpsConflictError, "v0.9.0 of Family is disabled", id="disabled"),
        pytest.param("{family}/versions/v7.0.0", MLOpsNotFoundError, "has no version", id="unknown version"),
        pytest.param(
            "workspaces/x/runtimeImages/y", MLOpsNotFoundError, "There is no runtime image", id="unknown image"
        ),
    ],
)
def test_a_target_that_cannot_be_is_refused(
    single: Any, family: Any, target: str, error: type[Exception], match: str
) -> None:
    before = versions(single), single.revision_uid
    with pytest.raises(error, match=match):
        single.upgrade_runtime_image(target.format(family=family._resource_name))
    single._refresh()
    assert (versions(single), single.revision_uid) == before


def test_an_unknown_experiment_refuses_all_of_it(split: Any, models: list[Any], family: Any) -> None:
    first = models[0].experiment().uid
    current = versions(split)
    other = NEW if current[first] == OLD else OLD
    with pytest.raises(MLOpsApiError, match="has no experiment 'nobody'") as caught:
        split.upgrade_runtime_image({first: family.versions.get(other), "nobody": None})
    assert caught.value.status == 400
    split._refresh()
    assert versions(split) == current


def test_a_version_that_never_becomes_ready_is_undone(single: Any, family: Any, settle: Callable[[Any], Any]) -> None:
    to(single, family, NEW, settle)
    with asking(single.scorer) as told:
        single.upgrade_runtime_image(family.versions.get("v0.8.0"))
        rollout = settle(single)
    assert (rollout["status"], set(versions(single).values())) == ("ROLLED_BACK", {NEW})
    assert "did not become ready" in rollout["cause"]
    assert (single.was_rolled_back, single.is_healthy) == (True, True)
    assert set(told) == {str(answer(2))}, told
    to(single, family, OLD, settle)
    assert not single.was_rolled_back


def test_a_batch_upgrades_what_it_can_and_tells_of_the_rest(
    wire: Callable[[str], Wire], lab: Any, single: Any, family: Any, settle: Callable[[Any], Any]
) -> None:
    to(single, family, OLD, settle)
    path = f"/api/deployer/v2/workspaces/{lab.uid}/deployments:batchUpgradeRuntimeImage"
    missing = f"workspaces/{lab.uid}/deployments/nobody"
    reply = wire("admin").send("POST", path, {"requests": [{"name": single._resource_name}, {"name": missing}]})
    assert (reply.status, [each["name"] for each in reply.json["deployments"]]) == (200, [single._resource_name])
    assert {name: error["code"] for name, error in reply.json["errors"].items()} == {missing: 5}
    assert settle(single)["status"] == "SUCCEEDED"
    assert set(versions(single).values()) == {NEW}


def test_a_preview_tells_what_would_happen_and_holds(
    wire: Callable[[str], Wire], single: Any, family: Any, settle: Callable[[Any], Any]
) -> None:
    to(single, family, OLD, settle)
    admin, path = wire("admin"), f"/api/deployer/v2/{single._resource_name}"
    plan = admin.send("POST", f"{path}:previewUpgradeRuntimeImage", {}).json["plan"]
    step = plan["steps"][0]
    assert (step["kind"], step["before"]["image"], step["after"]["image"]) == (
        "UPGRADE",
        "registry.example.org/family:1.0.0",
        "registry.example.org/family:1.1.0",
    )
    single.update(description="The world moves")
    stale = {"fingerprint": plan["fingerprint"]}
    assert admin.send("POST", f"{path}:upgradeRuntimeImage", stale).status == 409
    again = admin.send("POST", f"{path}:previewUpgradeRuntimeImage", {}).json["plan"]
    assert admin.send("POST", f"{path}:upgradeRuntimeImage", {"fingerprint": again["fingerprint"]}).status == 200
    settle(single)
    assert set(versions(single).values()) == {NEW}


def test_a_rollout_can_be_watched_and_aborted(
    wire: Callable[[str], Wire], split: Any, family: Any, settle: Callable[[Any], Any]
) -> None:
    to(split, family, OLD, settle)
    admin, path = wire("admin"), f"/api/deployer/v2/{split._resource_name}"
    slow = "registry.example.org/family-slow-20:1.0.1"
    family.versions.create(slow)
    split.upgrade_runtime_image({"*": family.versions.get("v1.0.1")})
    status = admin.get(f"{path}/status").json["deploymentStatus"]
    assert (status["updatesAllowed"], status["state"]) == (False, "HEALTHY")
    with pytest.raises(MLOpsConflictError, match="has not ended"):
        split.upgrade_runtime_image()
    with pytest.raises(MLOpsConflictError, match="rollout is under way"):
        split.pause()
    latest = admin.get(f"{path}/rollouts", pageSize=1).json["rollouts"][0]
    one = f"/api/deployer/v2/{latest['name']}"
    assert admin.send("POST", f"{one}:pause", {"reason": "Wait"}).json["rollout"]["intent"] == "PAUSE"
    assert admin.send("POST", f"{one}:resume", {}).json["rollout"]["intent"] == "RUN"
    assert admin.send("POST", f"{one}:abort", {"reason": "No"}).json["rollout"]["intent"] == "ABORT"
    rollout = settle(split)
    assert (rollout["status"], set(versions(split).values())) == ("ROLLED_BACK", {OLD})
    told = admin.get(one).json["rollout"]["events"]
    assert any("wants it to abort: No" in each["message"] for each in told)
    assert admin.send("POST", f"{one}:pause", {}).status == 409
