"""The page of a workspace's members."""

from __future__ import annotations

import pytest

from mlops_console.models import Membership, User
from tests.cast import Cast

pytestmark = pytest.mark.django_db
PAGE = "/workspaces/lab/members/"


def roles(cast: Cast) -> dict[str, str]:
    return {each.user.username: each.role for each in Membership.objects.filter(workspace=cast.workspace)}


def test_an_admin_adds_changes_and_removes_members(cast: Cast) -> None:
    client = cast.client("owner")
    added = client.post(PAGE, {"username": "stranger", "role": "VIEWER"}, follow=True)
    assert added.redirect_chain == [(PAGE, 302)]
    assert b"stranger is now viewer of Lab" in added.content
    client.post(PAGE, {"username": "stranger", "role": "OPERATOR", "next": f"{PAGE}?q=str"})
    assert roles(cast)["stranger"] == "OPERATOR"
    asked = client.get(f"{PAGE}stranger/remove/")
    assert asked.status_code == 200
    assert "stranger" in roles(cast)
    removed = client.post(f"{PAGE}stranger/remove/", follow=True)
    assert removed.redirect_chain == [(PAGE, 302)]
    assert "stranger" not in roles(cast)


def test_nobody_of_that_name_is_said_at_the_field(cast: Cast) -> None:
    page = cast.client("owner").post(PAGE, {"username": "noone", "role": "VIEWER"})
    assert page.status_code == 422
    assert "noone" in str(page.context["form"].errors["username"])
    assert b'role="alert"' in page.content


@pytest.mark.parametrize("values", [{"username": "viewer", "role": "KING"}, {"role": "VIEWER"}, {}])
def test_a_malformed_form_changes_nothing(cast: Cast, values: dict[str, str]) -> None:
    before = roles(cast)
    assert cast.client("owner").post(PAGE, values).status_code == 422
    assert roles(cast) == before


def test_the_last_admin_is_refused_on_the_same_page(cast: Cast) -> None:
    client = cast.client("owner")
    refused = client.post(PAGE, {"username": "owner", "role": "VIEWER"})
    assert refused.status_code == 409
    assert b'role="alert"' in refused.content
    assert b"last admin" in refused.content
    assert client.post(f"{PAGE}owner/remove/").status_code == 409
    assert roles(cast)["owner"] == "ADMIN"


@pytest.mark.parametrize(
    ("role", "seen", "changed"),
    [("admin", 200, 302), ("owner", 200, 302), ("operator", 200, 403), ("viewer", 200, 403), ("stranger", 404, 404)],
)
def test_members_see_members_and_admins_change_them(cast: Cast, role: str, seen: int, changed: int) -> None:
    client = cast.client(role)
    page = client.get(PAGE)
    assert page.status_code == seen
    assert (b"Add member" in page.content) is (changed == 302)
    assert client.post(PAGE, {"username": "viewer", "role": "OPERATOR"}).status_code == changed
    assert client.post(f"{PAGE}viewer/remove/").status_code == changed


@pytest.mark.parametrize("username", ["stranger", "noone", "..%2f"])
def test_who_is_no_member_cannot_be_removed(cast: Cast, username: str) -> None:
    assert cast.client("owner").get(f"{PAGE}{username}/remove/").status_code == 404


def test_all_workspaces_have_no_members(cast: Cast) -> None:
    assert cast.client("admin").get("/workspaces/-/members/").status_code == 404


def test_many_members_come_in_pages(cast: Cast) -> None:
    crowd = User.objects.bulk_create(User(username=f"user{number:03}", password="!") for number in range(60))
    Membership.objects.bulk_create(Membership(workspace=cast.workspace, user=user, role="VIEWER") for user in crowd)
    client = cast.client("owner")
    first = client.get(PAGE, {"rows": "25"})
    second = client.get(PAGE, {"rows": "25", "page": first.context["page"].next})
    third = client.get(PAGE, {"rows": "25", "page": second.context["page"].next})
    names = [row.user.username for page in (first, second, third) for row in page.context["page"].rows]
    assert names == sorted([*roles(cast)])
    assert not third.context["page"].next
