"""Experiments in the browser: upload, page, list and deletion."""

from __future__ import annotations

from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from deployments import storage
from deployments.models import Artifact, Experiment, ModelVersion, RegisteredModel
from mlops_console.models import AuditEntry, User
from tests.cast import Cast
from tests.factories import make_deployment, make_experiment, make_image, make_model_type, make_runtime

pytestmark = pytest.mark.django_db
LIST = "/workspaces/lab/experiments/"
MODEL = b'{"kind": "linear", "inputs": [{"name": "x", "coefficient": 2}]}'


@pytest.fixture(autouse=True)
def files(settings: Settings, tmp_path: Path) -> Path:
    """Where artifacts lie during a test."""
    settings.DATA_DIR = tmp_path
    return tmp_path / "artifacts"


@pytest.fixture
def operator(cast: Cast) -> Client:
    make_model_type()
    return cast.client("operator")


def lying(files: Path) -> list[bytes]:
    """The contents of all files that lie there, unfinished ones included."""
    return [each.read_bytes() for each in files.rglob("*") if each.is_file()]


def upload(content: bytes = MODEL, name: str = "model.json", **fields: Any) -> dict[str, Any]:
    return {"display_name": "Churn", "file": SimpleUploadedFile(name, content)} | fields


def zipped() -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        archive.writestr("model.json", MODEL)
    return buffer.getvalue()


@pytest.mark.parametrize(("content", "name"), [(MODEL, "model.json"), (zipped(), "Churn 2026.ZIP")])
def test_an_upload_makes_an_experiment_of_a_file(operator: Client, files: Path, content: bytes, name: str) -> None:
    posted = upload(
        content, name, description="Who leaves?", model_type="h2o3_mojo", metadata="tier=gold\r\n\r\nnote = a=b \r\n"
    )
    response = operator.post(f"{LIST}new/", posted)
    assert response.status_code == 302, response.context["form"].errors
    experiment = Experiment.objects.get()
    assert response["Location"] == f"{LIST}{experiment.uid}/"
    assert (experiment.model_type_id, experiment.metadata) == ("h2o3_mojo", {"tier": "gold", "note": "a=b"})
    artifact = experiment.artifacts.get()
    assert (artifact.size, artifact.sha256) == (len(content), sha256(content).hexdigest())
    assert storage.path_of(artifact.uid).read_bytes() == content
    assert lying(files) == [content]
    page = operator.get(response["Location"]).content.decode()
    for words in ("Who leaves?", "h2o3_mojo", "gold", "a=b", artifact.sha256, f"{len(content)} bytes"):
        assert words in page


def test_a_large_file_goes_by_the_disk(operator: Client, files: Path) -> None:
    content = b"PK\x03\x04" + b"x" * 3_000_000
    response = operator.post(f"{LIST}new/", upload(content, "large.zip"))
    assert response.status_code == 302
    assert lying(files) == [content]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        pytest.param({"file": ""}, "file", id="no file"),
        pytest.param(upload(b""), "file", id="an empty file"),
        pytest.param(upload(MODEL, "model.pkl"), "file", id="another kind"),
        pytest.param(upload(MODEL, "other.json"), "file", id="another json"),
        pytest.param(upload(MODEL, "model.zip"), "file", id="a zip that is none"),
        pytest.param({"display_name": ""}, "display_name", id="no name"),
        pytest.param({"display_name": "turned \u202e round"}, "display_name", id="a name that the rules refuse"),
        pytest.param({"model_type": "none"}, "model_type", id="an unknown model type"),
        pytest.param({"metadata": "tier"}, "metadata", id="no key=value"),
        pytest.param({"metadata": "=gold"}, "metadata", id="no key"),
        pytest.param({"metadata": "a=1\na=2"}, "metadata", id="a key given twice"),
        pytest.param({"metadata": "k" * 254 + "=v"}, "metadata", id="a key that is too long"),
    ],
)
def test_a_faulty_upload_is_told_at_its_field_and_leaves_nothing(
    operator: Client, files: Path, fields: dict[str, Any], field: str
) -> None:
    response = operator.post(f"{LIST}new/", upload() | fields)
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {field}
    assert not Experiment.objects.exists()
    assert not Artifact.objects.exists()
    assert lying(files) == []


def test_a_file_above_the_limit_leaves_nothing(operator: Client, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "SIZE_MAX", 10)
    response = operator.post(f"{LIST}new/", upload())
    assert response.status_code == 422
    assert "larger than 10 bytes" in str(response.context["form"].errors["file"])
    assert not Artifact.objects.exists()
    assert lying(files) == []


def test_an_upload_says_how_large_a_file_may_be(operator: Client) -> None:
    assert b"at most 1 GiB" in operator.get(f"{LIST}new/").content


def test_what_happened_is_written_down(operator: Client) -> None:
    operator.post(f"{LIST}new/", upload())
    entries = AuditEntry.objects.filter(verb="create").order_by("pk")
    assert [(entry.actor, entry.subject_kind) for entry in entries] == [
        ("operator", "artifact"),
        ("operator", "experiment"),
    ]


def test_the_page_names_models_and_deployments_but_none_of_another_workspace(cast: Cast) -> None:
    experiment = make_experiment(cast.everyone, metadata={"nested": {"a": [1, True]}})
    runtime = make_runtime(make_image(cast.everyone, versions="v1.0.0"))
    make_deployment(runtime, experiment, name="Ours", workspace=cast.workspace)
    make_deployment(runtime, experiment, name="Theirs", workspace=cast.other)
    model = RegisteredModel.objects.create(workspace=cast.everyone, display_name="Leavers")
    ModelVersion.objects.create(model=model, experiment=experiment, number=3)
    page = cast.client("viewer").get(f"{LIST}{experiment.uid}/").content.decode()
    assert "Ours" in page
    assert "Theirs" not in page
    assert "Leavers" in page
    assert "version 3" in page
    assert "{&quot;a&quot;: [1, true]}" in page


