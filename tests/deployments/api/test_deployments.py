"""Deployments by the API: what the published client cannot show, or would not send."""

from __future__ import annotations

from typing import Any

import pytest

from deployments.api.shapes import STATES
from deployments.models import Composition, Deployment
from deployments.rollouts.snapshot import Health
from mlops_console.models import AuditEntry
from runtimes.models import Runtime
from tests.cast import Cast, Program
from tests.factories import make_deployment, make_experiment, make_image, make_runtime, make_version

pytestmark = pytest.mark.django_db
PLACE = "/api/deployer/v2/workspaces/lab/deployments"


@pytest.fixture
def runtime(cast: Cast) -> Runtime:
    return make_runtime(make_image(cast.workspace, versions="v1.0.0 v1.1.0"))


@pytest.fixture
def operator(cast: Cast) -> Program:
    return cast.api("operator")


def element(experiment: str, **more: Any) -> dict[str, Any]:
    return {"deploymentComposition": {"experimentId": experiment, "runtime": "workspaces/lab/runtimes/mojo"}, **more}


def test_every_state_of_a_worker_is_one_of_the_wire() -> None:
    assert set(map(str, Health)) <= set(STATES)


def test_creating_answers_the_whole_deployment_with_everything_a_reader_relies_on(
    cast: Cast, operator: Program, runtime: Runtime
) -> None:
    experiment = make_experiment(cast.workspace)
    answer = operator.post(PLACE, {"displayName": "Churn", "single": element(experiment.uid)})
    made = answer.json["deployment"]
    name = made["name"]
    assert made == {
        "name": name,
        "displayName": "Churn",
        "description": "",
        "etag": "1",
        "createTime": made["createTime"],
        "updateTime": made["createTime"],
        "creator": cast.operator.name,
        "namespace": "",
        "securities": [{"disabledSecurity": {}, "id": "1", "displayName": ""}],
        "paused": False,
        "canPause": True,
        "canResume": False,
        "single": {
            "deploymentComposition": {
                "experimentId": experiment.uid,
                "deployableArtifactType": "h2o3_mojo",
                "artifactProcessor": "h2o3_mojo",
                "runtime": "workspaces/lab/runtimes/mojo",
                "runtimeImage": "workspaces/lab/runtimeImages/h2o3-mojo/versions/v1.1.0",
                "runtimeImageUpgradeAvailable": False,
            },
            "kubernetesResourceSpec": {
                "kubernetesResourceRequirements": {"limits": {}, "requests": {}},
                "replicas": 1,
            },
            "kubernetesConfigShortcut": {},
            "runtimeEnvironmentVariables": {},
            "runningReplicas": 0,
            "effectiveReplicas": 1,
        },
    }
    assert answer.headers["ETag"] == '"1"'
    status = operator.get(f"/api/deployer/v2/{name}/status").json["deploymentStatus"]
    assert (status["state"], status["updatesAllowed"]) == ("PENDING", True)
    assert operator.get(f"/api/deployer/v2/{name}/metadata").json == {
        "deploymentMetadata": {"name": f"{name}/metadata"}
    }


