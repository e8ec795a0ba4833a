"""Accounts of people."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mlops_console.actions.people import create_person, set_columns, update_person
from mlops_console.errors import Invalid, Missing, NotAllowed, Refused
from mlops_console.models import AuditEntry, User
from tests.cast import Cast

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
GOOD = "plum-tractor-violin"


def test_a_platform_admin_makes_an_account(cast: Cast) -> None:
    made = create_person(
        actor=cast.actor("admin"),
        username="grace",
        password=GOOD,
        display_name=" Grace ",
        email="g@example.org",
        now=NOW,
    )
    assert made.check_password(GOOD)
    assert (made.display_name, made.is_active, made.is_platform_admin) == ("Grace", True, False)
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.subject, entry.workspace) == ("create", "users/grace", "")
    assert GOOD not in str(entry.after)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"username": "viewer"}, "username"),
        ({"username": ""}, "username"),
        ({"username": "a b"}, "username"),
        ({"username": "x" * 151}, "username"),
        ({"email": "nowhere"}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "password123"}, "password"),
        ({"password": "gracegrace", "username": "gracegrace"}, "password"),
        ({"display_name": "x" * 151}, "display_name"),
    ],
)
def test_a_faulty_account_is_not_made(cast: Cast, values: dict[str, str], field: str) -> None:
    given = {"username": "grace", "password": GOOD} | values
    with pytest.raises(Invalid) as caught:
        create_person(actor=cast.actor("admin"), now=NOW, **given)  # type: ignore[arg-type] # all of them texts
    assert field in caught.value.fields
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("role", ["owner", "operator", "viewer", "stranger"])
def test_others_make_and_change_no_accounts(cast: Cast, role: str) -> None:
    with pytest.raises(NotAllowed):
        create_person(actor=cast.actor(role), username="grace", password=GOOD, now=NOW)
    with pytest.raises(NotAllowed):
        update_person(actor=cast.actor(role), username=role, changes={"is_platform_admin": True}, now=NOW)
    assert User.objects.filter(is_platform_admin=True).count() == 1


def test_a_change_records_what_differs(cast: Cast) -> None:
    changes = {"display_name": "Vi", "email": "", "is_active": True, "is_platform_admin": False}
    update_person(actor=cast.actor("admin"), username="viewer", changes=changes, now=NOW)
    entry = AuditEntry.objects.get()
    assert (entry.before, entry.after) == ({"display_name": ""}, {"display_name": "Vi"})


def test_a_change_of_nothing_is_recorded_as_nothing(cast: Cast) -> None:
    update_person(actor=cast.actor("admin"), username="viewer", changes={"is_active": True}, now=NOW)
    assert not AuditEntry.objects.exists()


def test_a_new_password_is_recorded_without_itself(cast: Cast) -> None:
    update_person(actor=cast.actor("admin"), username="viewer", changes={}, password=GOOD, now=NOW)
    assert User.objects.get(username="viewer").check_password(GOOD)
    assert AuditEntry.objects.get().after == {"password": "changed"}


def test_nobody_of_that_name(cast: Cast) -> None:
    with pytest.raises(Missing):
        update_person(actor=cast.actor("admin"), username="noone", changes={}, now=NOW)


@pytest.mark.parametrize("field", ["is_active", "is_platform_admin"])
def test_somebody_stays_an_active_platform_admin(cast: Cast, field: str) -> None:
    admin = cast.actor("admin")
    with pytest.raises(Refused, match="platform admin"):
        update_person(actor=admin, username="admin", changes={field: False}, now=NOW)
    update_person(actor=admin, username="owner", changes={"is_platform_admin": True}, now=NOW)
    update_person(actor=admin, username="admin", changes={field: False}, now=NOW)


def test_columns_are_remembered_list_by_list_and_leave_no_trail(cast: Cast) -> None:
    viewer = cast.actor("viewer")
    set_columns(actor=viewer, list_name="runtimes", columns=["state"])
    set_columns(actor=viewer, list_name="images", columns=[])
    set_columns(actor=viewer, list_name="runtimes", columns=["state", "updated"])
    stored = User.objects.get(username="viewer").preferences
    assert stored == {"columns": {"runtimes": ["state", "updated"], "images": []}}
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("list_name", "columns"),
    [("", []), ("x" * 41, []), ("Runtimes", []), ("runtimes", ["a\x00"]), ("runtimes", ["state"] * 51)],
)
def test_preferences_hold_no_rubbish(cast: Cast, list_name: str, columns: list[str]) -> None:
    with pytest.raises(Invalid):
        set_columns(actor=cast.actor("viewer"), list_name=list_name, columns=columns)
    assert User.objects.get(username="viewer").preferences == {}
