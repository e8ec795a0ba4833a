"""Workspaces by the API: made, found, changed under a mask, and removed."""

from __future__ import annotations

from typing import Any

import pytest

from mlops_console.models import AuditEntry, Workspace
from tests.cast import Cast
from tests.factories import make_image

pytestmark = pytest.mark.django_db
WORKSPACES = "/api/authz/v1/workspaces"
LAB = f"{WORKSPACES}/lab"


def shown(cast: Cast, role: str = "admin", path: str = LAB) -> dict[str, Any]:
    answer = cast.api(role).get(path)
    assert answer.status == 200
    found: dict[str, Any] = answer.json["workspace"]
    return found


def test_a_platform_admin_makes_one_and_the_server_chooses_its_id(cast: Cast) -> None:
    sent = {"displayName": " Fraud ", "description": "Cards", "annotations": {"team": "f/1"}, "nonsense": 1}
    answer = cast.api("admin").post(WORKSPACES, sent)
    assert answer.status == 200
    made = answer.json["workspace"]
    stored = Workspace.objects.get(display_name="Fraud")
    assert made["name"] == f"workspaces/{stored.uid}"
    assert (made["displayName"], made["description"], made["annotations"]) == ("Fraud", "Cards", {"team": "f/1"})
    assert made["creator"] == made["updater"] == f"users/{cast.admin.uid}"
    assert made["createTime"].endswith("Z")
    assert AuditEntry.objects.get(verb="create", subject_kind="workspace").actor == "admin (token ci-0)"
    assert shown(cast, path=f"/api/authz/v1/{made['name']}") == made


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "displayName"),
        ({"displayName": None}, "displayName"),
        ({"displayName": " "}, "displayName"),
        ({"displayName": "x" * 201}, "displayName"),
        ({"displayName": "x", "description": "x" * 2001}, "description"),
        ({"displayName": "x", "annotations": {"k" * 300: "v"}}, f"annotations.{'k' * 253}"),
    ],
)
def test_one_that_is_wrong_is_refused_by_field(cast: Cast, given: dict[str, Any], field: str) -> None:
    before = Workspace.objects.count()
    assert cast.api("admin").post(WORKSPACES, given).error(400, 3).startswith(f"{field}: ")
    assert Workspace.objects.count() == before


def test_others_make_none(cast: Cast) -> None:
    for role in ("owner", "viewer", "stranger"):
        cast.api(role).post(WORKSPACES, {"displayName": "Mine"}).error(403, 7)
    assert not Workspace.objects.filter(display_name="Mine").exists()


@pytest.mark.parametrize(
    ("role", "expected"),
    [("admin", ["Elsewhere", "Global", "Lab"]), ("viewer", ["Global", "Lab"]), ("stranger", ["Elsewhere", "Global"])],
)
def test_everyone_lists_and_counts_their_own_and_global(cast: Cast, role: str, expected: list[str]) -> None:
    program = cast.api(role)
    answer = program.get(WORKSPACES)
    assert [each["displayName"] for each in answer.json["workspaces"]] == expected
    assert answer.json["nextPageToken"] == ""
    assert program.get(f"{WORKSPACES}:count").json == {"totalSize": str(len(expected))}
    narrowed = {"filter": "display_name:'LOB' OR description = 'x'", "orderBy": "display_name desc"}
    assert [each["name"] for each in program.get(WORKSPACES, **narrowed).json["workspaces"]] == ["workspaces/global"]
    assert program.get(f"{WORKSPACES}:count", filter="display_name = 'Global'").json == {"totalSize": "1"}


def test_a_workspace_that_the_console_made_itself_has_the_system_as_its_creator(cast: Cast) -> None:
    found = shown(cast, "stranger", f"{WORKSPACES}/global")
    assert found["creator"] == found["updater"] == "users/system"


@pytest.mark.parametrize("uid", ["elsewhere", "nowhere", "-", "LAB", "lab "])
def test_a_strangers_workspace_and_one_that_is_none_are_both_missing(cast: Cast, uid: str) -> None:
    program, path = cast.api("owner"), f"{WORKSPACES}/{uid}"
    status, code = (403, 7) if uid == "-" else (404, 5)
    program.get(path).error(status, code)
    program.patch(path, {"displayName": "Mine"}).error(status, code)
    program.delete(path).error(status, code)


@pytest.mark.parametrize(
    ("mask", "sent", "changed"),
    [
        ("display_name", {"displayName": "New", "description": "New"}, {"displayName": "New"}),
        ("description", {"displayName": "New"}, {"description": ""}),
        ("annotations", {}, {"annotations": {}}),
        ("annotations", {"annotations": None}, {"annotations": {}}),
        (" annotations , description ", {"annotations": {"b": "2"}}, {"annotations": {"b": "2"}, "description": ""}),
        ("", {"description": "New"}, {"description": "New"}),
        ("", {"description": None, "nonsense": 1}, {}),
        ("", {}, {}),
    ],
)
def test_an_update_changes_what_its_mask_names_or_else_what_its_body_holds(
    cast: Cast, mask: str, sent: dict[str, Any], changed: dict[str, Any]
) -> None:
    Workspace.objects.filter(uid="lab").update(description="Old", annotations={"a": "1"})
    before = shown(cast)
    answer = cast.api("owner").patch(LAB, sent, **({"updateMask": mask} if mask else {}))
    assert answer.status == 200
    differing = {key for key in before if before[key] != answer.json["workspace"][key]} - {"updateTime", "updater"}
    assert {key: answer.json["workspace"][key] for key in differing} == changed
    assert shown(cast) == answer.json["workspace"]
    assert AuditEntry.objects.filter(verb="update").count() == bool(changed)
    assert answer.json["workspace"].get("updater") == (f"users/{cast.owner.uid}" if changed else before["updater"])


@pytest.mark.parametrize("mask", ["name", "displayName", "display_name,create_time", "*"])
def test_a_path_that_cannot_be_updated_is_refused_and_nothing_is_applied(cast: Cast, mask: str) -> None:
    before = shown(cast)
    answer = cast.api("owner").patch(LAB, {"displayName": "New"}, updateMask=mask)
    assert answer.error(400, 3).startswith("updateMask: ")
    assert shown(cast) == before


def test_a_name_cannot_be_cleared(cast: Cast) -> None:
    assert cast.api("owner").patch(LAB, {}, updateMask="display_name").error(400, 3).startswith("displayName: ")


def test_an_empty_workspace_goes_and_one_that_holds_anything_stays(cast: Cast) -> None:
    before = shown(cast)
    image = make_image(cast.workspace)
    assert "runtime images" in cast.api("owner").delete(LAB).error(409, 10)
    image.delete()
    assert cast.api("owner").delete(LAB).json == {"workspace": before}
    cast.api("admin").get(LAB).error(404, 5)
    cast.api("admin").delete(f"{WORKSPACES}/global").error(409, 10)