def test_the_list_narrows_and_counts_deployments(cast: Cast) -> None:
    runtime = make_runtime(make_image(cast.workspace, versions="v1.0.0"))
    used, chat = (
        make_experiment(cast.workspace, "Used"),
        make_experiment(cast.workspace, "Chat", model_type="vllm_config"),
    )
    make_experiment(cast.other, "Theirs")
    make_deployment(runtime, used, used, name="twice")
    make_deployment(runtime, used, name="once")
    client = cast.client("viewer")

    def shown(query: str) -> list[tuple[str, int]]:
        rows = client.get(LIST + query).context["page"].rows
        return [(row.display_name, row.deployment_count) for row in rows]

    assert shown("") == [("Chat", 0), ("Used", 2)]
    assert shown("?sort=-deployments") == [("Used", 2), ("Chat", 0)]
    assert shown("?model_type=vllm_config") == [("Chat", 0)]
    assert shown("?q=use") == [("Used", 2)]
    assert shown(f"?q={chat.uid}") == [("Chat", 0)]
    assert shown("?q=nothing") == []


def test_deleting_removes_the_files_as_well(cast: Cast, operator: Client, files: Path) -> None:
    operator.post(f"{LIST}new/", upload())
    experiment = Experiment.objects.get()
    owner = cast.client("owner")
    assert owner.get(f"{LIST}{experiment.uid}/delete/").status_code == 200
    assert lying(files) == [MODEL]
    response = owner.post(f"{LIST}{experiment.uid}/delete/")
    assert response["Location"] == LIST
    assert not Experiment.objects.exists()
    assert not Artifact.objects.exists()
    assert lying(files) == []


def test_what_is_in_use_stays_and_its_users_are_named(cast: Cast, operator: Client, files: Path) -> None:
    operator.post(f"{LIST}new/", upload())
    experiment = Experiment.objects.get()
    make_deployment(make_runtime(make_image(cast.workspace, versions="v1.0.0")), experiment, name="Churn live")
    model = RegisteredModel.objects.create(workspace=cast.workspace, display_name="Leavers")
    ModelVersion.objects.create(model=model, experiment=experiment, number=3)
    response = cast.client("owner").post(f"{LIST}{experiment.uid}/delete/")
    assert response.status_code == 409
    assert (
        f"The experiment {experiment.uid} is used by the deployment Churn live, "
        "version 3 of the registered model Leavers."
    ) in response.content.decode()
    assert lying(files) == [MODEL]


def named(client: Client, **query: str) -> list[str]:
    """The experiments of the list by name, as they follow each other."""
    return [row.display_name for row in client.get(LIST, query).context["page"].rows]


def test_the_list_says_what_is_known_and_how_often_it_serves(cast: Cast) -> None:
    User.objects.filter(pk=cast.owner.pk).update(display_name="Olga <Owner>")
    churn = make_experiment(cast.workspace, "Churn & co", owner=cast.owner)
    make_experiment(cast.workspace, "Bare", model_type="")
    make_experiment(cast.everyone, "Offered", owner=cast.operator)
    make_experiment(cast.other, "Elsewhere")
    runtime = make_runtime(make_image(cast.workspace, versions="v1.0.0"))
    for name in ("one", "two"):
        make_deployment(runtime, churn, name=name)
    make_deployment(runtime, churn, name="gone", deleted_at=timezone.now())
    client = cast.client("viewer")
    bare, known, offered = client.get(LIST).context["page"].rows
    assert (bare.model_type_id, bare.owner, bare.deployment_count) == (None, None, 0)
    assert (known.model_type_id, known.owner, known.deployment_count) == ("h2o3_mojo", "Olga <Owner>", 2)
    assert (offered.workspace_uid, offered.owner) == ("global", "operator")
    page = client.get(LIST).content.decode()
    assert f'<a href="{LIST}{churn.uid}/">Churn &amp; co</a>' in page
    assert "Olga &lt;Owner&gt;" in page
    assert page.count("Inherited from the workspace global") == 1
    everywhere = cast.client("admin").get("/workspaces/-/experiments/")
    assert len(everywhere.context["page"].rows) == 4
    assert "Inherited from" not in client.get("/workspaces/global/experiments/").content.decode()


def test_the_list_narrows_and_sorts(cast: Cast) -> None:
    for name, owner, model_type in (("Churn a", "owner", ""), ("Churn b", "operator", "x"), ("Odds", "viewer", "x")):
        make_experiment(cast.workspace, name, owner=cast.user(owner), model_type=model_type)
    client = cast.client("viewer")
    assert named(client) == ["Churn a", "Churn b", "Odds"]
    assert named(client, sort="-owner") == ["Odds", "Churn a", "Churn b"]
    assert named(client, sort="model_type") == ["Churn a", "Churn b", "Odds"]
    assert named(client, q="chu", sort="-name") == ["Churn b", "Churn a"]
    assert named(client, q="chu") == ["Churn b", "Churn a"], "the newest first"
    assert named(client, q="chu", model_type="x") == ["Churn b"]
    assert named(client, q="nothing") == []
    assert "No experiment matches" in client.get(LIST, {"q": "nothing"}).content.decode()
