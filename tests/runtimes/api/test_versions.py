"""Versions of scorer images by the API: added, found by number and listed, the highest first."""

from __future__ import annotations

from typing import Any

import pytest

from runtimes.models import Version
from tests.cast import Cast
from tests.factories import make_image, make_version

pytestmark = pytest.mark.django_db
IMAGE = "/api/runtime/v1/workspaces/lab/runtimeImages/h2o3-mojo"
VERSIONS = f"{IMAGE}/versions"
NAME = "workspaces/lab/runtimeImages/h2o3-mojo/versions/"


def test_a_version_is_named_by_its_tag_and_found_with_or_without_its_v(cast: Cast) -> None:
    make_image(cast.workspace)
    program = cast.api("operator")
    sent = {
        "image": "registry.example.org:5000/h2oai/x:1.6.0",
        "readinessProbePath": "/ready",
        "architectures": ["arm64", "amd64"],
        "state": "STATE_UNSPECIFIED",
    }
    answer = program.post(VERSIONS, sent)
    assert (answer.status, answer.headers["ETag"]) == (200, '"1"')
    made = answer.json["runtimeImageVersion"]
    assert made == {
        "name": f"{NAME}v1.6.0",
        "image": sent["image"],
        "readinessProbePath": "/ready",
        "architectures": ["amd64", "arm64"],
        "state": "ACTIVE",
        "createTime": made["createTime"],
        "updateTime": made["createTime"],
        "managedByBootstrap": False,
    }
    for version in ("v1.6.0", "1.6.0"):
        assert program.get(f"{VERSIONS}/{version}").json == answer.json
    assert program.get(IMAGE).json["runtimeImage"]["currentVersion"] == made["name"]


def test_the_least_is_an_image(cast: Cast) -> None:
    make_image(cast.workspace)
    made = cast.api("operator").post(VERSIONS, {"image": "x:1.0.0", "readinessProbePath": None}).json
    assert "readinessProbePath" not in made["runtimeImageVersion"]
    assert made["runtimeImageVersion"]["architectures"] == []


@pytest.mark.parametrize(
    ("image", "given", "expected"),
    [
        ("x:1.0.0", "", "v1.0.0"),
        ("x:v1.0.0", "", "v1.0.0"),
        ("x:1.0.0", "2.0.0", "v2.0.0"),
        ("x:latest", "v2.0.0", "v2.0.0"),
        ("localhost:5000/x", "2.0.0-rc.1", "v2.0.0-rc.1"),
    ],
)
def test_a_version_that_is_given_wins_over_the_tag(cast: Cast, image: str, given: str, expected: str) -> None:
    make_image(cast.workspace)
    answer = cast.api("operator").post(VERSIONS, {"image": image}, runtimeImageVersionId=given)
    assert answer.json["runtimeImageVersion"]["name"] == NAME + expected


@pytest.mark.parametrize(
    ("sent", "given", "field"),
    [
        pytest.param({}, "", "image", id="nothing"),
        pytest.param({"image": "x:latest"}, "", "image", id="latest"),
        pytest.param({"image": "x"}, "", "image", id="no tag"),
        pytest.param({"image": "x:1.0.0"}, "1.0", "runtimeImageVersionId", id="no version"),
        pytest.param({"image": "x:1.0.0"}, "1.0.0+build", "runtimeImageVersionId", id="build metadata"),
        pytest.param({"image": "x y:1.0.0"}, "", "image", id="no reference"),
        pytest.param({"image": "x:1.0.0", "readinessProbePath": "ready"}, "", "readinessProbePath", id="probe"),
        pytest.param({"image": "x:1.0.0", "architectures": ["z80"]}, "", "architectures", id="architecture"),
        pytest.param({"image": "x:1.0.0", "architectures": [5]}, "", "architectures.0", id="no text"),
    ],
)
def test_what_is_wrong_is_refused_by_the_names_of_the_wire(
    cast: Cast, sent: dict[str, Any], given: str, field: str
) -> None:
    make_image(cast.workspace)
    answer = cast.api("operator").post(VERSIONS, sent, runtimeImageVersionId=given)
    answer.error(400, 3)
    assert [each["field"] for each in answer.json["details"][0]["fieldViolations"]] == [field]
    assert not Version.objects.exists()


