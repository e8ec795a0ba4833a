"""Deployments by the published client alone: models uploaded and registered, deployed in every mode, scored, paused."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from h2o_mlops import options, types
from h2o_mlops.errors import (
    MLOpsApiError,
    MLOpsAuthError,
    MLOpsConflictError,
    MLOpsModelIngestionError,
    MLOpsNotFoundError,
)

from tests.client.deploying import OPEN, ROWS, answer, deploy, packed, register, scoring, until
from tests.client.wire import Wire

Composition = options.CompositionOptions
AB, SHADOW = types.DeploymentModeType.AB_TEST, types.DeploymentModeType.CHAMPION_CHALLENGER


@pytest.fixture(scope="module")
def runtime(lab: Any, image: Any) -> Any:
    return lab.runtimes.create("Linear", image, "h2o3_mojo", environment_variables={"MODE": "test"})


@pytest.fixture(scope="module")
def runs_on(admin: Any, runtime: Any) -> Any:
    return scoring(admin, runtime)


@pytest.fixture(scope="module")
def models(lab: Any) -> list[Any]:
    return [register(lab, f"Model {number}", number) for number in (2, 5)]


@pytest.fixture(scope="module")
def single(lab: Any, models: list[Any], runs_on: Any) -> Iterator[Any]:
    made = deploy(
        lab,
        "Prices",
        Composition(models[0], runs_on),
        description="One model",
        environment_variables={"SEED": "7", "API_TOKEN": "hunter2"},
        kubernetes_options=options.KubernetesOptions(replicas=2, limits={"cpu": "1"}),
    )
    yield made
    made.delete()


@pytest.fixture(scope="module")
def split(lab: Any, models: list[Any], runs_on: Any) -> Iterator[Any]:
    parts = [Composition(model, runs_on, traffic_weight=weight) for model, weight in zip(models, (3, 1), strict=True)]
    made = deploy(lab, "Split", *parts, mode=AB)
    yield made
    made.delete()


@pytest.fixture(scope="module")
def shadow(lab: Any, models: list[Any], runs_on: Any) -> Iterator[Any]:
    # The challenger comes first here: who is the champion is told, not guessed.
    parts = [Composition(models[1], runs_on, primary=False), Composition(models[0], runs_on, primary=True)]
    made = deploy(lab, "Shadow", *parts, mode=SHADOW)
    yield made
    made.delete()


def test_a_model_s_file_is_uploaded_looked_into_and_comes_back_byte_by_byte(lab: Any) -> None:
    before = datetime.now(UTC)
    made = lab.experiments.create(
        packed(2), "Uploaded", metadata={"stage": "test", "rows": 12}, ingestion_poll_interval=1
    )
    again = lab.experiments.get(made.uid, additional_metadata=["stage", "rows"])
    assert (again.name, again.state) == ("Uploaded", "FINISHED")
    assert again.created_time >= before
    kept = {key: value for row in again.metadata for key, value in row.items()}
    assert (kept["stage"], kept["rows"], kept["tool"]) == ("test", 12, "model.json")
    assert list(again.input_schema) == [{"name": "x", "type": "Float64"}]
    assert list(again.output_schema) == [{"name": "price", "type": "Float64"}]
    file = again.artifacts.list()[0]
    assert (file.parent_entity_uid, file.state, file.size) == (made.uid, "AVAILABLE", len(packed(2).getvalue()))
    assert again.artifacts.count() == 1


def test_a_file_comes_back_as_it_was_sent(lab: Any, tmp_path: Any) -> None:
    content = packed(3).getvalue()
    made = lab.experiments.create(packed(3), "Sent", artifact_type="h2o3_mojo", ingest_model=False)
    path = made.artifacts.list()[0].download(str(tmp_path), "back.zip")
    assert (tmp_path / "back.zip").read_bytes() == content
    assert path.endswith("back.zip")


def test_a_file_of_the_type_of_a_model_type_makes_its_experiment_one(lab: Any) -> None:
    made = lab.experiments.create(packed(3), "Typed", artifact_type="h2o3_mojo", ingest_model=False)
    kept = {key: value for row in lab.experiments.get(made.uid).metadata for key, value in row.items()}
    assert kept["model_type"] == "h2o3_mojo"
    assert {row.model_type.uid for row in made.scoring_runtimes} == {"h2o3_mojo"}


def test_a_file_that_is_no_model_is_refused_with_its_reason(lab: Any) -> None:
    broken = packed(1)
    broken.seek(0)
    broken.write(b"PK\x03\x04 and then nothing of a zip")
    broken.truncate()
    broken.seek(0)
    with pytest.raises(MLOpsModelIngestionError, match=r"zip .*cannot be read"):
        lab.experiments.create(broken, "Broken", ingestion_poll_interval=1)


def test_an_upload_that_breaks_off_leaves_nothing(wire: Callable[[str], Wire], lab: Any, console: Any) -> None:
    admin, service = wire("admin"), "/api/storage/ai.h2o.storage.ArtifactService"
    wanted = {"artifact": {"entityId": lab.uid, "entityType": "PROJECT"}}
    uid = admin.send("POST", f"{service}/CreateArtifact", wanted).json["artifact"]["id"]
    url = admin.send("POST", f"{service}/GenerateArtifactUploadURL", {"id": uid}).json["presignedUrl"]["url"]
    path = url.removeprefix(console.url)
    with socket.create_connection(("127.0.0.1", console.port), timeout=20) as line:
        line.sendall(f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\nPK".encode())
    time.sleep(1)
    assert admin.send("POST", f"{service}/CompleteArtifactUpload", {"id": uid}).status == 409
    assert not list((console.data_dir / "artifacts").rglob(f"*{uid}*"))


def test_experiments_are_listed_counted_renamed_and_deleted(lab: Any) -> None:
    made = lab.experiments.create(packed(1), "Passing", ingest_model=False)
    assert made.uid in [each.uid for each in lab.experiments.list()]
    assert lab.experiments.count(name="Passing") == 1
    made.update(name="Passed")
    assert lab.experiments.list(name="Passed")[0].uid == made.uid
    made.delete()
    with pytest.raises(MLOpsNotFoundError):
        lab.experiments.get(made.uid)


def test_a_registered_model_has_versions(lab: Any) -> None:
    first = lab.experiments.create(packed(1), "First", ingest_model=False)
    second = lab.experiments.create(packed(2), "Second", ingest_model=False)
    model, number = first.register("Registered")
    assert number == 1
    model.register(second)
    assert [(each.version, each.experiment_uid) for each in model.versions()] == [(2, second.uid), (1, first.uid)]
    assert (model.version_count, model.experiment().uid, model.experiment(1).uid) == (2, second.uid, first.uid)
    assert first.is_registered
    assert lab.models.get(name="Registered").uid == model.uid
    assert model.uid in [each.uid for each in lab.models.list()]
    assert lab.models.count(name="Registered") == 1
    with pytest.raises(MLOpsConflictError, match="is version 1 of Registered already"):
        model.register(first)
    model.unregister(second)
    assert model.version_count == 1
    model.delete()
    assert not first.is_registered


def test_a_single_model_answers_the_right_numbers(single: Any, models: list[Any]) -> None:
    scorer = single.scorer
    assert scorer.score(ROWS)["score"] == answer(2)
    assert scorer.is_ready
    assert scorer.is_reachable()
    assert scorer.schema()["schema"]["inputFields"] == [{"name": "x", "dataType": "Float64"}]
    assert scorer.score(scorer.sample_request())["score"] == [[1.0]]
    assert scorer.capabilities() == ["SCORE"]
    assert [each.uid for each in single.experiments] == [models[0].experiment().uid]


def test_a_deployment_is_read_back_as_it_was_made(lab: Any, single: Any, runtime: Any) -> None:
    found = lab.deployments.get(single.uid)
    assert (found.name, found.description, found.mode) == ("Prices", "One model", types.DeploymentModeType.SINGLE_MODEL)
    assert (found.creator.username, found.is_paused, found.can_pause, found.can_resume) == ("admin", False, True, False)
    assert found.environment_variables == {"SEED": "7", "API_TOKEN": "hunter2"}
    asked = found.kubernetes_options
    assert (asked.replicas, asked.limits, asked.requests) == (2, {"cpu": "1"}, {})
    assert found.securities_options[0].security_type == types.SecurityType.DISABLED
    part = found.composition_options[0]
    assert (part.scoring_runtime.runtime.uid, part.model_version) == (runtime._resource_name, 1)
    assert (found.last_update_outcome, found.was_rolled_back) == ("LAST_UPDATE_OUTCOME_UNSPECIFIED", False)


def test_secrets_of_a_deployment_are_masked_for_viewers(wire: Callable[[str], Wire], admin: Any, console: Any) -> None:
    """In the demo's own workspace, where the viewer is one."""
    place = f"/api/deployer/v2/workspaces/{console.note()['workspace']}/deployments"
    shown = wire("viewer").get(place).json
    assert shown["deployments"]
    assert "hunter2" not in str(shown)


