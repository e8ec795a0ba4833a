"""Scorer images by the API: made with or without a first version, changed, listed and removed."""

from __future__ import annotations

from typing import Any

import pytest

from mlops_console.models import AuditEntry
from runtimes.models import RuntimeImage, Version
from tests.cast import Cast
from tests.factories import make_image, make_runtime, make_version

pytestmark = pytest.mark.django_db
LAB = "/api/runtime/v1/workspaces/lab"
IMAGES = f"{LAB}/runtimeImages"
IMAGE = f"{IMAGES}/h2o3-mojo"
REFERENCE = "registry.example.org:5000/h2oai/h2o3mojo-scorer:1.5.4"


def versions() -> list[str]:
    return list(Version.objects.order_by("version").values_list("version", flat=True))


def test_an_image_comes_with_its_first_version(cast: Cast) -> None:
    program = cast.api("operator")
    sent = {"displayName": " MOJO ", "description": "Scores", "dockerImage": REFERENCE, "state": "STATE_UNSPECIFIED"}
    answer = program.post(IMAGES, sent, runtimeImageId="h2o3-mojo")
    assert (answer.status, answer.headers["ETag"]) == (200, '"1"')
    made = answer.json["runtimeImage"]
    assert made == {
        "name": "workspaces/lab/runtimeImages/h2o3-mojo",
        "displayName": "MOJO",
        "description": "Scores",
        "dockerImage": REFERENCE,
        "currentVersion": "workspaces/lab/runtimeImages/h2o3-mojo/versions/v1.5.4",
        "state": "ACTIVE",
        "createTime": made["createTime"],
        "updateTime": made["createTime"],
        "managedByBootstrap": False,
    }
    assert program.get(IMAGE).json == answer.json
    assert program.get(IMAGES).json == {"runtimeImages": [made], "nextPageToken": ""}
    assert program.get(f"{IMAGES}:count").json == {"count": "1"}
    assert AuditEntry.objects.filter(actor="operator (token ci-0)", verb="create").count() == 2


def test_an_image_may_have_no_version_yet_and_the_server_makes_an_id(cast: Cast) -> None:
    made = cast.api("operator").post(IMAGES, {"displayName": "MOJO", "dockerImage": None}).json["runtimeImage"]
    assert made["name"].startswith("workspaces/lab/runtimeImages/ri-")
    assert (made["dockerImage"], made["currentVersion"]) == ("", "")
    assert not Version.objects.exists()


@pytest.mark.parametrize(
    ("given", "version"),
    [
        ({"dockerImage": "h2oai/x:latest", "runtimeImageVersionId": "2.0.0"}, "v2.0.0"),
        ({"dockerImage": "h2oai/x:1.0.0", "runtimeImageVersionId": "v2.0.0-rc.1"}, "v2.0.0-rc.1"),
        ({"dockerImage": "localhost:5000/x", "runtimeImageVersionId": "1.0.0"}, "v1.0.0"),
    ],
)
def test_a_version_that_is_given_wins_over_the_tag(cast: Cast, given: dict[str, str], version: str) -> None:
    assert cast.api("operator").post(IMAGES, {"displayName": "X"} | given).status == 200
    assert versions() == [version]


@pytest.mark.parametrize(
    ("sent", "query", "field"),
    [
        pytest.param({}, {}, "displayName", id="nothing"),
        pytest.param({"displayName": "X"}, {"runtimeImageId": "-x"}, "runtimeImageId", id="id"),
        pytest.param({"displayName": "X", "dockerImage": "h2oai/x:latest"}, {}, "dockerImage", id="latest"),
        pytest.param({"displayName": "X", "dockerImage": "h2oai/x"}, {}, "dockerImage", id="no tag"),
        pytest.param({"displayName": "X", "dockerImage": "UPPER/x:1.0.0"}, {}, "dockerImage", id="no reference"),
        pytest.param({"displayName": "X", "runtimeImageVersionId": "1.0.0"}, {}, "dockerImage", id="only a version"),
        pytest.param(
            {"displayName": "X", "dockerImage": "x:1.0.0", "runtimeImageVersionId": "1.0"},
            {},
            "runtimeImageVersionId",
            id="no version",
        ),
    ],
)
def test_what_is_wrong_is_refused_by_the_names_of_the_wire(
    cast: Cast, sent: dict[str, str], query: dict[str, str], field: str
) -> None:
    answer = cast.api("operator").post(IMAGES, sent, **query)
    answer.error(400, 3)
    assert [each["field"] for each in answer.json["details"][0]["fieldViolations"]] == [field]
    assert not RuntimeImage.objects.exists()


