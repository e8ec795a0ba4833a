"""People sign in and out; guessing is throttled."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

from mlops_console.models import User
from tests.cast import PASSWORD, Cast

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"


def sign_in(client: Client, password: str = PASSWORD, username: str = "viewer", **query: str) -> int:
    address = LOGIN + (f"?next={query['next']}" if query else "")
    return client.post(address, {"username": username, "password": password}).status_code


def test_the_right_password_opens_the_door_that_was_asked_for(cast: Cast) -> None:
    client = Client()
    asked = client.get("/workspaces/lab/runtimes/?state=ACTIVE")
    assert asked["Location"] == f"{LOGIN}?next=/workspaces/lab/runtimes/%3Fstate%3DACTIVE"
    answer = client.post(asked["Location"], {"username": "viewer", "password": PASSWORD})
    assert answer["Location"] == "/workspaces/lab/runtimes/?state=ACTIVE"
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_nobody_is_sent_to_another_host(cast: Cast, elsewhere: str) -> None:
    answer = Client().post(f"{LOGIN}?next={elsewhere}", {"username": "viewer", "password": PASSWORD})
    assert answer["Location"] == "/"


def test_a_wrong_password_is_told_without_saying_which_part_was_wrong(cast: Cast) -> None:
    pages = [
        Client().post(LOGIN, {"username": name, "password": "wrong"}).content.decode() for name in ("viewer", "nobody")
    ]
    assert all('role="alert"' in page for page in pages)
    assert "wrong" not in pages[0].split("</form>")[0].split('name="password"')[1]


def test_an_inactive_account_cannot_sign_in(cast: Cast) -> None:
    User.objects.filter(username="viewer").update(is_active=False)
    assert sign_in(Client()) == 200


def test_signing_out_takes_a_post(cast: Cast) -> None:
    client = cast.client("viewer")
    assert client.get("/accounts/logout/").status_code == 405
    assert client.post("/accounts/logout/").status_code == 302
    assert client.get("/").status_code == 302


def test_guessing_closes_the_door_even_to_the_right_password(cast: Cast) -> None:
    client = Client()
    for _ in range(settings.AXES_FAILURE_LIMIT - 1):
        assert sign_in(client, "wrong") == 200
    assert sign_in(client, "wrong") == 429
    page = client.post(LOGIN, {"username": "viewer", "password": PASSWORD})
    assert page.status_code == 429
    assert 'role="alert"' in page.content.decode()
    assert sign_in(Client(), username="operator") == 302, "others come in as before"