def test_a_split_shares_requests_by_its_weights(split: Any) -> None:
    elements = split._raw_info.split.split_elements
    assert [(each.weight, each.effective_percentage) for each in elements] == [(3, 75.0), (1, 25.0)]
    said = [tuple(split.scorer.score(ROWS)["score"][0]) for _ in range(40)]
    assert {said.count((7.0,)), said.count((16.0,))} == {30, 10}


def test_a_champion_answers_alone(shadow: Any, models: list[Any]) -> None:
    assert [part.primary for part in shadow.composition_options] == [True, False]
    assert shadow.experiments[0].uid == models[0].experiment().uid
    assert all(shadow.scorer.score(ROWS)["score"] == answer(2) for _ in range(10))


def test_lists_are_narrowed_by_what_a_deployment_is(
    lab: Any, single: Any, split: Any, shadow: Any, models: list[Any]
) -> None:
    def listed(**options_: Any) -> set[str]:
        return {each.name for each in lab.deployments.list(**options_)}

    def having(field: str, value: str) -> options.ListOptions:
        contains = types.OperatorType.CONTAINS
        condition = options.FilterOptions(field=field, value=value, operator=contains)
        return options.ListOptions(filter_expression=options.FilterExpression(filters=[condition]))

    everything = {"Prices", "Split", "Shadow"}
    assert listed() == everything
    assert lab.deployments.count() == len(lab.deployments.list()) == 3
    assert listed(name="Split") == {"Split"}
    assert listed(mode=AB) == {"Split"}
    assert listed(mode="CHAMPION_CHALLENGER") == {"Shadow"}
    assert listed(state="HEALTHY") == everything
    assert listed(state="FAILED") == set()
    assert lab.deployments.count(creator=single._raw_info.creator) == 3
    second = models[1].experiment().uid
    assert listed(opts=having("experiment_uids", second)) == {"Split", "Shadow"}
    assert listed(opts=having("model_uids", models[1].uid)) == {"Split", "Shadow"}
    assert listed(opts=having("model_version_uids", models[0].versions()[0].uid)) == everything
    by_time = options.ListOptions(sort=options.SortOptions("created_time", types.OrderType.DESC))
    assert [each.name for each in lab.deployments.list(by_time)] == ["Shadow", "Split", "Prices"]


