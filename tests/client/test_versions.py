"""Versions of runtime images by the published client."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from h2o_mlops.errors import MLOpsApiError, MLOpsConflictError, MLOpsNotFoundError
from h2o_mlops.options import FilterExpression, FilterOptions, ListOptions, SortOptions
from h2o_mlops.types import OperatorType, OrderType

REPOSITORY = "registry.example.org:5000/lab/scorer"
NUMBERS = ("1.9.0", "1.10.0", "2.0.0-rc.2", "2.0.0-rc.10", "0.1.0")
HIGHEST_FIRST = ["v2.0.0-rc.10", "v2.0.0-rc.2", "v1.10.0", "v1.9.0", "v0.1.0"]


@pytest.fixture
def family(lab: Any) -> Any:
    """An image without versions."""
    return lab.runtime_images.create("Family", "")


@pytest.fixture(scope="module")
def full(lab: Any) -> Any:
    """An image with a handful of versions, which no test changes."""
    image = lab.runtime_images.create("Full", "", uid="full")
    for number in NUMBERS:
        image.versions.create(f"{REPOSITORY}:{number}")
    image.versions.get("2.0.0-rc.2").disable(reason="A candidate.")
    return image


def current_of(lab: Any, image: Any) -> str | None:
    """The current version of an image, read anew: the client keeps the name that it first saw."""
    found = lab.runtime_images.get(image.uid).current_version
    return found and str(found.version)


def test_create_answers_all_that_a_version_is(family: Any) -> None:
    made = family.versions.create(f"{REPOSITORY}:1.5.4", readiness_probe_path="/health")
    assert (made.version, made.docker_image) == ("v1.5.4", f"{REPOSITORY}:1.5.4")
    assert (made.state, made.state_reason, made.state_updated_time) == ("ACTIVE", None, None)
    assert made.readiness_probe_path == "/health"
    assert isinstance(made.created_time, datetime)
    assert "v1.5.4" in repr(made)
    assert REPOSITORY in str(made)


@pytest.mark.parametrize(
    ("reference", "version", "stored"),
    [
        pytest.param("x/y:1.2.3", None, "v1.2.3", id="tag"),
        pytest.param("x/y:v1.2.3", None, "v1.2.3", id="tag-with-v"),
        pytest.param("x/y:9.9.9", "1.2.3", "v1.2.3", id="explicit-over-tag"),
        pytest.param("x/y:latest", "v1.2.3", "v1.2.3", id="explicit-with-v"),
        pytest.param("x/y", "1.2.3-rc.1", "v1.2.3-rc.1", id="no-tag"),
        pytest.param("registry.example.org:5000/x/y:1.2.3", None, "v1.2.3", id="port-and-tag"),
        pytest.param(f"x/y:1.2.3@sha256:{'a' * 64}", None, "v1.2.3", id="digest"),
    ],
)
def test_a_version_is_named_explicitly_or_by_its_tag(
    family: Any, reference: str, version: str | None, stored: str
) -> None:
    made = family.versions.create(reference, version=version)
    assert (made.version, made.docker_image, made.readiness_probe_path) == (stored, reference, None)


@pytest.mark.parametrize(
    ("reference", "version", "field"),
    [
        pytest.param("x/y:latest", None, "image", id="latest"),
        pytest.param("x/y:nightly", None, "image", id="nightly"),
        pytest.param("x/y", None, "image", id="no-tag"),
        pytest.param("registry:5000/y", None, "image", id="port-only"),
        pytest.param(f"x/y@sha256:{'a' * 64}", None, "image", id="digest-only"),
        pytest.param("", "1.0.0", "image", id="no-image"),
        pytest.param("x/y:1.0.0", "1.0", "runtimeImageVersionId", id="two-numbers"),
        pytest.param("x/y:1.0.0", "1.0.0+build", "runtimeImageVersionId", id="build"),
        pytest.param("x/y:1.0.0", "01.0.0", "runtimeImageVersionId", id="leading-zero"),
    ],
)
def test_what_is_no_version_is_refused_naming_the_field(
    family: Any, reference: str, version: str | None, field: str
) -> None:
    with pytest.raises(MLOpsApiError) as caught:
        family.versions.create(reference, version=version)
    assert caught.value.status == 400
    assert caught.value.server_message.startswith(f"{field}: ")
    assert family.versions.count() == 0


def test_a_version_is_taken_once_whatever_its_image(full: Any) -> None:
    with pytest.raises(MLOpsConflictError) as caught:
        full.versions.create("another/repository:v1.9.0")
    assert caught.value.server_message == "Runtime image full has a version v1.9.0 already."


@pytest.mark.parametrize("asked", ["v1.10.0", "1.10.0"])
def test_get_takes_a_version_with_and_without_v(full: Any, asked: str) -> None:
    assert full.versions.get(asked).docker_image == f"{REPOSITORY}:1.10.0"


@pytest.mark.parametrize("asked", ["v9.9.9", "latest", "1.10"])
def test_a_version_that_there_is_not_is_not_found(full: Any, asked: str) -> None:
    with pytest.raises(MLOpsNotFoundError) as caught:
        full.versions.get(asked)
    assert caught.value.server_message == f"Runtime image full has no version {asked}."


def test_the_list_goes_from_the_highest_down(full: Any) -> None:
    table = full.versions.list()
    assert [each.version for each in table] == HIGHEST_FIRST
    assert len(table) == full.versions.count() == len(NUMBERS)
    assert (table[0].version, table[-1].version) == ("v2.0.0-rc.10", "v0.1.0")
    assert "docker_image" in repr(table)


@pytest.mark.parametrize("field", ["docker_image", "state", "created_time"])
def test_every_field_sorts_both_ways(full: Any, field: str) -> None:
    up = [getattr(each, field) for each in full.versions.list(ListOptions(sort=SortOptions(field)))]
    down = [getattr(each, field) for each in full.versions.list(ListOptions(SortOptions(field, OrderType.DESC)))]
    assert up == sorted(up)
    assert down == up[::-1]


def test_the_time_of_the_last_change_sorts_although_the_client_hides_it(full: Any) -> None:
    # v2.0.0-rc.2 was disabled when all were there.
    assert full.versions.list(ListOptions(SortOptions("last_modified_time", OrderType.DESC)))[0].state == "DISABLED"
    assert full.versions.list(ListOptions(SortOptions("last_modified_time")))[-1].state == "DISABLED"


@pytest.mark.parametrize(
    ("field", "operator", "value", "wanted"),
    [
        pytest.param("docker_image", OperatorType.EQ, f"{REPOSITORY}:1.9.0", ["v1.9.0"], id="equal"),
        pytest.param("docker_image", OperatorType.CONTAINS, ":2.0.0-RC", HIGHEST_FIRST[:2], id="contains"),
        pytest.param("state", OperatorType.EQ, "DISABLED", ["v2.0.0-rc.2"], id="state"),
        pytest.param("state", OperatorType.IN, ["DISABLED", "DEPRECATED"], ["v2.0.0-rc.2"], id="in"),
    ],
)
def test_lists_and_counts_are_narrowed(
    full: Any, field: str, operator: OperatorType, value: Any, wanted: list[str]
) -> None:
    expression = FilterExpression([FilterOptions(field, value, operator)])
    assert [each.version for each in full.versions.list(ListOptions(filter_expression=expression))] == wanted
    assert full.versions.count(expression) == len(wanted)


def test_selectors_narrow_too(full: Any) -> None:
    assert [each.version for each in full.versions.list(state="DISABLED")] == ["v2.0.0-rc.2"]
    assert full.versions.count(state="ACTIVE", docker_image=f"{REPOSITORY}:0.1.0") == 1


def test_states_and_reasons_follow_the_verbs(family: Any) -> None:
    made = family.versions.create("x/y:1.0.0")
    made.deprecate(reason="Old.")
    assert (made.state, made.state_reason) == ("DEPRECATED", "Old.")
    deprecated_at = made.state_updated_time
    made.disable(reason="CVE-2026-1")
    assert (made.state, made.state_reason) == ("DISABLED", "CVE-2026-1")
    assert made.state_updated_time > deprecated_at
    made.disable()
    assert made.state_reason == "CVE-2026-1"
    made.activate()
    found = family.versions.get("1.0.0")
    assert (found.state, found.state_reason) == (made.state, made.state_reason) == ("ACTIVE", None)


def test_the_current_version_is_the_highest_active_else_the_highest_deprecated_else_none(lab: Any, family: Any) -> None:
    low, middle, high = (family.versions.create(f"x/y:{number}") for number in ("1.9.0", "1.10.0", "2.0.0-rc.1"))
    assert current_of(lab, family) == "v2.0.0-rc.1"
    high.disable()
    assert current_of(lab, family) == "v1.10.0"
    middle.deprecate()
    assert current_of(lab, family) == "v1.9.0"
    low.deprecate()
    assert current_of(lab, family) == "v1.10.0"
    assert lab.runtime_images.get(family.uid).docker_image == "x/y:1.10.0"
    for each in (low, middle):
        each.disable()
    assert current_of(lab, family) is None
    assert lab.runtime_images.get(family.uid).docker_image == ""


def test_an_image_object_keeps_the_current_version_that_it_was_read_with(lab: Any, family: Any) -> None:
    family.versions.create("x/y:1.0.0")
    assert family.current_version is None
    assert current_of(lab, family) == "v1.0.0"
