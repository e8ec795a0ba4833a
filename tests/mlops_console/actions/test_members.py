"""Who belongs to a workspace, and as what."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest
from django.db import connection

from mlops_console.access import Role
from mlops_console.actions.members import remove_member, set_role
from mlops_console.errors import DomainError, Invalid, Missing, NotAllowed, Refused
from mlops_console.models import AuditEntry, Membership
from tests.cast import Cast

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def roles(cast: Cast) -> dict[str, str]:
    return {each.user.username: each.role for each in Membership.objects.filter(workspace=cast.workspace)}


def test_an_admin_adds_a_member(cast: Cast) -> None:
    set_role(actor=cast.actor("owner"), workspace=cast.workspace, username="stranger", role=Role.VIEWER, now=NOW)
    assert roles(cast)["stranger"] == Role.VIEWER
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.subject) == ("create", "workspaces/lab/members/stranger")
    assert (entry.before, entry.after) == ({}, {"role": "VIEWER"})


def test_a_member_becomes_something_else(cast: Cast) -> None:
    set_role(actor=cast.actor("owner"), workspace=cast.workspace, username="viewer", role=Role.OPERATOR, now=NOW)
    assert roles(cast)["viewer"] == Role.OPERATOR
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.before, entry.after) == ("update", {"role": "VIEWER"}, {"role": "OPERATOR"})


def test_the_same_role_again_is_recorded_as_nothing(cast: Cast) -> None:
    set_role(actor=cast.actor("owner"), workspace=cast.workspace, username="viewer", role=Role.VIEWER, now=NOW)
    assert not AuditEntry.objects.exists()


def test_nobody_of_that_name(cast: Cast) -> None:
    with pytest.raises(Invalid) as caught:
        set_role(actor=cast.actor("owner"), workspace=cast.workspace, username="noone", role=Role.VIEWER, now=NOW)
    assert set(caught.value.fields) == {"username"}


def test_a_member_leaves(cast: Cast) -> None:
    remove_member(actor=cast.actor("owner"), workspace=cast.workspace, username="viewer", now=NOW)
    assert set(roles(cast)) == {"owner", "operator"}
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.before, entry.after) == ("delete", {"role": "VIEWER"}, {})


def test_who_is_no_member_cannot_leave(cast: Cast) -> None:
    with pytest.raises(Missing):
        remove_member(actor=cast.actor("owner"), workspace=cast.workspace, username="stranger", now=NOW)


def test_the_last_admin_stays_one(cast: Cast) -> None:
    owner = cast.actor("owner")
    with pytest.raises(Refused, match="last admin"):
        set_role(actor=owner, workspace=cast.workspace, username="owner", role=Role.VIEWER, now=NOW)
    with pytest.raises(Refused, match="last admin"):
        remove_member(actor=owner, workspace=cast.workspace, username="owner", now=NOW)
    # A platform admin can always put things right again.
    remove_member(actor=cast.actor("admin"), workspace=cast.workspace, username="owner", now=NOW)


@pytest.mark.parametrize(("role", "fault"), [("operator", NotAllowed), ("viewer", NotAllowed), ("stranger", Missing)])
def test_others_change_no_memberships(cast: Cast, role: str, fault: type[DomainError]) -> None:
    actor, before = cast.actor(role), roles(cast)
    with pytest.raises(fault):
        set_role(actor=actor, workspace=cast.workspace, username=role, role=Role.ADMIN, now=NOW)
    with pytest.raises(fault):
        remove_member(actor=actor, workspace=cast.workspace, username="viewer", now=NOW)
    assert roles(cast) == before


def test_members_of_global_are_chosen_by_platform_admins(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        set_role(actor=cast.actor("owner"), workspace=cast.everyone, username="owner", role=Role.ADMIN, now=NOW)
    set_role(actor=cast.actor("admin"), workspace=cast.everyone, username="owner", role=Role.ADMIN, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_demote_each_other_at_once_leave_one(cast: Cast) -> None:
    set_role(actor=cast.actor("owner"), workspace=cast.workspace, username="operator", role=Role.ADMIN, now=NOW)
    actors = {name: cast.actor(name) for name in ("owner", "operator")}
    together = Barrier(2)

    def demote(who: str, whom: str) -> str:
        try:
            together.wait(10)
            set_role(actor=actors[who], workspace=cast.workspace, username=whom, role=Role.VIEWER, now=NOW)
        except Refused as fault:
            return fault.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(demote, ("owner", "operator"), ("operator", "owner")))
    assert sorted(outcomes) == ["done", "last-admin"]
    assert list(roles(cast).values()).count(Role.ADMIN) == 1