def test_states_and_scorers_of_many_come_at_once(lab: Any, single: Any, split: Any) -> None:
    states = {each.uid: each.state for each in lab.deployments.statuses()}
    assert (states[single.uid], states[split.uid]) == ("HEALTHY", "HEALTHY")
    scorers = {each.scoring_endpoint: each for each in lab.deployments.scorers()}
    assert scorers[single.scorer.scoring_endpoint].score(ROWS)["score"] == answer(2)


def test_what_can_be_deployed_on_what(admin: Any, lab: Any, runtime: Any, models: list[Any]) -> None:
    row = scoring(admin, runtime)
    assert (row.model_type.uid, row.artifact_type.uid, row.artifact_processor.model_type) == ("h2o3_mojo",) * 3
    assert (row.runtime.image, row.runtime.state) == (runtime._raw_info.runtime_image, "ACTIVE")
    names = {each.runtime.uid for each in models[0].experiment().scoring_runtimes}
    assert runtime._resource_name in names


def test_what_the_console_offers_to_deployments(admin: Any) -> None:
    configs = admin.configs
    assert configs.allowed_security_types == [types.SecurityType.DISABLED]
    assert (configs.default_k8s_requests, configs.default_k8s_limits) == ({}, {})
    assert configs.allowed_k8s_max_replicas == 100
    assert [len(configs.allowed_k8s_affinities), len(configs.allowed_k8s_tolerations)] == [0, 0]
    assert configs.monitoring_config["enabled"] is False


