"""Runtime images by the published client."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from h2o_mlops.errors import MLOpsApiError, MLOpsAuthError, MLOpsConflictError, MLOpsNotFoundError

REPOSITORY = "registry.example.org:5000/lab/fraud"


@pytest.fixture
def made(lab: Any) -> Any:
    """A fresh image with version v1.0.0."""
    return lab.runtime_images.create("Fraud", f"{REPOSITORY}:1.0.0", description="Finds fraud.")


def versions_of(image: Any) -> list[str]:
    """What versions an image has, highest first."""
    return [each.version for each in image.versions.list()]


def test_create_answers_all_that_an_image_is(lab: Any, made: Any) -> None:
    assert made.uid.startswith("ri-")
    assert (made.name, made.description, made.docker_image) == ("Fraud", "Finds fraud.", f"{REPOSITORY}:1.0.0")
    assert (made.state, made.state_reason, made.managed_by_bootstrap) == ("ACTIVE", None, False)
    assert made.state_updated_time is None
    assert isinstance(made.created_time, datetime)
    assert made.last_modified_time == made.created_time
    assert made.current_version.version == "v1.0.0"
    assert versions_of(made) == ["v1.0.0"]
    assert "Fraud" in repr(made)
    assert made.uid in str(made)
    again = lab.runtime_images.get(made.uid)
    assert (again.name, again.docker_image, again.created_time) == (made.name, made.docker_image, made.created_time)


def test_an_image_takes_the_id_that_it_is_given(lab: Any) -> None:
    made = lab.runtime_images.create("Named", "x/y:1.0.0", uid="named_image-1")
    assert lab.runtime_images.get("named_image-1").name == made.name == "Named"


def test_an_explicit_version_wins_over_the_tag(lab: Any) -> None:
    assert versions_of(lab.runtime_images.create("Explicit", "x/y:2.0.0", version="3.1.0")) == ["v3.1.0"]
    assert versions_of(lab.runtime_images.create("Moving", "x/y:latest", version="v4.0.0")) == ["v4.0.0"]


def test_an_image_may_begin_without_a_version(lab: Any) -> None:
    made = lab.runtime_images.create("Empty", "")
    assert (made.docker_image, made.current_version, len(made.versions.list())) == ("", None, 0)


def test_display_names_may_repeat(lab: Any) -> None:
    first, second = (lab.runtime_images.create("Twin", "x/y:1.0.0") for _ in range(2))
    assert first.uid != second.uid
    assert lab.runtime_images.count(name="Twin") == 2


def test_an_id_is_taken_once(lab: Any) -> None:
    lab.runtime_images.create("Once", "x/y:1.0.0", uid="once")
    with pytest.raises(MLOpsConflictError) as caught:
        lab.runtime_images.create("Twice", "x/y:1.0.0", uid="once")
    assert caught.value.server_message == f"Workspace {lab.uid} has a runtime image once already."


@pytest.mark.parametrize("uid", ["Upper", "1st", "_a", "a-", "a b", "a" * 64, "ä"])
def test_an_id_that_is_none_is_refused_naming_the_parameter(lab: Any, uid: str) -> None:
    with pytest.raises(MLOpsApiError) as caught:
        lab.runtime_images.create("Bad", "x/y:1.0.0", uid=uid)
    assert caught.value.status == 400
    assert caught.value.server_message.startswith("runtimeImageId: ")


@pytest.mark.parametrize("uid", ["a", "a" * 63, "a-b_c1"])
def test_an_id_at_the_edge_is_taken(lab: Any, uid: str) -> None:
    assert lab.runtime_images.create("Edge", "x/y:1.0.0", uid=uid).uid == uid


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        pytest.param({"docker_image": "x/y:latest"}, "dockerImage", id="latest"),
        pytest.param({"docker_image": "x/y:nightly"}, "dockerImage", id="nightly"),
        pytest.param({"docker_image": "registry:5000/y"}, "dockerImage", id="a-port-is-no-tag"),
        pytest.param({"docker_image": "X Y"}, "dockerImage", id="no-reference"),
        pytest.param({"docker_image": "x/y:1.0.0", "version": "one"}, "runtimeImageVersionId", id="version"),
        pytest.param({"docker_image": "x/y:1.0.0", "name": ""}, "displayName", id="no-name"),
        pytest.param({"docker_image": "x/y:1.0.0", "name": "x" * 201}, "displayName", id="long-name"),
    ],
)
def test_bad_input_is_refused_naming_the_field_and_nothing_is_made(
    lab: Any, arguments: dict[str, str], field: str
) -> None:
    before = lab.runtime_images.count()
    with pytest.raises(MLOpsApiError) as caught:
        lab.runtime_images.create(**{"name": "Bad"} | arguments)
    assert caught.value.status == 400
    assert caught.value.server_message.startswith(f"{field}: ")
    assert lab.runtime_images.count() == before


def test_update_changes_what_it_is_given(lab: Any, made: Any) -> None:
    made.update(name="Renamed", description="Other.")
    assert (made.name, made.description) == ("Renamed", "Other.")
    assert made.last_modified_time > made.created_time
    made.update(description=None)
    found = lab.runtime_images.get(made.uid)
    assert (found.name, found.description, versions_of(found)) == ("Renamed", "", ["v1.0.0"])


def test_update_without_arguments_changes_nothing(lab: Any, made: Any) -> None:
    made.update()
    assert lab.runtime_images.get(made.uid).last_modified_time == made.created_time


def test_another_docker_image_becomes_a_version(made: Any) -> None:
    made.update(docker_image=f"{REPOSITORY}:1.1.0")
    assert (made.docker_image, made.current_version.version) == (f"{REPOSITORY}:1.1.0", "v1.1.0")
    made.update(docker_image=f"{REPOSITORY}:stable", version="1.2.0", name="With a version")
    assert (made.name, made.docker_image) == ("With a version", f"{REPOSITORY}:stable")
    assert versions_of(made) == ["v1.2.0", "v1.1.0", "v1.0.0"]


def test_the_same_docker_image_is_no_new_version(made: Any) -> None:
    made.update(docker_image=f"{REPOSITORY}:1.0.0", description="Again.")
    assert (made.description, versions_of(made)) == ("Again.", ["v1.0.0"])


def test_a_lower_version_becomes_none_that_is_current(made: Any) -> None:
    made.update(docker_image=f"{REPOSITORY}:0.9.0")
    assert (made.docker_image, versions_of(made)) == (f"{REPOSITORY}:1.0.0", ["v1.0.0", "v0.9.0"])


def test_a_docker_image_without_a_version_is_refused_and_nothing_applied(lab: Any, made: Any) -> None:
    with pytest.raises(MLOpsApiError, match="dockerImage: "):
        made.update(name="Half", docker_image=f"{REPOSITORY}:latest")
    assert (lab.runtime_images.get(made.uid).name, versions_of(made)) == ("Fraud", ["v1.0.0"])


def test_states_and_reasons_follow_the_verbs(lab: Any, made: Any) -> None:
    made.deprecate(reason="Old.")
    assert (made.state, made.state_reason) == ("DEPRECATED", "Old.")
    deprecated_at = made.state_updated_time
    assert deprecated_at > made.created_time
    made.disable("CVE-2026-1")
    assert (made.state, made.state_reason) == ("DISABLED", "CVE-2026-1")
    assert made.state_updated_time > deprecated_at
    made.enable()
    found = lab.runtime_images.get(made.uid)
    assert (found.state, found.state_reason) == (made.state, made.state_reason) == ("ACTIVE", None)


def test_a_deleted_image_is_gone(lab: Any, made: Any) -> None:
    made.delete()
    with pytest.raises(MLOpsNotFoundError) as caught:
        lab.runtime_images.get(made.uid)
    assert caught.value.server_message == f"There is no runtime image {made.uid} in workspace {lab.uid}."


def test_an_image_in_use_stays_and_names_its_users(lab: Any, made: Any) -> None:
    runtime = lab.runtimes.create("User", made, "h2o3_mojo", uid="user-of-image")
    with pytest.raises(MLOpsConflictError) as caught:
        made.delete()
    assert f"workspaces/{lab.uid}/runtimes/user-of-image" in caught.value.server_message
    runtime.delete()
    made.delete()


def test_lists_show_what_is_inherited_from_global(admin: Any, lab: Any, made: Any) -> None:
    table = lab.runtime_images.list()
    assert len(table) == lab.runtime_images.count() > admin.workspaces.get("global").runtime_images.count()
    assert {made.uid, "h2oai-vllm-scorer"} <= {each.uid for each in table}
    assert "docker_image" in repr(table)


def test_get_falls_back_to_global_under_the_true_name(lab: Any) -> None:
    found = lab.runtime_images.get("h2oai-vllm-scorer")
    assert found._resource_name == "workspaces/global/runtimeImages/h2oai-vllm-scorer"
    assert (found.managed_by_bootstrap, found.current_version.version) == (True, "v0.11.0")


def test_the_list_of_all_workspaces_has_each_image_once(admin: Any, made: Any) -> None:
    names = [each._resource_name for each in admin.runtime_images.list()]
    assert len(names) == len(set(names)) == admin.runtime_images.count()
    assert {made._resource_name, "workspaces/credit-risk/runtimeImages/limit-scorer"} <= set(names)
    assert admin.runtime_images.count(name="Limit scorer") == 1


@pytest.mark.parametrize("role", ["operator", "viewer", "stranger"])
def test_only_platform_admins_list_all_workspaces(client: Callable[[str], Any], role: str) -> None:
    for call in (client(role).runtime_images.list, client(role).runtime_images.count):
        with pytest.raises(MLOpsAuthError, match="Only platform admins see all workspaces") as caught:
            call()
        assert caught.value.status == 403
