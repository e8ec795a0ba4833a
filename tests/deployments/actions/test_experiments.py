"""Experiments, and the files that hold their models."""

from __future__ import annotations

from datetime import timedelta
from hashlib import md5, sha256
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from deployments import storage
from deployments.actions.experiments import (
    complete_artifact,
    create_artifact,
    create_experiment,
    delete_experiment,
)
from deployments.models import Artifact, Experiment
from mlops_console.errors import DomainError, Invalid, Missing, NotAllowed, Refused
from tests.cast import Cast
from tests.deployments.actions.world import World, trail

pytestmark = pytest.mark.django_db
BYTES = b"a model" * 1000


@pytest.fixture(autouse=True)
def files(tmp_path: Path, settings: Settings) -> None:
    """Files go to a folder of the test."""
    settings.DATA_DIR = tmp_path


def create(cast: Cast, role: str = "operator", **fields: Any) -> Experiment:
    """Create an experiment."""
    values: dict[str, Any] = {"workspace": cast.workspace, "display_name": "Churn 7", "now": timezone.now()} | fields
    return create_experiment(actor=cast.actor(role), **values)


def upload(cast: Cast, role: str = "operator", **fields: Any) -> Artifact:
    """Announce a file and let it arrive."""
    now = timezone.now()
    made = create_artifact(actor=cast.actor(role), workspace=cast.workspace, now=now, **fields)
    return complete_artifact(actor=cast.actor(role), uid=made.uid, stored=storage.store(made.uid, [BYTES]), now=now)


def test_an_experiment_keeps_what_deployments_need(world: World) -> None:
    file = upload(world.cast, kind="h2o3_mojo")
    metadata = {"tier": "gold", "rows": 7, "share": 0.5, "final": True}
    made = create(world.cast, description="The seventh.", model_type="h2o3_mojo", metadata=metadata, artifact=file.uid)
    made.refresh_from_db()
    assert (made.display_name, made.model_type_id, made.metadata) == ("Churn 7", "h2o3_mojo", metadata)
    assert made.owner == world.cast.operator
    assert [each.uid for each in made.artifacts.all()] == [file.uid]
    entry = next(each for each in trail("create") if each.subject_kind == "experiment")
    assert (entry.subject, entry.workspace, entry.after["model_type"]) == (made.name, "lab", "h2o3_mojo")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        pytest.param({"display_name": ""}, "display_name", id="no-name"),
        pytest.param({"model_type": "no_such"}, "model_type", id="model-type"),
        pytest.param({"artifact": "no-such"}, "artifact", id="artifact"),
        pytest.param({"metadata": {"a": "x" * 65_537}}, "metadata.a", id="metadata-value"),
        pytest.param({"metadata": {"a\nb": "c"}}, "metadata.a\nb", id="metadata-key"),
        pytest.param({"metadata": {str(number): "x" for number in range(1001)}}, "metadata", id="metadata-size"),
    ],
)
def test_what_is_wrong_is_told_by_field(world: World, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        create(world.cast, **fields)
    assert list(caught.value.fields) == [field]
    assert not Experiment.objects.exists()


def test_a_file_that_an_experiment_has_is_no_others(world: World) -> None:
    file = upload(world.cast)
    create(world.cast, artifact=file.uid)
    with pytest.raises(Invalid, match="another experiment"):
        create(world.cast, artifact=file.uid)


def test_a_file_is_checksummed_and_arrives_once(world: World) -> None:
    file = upload(world.cast, kind="dai/mojo_pipeline", mime_type="application/zip")
    assert storage.path_of(file.uid).read_bytes() == BYTES
    assert (file.size, file.md5) == (len(BYTES), md5(BYTES, usedforsecurity=False).hexdigest())
    assert file.sha256 == sha256(BYTES).hexdigest()
    assert file.uploaded_at
    assert storage.known(file.uid) == storage.Stored(len(BYTES), file.md5, file.sha256)
    (entry,) = (each for each in trail("create") if each.subject_kind == "artifact")
    assert entry.after == {"size": len(BYTES), "sha256": file.sha256, "type": "dai/mojo_pipeline"}
    with pytest.raises(Refused, match="already"):
        complete_artifact(
            actor=world.cast.actor("operator"), uid=file.uid, stored=storage.Stored(1, "", ""), now=timezone.now()
        )


@pytest.mark.parametrize("uid", ["", "../../etc/passwd", "a/b", "A", "é"])
def test_a_file_is_only_ever_in_its_own_place(uid: str) -> None:
    with pytest.raises(ValueError, match="no id"):
        storage.path_of(uid)


def test_a_file_that_is_cut_off_leaves_nothing(tmp_path: Path) -> None:
    def cut() -> Any:
        yield b"half"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        storage.store("abc-1", cut())
    assert storage.known("abc-1") is None
    assert not [each for each in tmp_path.rglob("*") if each.is_file()]


@pytest.mark.parametrize(
    ("role", "refused"),
    [
        pytest.param("stranger", Missing, id="stranger"),
        pytest.param("viewer", NotAllowed, id="viewer"),
        pytest.param("operator", None, id="operator"),
        pytest.param("admin", None, id="admin"),
    ],
)
def test_who_may_make_one(world: World, role: str, refused: type[DomainError] | None) -> None:
    if refused is None:
        create(world.cast, role, artifact=upload(world.cast, role).uid)
        return
    with pytest.raises(refused):
        create(world.cast, role)
    with pytest.raises(refused):
        upload(world.cast, role)
    waiting = create_artifact(actor=world.cast.actor("owner"), workspace=world.cast.workspace, now=timezone.now())
    with pytest.raises(refused):
        complete_artifact(
            actor=world.cast.actor(role), uid=waiting.uid, stored=storage.Stored(1, "", ""), now=timezone.now()
        )


@pytest.mark.parametrize(
    ("role", "refused"),
    [("stranger", Missing), ("viewer", NotAllowed), ("operator", NotAllowed), ("owner", None)],
)
def test_who_may_delete_one(world: World, role: str, refused: type[DomainError] | None) -> None:
    made = create(world.cast)
    if refused:
        with pytest.raises(refused):
            delete_experiment(actor=world.cast.actor(role), workspace="lab", uid=made.uid, now=timezone.now())
        assert Experiment.objects.exists()
        return
    delete_experiment(actor=world.cast.actor(role), workspace="lab", uid=made.uid, now=timezone.now())
    assert not Experiment.objects.exists()
    assert [each.subject for each in trail("delete")] == [made.name]


def test_what_is_deployed_is_not_deleted_and_what_is_names_its_files(world: World) -> None:
    file = upload(world.cast)
    made = create(world.cast, artifact=file.uid, model_type="h2o3_mojo")
    deployment = world.create(made.uid)
    owner, now = world.cast.actor("owner"), timezone.now() + timedelta(seconds=1)
    with pytest.raises(Refused, match="Churn") as caught:
        delete_experiment(actor=owner, workspace="lab", uid=made.uid, now=now)
    assert caught.value.code == "in-use"
    deployment.delete()
    assert delete_experiment(actor=owner, workspace="lab", uid=made.uid, now=now) == [file.uid]
    assert not Artifact.objects.exists()