def test_protection_that_there_is_not_is_not_promised(lab: Any, models: list[Any], runs_on: Any) -> None:
    word = options.SecurityOptions(types.SecurityType.HASHED_PASSPHRASE, passphrase="secret")
    with pytest.raises(MLOpsApiError, match="cannot be protected") as caught:
        lab.deployments.create("Guarded", Composition(models[0], runs_on), word)
    assert "secret" not in str(caught.value)


def test_nothing_is_deployed_on_a_disabled_runtime(lab: Any, image: Any, admin: Any, models: list[Any]) -> None:
    old = lab.runtimes.create("Old", image, "h2o3_mojo")
    runs_on = scoring(admin, old)
    old.disable(reason="CVE-2026-1234")
    with pytest.raises(MLOpsConflictError, match=r"The runtime Old does not take .*It is disabled"):
        lab.deployments.create("Late", Composition(models[0], runs_on), OPEN)


def test_name_and_description_change_while_it_runs_and_what_it_was_started_with_does_not(lab: Any, single: Any) -> None:
    before = single.revision_uid
    single.update(name="Prices", description="Another word")
    assert (single.description, single.revision_uid != before) == ("Another word", True)
    with pytest.raises(MLOpsConflictError, match="pause the deployment"):
        single.update(environment_variables={"SEED": "8"})
    assert lab.deployments.get(single.uid).environment_variables["SEED"] == "7"


def test_a_stale_etag_changes_nothing(wire: Callable[[str], Wire], single: Any) -> None:
    body = {"description": "Stale", "etag": "1"}
    path = f"/api/deployer/v2/{single._resource_name}"
    assert wire("admin").send("PATCH", path, body, updateMask="description").status == 409


def test_a_paused_deployment_stops_changes_and_answers_again(lab: Any, models: list[Any], runs_on: Any) -> None:
    made = deploy(lab, "Resting", Composition(models[1], runs_on))
    scorer = made.scorer
    made.pause()
    assert (made.is_paused, made.can_resume) == (True, True)
    until(lambda: made.state == "STOPPED")
    assert not scorer.is_reachable()
    with pytest.raises(MLOpsConflictError, match="is paused"):
        made.upgrade_runtime_image({made.experiments[0].uid: lab.runtime_images.get("scorer").uid})
    made.update(environment_variables={"SEED": "9"})
    made.resume()
    made.wait_for_healthy(timeout=60, interval=1)
    assert made.scorer.score(ROWS)["score"] == answer(5)
    assert lab.deployments.get(made.uid).environment_variables == {"SEED": "9"}
    made.redeploy_if_failed()  # which it did not
    made.delete()
    with pytest.raises(MLOpsNotFoundError):
        lab.deployments.get(made.uid)
    until(lambda: not scorer.is_reachable())


def test_strangers_see_nothing_and_viewers_change_nothing(
    client: Callable[[str], Any], console: Any, single: Any
) -> None:
    place = single._resource_name.split("/")[1]
    with pytest.raises(MLOpsNotFoundError):
        client("stranger").workspaces.get(place)
    viewer = client("viewer").workspaces.get(console.note()["workspace"])
    deployment = viewer.deployments.list()[0]
    for act in (deployment.pause, deployment.delete, deployment.upgrade_runtime_image):
        with pytest.raises(MLOpsAuthError):
            act()
