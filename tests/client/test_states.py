"""States of runtimes by the published client, and what a values file holds down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from h2o_mlops.errors import MLOpsApiError, MLOpsConflictError
from h2o_mlops.options import FilterExpression, FilterOptions

KEY = "config.deployer.composition"
DISABLED, DEPRECATED, ACTIVE = "dai_mojo_cpp_runtime", "ht_flexible_py310_cpu_runtime", "vllm_runtime"
MOVED = "ht_flexible_py310_gpu_runtime"


@pytest.fixture
def runtime(lab: Any, image: Any) -> Any:
    """A runtime of people's own."""
    return lab.runtimes.create("Fraud", image, "h2o3_mojo")


@pytest.fixture
def managed(admin: Any) -> Iterator[Callable[[str], Any]]:
    """Runtimes of the values file, put back afterwards to where the file holds them."""
    place = admin.workspaces.get("global")
    yield place.runtimes.get
    place.runtimes.get(MOVED).deprecate()
    place.runtimes.get(ACTIVE).enable()


def test_states_and_reasons_follow_the_verbs(lab: Any, runtime: Any) -> None:
    runtime.deprecate(reason="Use the other one.")
    assert (runtime.state, runtime.state_reason) == ("DEPRECATED", "Use the other one.")
    deprecated_at = runtime.state_updated_time
    assert deprecated_at == runtime.last_modified_time > runtime.created_time
    runtime.disable("CVE-2026-1")
    assert (runtime.state, runtime.state_reason) == ("DISABLED", "CVE-2026-1")
    assert runtime.state_updated_time > deprecated_at
    runtime.enable()
    found = lab.runtimes.get(runtime.uid)
    assert (found.state, found.state_reason) == (runtime.state, runtime.state_reason) == ("ACTIVE", None)


def test_a_state_moves_both_ways(runtime: Any) -> None:
    for verb, state in ((runtime.disable, "DISABLED"), (runtime.deprecate, "DEPRECATED"), (runtime.enable, "ACTIVE")):
        verb()
        assert (runtime.state, runtime.state_reason) == (state, None)


def test_the_state_that_is_there_already_changes_nothing(runtime: Any) -> None:
    runtime.deprecate(reason="First.")
    at = runtime.state_updated_time
    runtime.deprecate(reason="Second.")
    assert (runtime.state_reason, runtime.state_updated_time) == ("First.", at)


@pytest.mark.parametrize("reason", ["x" * 1000, "ünï\ncode 'n' \"quotes\""], ids=["longest", "any-letters"])
def test_a_reason_is_kept_as_it_is_given(lab: Any, runtime: Any, reason: str) -> None:
    runtime.disable(reason)
    assert lab.runtimes.get(runtime.uid).state_reason == reason


@pytest.mark.parametrize("reason", ["x" * 1001, " "], ids=["long", "blank"])
def test_a_reason_that_is_none_is_refused(lab: Any, runtime: Any, reason: str) -> None:
    with pytest.raises(MLOpsApiError) as caught:
        runtime.disable(reason)
    assert caught.value.status == 400
    assert caught.value.server_message.startswith("reason: ")
    assert lab.runtimes.get(runtime.uid).state == "ACTIVE"


@pytest.mark.parametrize(
    ("uid", "verb", "state", "target"),
    [
        pytest.param(DISABLED, "enable", "DISABLED", "ACTIVE", id="enable-a-disabled-one"),
        pytest.param(DISABLED, "deprecate", "DISABLED", "DEPRECATED", id="deprecate-a-disabled-one"),
        pytest.param(DEPRECATED, "enable", "DEPRECATED", "ACTIVE", id="enable-a-deprecated-one"),
    ],
)
def test_nobody_lifts_a_runtime_above_the_values_file(
    managed: Callable[[str], Any], uid: str, verb: str, state: str, target: str
) -> None:
    runtime = managed(uid)
    assert (runtime.state, runtime.managed_by_bootstrap) == (state, True)
    with pytest.raises(MLOpsConflictError) as caught:
        getattr(runtime, verb)()
    said = caught.value.server_message
    assert said.startswith(f"{uid} is {state} by values.yaml ({runtime.state_reason})")
    assert said.endswith(f"so it cannot become {target}: edit {KEY}.runtimes.{uid}.state there.")


def test_people_tighten_below_the_values_file_and_come_back_up_to_it(managed: Callable[[str], Any]) -> None:
    runtime = managed(MOVED)
    runtime.disable(reason="Not with us.")
    assert (runtime.state, runtime.state_reason) == ("DISABLED", "Not with us.")
    with pytest.raises(MLOpsConflictError):
        runtime.enable()
    runtime.deprecate()
    assert runtime.state == managed(MOVED).state == "DEPRECATED"


def test_an_active_row_of_the_values_file_is_disabled_and_enabled(managed: Callable[[str], Any]) -> None:
    runtime = managed(ACTIVE)
    runtime.disable(reason="CVE-2026-1")
    assert (runtime.state, runtime.state_reason) == ("DISABLED", "CVE-2026-1")
    runtime.enable()
    assert (runtime.state, runtime.state_reason) == ("ACTIVE", None)


def test_images_and_versions_of_the_values_file_have_the_same_ceiling(admin: Any) -> None:
    images = admin.workspaces.get("global").runtime_images
    with pytest.raises(MLOpsConflictError, match=f"{KEY}.runtimeImages.h2oai-mlflow-scorer-py310.state"):
        images.get("h2oai-mlflow-scorer-py310").enable()
    with pytest.raises(MLOpsConflictError, match=rf"{KEY}.runtimeImages.h2oai-vllm-scorer.versions.*state"):
        images.get("h2oai-vllm-scorer").versions.get("0.8.4").activate()


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_what_comes_from_the_values_file_is_not_edited_or_deleted(admin: Any, verb: str) -> None:
    place = admin.workspaces.get("global")
    for kind, row in (
        ("runtimes", place.runtimes.get(ACTIVE)),
        ("runtimeImages", place.runtime_images.get("h2oai-vllm-scorer")),
    ):
        with pytest.raises(MLOpsConflictError) as caught:
            row.update(description="Ours.") if verb == "update" else row.delete()
        done = "edited" if verb == "update" else "deleted"
        assert caught.value.server_message == (
            f"This comes from values.yaml and cannot be {done} here; edit {KEY}.{kind}.{row.uid} there."
        )


def test_an_image_of_the_values_file_takes_no_versions(admin: Any) -> None:
    image = admin.workspaces.get("global").runtime_images.get("h2oai-vllm-scorer")
    with pytest.raises(MLOpsConflictError, match=r"This comes from values\.yaml"):
        image.versions.create("x/y:9.0.0")
    with pytest.raises(MLOpsConflictError, match=r"This comes from values\.yaml"):
        image.update(docker_image="x/y:9.0.0")
    assert image.versions.count() == 4


def test_a_state_is_found_by_selector_and_by_filter(lab: Any, runtime: Any) -> None:
    before = lab.runtimes.count(state="DISABLED")
    runtime.disable()
    assert lab.runtimes.count(state="DISABLED") == before + 1
    assert lab.runtimes.count(FilterExpression([FilterOptions("state", runtime._raw_info.state)])) == before + 1
    assert runtime.uid in {each.uid for each in lab.runtimes.list(state="DISABLED")}