def test_a_bare_id_is_a_runtime_of_global(cast: Cast, operator: Program) -> None:
    make_runtime(make_image(cast.everyone, versions="v1.0.0"), "shared")
    composition = {"experimentId": make_experiment(cast.workspace).uid, "runtime": "shared"}
    answer = operator.post(PLACE, {"displayName": "Churn", "single": {"deploymentComposition": composition}})
    made = answer.json["deployment"]["single"]["deploymentComposition"]
    assert made["runtime"] == "workspaces/global/runtimes/shared"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({}, "", id="no mode"),
        pytest.param({"single": {}, "split": {}}, "", id="two modes"),
        pytest.param({"external": {"recorder": {}}}, "external", id="external"),
        pytest.param({"single": {}}, "single.deploymentComposition.experimentId", id="no experiment"),
        pytest.param({"single": "E"}, "displayName", id="no name"),
        pytest.param(
            {"displayName": "N", "split": {"splitElements": ["E"]}}, "split.splitElements", id="a split of one"
        ),
        pytest.param({"displayName": "N", "split": {}}, "split.splitElements", id="a split of none"),
        pytest.param({"shadow": {"primaryElement": "E"}}, "shadow.secondaryElement", id="no challenger"),
        pytest.param(
            {"displayName": "N", "single": "E", "securities": [{"passphrase": {"passphrase": "x"}}]},
            "securities.0",
            id="a protection that there is not",
        ),
        pytest.param({"single": "E", "cors": {"origins": ["*"]}}, "cors", id="cors"),
        pytest.param({"single": "E", "monitoringOptions": {"enabled": True}}, "monitoringOptions", id="monitoring"),
        pytest.param({"single": ("E", {"vpaSpec": {"cpu": {}}})}, "single.vpaSpec", id="a vertical autoscaler"),
        pytest.param(
            {"single": ("E", {"kubernetesConfigShortcut": {"kubernetesAffinityShortcut": "gpu"}})},
            "single.kubernetesConfigShortcut",
            id="a shortcut",
        ),
        pytest.param(
            {"single": ("E", {"kubernetesResourceSpec": {"replicas": 0}})},
            "single.kubernetesResourceSpec.replicas",
            id="no replica",
        ),
        pytest.param(
            {"displayName": "N", "single": ("E", {"runtimeEnvironmentVariables": {"A": "{if"}})},
            "single.runtimeEnvironmentVariables.A",
            id="a broken template",
        ),
        pytest.param(
            {"split": {"splitElements": [("E", {"runtimeEnvironmentVariables": {"A": "1"}}), "E"]}},
            "split.splitElements.1.runtimeEnvironmentVariables",
            id="variables that differ",
        ),
    ],
)
def test_a_wrong_body_is_refused_and_its_field_named(
    cast: Cast, operator: Program, runtime: Runtime, body: dict[str, Any], field: str
) -> None:
    def filled(value: Any) -> Any:
        match value:
            case "E":
                return element(make_experiment(cast.workspace).uid)
            case ("E", more):
                return element(make_experiment(cast.workspace).uid, **more)
            case dict():
                return {key: filled(each) for key, each in value.items()}
            case list():
                return [filled(each) for each in value]
        return value

    answer = operator.post(PLACE, filled(body))
    answer.error(400, 3)
    fields = [each["field"] for detail in answer.json["details"] for each in detail["fieldViolations"]]
    assert field in fields
    assert not Deployment.objects.exists()


@pytest.mark.parametrize("key", ["deployableArtifactType", "artifactProcessor"])
def test_a_pair_that_no_composition_has_is_refused(cast: Cast, operator: Program, runtime: Runtime, key: str) -> None:
    body = element(make_experiment(cast.workspace).uid)
    body["deploymentComposition"][key] = "python/mlflow"
    answer = operator.post(PLACE, {"displayName": "N", "single": body})
    assert f"single.deploymentComposition.{key}" in answer.error(400, 3)


@pytest.mark.parametrize(
    ("pinned", "running", "available"),
    [
        pytest.param("", "v1.0.0", True, id="below the current version"),
        pytest.param("", "v1.1.0", False, id="on the current version"),
        pytest.param("", "v2.0.0-rc.1", True, id="above it, downwards"),
        pytest.param("v1.0.0", "v1.0.0", False, id="on its pin"),
        pytest.param("v1.0.0", "v1.1.0", True, id="not on its pin"),
    ],
)
def test_whether_an_upgrade_is_available(
    cast: Cast, operator: Program, runtime: Runtime, pinned: str, running: str, available: bool
) -> None:
    image = runtime.image
    make_version(image, "v2.0.0-rc.1", api_state="DISABLED")
    if pinned:
        runtime.pinned_version = image.versions.get(version=pinned)
        runtime.save()
    row = make_deployment(runtime, version=image.versions.get(version=running))
    told = operator.get(f"{PLACE}/{row.uid}").json["deployment"]["single"]["deploymentComposition"]
    assert told["runtimeImageUpgradeAvailable"] is available
    assert operator.get(PLACE).json["deployments"][0]["single"]["deploymentComposition"] == told


