"""The storage service: files by signed addresses, experiments, registered models, and who is kept from what."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from deployments import storage
from deployments.api.storage import signing
from deployments.models import Artifact, Experiment, ModelVersion, RegisteredModel
from mlops_console.models import AuditEntry
from tests.cast import Answer, Cast, Program
from tests.factories import make_experiment, make_model_type

pytestmark = pytest.mark.django_db
MODEL = json.dumps({"kind": "linear", "inputs": [{"name": "x", "coefficient": 2}]}).encode()


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def operator(cast: Cast) -> Program:
    return cast.api("operator")


def call(program: Program, method: str, **body: Any) -> Answer:
    """A call of the storage service by its short name, such as Artifact/GetArtifact."""
    service, _, name = method.partition("/")
    return program.post(f"/api/storage/ai.h2o.storage.{service}Service/{name}", body)


def announce(program: Program) -> str:
    """A new artifact of the lab."""
    uid = call(program, "Artifact/CreateArtifact", artifact={"entityId": "lab", "entityType": "PROJECT"})
    return str(uid.json["artifact"]["id"])


def address(program: Program, uid: str, way: str = "Upload") -> str:
    """The path and query of a signed address."""
    told = call(program, f"Artifact/GenerateArtifact{way}URL", id=uid, publicUrl=True).json["presignedUrl"]
    parts = urlsplit(told["url"])
    return f"{parts.path}?{parts.query}"


def upload(program: Program, content: bytes = MODEL) -> str:
    """A file that has arrived."""
    uid = announce(program)
    assert Client().put(address(program, uid), content, "application/zip").json() == {}
    told = call(program, "Artifact/CompleteArtifactUpload", id=uid).json["artifact"]
    assert (told["state"], told["size"]) == ("AVAILABLE", str(len(content)))
    return uid


def test_a_file_goes_in_and_comes_out_without_a_token(operator: Program) -> None:
    uid = upload(operator)
    answer = Client().get(address(operator, uid, "Download"))
    assert b"".join(answer.streaming_content) == MODEL  # type: ignore[attr-defined]
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")


def test_an_address_is_good_for_one_file_one_method_and_some_minutes(
    operator: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    uid, other = upload(operator), announce(operator)
    out, into = address(operator, uid, "Download"), address(operator, other)
    signature = out.partition("?")[2]
    browser = Client()
    assert browser.put(out, b"x", "text/plain").status_code == 403
    assert browser.get(into).status_code == 403
    assert browser.get(f"/api/storage/blobs/{other}?{signature}").status_code == 403
    assert browser.get(f"/api/storage/blobs/{uid}").status_code == 403
    assert browser.get(out.replace("signature=", "signature=x")).status_code == 403
    assert operator.get(f"/api/storage/blobs/{uid}").status == 403
    monkeypatch.setattr(signing, "GOOD_FOR", timedelta(seconds=-1))
    assert browser.get(out).status_code == 403
    assert browser.get(out).json()["message"] == "This address is not signed for that, or no longer."


def test_no_log_holds_a_signature(operator: Program, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    path = address(operator, upload(operator), "Download")
    Client().put(path, b"x", "text/plain")
    assert "blobs" in caplog.text
    assert path.partition("signature=")[2] not in caplog.text


def test_what_has_arrived_is_never_replaced(operator: Program) -> None:
    uid = announce(operator)
    path = address(operator, uid)
    assert Client().put(path, MODEL, "application/zip").status_code == 200
    assert Client().put(path, b"another", "application/zip").status_code == 409
    assert call(operator, "Artifact/CompleteArtifactUpload", id=uid, sizeBytes=str(len(MODEL))).status == 200
    assert Client().put(path, b"another", "application/zip").status_code == 409
    assert storage.path_of(uid).read_bytes() == MODEL
    call(operator, "Artifact/GenerateArtifactUploadURL", id=uid).error(409, 6)
    call(operator, "Artifact/CompleteArtifactUpload", id=uid).error(409, 6)
    with pytest.raises(Exception, match="has its file already"):
        storage.store(uid, [b"another"])


def test_too_large_a_file_is_refused_and_nothing_of_it_left(
    operator: Program, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    uid = announce(operator)
    path = address(operator, uid)
    monkeypatch.setattr(storage, "SIZE_MAX", len(MODEL) - 1)
    assert Client().put(path, MODEL, "application/zip").status_code == 400
    assert [each for each in folder.rglob("*") if each.is_file()] == []
    call(operator, "Artifact/CompleteArtifactUpload", id=uid).error(409, 10)
    assert call(operator, "Artifact/FailArtifactUpload", id=uid).json == {}
    assert not Artifact.objects.exists()


def test_a_file_of_another_size_than_was_told_is_refused(operator: Program) -> None:
    uid = announce(operator)
    Client().put(address(operator, uid), MODEL, "application/zip")
    call(operator, "Artifact/CompleteArtifactUpload", id=uid, sizeBytes="1").error(400, 3)


@pytest.mark.parametrize(
    ("content", "status", "told"),
    [
        pytest.param(MODEL, "SUCCEEDED", "", id="a model.json"),
        pytest.param(b"anything", "SUCCEEDED", "", id="some file"),
        pytest.param(b"PK\x03\x04 and no more", "FAILED", "zip cannot be read", id="a broken zip"),
        pytest.param(b'{"kind": "cubic", "inputs": []}', "FAILED", "cannot be served", id="a model that is none"),
    ],
)
def test_whether_a_file_can_be_read_is_told_at_once(operator: Program, content: bytes, status: str, told: str) -> None:
    uid = upload(operator, content)
    assert call(operator, "ModelIngestion/RequestModelIngestion", artifactId=uid).json == {}
    state = call(operator, "Artifact/GetArtifact", id=uid).json["artifact"]["modelIngestionState"]
    assert (state["status"], told in state["errorMessage"]) == (status, True)


def test_an_experiment_is_what_its_file_says_but_for_what_is_told(operator: Program) -> None:
    make_model_type("python_pickle")
    uid = upload(operator)
    told = call(
        operator,
        "Experiment/CreateExperiment",
        projectId="lab",
        artifactId=uid,
        experiment={
            "displayName": "Churn",
            "metadata": {
                "values": {
                    "tool": {"stringValue": "By hand"},
                    "model_type": {"stringValue": "python_pickle"},
                    "auc": {"doubleValue": 0.5},
                    "rows": {"int64Value": "12"},
                    "ok": {"boolValue": True},
                    "nested": {"jsonValue": '{"a": [1]}'},
                }
            },
        },
        responseMetadata={"pattern": ["tool", "auc", "rows", "ok", "nested", "input_*"]},
    ).json["experiment"]
    assert told["metadata"]["values"] == {
        "tool": {"stringValue": "By hand"},
        "auc": {"doubleValue": 0.5},
        "rows": {"int64Value": "12"},
        "ok": {"boolValue": True},
        "nested": {"jsonValue": '{"a": [1]}'},
        "input_schema": {"jsonValue": '[{"name": "x", "type": "Float64"}]'},
    }
    row = Experiment.objects.get()
    assert (row.model_type_id, row.artifacts.get().uid) == ("python_pickle", uid)
    assert call(operator, "Experiment/GetExperiment", id=row.uid).json["experiment"]["tag"] == []


def test_what_an_experiment_is_does_not_change_behind_it(operator: Program, cast: Cast) -> None:
    first, second = upload(operator), upload(operator)
    row = make_experiment(cast.workspace, model_type="")
    other = make_experiment(cast.workspace, "Other")

    def give(uid: str, experiment: str) -> Answer:
        told = {"id": uid, "entityId": experiment, "entityType": "EXPERIMENT"}
        return call(operator, "Artifact/UpdateArtifact", artifact=told, updateMask="entityId")

    assert give(first, row.uid).json["artifact"]["entityId"] == row.uid
    assert give(first, row.uid).status == 200
    give(second, row.uid).error(409, 6)
    give(first, other.uid).error(400, 3)
    body = {"entityId": row.uid, "entityType": "EXPERIMENT"}
    call(operator, "Artifact/CreateArtifact", artifact=body).error(409, 6)
    call(
        operator, "Experiment/CreateExperiment", projectId="lab", artifactId=first, experiment={"displayName": "X"}
    ).error(400, 3)
    assert [each.uid for each in row.artifacts.all()] == [first]
    assert call(operator, "Artifact/CountEntityArtifacts", **body).json == {"count": "1"}


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"jsonValue": "{"}, id="broken JSON"),
        pytest.param({"jsonValue": '"\\u0000"'}, id="NUL in JSON"),
        pytest.param({"jsonValue": '["\\ud800"]'}, id="half a surrogate pair in JSON"),
        pytest.param({"jsonValue": "NaN"}, id="not a number"),
        pytest.param({"int64Value": str(2**63)}, id="beyond 64 bits"),
        pytest.param({"int64Value": "x"}, id="no number"),
        pytest.param({"jsonValue": json.dumps("x" * 70_000)}, id="too long"),
    ],
)
def test_metadata_that_cannot_be_kept_is_refused(cast: Cast, operator: Program, value: dict[str, Any]) -> None:
    body = {"displayName": "X", "metadata": {"values": {"key": value}}}
    assert "key" in call(operator, "Experiment/CreateExperiment", projectId="lab", experiment=body).error(400, 3)


@pytest.mark.parametrize(
    ("constraint", "names"),
    [
        pytest.param(("display_name", "EQUAL_TO", {"stringValue": "B"}), ["B"], id="equal"),
        pytest.param(("display_name", "NOT_EQUAL_TO", {"stringValue": "B"}), ["A", "C"], id="unequal"),
        pytest.param(("display_name", "GREATER_THAN", {"stringValue": "A"}), ["B", "C"], id="greater"),
        pytest.param(("display_name", "ICONTAINS", {"stringValue": "b"}), ["B"], id="contains"),
        pytest.param(("id", "EQUAL_TO", {"idValue": "e-C"}), ["C"], id="by id"),
        pytest.param(("created_time", "LESS_THAN", {"timestampValue": "2020-01-01T00:00:00Z"}), [], id="before"),
        pytest.param(("created_time", "ICONTAINS", {"timestampValue": "2020-01-01T00:00:00Z"}), None, id="no text"),
        pytest.param(("created_time", "EQUAL_TO", {"timestampValue": "2020-01-01"}), None, id="without a zone"),
        pytest.param(("display_name", "EQUAL_TO", {"int64Value": "1"}), None, id="another sort of value"),
        pytest.param(("owner", "EQUAL_TO", {"stringValue": "x"}), None, id="unknown field"),
    ],
)
def test_lists_are_filtered(cast: Cast, operator: Program, constraint: Any, names: list[str] | None) -> None:
    for name in "CAB":
        make_experiment(cast.workspace, name, uid=f"e-{name}")
    make_experiment(cast.other, "B")
    field, operator_, value = constraint
    asked = {"property": {"field": field}, "operator": operator_, "value": value}
    body = {"projectId": "lab", "filter": {"query": {"clause": [{"propertyConstraint": [asked]}]}}}
    answer = call(operator, "Experiment/ListExperiments", **body)
    if names is None:
        answer.error(400, 3)
        return
    assert [each["displayName"] for each in answer.json["experiment"]] == names
    assert call(operator, "Experiment/CountExperiments", **body).json == {"count": str(len(names))}


def test_a_page_leads_to_the_next_and_the_last_to_none(cast: Cast, operator: Program) -> None:
    experiments = [make_experiment(cast.workspace, f"E{number}") for number in range(5)]
    model = RegisteredModel.objects.create(workspace=cast.workspace, display_name="M")
    for number, each in enumerate(experiments, start=1):
        ModelVersion.objects.create(model=model, experiment=each, number=number)
    found: list[int] = []
    paging: dict[str, Any] = {"pageSize": 2}
    while True:
        told = call(
            operator, "RegisteredModelVersion/ListModelVersionsForModel", registeredModelId=model.uid, paging=paging
        )
        found += [each["version"] for each in told.json["modelVersions"]]
        if "paging" not in told.json:
            break
        paging = {"pageSize": 2, "pageToken": told.json["paging"]["nextPageToken"]}
    assert found == [5, 4, 3, 2, 1]
    foreign = {"projectId": "lab", "paging": {"pageToken": paging["pageToken"]}}
    call(operator, "Experiment/ListExperiments", **foreign).error(400, 3)
    fourth = {"property": {"field": "version_number"}, "operator": "EQUAL_TO", "value": {"int64Value": "4"}}
    asked = {"query": {"clause": [{"propertyConstraint": [fourth]}]}}
    told = call(operator, "RegisteredModelVersion/ListModelVersionsForModel", registeredModelId=model.uid, filter=asked)
    assert [each["experimentId"] for each in told.json["modelVersions"]] == [experiments[3].uid]


def test_a_number_is_given_once_and_every_change_is_on_record(cast: Cast, operator: Program) -> None:
    first, second = (make_experiment(cast.workspace, name) for name in ("One", "Two"))

    def register(experiment: Experiment) -> int:
        told = call(
            operator,
            "RegisteredModelVersion/CreateModelVersion",
            projectId="lab",
            registeredModelVersion={"experimentId": experiment.uid},
            registeredModelDisplayName="Churn",
        )
        return int(told.json["registeredModelVersion"]["version"])

    assert [register(first), register(second)] == [1, 2]
    verbs = AuditEntry.objects.filter(subject_kind="registered model").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["create", "update", "update"]


@pytest.mark.parametrize("role", ["stranger", "viewer"])
def test_what_belongs_to_others_is_not_found_or_not_changed(cast: Cast, operator: Program, role: str) -> None:
    uid, row = upload(operator), make_experiment(cast.workspace)
    program, status = cast.api(role), {"stranger": (404, 5), "viewer": (403, 7)}[role]
    call(program, "Artifact/UpdateArtifact", artifact={"id": uid, "type": "x"}, updateMask="type").error(*status)
    call(program, "Experiment/UpdateExperiment", experiment={"id": row.uid, "displayName": "X"}).error(*status)
    call(program, "Experiment/DeleteExperiment", id=row.uid).error(*status)
    call(program, "Experiment/CreateExperiment", projectId="lab", artifactId=uid).error(*status)
    elsewhere = call(cast.api("stranger"), "Experiment/CreateExperiment", projectId="elsewhere", artifactId=uid)
    elsewhere.error(404, 5)
    assert Experiment.objects.count() == 1


def test_all_workspaces_are_listed_for_platform_admins_only(cast: Cast, operator: Program) -> None:
    for place in (cast.workspace, cast.other):
        RegisteredModel.objects.create(workspace=place, display_name="M")
    told = call(cast.api("admin"), "RegisteredModel/ListRegisteredModels", projectId="").json["registeredModels"]
    assert {each["projectId"] for each in told} == {"lab", "elsewhere"}
    call(operator, "RegisteredModel/ListRegisteredModels").error(403, 7)
    assert call(operator, "RegisteredModel/CountRegisteredModels", projectId="lab").json == {"registeredModelCount": 1}


@pytest.mark.parametrize(
    "method",
    [
        "Experiment/ListExperiments",
        "RegisteredModel/ListRegisteredModels",
        "RegisteredModelVersion/ListModelVersionsForModel",
        "Artifact/ListEntityArtifacts",
    ],
)
def test_more_rows_cost_no_more_queries(cast: Cast, operator: Program, method: str) -> None:
    model = RegisteredModel.objects.create(workspace=cast.workspace, display_name="Many")
    body = {"projectId": "lab", "registeredModelId": model.uid, "entityId": "lab", "entityType": "PROJECT"}
    call(operator, method, **body)

    def cost(start: int, end: int) -> int:
        for number in range(start, end):
            experiment = make_experiment(cast.workspace, f"E{number}", owner=cast.owner)
            ModelVersion.objects.create(model=model, experiment=experiment, number=number + 1, creator=cast.owner)
            RegisteredModel.objects.create(workspace=cast.workspace, display_name=f"M{number}", creator=cast.owner)
            Artifact.objects.create(workspace=cast.workspace, uploaded_at=timezone.now(), size=1, md5="0" * 32)
        with CaptureQueriesContext(connection) as queries:
            assert call(operator, method, **body, paging={"pageSize": 1000}).status == 200
        return len(queries)

    assert cost(0, 3) == cost(3, 40)
