"""People by the API: who one is, and whom one may know of."""

from __future__ import annotations

import pytest

from mlops_console.models import User, Workspace
from tests.cast import Cast

pytestmark = pytest.mark.django_db
USERS = "/api/authz/v1/users"


def test_a_program_learns_who_it_is(cast: Cast) -> None:
    User.objects.filter(pk=cast.viewer.pk).update(display_name="Vera", email="v@example.org")
    program = cast.api("viewer")
    answer = program.get("/api/me")
    uid = answer.headers["X-User-Id"]
    assert answer.json["user"] == {
        "name": f"users/{uid}",
        "displayName": "Vera",
        "loginPrincipal": "viewer",
        "emails": [{"address": "v@example.org"}],
        "active": True,
    }
    assert program.get(f"{USERS}/{uid}").json == answer.json


def test_whoever_has_no_name_and_no_address_is_shown_by_the_user_name(cast: Cast) -> None:
    user = cast.api("viewer").get("/api/me").json["user"]
    assert (user["displayName"], user["emails"]) == ("viewer", [])


EVERYONE = {"admin", "owner", "operator", "viewer", "stranger"}
KNOWN = {
    "admin": EVERYONE,
    "owner": {"owner", "operator", "viewer"},
    "viewer": {"owner", "operator", "viewer"},
    "stranger": {"stranger"},
}


@pytest.mark.parametrize("role", KNOWN)
def test_everyone_knows_who_shares_a_workspace_and_platform_admins_know_all(cast: Cast, role: str) -> None:
    program = cast.api(role)
    listed = program.get(USERS).json["users"]
    assert {each["loginPrincipal"] for each in listed} == KNOWN[role]
    assert len(listed) == len(KNOWN[role])
    for other in EVERYONE:
        answer = program.get(f"{USERS}/{cast.user(other).uid}")
        assert answer.status == (200 if other in KNOWN[role] else 404)


def test_everyone_knows_who_made_a_workspace_that_they_see(cast: Cast) -> None:
    Workspace.objects.filter(uid="lab").update(creator=cast.admin)
    Workspace.objects.filter(uid="global").update(updater=cast.owner)
    creator = cast.api("viewer").get("/api/authz/v1/workspaces/lab").json["workspace"]["creator"]
    assert cast.api("viewer").get(f"/api/authz/v1/{creator}").json["user"]["loginPrincipal"] == "admin"
    listed = cast.api("stranger").get(USERS).json["users"]
    assert {each["loginPrincipal"] for each in listed} == {"stranger", "owner"}


@pytest.mark.parametrize("uid", ["3f0e8d5c-9d0b-4c62-8f0e-6a1d2b7c9e10", "viewer", "1", "x", "{}"])
def test_an_id_that_is_nobodys_is_missing(cast: Cast, uid: str) -> None:
    assert uid in cast.api("admin").get(f"{USERS}/{uid}").error(404, 5)


def test_the_console_itself_can_be_looked_up(cast: Cast) -> None:
    user = cast.api("stranger").get(f"{USERS}/system").json["user"]
    assert (user["name"], user["displayName"], user["active"]) == ("users/system", "MLOps Console", True)


def test_somebody_who_left_is_still_known_as_not_active(cast: Cast) -> None:
    User.objects.filter(pk=cast.viewer.pk).update(is_active=False)
    assert cast.api("owner").get(f"{USERS}/{cast.viewer.uid}").json["user"]["active"] is False


def test_a_list_is_filtered_and_ordered(cast: Cast) -> None:
    answer = cast.api("admin").get(USERS, filter="login_principal:'O' AND login_principal != 'stranger'")
    assert [each["loginPrincipal"] for each in answer.json["users"]] == ["operator", "owner"]
    answer = cast.api("admin").get(USERS, orderBy="login_principal desc")
    assert [each["loginPrincipal"] for each in answer.json["users"]] == sorted(EVERYONE, reverse=True)


def test_the_last_page_has_no_token_at_all_as_old_clients_would_read_on(cast: Cast) -> None:
    program = cast.api("admin")
    first = program.get(USERS, pageSize="3").json
    last = program.get(USERS, pageSize="3", pageToken=first["nextPageToken"]).json
    assert (len(first["users"]), len(last["users"]), set(last)) == (3, 2, {"users"})