def test_variables_that_look_secret_are_masked_for_viewers(cast: Cast, operator: Program, runtime: Runtime) -> None:
    row = make_deployment(runtime, environment_variables={"API_TOKEN": "hunter2", "SEED": "7"})
    path = f"{PLACE}/{row.uid}"
    for answer in (cast.api("viewer").get(path), cast.api("viewer").get(PLACE)):
        assert "hunter2" not in str(answer.json)
        assert "SEED" in str(answer.json)
    assert "hunter2" in str(operator.get(path).json)


def test_an_update_takes_what_its_mask_names_and_nothing_else(cast: Cast, operator: Program, runtime: Runtime) -> None:
    row = make_deployment(runtime, description="Old")
    path = f"{PLACE}/{row.uid}"
    answer = operator.patch(path, {"displayName": "New", "etag": "1"}, updateMask="display_name,description")
    assert (answer.json["deployment"]["displayName"], answer.json["deployment"]["description"]) == ("New", "")
    assert answer.json["deployment"]["etag"] == "2"
    operator.patch(path, {"displayName": "Stale", "etag": "1"}).error(409, 10)
    operator.patch(path, {"displayName": "Other"}, updateMask="single").error(400, 3)
    same = operator.patch(path, {"displayName": "New"}).json["deployment"]
    assert (same["etag"], same["updateTime"]) == ("2", answer.json["deployment"]["updateTime"])
    assert AuditEntry.objects.filter(verb="update").count() == 1


def test_what_it_was_started_with_changes_only_while_it_is_paused(
    cast: Cast, operator: Program, runtime: Runtime
) -> None:
    row = make_deployment(runtime)
    uid = row.compositions.get().experiment.uid
    path = f"{PLACE}/{row.uid}"
    wanted = {"runtimeEnvironmentVariables": {"API_KEY": "x"}, "kubernetesResourceSpec": {"replicas": 3}}
    body = {"single": element(uid, **wanted)}
    mask = "deployment.environment_variables,deployment.kubernetes_resource_spec"
    assert "pause the deployment" in operator.patch(path, body, updateMask=mask).error(409, 10)
    operator.post(f"{path}:pause")
    told = operator.patch(path, body, updateMask=mask).json["deployment"]["single"]
    assert told["runtimeEnvironmentVariables"] == {"API_KEY": "x"}
    assert told["kubernetesResourceSpec"]["replicas"] == 3
    assert "'x'" not in str(AuditEntry.objects.filter(verb="update").get().after["environment_variables"])
    operator.patch(path, {"shadow": {}}, updateMask=mask).error(400, 3)


def test_pausing_twice_is_once(operator: Program, runtime: Runtime) -> None:
    row = make_deployment(runtime)
    path = f"{PLACE}/{row.uid}"
    for _ in range(2):
        assert operator.post(f"{path}:pause").json == {}
    told = operator.get(path).json["deployment"]
    assert (told["etag"], told["paused"], told["canResume"], told["single"]["effectiveReplicas"]) == (
        "2",
        True,
        True,
        0,
    )
    assert operator.get(f"{path}/status").json["deploymentStatus"]["updatesAllowed"] is False


def test_a_retry_starts_what_never_came_up_under_another_name_and_nothing_else(
    operator: Program, runtime: Runtime
) -> None:
    healthy, failed = make_deployment(runtime, health="HEALTHY"), make_deployment(runtime, health="FAILED")
    for row in (healthy, failed):
        assert operator.post(f"{PLACE}/{row.uid}:retry").json == {}
    before, after = (Composition.objects.get(deployment=row).workload for row in (healthy, failed))
    assert before.endswith("-0")
    assert after.endswith("-retry2")


