"""Runtimes by the published client: making, reading, changing and removing them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from h2o_mlops.errors import MLOpsApiError, MLOpsConflictError, MLOpsNotFoundError
from h2o_mlops.options import CapabilitiesOptions, SeccompProfileOptions, SecurityContextOptions, VolumeOptions
from h2o_mlops.types import VolumeType

VARIABLES = {
    "JAVA_OPTS": "{if GPU_COUNT >= 1}-Xmx8g{else}-Xmx2g{/if}",
    "MESSAGE": 'it\'s "quoted", 100% ünïcode {"json": [1]} ',
    "API_TOKEN": "hunter2",
    "EMPTY": "",
}
SCRATCH = VolumeType.EMPTY_DIR
VOLUMES = [
    VolumeOptions("scratch", SCRATCH, ["/tmp", "/var/tmp"], properties={"medium": "Memory"}),
    VolumeOptions("models", VolumeType.EPHEMERAL, ["/models"], read_only=True, properties={"size": "10Gi"}),
]
CONTEXT = SecurityContextOptions(
    run_as_user="1000",
    run_as_group=str(2**31 - 1),
    run_as_non_root=True,
    read_only_root_filesystem=True,
    allow_privilege_escalation=False,
    privileged=False,
    capabilities=CapabilitiesOptions(add=["NET_BIND_SERVICE"], drop=["ALL"]),
    seccomp_profile=SeccompProfileOptions("Localhost", "profiles/scorer.json"),
)
SELECTOR = {"stage?absent=match": "production", "legacy?absent=require": ""}


@pytest.fixture
def bare(lab: Any, image: Any) -> Any:
    """A runtime with nothing set that need not be."""
    return lab.runtimes.create("Bare", image, "h2o3_mojo")


@pytest.fixture
def full(lab: Any, image: Any) -> Any:
    """A runtime with everything set that can be."""
    return lab.runtimes.create(
        name="Full",
        runtime_image=image,
        model_type="h2o3_mojo",
        description="All of it.",
        environment_variables=VARIABLES,
        read_only_data_volume=True,
        volumes=VOLUMES,
        security_context=CONTEXT,
        selector=SELECTOR,
    )


def test_create_answers_all_that_a_runtime_is(lab: Any, image: Any, full: Any) -> None:
    for found in (full, lab.runtimes.get(full.uid)):
        assert found.uid.startswith("r-")
        assert (found.name, found.description, found.model_type) == ("Full", "All of it.", "h2o3_mojo")
        assert (found.state, found.state_reason, found.state_updated_time) == ("ACTIVE", None, None)
        assert isinstance(found.created_time, datetime)
        assert found.created_time == found.last_modified_time
        assert found.environment_variables == VARIABLES
        assert found.read_only_data_volume is True
        assert found.volumes == VOLUMES
        assert found.security_context == CONTEXT
        assert found.selector == SELECTOR
        assert (found.scoring_endpoint, found.managed_by_bootstrap) == ("", False)
        assert (found.runtime_image.uid, found.runtime_image.name) == (image.uid, image.name)
        assert "Full" in repr(found)
        assert full.uid in str(found)


def test_a_name_an_image_and_a_model_type_are_all_that_create_needs(bare: Any) -> None:
    assert (bare.description, bare.environment_variables, bare.selector) == ("", {}, {})
    assert (bare.read_only_data_volume, bare.volumes, bare.security_context) == (False, None, None)


def test_a_runtime_takes_the_id_that_it_is_given_once(lab: Any, image: Any) -> None:
    assert lab.runtimes.create("First", image, "h2o3_mojo", uid="given_id-1").uid == "given_id-1"
    with pytest.raises(MLOpsConflictError) as caught:
        lab.runtimes.create("Second", image, "h2o3_mojo", uid="given_id-1")
    assert caught.value.server_message == f"Workspace {lab.uid} has a runtime given_id-1 already."


@pytest.mark.parametrize("name", ["workspaces/global/runtimeImages/h2oai-vllm-scorer", "own"])
def test_an_image_may_be_given_by_name(lab: Any, image: Any, name: str) -> None:
    made = lab.runtimes.create("By name", image._resource_name if name == "own" else name, "h2o3_mojo")
    assert made.runtime_image.uid == (image.uid if name == "own" else "h2oai-vllm-scorer")


def test_a_runtime_may_be_pinned_to_a_version_which_the_client_cannot_follow(lab: Any, image: Any) -> None:
    name = f"{image._resource_name}/versions/v1.0.0"
    made = lab.runtimes.create("Pinned", name, "h2o3_mojo")
    assert made._raw_info.runtime_image == name
    # The client asks for an image under whatever name is there: the answer holds a version and no image.
    with pytest.raises(AttributeError):
        _ = made.runtime_image


@pytest.mark.parametrize(
    ("arguments", "field", "said"),
    [
        pytest.param({"name": ""}, "displayName", "blank", id="no-name"),
        pytest.param({"uid": "Bad"}, "runtimeId", "lower-case letter", id="id"),
        pytest.param({"model_type": "nope"}, "modelType", "There is no model type 'nope'.", id="model-type"),
        pytest.param({"runtime_image": "nope"}, "runtimeImage", "workspaces/W/runtimeImages/I", id="no-resource-name"),
        pytest.param(
            {"runtime_image": "workspaces/global/runtimeImages/nope"}, "runtimeImage", "runtime image nope", id="image"
        ),
        pytest.param(
            {"runtime_image": "workspaces/credit-risk/runtimeImages/limit-scorer"},
            "runtimeImage", "its own workspace or of global", id="foreign-image",
        ),
        pytest.param({"environment_variables": {"A=B": "1"}}, "environmentVariables", "A=B", id="variable-name"),
        pytest.param({"environment_variables": {"A": "{if"}}, "environmentVariables", "position", id="template"),
        pytest.param({"volumes": [VolumeOptions("X", SCRATCH, ["/x"])]}, "volumes.0.id", "lower-case", id="volume-id"),
        pytest.param({"volumes": [VolumeOptions("x", SCRATCH, ["x"])]}, "volumes.0.mountPaths", "/", id="mount-path"),
        pytest.param(
            {"security_context": SecurityContextOptions(run_as_user="root")}, "securityContext", "runAsUser", id="user"
        ),
        pytest.param({"selector": {"a?absent=maybe": "1"}}, "selector", "absent", id="selector"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_naming_the_field_and_nothing_is_made(
    lab: Any, image: Any, arguments: dict[str, Any], field: str, said: str
) -> None:
    before = lab.runtimes.count()
    with pytest.raises(MLOpsApiError) as caught:
        lab.runtimes.create(**{"name": "Bad", "runtime_image": image, "model_type": "h2o3_mojo"} | arguments)
    assert caught.value.status == 400
    assert caught.value.server_message.startswith(field)
    assert said in caught.value.server_message
    assert lab.runtimes.count() == before


def test_several_faults_are_told_at_once(lab: Any) -> None:
    with pytest.raises(MLOpsApiError) as caught:
        lab.runtimes.create("", "nope", "nope", uid="Bad")
    for field in ("displayName", "runtimeId", "modelType", "runtimeImage"):
        assert f"{field}: " in caught.value.server_message


OTHER = {
    "name": "Other",
    "description": "Changed.",
    "environment_variables": {"ONE": "1"},
    "read_only_data_volume": False,
    "volumes": VOLUMES[:1],
    "security_context": SecurityContextOptions(privileged=True),
    "selector": {"stage": "test"},
}
CLEARED = {
    "description": (None, ""),
    "environment_variables": (None, {}),
    "read_only_data_volume": (None, False),
    "volumes": (None, None),
    "security_context": (None, None),
    "selector": (None, {}),
}


@pytest.mark.parametrize("field", list(OTHER))
def test_update_changes_one_field_and_leaves_the_others(lab: Any, full: Any, field: str) -> None:
    before = {name: getattr(full, name) for name in OTHER}
    full.update(**{field: OTHER[field]})
    found = lab.runtimes.get(full.uid)
    assert {name: getattr(found, name) for name in OTHER} == before | {field: OTHER[field]}
    assert found.last_modified_time == full.last_modified_time > found.created_time


def test_update_changes_all_fields_at_once(lab: Any, full: Any) -> None:
    full.update(**OTHER)
    found = lab.runtimes.get(full.uid)
    assert {name: getattr(found, name) for name in OTHER} == OTHER


@pytest.mark.parametrize(
    ("field", "given", "found"),
    [pytest.param(field, *values, id=field) for field, values in CLEARED.items()]
    + [
        pytest.param("environment_variables", {}, {}, id="no-variables"),
        pytest.param("volumes", [], None, id="no-volumes"),
        pytest.param("selector", {}, {}, id="empty-selector"),
        pytest.param("security_context", SecurityContextOptions(), None, id="empty-security-context"),
    ],
)
def test_update_clears_a_field(lab: Any, full: Any, field: str, given: Any, found: Any) -> None:
    full.update(**{field: given})
    assert getattr(full, field) == getattr(lab.runtimes.get(full.uid), field) == found


def test_update_replaces_the_security_context_whole(lab: Any, full: Any) -> None:
    full.update(security_context=SecurityContextOptions(run_as_user="7"))
    assert lab.runtimes.get(full.uid).security_context == SecurityContextOptions(run_as_user="7")


def test_update_without_arguments_changes_nothing(lab: Any, full: Any) -> None:
    full.update()
    assert lab.runtimes.get(full.uid).last_modified_time == full.created_time


def test_update_with_the_same_values_changes_nothing(lab: Any, full: Any) -> None:
    full.update(name="Full", selector=SELECTOR, volumes=VOLUMES, security_context=CONTEXT)
    assert lab.runtimes.get(full.uid).last_modified_time == full.created_time


def test_a_refused_update_changes_nothing(lab: Any, full: Any) -> None:
    with pytest.raises(MLOpsApiError, match="environmentVariables"):
        full.update(name="Half", environment_variables={"A": "{if"})
    assert lab.runtimes.get(full.uid).name == "Full"


def test_a_deleted_runtime_is_gone(lab: Any, bare: Any) -> None:
    bare.delete()
    for call in (lambda: lab.runtimes.get(bare.uid), bare.delete, bare.disable, lambda: bare.update(name="x")):
        with pytest.raises(MLOpsNotFoundError) as caught:
            call()
        assert caught.value.server_message == f"There is no runtime {bare.uid} in workspace {lab.uid}."
