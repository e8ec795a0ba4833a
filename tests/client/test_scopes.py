"""Who sees and does what: inherited rows, all workspaces at once, roles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from h2o_mlops.errors import MLOpsAuthError, MLOpsNotFoundError

DEMO = "credit-risk"


@pytest.fixture
def demo(client: Callable[[str], Any]) -> Callable[[str], Any]:
    """The demo's workspace as one of the demo's people sees it."""
    return lambda role: client(role).workspaces.get(DEMO)


def test_a_workspace_lists_its_own_rows_and_those_of_global(admin: Any, lab: Any, image: Any) -> None:
    own = lab.runtimes.create("Own", image, "h2o3_mojo")
    inherited = admin.workspaces.get("global").runtimes.count()
    table = lab.runtimes.list()
    assert len(table) == lab.runtimes.count() == inherited + 1
    names = {each._resource_name for each in table}
    assert {own._resource_name, "workspaces/global/runtimes/vllm_runtime"} <= names
    assert not any(name.startswith(f"workspaces/{DEMO}/") for name in names)


def test_global_lists_its_own_rows_only(admin: Any) -> None:
    names = [each._resource_name for each in admin.workspaces.get("global").runtimes.list()]
    assert all(name.startswith("workspaces/global/") for name in names)


def test_get_falls_back_to_global_under_the_true_name(lab: Any) -> None:
    assert lab.runtimes.get("vllm_runtime")._resource_name == "workspaces/global/runtimes/vllm_runtime"


def test_a_row_of_the_workspace_hides_the_one_of_global_from_get(lab: Any, image: Any) -> None:
    own = lab.runtimes.create("Our vLLM", image, "vllm_config", uid="vllm_long_context_runtime")
    assert lab.runtimes.get("vllm_long_context_runtime").name == "Our vLLM"
    assert len([each for each in lab.runtimes.list() if each.uid == "vllm_long_context_runtime"]) == 2
    own.delete()
    assert lab.runtimes.get("vllm_long_context_runtime").name == "vLLM (long context)"


def test_the_list_of_all_workspaces_has_each_runtime_once_under_its_true_name(admin: Any, lab: Any, image: Any) -> None:
    own = lab.runtimes.create("For all", image, "h2o3_mojo")
    names = [each._resource_name for each in admin.runtimes.list()]
    assert len(names) == len(set(names)) == admin.runtimes.count() == len(admin.runtimes.list())
    assert {own._resource_name, f"workspaces/{DEMO}/runtimes/limits", "workspaces/global/runtimes/vllm_runtime"} <= set(
        names
    )
    assert [each.uid for each in admin.runtimes.list(name="For all")] == [own.uid]
    assert admin.runtimes.count(name="For all") == 1


@pytest.mark.parametrize("role", ["operator", "viewer", "stranger"])
def test_only_platform_admins_list_all_workspaces(client: Callable[[str], Any], role: str) -> None:
    for call in (client(role).runtimes.list, client(role).runtimes.count):
        with pytest.raises(MLOpsAuthError) as caught:
            call()
        assert caught.value.status == 403
        assert caught.value.server_message == "Only platform admins see all workspaces at once."


def test_a_stranger_finds_nothing_of_a_workspace(client: Callable[[str], Any], admin: Any) -> None:
    # The client asks for the workspace first; one that was read by somebody else reaches further.
    place = admin.workspaces.get(DEMO)
    place._client = client("stranger")
    for call in (
        place.runtimes.list, place.runtimes.count, lambda: place.runtimes.get("limits"),
        lambda: place.runtimes.get("vllm_runtime"), lambda: place.runtime_images.get("limit-scorer"),
        lambda: place.runtime_images.create("x", "x/y:1.0.0"),
    ):  # fmt: skip
        with pytest.raises(MLOpsNotFoundError) as caught:
            call()
        assert caught.value.server_message == f"There is no workspace {DEMO}, or you are not a member of it."


def test_a_viewer_reads_and_changes_nothing(demo: Callable[[str], Any]) -> None:
    place = demo("viewer")
    runtime, image = place.runtimes.get("limits"), place.runtime_images.get("limit-scorer")
    assert len(place.runtimes.list()) > 2
    for call, right in (
        (lambda: place.runtimes.create("x", image, "h2o3_mojo"), "create or change things"),
        (lambda: place.runtime_images.create("x", "x/y:1.0.0"), "create or change things"),
        (lambda: image.versions.create("x/y:9.0.0"), "create or change things"),
        (lambda: runtime.update(name="x"), "create or change things"),
        (lambda: image.update(name="x"), "create or change things"),
        (runtime.disable, "change states"),
        (image.deprecate, "change states"),
        (image.versions.get("0.10.0").disable, "change states"),
        (runtime.delete, "delete things"),
        (image.delete, "delete things"),
    ):
        with pytest.raises(MLOpsAuthError) as caught:
            call()
        assert caught.value.status == 403
        assert right in caught.value.server_message
    assert place.runtimes.get("limits").state == "ACTIVE"


def test_a_viewer_sees_no_secret_values(demo: Callable[[str], Any]) -> None:
    seen = demo("viewer").runtimes.get("limits").environment_variables
    assert seen["ROUNDING"] == "bankers"
    assert "demo-only" not in seen["LICENSE_KEY"]
    assert demo("operator").runtimes.get("limits").environment_variables["LICENSE_KEY"] == "demo-only"
    listed = {each.uid: each for each in demo("viewer").runtimes.list()}
    assert listed["limits"].environment_variables == seen


def test_an_operator_does_all_but_delete(demo: Callable[[str], Any], admin: Any) -> None:
    place = demo("operator")
    image = place.runtime_images.create("Operator's", "x/y:1.0.0")
    runtime = place.runtimes.create("Operator's", image, "h2o3_mojo")
    runtime.update(description="Changed.")
    runtime.disable(reason="Not yet.")
    runtime.enable()
    image.versions.create("x/y:1.1.0").deprecate()
    for row in (runtime, image):
        with pytest.raises(MLOpsAuthError, match="delete things in this workspace"):
            row.delete()
    admin.workspaces.get(DEMO).runtimes.get(runtime.uid).delete()
    admin.workspaces.get(DEMO).runtime_images.get(image.uid).delete()


def test_only_platform_admins_write_in_global(demo: Callable[[str], Any], client: Callable[[str], Any]) -> None:
    inherited = demo("operator").runtimes.get("vllm_runtime")
    place = client("operator").workspaces.get("global")
    for call in (
        inherited.disable, inherited.delete, lambda: inherited.update(name="x"),
        lambda: place.runtime_images.create("x", "x/y:1.0.0"),
    ):  # fmt: skip
        with pytest.raises(MLOpsAuthError) as caught:
            call()
        assert caught.value.status == 403


def test_a_platform_admin_writes_in_global_and_all_workspaces_inherit_it(admin: Any, lab: Any) -> None:
    made = admin.workspaces.get("global").runtime_images.create("For everyone", "x/y:1.0.0", uid="for-everyone")
    assert lab.runtime_images.get("for-everyone")._resource_name == made._resource_name
    made.delete()