def test_a_deleted_deployment_is_gone_at_once(cast: Cast, runtime: Runtime) -> None:
    row = make_deployment(runtime)
    owner = cast.api("owner")
    assert owner.delete(f"{PLACE}/{row.uid}").json == {}
    owner.get(f"{PLACE}/{row.uid}").error(404, 5)
    assert owner.get(PLACE).json["deployments"] == []
    assert owner.get(f"{PLACE}:count").json == {"count": "0"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("deployment_type = 'DeploymentModeType.AB_TEST'", {"B"}, id="mode with its class"),
        pytest.param("deployment_type = SINGLE_MODEL", {"A"}, id="mode"),
        pytest.param("deployment_type:'challenger'", {"C"}, id="part of a mode"),
        pytest.param("deployment_state = 'HEALTHY'", {"A"}, id="state"),
        pytest.param("deployment_state in ['HEALTHY', 'PENDING']", {"A", "B", "C"}, id="states"),
        pytest.param("deployment_state = DEPLOYED", set(), id="a state that there never is"),
        pytest.param("creator = 'users/system'", {"B", "C"}, id="nobody made it"),
        pytest.param("creator:'users/' AND creator != 'users/system'", {"A"}, id="somebody made it"),
        pytest.param("experiment_ids:'e-1'", {"A", "B"}, id="an experiment"),
        pytest.param("(experiment_ids:'e-3' OR experiment_ids:'e-1')", {"A", "B", "C"}, id="one of two experiments"),
    ],
)
def test_lists_are_filtered(cast: Cast, operator: Program, runtime: Runtime, text: str, names: set[str]) -> None:
    first, second, third = (make_experiment(cast.workspace, uid=f"e-{number}") for number in (1, 2, 3))
    make_deployment(runtime, first, name="A", health="HEALTHY", creator=cast.owner)
    make_deployment(runtime, first, second, name="B")
    make_deployment(runtime, second, third, name="C", mode="SHADOW")
    told = operator.get(PLACE, filter=text).json["deployments"]
    assert {each["displayName"] for each in told} == names
    assert operator.get(f"{PLACE}:count", filter=text).json == {"count": str(len(names))}


@pytest.mark.parametrize(
    "field", ["creator", "deployment_type desc", "deployment_state", "update_time desc, display_name"]
)
def test_lists_are_ordered_page_by_page(cast: Cast, operator: Program, runtime: Runtime, field: str) -> None:
    for number in range(5):
        make_deployment(runtime, name=f"D{number}", creator=cast.owner if number % 2 else None)
    whole = [each["name"] for each in operator.get(PLACE, orderBy=field).json["deployments"]]
    cut, token = [], ""
    while True:
        page = operator.get(PLACE, orderBy=field, pageSize="2", pageToken=token).json
        cut += [each["name"] for each in page["deployments"]]
        token = page["nextPageToken"]
        if not token:
            break
    assert cut == whole
    assert len(set(cut)) == 5


def test_many_are_asked_for_at_once_and_what_is_missing_is_told(
    cast: Cast, operator: Program, runtime: Runtime
) -> None:
    rows = [make_deployment(runtime, name=f"D{number}", address="http://127.0.0.1:1/d/") for number in range(2)]
    names = [f"{row.name}/status" for row in rows]
    asked = [names[1], names[0], rows[0].name, "workspaces/x/deployments/y/status"]
    told = operator.get(f"{PLACE}/status:batchGet?{'&'.join(f'names={each}' for each in asked)}").json
    assert [each["name"] for each in told["deploymentStatuses"]] == [names[1], names[0]]
    codes = {name: error["code"] for name, error in told["errors"].items()}
    assert codes == {rows[0].name: 3, "workspaces/x/deployments/y/status": 5}
    scored = operator.get(f"{PLACE}/metadata:batchGet?names={rows[0].name}/metadata").json["deploymentsMetadata"]
    assert scored[0]["scoringInterface"]["score"] == {"uri": "http://127.0.0.1:1/d/model/score", "method": "POST"}
    operator.get(f"{PLACE}/status:batchGet").error(400, 3)


def test_what_keeps_the_engine_from_its_work_is_in_the_status(operator: Program, runtime: Runtime) -> None:
    row = make_deployment(runtime, health="HEALTHY", trouble="The API server does not answer.")
    told = operator.get(f"{PLACE}/{row.uid}/status").json["deploymentStatus"]
    assert told["message"] == "The engine cannot do its work now: The API server does not answer."
    assert told["state"] == "HEALTHY"
