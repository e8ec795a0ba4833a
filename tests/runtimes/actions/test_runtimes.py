"""People make, change and delete runtimes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mlops_console.errors import Invalid, Missing, NotAllowed, Refused
from mlops_console.models import AuditEntry
from runtimes.actions.runtimes import create_runtime, delete_runtime, update_runtime
from runtimes.models import Runtime, RuntimeImage
from runtimes.rules.environment import MASK
from runtimes.rules.runtime import RuntimeSpec
from tests.cast import Cast
from tests.factories import make_image, make_model_type, make_runtime

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def image(cast: Cast) -> RuntimeImage:
    make_model_type()
    return make_image(cast.workspace, versions="v1.0.0 v2.0.0")


def create(cast: Cast, image: RuntimeImage, role: str = "operator", **fields: Any) -> Runtime:
    spec = RuntimeSpec(**{"display_name": "Mojo"} | fields.pop("spec", {}))
    given: dict[str, Any] = {
        "workspace": cast.workspace,
        "model_type": "h2o3_mojo",
        "runtime_image": image.name,
    } | fields
    return create_runtime(actor=cast.actor(role), spec=spec, now=NOW, **given)


def update(cast: Cast, uid: str, role: str = "operator", **given: Any) -> Runtime:
    given = {"changes": {}} | given
    return update_runtime(actor=cast.actor(role), workspace="lab", uid=uid, now=NOW, **given)


def test_an_operator_creates_a_runtime(cast: Cast, image: RuntimeImage) -> None:
    runtime = create(
        cast,
        image,
        uid="mojo",
        spec={
            "environment_variables": {"OMP_NUM_THREADS": "{GPU_COUNT}", "API_TOKEN": "sesame"},
            "volumes": [
                {
                    "id": "tmp",
                    "type": "EMPTY_DIR",
                    "mountPaths": ["/tmp"],
                    "readOnly": False,
                    "properties": {},
                }
            ],
            "security_context": {"runAsUser": "1000", "capabilities": {"add": [], "drop": ["ALL"]}},
            "selector": {"tier?absent=match": "gold"},
        },
    )
    runtime.refresh_from_db()
    assert runtime.name == "workspaces/lab/runtimes/mojo"
    assert runtime.environment_variables["API_TOKEN"] == "sesame"
    assert runtime.security_context == {"runAsUser": 1000, "capabilities": {"drop": ["ALL"]}}
    entry = AuditEntry.objects.get()
    assert entry.after["environment_variables"] == {"OMP_NUM_THREADS": "{GPU_COUNT}", "API_TOKEN": MASK}
    assert "sesame" not in str(entry.__dict__)


def test_a_runtime_may_be_pinned_to_a_version(cast: Cast, image: RuntimeImage) -> None:
    runtime = create(cast, image, runtime_image=f"{image.name}/versions/v1.0.0")
    assert str(runtime.pinned_version) == "v1.0.0"
    assert runtime.runtime_image_name == f"{image.name}/versions/v1.0.0"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"spec": {"display_name": ""}}, {"display_name"}),
        ({"uid": "-"}, {"uid"}),
        ({"model_type": "nonsense"}, {"model_type"}),
        ({"runtime_image": "workspaces/lab/runtimeImages/none"}, {"runtime_image"}),
        ({"runtime_image": "workspaces/elsewhere/runtimeImages/secret"}, {"runtime_image"}),
        ({"runtime_image": "workspaces/lab/runtimeImages/h2o3-mojo/versions/v9.9.9"}, {"runtime_image"}),
        ({"runtime_image": "h2o3-mojo"}, {"runtime_image"}),
        ({"spec": {"environment_variables": {"1": "x"}}}, {"environment_variables.1"}),
        ({"spec": {"environment_variables": {"A": "{if GPU_COUNT > 1}x"}}}, {"environment_variables.A"}),
        (
            {"spec": {"environment_variables": {f"A{n}": "" for n in range(10_000)}}},
            {"environment_variables"},
        ),
        ({"spec": {"volumes": [{"id": "X", "type": "EMPTY_DIR", "mountPaths": ["/a"]}]}}, {"volumes.0.id"}),
        ({"spec": {"selector": {"a?b": "c"}}}, {"selector.a?b"}),
        ({"spec": {"scoring_endpoint": "http://x y"}}, {"scoring_endpoint"}),
        (
            {"spec": {"display_name": "", "scoring_endpoint": "?"}, "model_type": "", "runtime_image": ""},
            {"display_name", "scoring_endpoint", "model_type", "runtime_image"},
        ),
    ],
)
def test_every_fault_is_told_at_its_field_and_nothing_is_stored(
    cast: Cast, image: RuntimeImage, fields: dict[str, Any], named: set[str]
) -> None:
    make_image(cast.other, "secret")
    with pytest.raises(Invalid) as caught:
        create(cast, image, **fields)
    assert set(caught.value.fields) == named
    assert not Runtime.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(("role", "error"), [("viewer", NotAllowed), ("stranger", Missing)])
def test_others_may_not_create(cast: Cast, image: RuntimeImage, role: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        create(cast, image, role)


def test_model_type_and_image_are_fixed_and_a_change_of_them_is_refused(cast: Cast, image: RuntimeImage) -> None:
    create(cast, image, uid="mojo")
    other = make_image(cast.workspace, "other")
    make_model_type("vllm_config")
    update(cast, "mojo", model_type="h2o3_mojo", runtime_image=image.name, changes={"description": "same"})
    with pytest.raises(Invalid) as caught:
        update(
            cast,
            "mojo",
            model_type="vllm_config",
            runtime_image=other.name,
            changes={"description": "tampered"},
        )
    assert set(caught.value.fields) == {"model_type", "runtime_image"}
    assert Runtime.objects.get().description == "same"


def test_a_form_opened_before_someone_else_saved_is_refused(cast: Cast, image: RuntimeImage) -> None:
    create(cast, image, uid="mojo")
    update(cast, "mojo", revision=1, changes={"description": "first"})
    with pytest.raises(Refused) as caught:
        update(cast, "mojo", revision=1, changes={"description": "second"})
    assert caught.value.code == "stale"
    assert Runtime.objects.get().description == "first"


def test_saving_without_a_difference_records_nothing(cast: Cast, image: RuntimeImage) -> None:
    create(cast, image, uid="mojo")
    update(cast, "mojo", changes={"display_name": "Mojo"})
    assert AuditEntry.objects.count() == 1
    assert Runtime.objects.get().revision == 1


def test_what_a_values_file_manages_is_neither_edited_nor_deleted(cast: Cast) -> None:
    runtime = make_runtime(make_image(cast.everyone), platform_state="ACTIVE")
    with pytest.raises(Refused, match=r"config.deployer.composition.runtimes.mojo"):
        update(cast, runtime.uid, "admin", changes={"display_name": "x"})
    with pytest.raises(Refused, match=r"config.deployer.composition.runtimes.mojo"):
        delete_runtime(actor=cast.actor("admin"), workspace="global", uid=runtime.uid, now=NOW)


def test_only_admins_delete(cast: Cast, image: RuntimeImage) -> None:
    create(cast, image, uid="mojo")
    with pytest.raises(NotAllowed):
        delete_runtime(actor=cast.actor("operator"), workspace="lab", uid="mojo", now=NOW)
    delete_runtime(actor=cast.actor("owner"), workspace="lab", uid="mojo", now=NOW)
    assert not Runtime.objects.exists()
    assert AuditEntry.objects.latest("pk").before["runtime_image"] == image.name