def test_an_id_is_taken_once(cast: Cast) -> None:
    make_image(cast.workspace)
    cast.api("operator").post(IMAGES, {"displayName": "X"}, runtimeImageId="h2o3-mojo").error(409, 6)


def test_the_current_version_is_the_highest_usable_one(cast: Cast) -> None:
    image = make_image(cast.workspace, versions="v1.9.0 v1.10.0")
    make_version(image, "v2.0.0", api_state="DEPRECATED")
    make_version(image, "v3.0.0", api_state="DISABLED")
    found = cast.api("viewer").get(IMAGE).json["runtimeImage"]
    assert found["currentVersion"].endswith("/versions/v1.10.0")
    assert found["dockerImage"] == "h2oai/h2o3-mojo:1.10.0"


def test_what_is_inherited_is_listed_under_its_true_name(cast: Cast) -> None:
    make_image(cast.everyone, "shared", versions="v1.0.0")
    make_image(cast.other, "theirs")
    program = cast.api("viewer")
    assert [each["name"] for each in program.get(IMAGES).json["runtimeImages"]] == [
        "workspaces/global/runtimeImages/shared"
    ]
    found = program.get(f"{IMAGES}/shared").json["runtimeImage"]
    assert found["currentVersion"] == "workspaces/global/runtimeImages/shared/versions/v1.0.0"
    program.get(f"{IMAGES}/theirs").error(404, 5)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"filter": "display_name:'A'"}, ["a"]),
        ({"filter": "state = DISABLED"}, ["b"]),
        ({"orderBy": "display_name desc"}, ["b", "a"]),
        ({"filter": "description = '' AND state != DISABLED", "orderBy": "create_time"}, ["a"]),
    ],
)
def test_lists_are_filtered_and_ordered(cast: Cast, query: dict[str, str], found: list[str]) -> None:
    make_image(cast.workspace, "a")
    make_image(cast.workspace, "b", api_state="DISABLED")
    listed = cast.api("viewer").get(IMAGES, **query).json["runtimeImages"]
    assert [each["name"][-1] for each in listed] == found


@pytest.mark.parametrize(
    ("mask", "sent", "changed"),
    [
        (
            "display_name",
            {"displayName": "New", "description": "New", "dockerImage": "x:9.9.9"},
            {"displayName": "New"},
        ),
        ("description", {}, {"description": ""}),
        ("", {"description": "New", "nonsense": 1}, {"description": "New"}),
        ("", {}, {}),
    ],
)
def test_an_update_changes_what_its_mask_names_or_else_what_its_body_holds(
    cast: Cast, mask: str, sent: dict[str, Any], changed: dict[str, str]
) -> None:
    make_image(cast.workspace, versions="v1.0.0", description="Old")
    program = cast.api("operator")
    before = program.get(IMAGE).json["runtimeImage"]
    answer = program.patch(IMAGE, sent, **({"updateMask": mask} if mask else {}))
    after = answer.json["runtimeImage"]
    assert {key: after[key] for key in after if after[key] != before[key] and key != "updateTime"} == changed
    assert answer.headers["ETag"] == ('"2"' if changed else '"1"')
    assert versions() == ["v1.0.0"]


