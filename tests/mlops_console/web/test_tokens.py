"""The pages of bearer tokens: a person's own, and those of the members of a workspace."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mlops_console.actions.tokens import PREFIX, digest
from mlops_console.models import AuditEntry, Token
from tests.cast import Cast

pytestmark = pytest.mark.django_db
PAGE = "/tokens/"
LAB = "/workspaces/lab/tokens/"


def make(cast: Cast, role: str = "viewer", name: str = "ci", **fields: Any) -> Token:
    """A stored token; a name is digest enough."""
    return Token.objects.create(user=cast.user(role), name=name, digest=f"{role} {name}", **fields)


def names(page: Any) -> list[str]:
    return [row.name for row in page.context["page"].rows]


def secret_in(page: Any) -> str:
    found = {part.split('"')[0] for part in page.content.decode().split(f'data-copy="{PREFIX}')[1:]}
    assert len(found) == 1
    return f"{PREFIX}{found.pop()}"


def test_a_person_makes_a_token_and_sees_its_secret_once(cast: Cast) -> None:
    client = cast.client("viewer")
    made = client.post(PAGE, {"name": " ci ", "read_only": "on"})
    assert made.status_code == 200
    assert made["Cache-Control"] == "no-store"
    secret = secret_in(made)
    token = Token.objects.get(digest=digest(secret))
    assert (token.user, token.name, token.read_only, token.expires_at) == (cast.viewer, "ci", True, None)
    assert b"cannot be shown again" in made.content
    curl = "curl -H &quot;Authorization: Bearer $TOKEN&quot; http://testserver/api/me"
    assert curl in made.content.decode()
    assert AuditEntry.objects.get().subject == "users/viewer/tokens/ci"
    later = client.get(PAGE)
    assert names(later) == ["ci"]
    assert PREFIX not in later.content.decode()


def test_the_secret_is_kept_nowhere_else(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    client = cast.client("viewer")
    caplog.set_level(logging.DEBUG)
    with CaptureQueriesContext(connection) as queries:
        made = client.post(PAGE, {"name": "ci"})
    secret = secret_in(made)
    assert not any(secret in query["sql"] for query in queries)
    assert secret not in caplog.text
    assert secret not in str(dict(client.session.items()))
    assert not list(made.context["messages"])
    assert not any(secret in value for name, value in made.items())
    entry = AuditEntry.objects.get()
    assert secret not in f"{entry.subject} {entry.after}"


def test_a_reload_of_the_answer_makes_no_second_token(cast: Cast) -> None:
    client = cast.client("viewer")
    client.post(PAGE, {"name": "ci"})
    again = client.post(PAGE, {"name": "ci"})
    assert again.status_code == 422
    assert "already" in str(again.context["form"].errors["name"])
    assert b'role="alert"' in again.content
    assert PREFIX not in again.content.decode()
    assert Token.objects.count() == 1


def test_an_expiry_is_the_end_of_a_day(cast: Cast) -> None:
    today = timezone.now().date()
    cast.client("viewer").post(PAGE, {"name": "ci", "expires_at": today.isoformat()})
    assert Token.objects.get().expires_at == datetime.combine(today, time(23, 59, 59), tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "a\u200bb"}, "name"),
        ({"name": "ci", "expires_at": "2020-01-01"}, "expires_at"),
        ({"name": "ci", "expires_at": "someday"}, "expires_at"),
        ({"name": "ci", "expires_at": "0000-13-99"}, "expires_at"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(cast: Cast, values: dict[str, str], field: str) -> None:
    page = cast.client("viewer").post(PAGE, values)
    assert page.status_code == 422
    assert set(page.context["form"].errors) == {field}
    assert b'role="alert"' in page.content
    assert not Token.objects.exists()


def test_a_name_is_shown_as_it_is(cast: Cast) -> None:
    made = cast.client("viewer").post(PAGE, {"name": "<b>ci</b> ü"})
    assert "Token &lt;b&gt;ci&lt;/b&gt; ü created" in made.content.decode()


def test_a_person_sees_only_their_own(cast: Cast) -> None:
    make(cast)
    make(cast, "owner", "theirs")
    make(cast, "admin", "of-the-admin")
    assert names(cast.client("viewer").get(PAGE)) == ["ci"]
    assert names(cast.client("admin").get(PAGE)) == ["of-the-admin"]
    assert names(cast.client("stranger").get(PAGE)) == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["old", "late", "ci"]),
        ({"state": "ACTIVE"}, ["ci"]),
        ({"state": "EXPIRED"}, ["late"]),
        ({"state": "REVOKED"}, ["old"]),
        ({"q": "AT"}, ["late"]),
        ({"q": "viewer"}, []),
        ({"state": "LOST", "q": "l"}, ["old", "late"]),
        ({"sort": "name"}, ["ci", "late", "old"]),
        ({"sort": "-owner"}, ["old", "late", "ci"]),
    ],
)
def test_the_list_narrows_and_sorts(cast: Cast, query: dict[str, str], found: list[str]) -> None:
    now = timezone.now()
    make(cast)
    make(cast, name="late", expires_at=now - timedelta(seconds=1))
    make(cast, name="old", expires_at=now - timedelta(days=1), revoked_at=now)
    assert names(cast.client("viewer").get(PAGE, query)) == found


def test_many_tokens_come_in_pages_newest_first(cast: Cast) -> None:
    now = timezone.now()
    for number in range(60):
        make(cast, name=f"t{number:02}", created_at=now - timedelta(minutes=number // 2))
    client = cast.client("viewer")
    first = client.get(PAGE, {"rows": "25"})
    second = client.get(PAGE, {"rows": "25", "page": first.context["page"].next})
    third = client.get(PAGE, {"rows": "25", "page": second.context["page"].next})
    assert sorted(names(first) + names(second) + names(third)) == [f"t{number:02}" for number in range(60)]
    assert set(names(first)[:2]) == {"t00", "t01"}
    assert client.get(LAB, {"page": first.context["page"].next}).status_code == 403
    assert cast.client("owner").get(LAB, {"page": first.context["page"].next}).status_code == 400


def test_a_person_revokes_their_own(cast: Cast) -> None:
    token = make(cast, last_used_at=timezone.now() - timedelta(days=3))
    client = cast.client("viewer")
    asked = client.get(f"{PAGE}{token.pk}/revoke/")
    assert asked.status_code == 200
    assert b"last used 3 days ago" in asked.content
    assert Token.objects.get().revoked_at is None
    done = client.post(f"{PAGE}{token.pk}/revoke/", follow=True)
    assert done.redirect_chain == [(PAGE, 302)]
    assert b"Token ci revoked." in done.content
    assert f"{PAGE}{token.pk}/revoke/".encode() not in done.content
    assert Token.objects.get().revoked_at is not None
    assert AuditEntry.objects.get().subject == "users/viewer/tokens/ci"


@pytest.mark.parametrize("role", ["admin", "owner", "operator", "stranger"])
def test_the_token_of_another_is_not_found_here(cast: Cast, role: str) -> None:
    token = make(cast)
    client = cast.client(role)
    assert client.get(f"{PAGE}{token.pk}/revoke/").status_code == 404
    assert client.post(f"{PAGE}{token.pk}/revoke/").status_code == 404
    assert Token.objects.get().revoked_at is None


@pytest.mark.parametrize("key", ["0", "9" * 30])
def test_there_is_no_such_token(cast: Cast, key: str) -> None:
    assert cast.client("viewer").get(f"{PAGE}{key}/revoke/").status_code == 404
    assert cast.client("owner").post(f"{LAB}{key}/revoke/").status_code == 404


def test_an_admin_sees_and_revokes_what_members_have(cast: Cast) -> None:
    token = make(cast)
    make(cast, "owner", "own")
    make(cast, "stranger", "elsewhere")
    client = cast.client("owner")
    page = client.get(LAB)
    assert sorted(names(page)) == ["ci", "own"]
    assert b"Revoke ci of viewer" in page.content
    assert names(client.get(LAB, {"q": "view"})) == ["ci"]
    assert names(client.get(LAB, {"sort": "-owner"})) == ["ci", "own"]
    done = client.post(f"{LAB}{token.pk}/revoke/", follow=True)
    assert done.redirect_chain == [(LAB, 302)]
    assert b"Token ci of viewer revoked." in done.content
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.verb, entry.subject) == ("owner", "revoke", "users/viewer/tokens/ci")


@pytest.mark.parametrize(
    ("role", "status"), [("admin", 200), ("owner", 200), ("operator", 403), ("viewer", 403), ("stranger", 404)]
)
def test_who_manages_the_tokens_of_a_workspace(cast: Cast, role: str, status: int) -> None:
    token = make(cast)
    client = cast.client(role)
    assert client.get(LAB).status_code == status
    assert client.get(f"{LAB}{token.pk}/revoke/").status_code == status
    assert client.post(f"{LAB}{token.pk}/revoke/").status_code == (302 if status == 200 else status)
    assert (Token.objects.get().revoked_at is not None) is (status == 200)


@pytest.mark.parametrize("role", ["admin", "owner"])
def test_the_token_of_no_member_is_not_found(cast: Cast, role: str) -> None:
    token = make(cast, "stranger")
    client = cast.client(role)
    assert client.get(f"{LAB}{token.pk}/revoke/").status_code == 404
    assert client.post(f"{LAB}{token.pk}/revoke/").status_code == 404
    assert Token.objects.get().revoked_at is None


def test_an_inactive_account_is_said_of_its_tokens(cast: Cast) -> None:
    make(cast)
    cast.viewer.is_active = False
    cast.viewer.save(update_fields=["is_active"])
    assert b"The account of its owner is inactive" in cast.client("owner").get(LAB).content


def test_in_global_platform_admins_see_the_tokens_of_everyone(cast: Cast) -> None:
    token = make(cast, "stranger")
    make(cast)
    address = "/workspaces/global/tokens/"
    client = cast.client("admin")
    assert len(names(client.get(address))) == 2
    assert client.post(f"{address}{token.pk}/revoke/").status_code == 302
    assert cast.client("owner").get(address).status_code == 403
    assert cast.client("owner").post(f"{address}{token.pk}/revoke/").status_code == 403


def test_all_workspaces_at_once_have_no_page_of_tokens(cast: Cast) -> None:
    token = make(cast)
    for address in ("/workspaces/-/tokens/", f"/workspaces/-/tokens/{token.pk}/revoke/"):
        assert cast.client("admin").get(address).status_code == 404
        assert cast.client("owner").get(address).status_code == 403


@pytest.mark.parametrize(("role", "shown"), [("admin", True), ("owner", True), ("operator", False), ("viewer", False)])
def test_the_navigation_leads_there(cast: Cast, role: str, shown: bool) -> None:
    page = cast.client(role).get("/workspaces/lab/").content.decode()
    assert (f'href="{LAB}"' in page) is shown
    assert f'href="{PAGE}"' in page