def test_a_version_is_taken_once_whatever_its_image(cast: Cast) -> None:
    make_image(cast.workspace, versions="v1.0.0")
    answer = cast.api("operator").post(VERSIONS, {"image": "other:1.0.0"})
    assert "v1.0.0" in answer.error(409, 6)
    assert answer.json["details"][0]["reason"] == "taken"


def test_a_list_goes_from_the_highest_down_page_by_page(cast: Cast) -> None:
    make_image(cast.workspace, versions="v1.9.0 v1.10.0 v2.0.0-rc.1 v2.0.0")
    program = cast.api("viewer")
    first = program.get(VERSIONS, pageSize="3").json
    second = program.get(VERSIONS, pageSize="3", pageToken=first["nextPageToken"]).json
    listed = first["runtimeImageVersions"] + second["runtimeImageVersions"]
    assert [each["name"] for each in listed] == [f"{NAME}{v}" for v in ("v2.0.0", "v2.0.0-rc.1", "v1.10.0", "v1.9.0")]
    assert second["nextPageToken"] == ""
    assert program.get(f"{VERSIONS}:count").json == {"count": "4"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"filter": "image = 'h2oai/h2o3-mojo:1.0.0'"}, ["v1.0.0"]),
        ({"filter": "state = V1RuntimeImageVersionState.DEPRECATED"}, ["v2.0.0"]),
        ({"filter": "state in ['ACTIVE', 'DEPRECATED']", "orderBy": "image"}, ["v1.0.0", "v2.0.0"]),
        ({"filter": "image:'MOJO:2'"}, ["v2.0.0"]),
    ],
)
def test_lists_and_counts_are_filtered_alike(cast: Cast, query: dict[str, str], found: list[str]) -> None:
    make_version(make_image(cast.workspace, versions="v1.0.0"), "v2.0.0", api_state="DEPRECATED")
    program = cast.api("viewer")
    listed = program.get(VERSIONS, **query).json["runtimeImageVersions"]
    assert [each["name"] for each in listed] == [NAME + version for version in found]
    assert program.get(f"{VERSIONS}:count", filter=query["filter"]).json == {"count": str(len(found))}


def test_versions_of_an_inherited_image_have_its_true_name(cast: Cast) -> None:
    make_image(cast.everyone, "shared", versions="v1.0.0")
    program, path = cast.api("viewer"), "/api/runtime/v1/workspaces/lab/runtimeImages/shared/versions"
    name = "workspaces/global/runtimeImages/shared/versions/v1.0.0"
    assert [each["name"] for each in program.get(path).json["runtimeImageVersions"]] == [name]
    assert program.get(f"{path}/1.0.0").json["runtimeImageVersion"]["name"] == name


@pytest.mark.parametrize("version", ["v9.9.9", "latest", "v1.0", "1.0.0.0", "x", "-"])
def test_what_is_none_is_missing(cast: Cast, version: str) -> None:
    make_image(cast.workspace, versions="v1.0.0")
    assert version in cast.api("viewer").get(f"{VERSIONS}/{version}").error(404, 5)


def test_versions_of_an_image_that_is_none_are_missing(cast: Cast) -> None:
    program = cast.api("operator")
    for answer in (
        program.get(VERSIONS),
        program.get(f"{VERSIONS}:count"),
        program.get(f"{VERSIONS}/v1.0.0"),
        program.post(VERSIONS, {"image": "x:1.0.0"}),
    ):
        assert "h2o3-mojo" in answer.error(404, 5)


@pytest.mark.parametrize(("role", "status", "code"), [("viewer", 403, 7), ("stranger", 404, 5)])
def test_others_add_none(cast: Cast, role: str, status: int, code: int) -> None:
    make_image(cast.workspace)
    cast.api(role).post(VERSIONS, {"image": "x:1.0.0"}).error(status, code)
    assert not Version.objects.exists()


def test_an_image_of_the_values_file_takes_none(cast: Cast) -> None:
    make_image(cast.everyone, "managed", platform_state="ACTIVE")
    answer = cast.api("admin").post(
        "/api/runtime/v1/workspaces/global/runtimeImages/managed/versions", {"image": "x:1.0.0"}
    )
    answer.error(409, 10)
    assert answer.json["details"][0]["reason"] == "managed-by-bootstrap"
