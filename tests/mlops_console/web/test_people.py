"""The pages of people's accounts."""

from __future__ import annotations

import pytest
from django.test import Client

from mlops_console.models import User
from tests.cast import PASSWORD, Cast

pytestmark = pytest.mark.django_db
GOOD = "plum-tractor-violin"


def test_an_account_is_made_and_can_sign_in(cast: Cast) -> None:
    client = cast.client("admin")
    typed = {"username": "grace", "display_name": "Grace", "email": "g@example.org", "password": GOOD}
    made = client.post("/people/new/", typed, follow=True)
    assert made.redirect_chain == [("/people/", 302)]
    assert b"Grace can sign in as grace now." in made.content
    browser = Client()
    signed_in = browser.post("/accounts/login/", {"username": "grace", "password": GOOD}, follow=True)
    assert signed_in.redirect_chain == [("/", 302)]
    assert signed_in.status_code == 200


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"username": "viewer"}, "username"),
        ({"username": "a b"}, "username"),
        ({"username": "a\x00"}, "username"),
        ({"email": "nowhere"}, "email"),
        ({"password": "short"}, "password"),
        ({"password": ""}, "password"),
    ],
)
def test_each_fault_is_said_at_its_field(cast: Cast, values: dict[str, str], field: str) -> None:
    page = cast.client("admin").post("/people/new/", {"username": "grace", "password": GOOD} | values)
    assert page.status_code == 422
    assert list(page.context["form"].errors) == [field]
    assert b'role="alert"' in page.content
    assert GOOD.encode() not in page.content


def test_an_account_is_changed(cast: Cast) -> None:
    client = cast.client("admin")
    assert client.get("/people/viewer/").context["form"].fields["username"].disabled
    typed = {"display_name": "Vi", "email": "", "is_active": "on", "password": ""}
    assert client.post("/people/viewer/", typed)["Location"] == "/people/"
    user = User.objects.get(username="viewer")
    assert (user.display_name, user.is_active, user.is_platform_admin) == ("Vi", True, False)
    assert user.check_password(PASSWORD)


def test_an_inactive_account_is_shut_out_at_once(cast: Cast) -> None:
    browser = cast.client("viewer")
    cast.client("admin").post("/people/viewer/", {"display_name": "", "email": "", "password": ""})
    assert browser.get("/")["Location"].startswith("/accounts/login/")


def test_the_last_platform_admin_is_refused_on_the_same_page(cast: Cast) -> None:
    refused = cast.client("admin").post("/people/admin/", {"is_active": "on", "password": ""})
    assert refused.status_code == 409
    assert b'role="alert"' in refused.content
    assert User.objects.get(username="admin").is_platform_admin


def test_who_changes_their_own_password_stays_signed_in(cast: Cast) -> None:
    client = cast.client("admin")
    other = cast.client("admin")
    typed = {"is_active": "on", "is_platform_admin": "on", "password": GOOD}
    assert client.post("/people/admin/", typed).status_code == 302
    assert client.get("/people/").status_code == 200
    assert other.get("/people/").status_code == 302


@pytest.mark.parametrize("role", ["owner", "operator", "viewer", "stranger"])
@pytest.mark.parametrize("path", ["/people/", "/people/new/", "/people/viewer/", "/people/noone/"])
def test_accounts_are_for_platform_admins(cast: Cast, role: str, path: str) -> None:
    client = cast.client(role)
    assert client.get(path).status_code == 403
    if path != "/people/":
        assert client.post(path, {"username": "x", "is_platform_admin": "on"}).status_code == 403


@pytest.mark.parametrize("username", ["noone", "a%2fb"])
def test_nobody_of_that_name(cast: Cast, username: str) -> None:
    assert cast.client("admin").get(f"/people/{username}/").status_code == 404


def test_a_search_looks_at_names_and_addresses(cast: Cast) -> None:
    User.objects.filter(username="viewer").update(email="vi@example.org", display_name="Victoria")
    client = cast.client("admin")
    for text in ("VIEW", "ictor", "@example"):
        page = client.get("/people/", {"q": text})
        assert [row.username for row in page.context["page"].rows] == ["viewer"]
    assert b"Nobody matches" in client.get("/people/", {"q": "zzz"}).content