@pytest.mark.parametrize("mask", ["dockerImage", "runtime_image_version_id", "state", "display_name,name"])
def test_a_path_that_cannot_be_updated_is_refused_and_nothing_is_applied(cast: Cast, mask: str) -> None:
    make_image(cast.workspace)
    answer = cast.api("operator").patch(IMAGE, {"displayName": "New", "dockerImage": "x:1.0.0"}, updateMask=mask)
    assert answer.error(400, 3).startswith("updateMask: ")
    assert (RuntimeImage.objects.get().display_name, versions()) == ("H2o3 mojo", [])


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param({"dockerImage": "h2oai/h2o3-mojo:1.1.0"}, ["v1.0.0", "v1.1.0"], id="another tag"),
        pytest.param({"dockerImage": "h2oai/h2o3-mojo:1.0.0"}, ["v1.0.0"], id="the same"),
        pytest.param(
            {"dockerImage": "h2oai/h2o3-mojo:1.0.0", "runtimeImageVersionId": "9.9.9"}, ["v1.0.0"], id="the same again"
        ),
        pytest.param(
            {"dockerImage": "h2oai/h2o3-mojo:latest", "runtimeImageVersionId": "2.0.0"},
            ["v1.0.0", "v2.0.0"],
            id="named",
        ),
    ],
)
@pytest.mark.parametrize("mask", ["", "docker_image"])
def test_another_container_image_is_another_version(
    cast: Cast, sent: dict[str, str], expected: list[str], mask: str
) -> None:
    make_image(cast.workspace, versions="v1.0.0")
    answer = cast.api("operator").patch(IMAGE, sent, **({"updateMask": mask} if mask else {}))
    assert answer.status == 200
    assert versions() == expected
    assert answer.json["runtimeImage"]["currentVersion"].endswith(expected[-1])
    assert AuditEntry.objects.filter(subject_kind="version").count() == len(expected) - 1


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        pytest.param({"dockerImage": "other/x:1.0.0"}, 409, 6, id="taken by tag"),
        pytest.param({"dockerImage": "other/x:2.0.0", "runtimeImageVersionId": "1.0.0"}, 409, 6, id="taken by name"),
        pytest.param({"dockerImage": "other/x:nightly"}, 400, 3, id="a tag that moves"),
        pytest.param({}, 400, 3, id="cleared"),
    ],
)
def test_a_version_that_cannot_be_leaves_all_as_it_was(
    cast: Cast, sent: dict[str, str], status: int, code: int
) -> None:
    make_image(cast.workspace, versions="v1.0.0")
    program = cast.api("operator")
    answer = program.patch(IMAGE, {"displayName": "New"} | sent, updateMask="display_name,docker_image")
    answer.error(status, code)
    assert (RuntimeImage.objects.get().display_name, versions()) == ("H2o3 mojo", ["v1.0.0"])
    assert not AuditEntry.objects.filter(subject_kind="image").exists()


@pytest.mark.parametrize(("if_match", "status"), [('"1"', 200), ("*", 200), ('"2"', 409), ("1", 400)])
def test_who_changes_or_removes_what_somebody_else_changed_since_is_told(
    cast: Cast, if_match: str, status: int
) -> None:
    image = make_image(cast.workspace)
    program = cast.api("owner")
    assert program.call("DELETE", IMAGE, if_match=if_match).status == status
    if status == 200:
        image.save(force_insert=True)
    assert program.call("PATCH", IMAGE, {"description": "New"}, if_match=if_match).status == status


def test_an_image_goes_with_its_versions_but_not_from_under_a_runtime(cast: Cast) -> None:
    runtime = make_runtime(make_image(cast.workspace, versions="v1.0.0"))
    program = cast.api("owner")
    assert "mojo" in program.delete(IMAGE).error(409, 10)
    runtime.delete()
    assert program.delete(IMAGE).json == {}
    assert not Version.objects.exists()
    program.get(IMAGE).error(404, 5)


def test_what_comes_from_the_values_file_stays(cast: Cast) -> None:
    make_image(cast.everyone, "managed", versions="v1.0.0", platform_state="ACTIVE")
    program, path = cast.api("admin"), "/api/runtime/v1/workspaces/global/runtimeImages/managed"
    changes = ({"description": "x"}, {"dockerImage": "x:2.0.0"})
    for answer in (*(program.patch(path, change) for change in changes), program.delete(path)):
        assert "config.deployer.composition.runtimeImages.managed" in answer.error(409, 10)
        assert answer.json["details"][0]["reason"] == "managed-by-bootstrap"
    assert versions() == ["v1.0.0"]


@pytest.mark.parametrize(("role", "status", "code"), [("viewer", 403, 7), ("stranger", 404, 5)])
def test_others_make_and_change_nothing(cast: Cast, role: str, status: int, code: int) -> None:
    make_image(cast.workspace)
    program = cast.api(role)
    program.post(IMAGES, {"displayName": "X"}).error(status, code)
    program.patch(IMAGE, {"description": "x"}).error(status, code)
    program.delete(IMAGE).error(status, code)
