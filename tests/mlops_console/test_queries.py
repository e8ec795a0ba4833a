"""Who sees which workspaces, and what the audit page narrows to."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from mlops_console import audit
from mlops_console.access import Role
from mlops_console.actor import program
from mlops_console.errors import Missing, NotAllowed
from mlops_console.models import AuditEntry, Token
from mlops_console.queries import (
    AuditFilter,
    audit_in,
    history_of,
    live_tokens,
    memberships_in,
    people,
    roles_of,
    scope_for,
    tokens_of,
    tokens_of_members,
    workspaces_of,
)
from tests.cast import Cast

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("role", "uid", "fault"),
    [
        ("admin", "lab", None),
        ("admin", "elsewhere", None),
        ("admin", "global", None),
        ("admin", "-", None),
        ("admin", "nowhere", Missing),
        ("owner", "lab", None),
        ("owner", "elsewhere", Missing),
        ("owner", "-", NotAllowed),
        ("viewer", "lab", None),
        ("viewer", "global", None),
        ("viewer", "-", NotAllowed),
        ("stranger", "lab", Missing),
        ("stranger", "nowhere", Missing),
        ("stranger", "global", None),
    ],
)
def test_a_scope_opens_to_members_only(cast: Cast, role: str, uid: str, fault: type[Exception] | None) -> None:
    if fault:
        with pytest.raises(fault):
            scope_for(cast.actor(role), uid)
    else:
        scope = scope_for(cast.actor(role), uid)
        assert scope.uid == uid
        assert scope.is_all is (uid == "-")


def test_a_workspace_inherits_from_global_but_global_from_nobody(cast: Cast) -> None:
    actor = cast.actor("viewer")
    assert scope_for(actor, "lab").inherited == cast.everyone
    assert scope_for(actor, "global").inherited is None


def test_all_workspaces_are_no_workspace(cast: Cast) -> None:
    with pytest.raises(Missing):
        scope_for(cast.actor("admin"), "-").one()


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        ("admin", {"lab", "elsewhere", "global"}),
        ("viewer", {"lab", "global"}),
        ("stranger", {"elsewhere", "global"}),
    ],
)
def test_people_see_their_workspaces_and_global(cast: Cast, role: str, seen: set[str]) -> None:
    assert {each.uid for each in workspaces_of(cast.actor(role))} == seen


def test_members_and_their_roles(cast: Cast) -> None:
    assert [(each.user.username, each.role) for each in memberships_in(cast.workspace)] == [
        ("operator", "OPERATOR"),
        ("owner", "ADMIN"),
        ("viewer", "VIEWER"),
    ]
    assert roles_of(cast.viewer) == {cast.workspace.pk: Role.VIEWER}
    assert people().get(username="viewer").workspace_count == 1  # type: ignore[attr-defined] # annotated


@pytest.mark.parametrize(
    ("fields", "lives"),
    [
        ({}, True),
        ({"expires_at": NOW + timedelta(seconds=1)}, True),
        ({"expires_at": NOW}, False),
        ({"revoked_at": NOW}, False),
    ],
    ids=["unlimited", "not yet expired", "expired", "revoked"],
)
def test_a_token_lives_until_it_expires_or_is_revoked(cast: Cast, fields: dict[str, datetime], lives: bool) -> None:
    Token.objects.create(user=cast.viewer, name="t", digest="d", **fields)
    assert live_tokens(now=NOW).exists() is lives


def test_an_inactive_account_takes_its_tokens_along(cast: Cast) -> None:
    Token.objects.create(user=cast.viewer, name="t", digest="d")
    cast.viewer.is_active = False
    cast.viewer.save(update_fields=["is_active"])
    assert not live_tokens(now=NOW).exists()


def test_tokens_by_owner_and_by_workspace(cast: Cast) -> None:
    for role in ("admin", "viewer", "stranger"):
        Token.objects.create(user=cast.user(role), name=role, digest=role)
    assert [each.name for each in tokens_of(cast.viewer, now=NOW)] == ["viewer"]
    assert [each.name for each in tokens_of_members(cast.workspace, now=NOW)] == ["viewer"]
    assert {each.name for each in tokens_of_members(cast.everyone, now=NOW)} == {"admin", "viewer", "stranger"}


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({}, "ACTIVE"),
        ({"expires_at": NOW + timedelta(seconds=1)}, "ACTIVE"),
        ({"expires_at": NOW}, "EXPIRED"),
        ({"expires_at": NOW, "revoked_at": NOW}, "REVOKED"),
    ],
)
def test_the_state_of_a_token_follows_from_the_clock(cast: Cast, fields: dict[str, datetime], state: str) -> None:
    Token.objects.create(user=cast.viewer, name="t", digest="d", **fields)
    assert tokens_of(cast.viewer, now=NOW).get().state == state  # type: ignore[attr-defined] # annotated


def write(cast: Cast, number: int, verb: audit.Verb, day: int, workspace: str = "lab", role: str = "owner") -> None:
    subject = audit.Subject(audit.Kind.RUNTIME, f"workspaces/{workspace}/runtimes/R-{number}", workspace)
    at = datetime(2026, 11, day, 23, 59, tzinfo=UTC)
    audit.record([audit.entry(actor=cast.actor(role), verb=verb, subject=subject, now=at)])


@pytest.mark.parametrize(
    ("narrow", "found"),
    [
        (AuditFilter(), [4, 3, 2, 1]),
        (AuditFilter(actor="operator"), [3]),
        (AuditFilter(actor="oper"), []),
        (AuditFilter(verb="disable"), [4, 2]),
        (AuditFilter(subject="r-2"), [2]),
        (AuditFilter(since=date(2026, 11, 3)), [4, 3]),
        (AuditFilter(until=date(2026, 11, 2)), [2, 1]),
        (AuditFilter(since=date(2026, 11, 2), until=date(2026, 11, 2)), [2]),
        (AuditFilter(verb="disable", since=date(2026, 11, 4)), [4]),
    ],
)
def test_the_audit_trail_narrows(cast: Cast, narrow: AuditFilter, found: list[int]) -> None:
    write(cast, 1, audit.Verb.CREATE, 1)
    write(cast, 2, audit.Verb.DISABLE, 2)
    write(cast, 3, audit.Verb.ENABLE, 3, role="operator")
    write(cast, 4, audit.Verb.DISABLE, 4)
    write(cast, 5, audit.Verb.DISABLE, 4, workspace="elsewhere")
    rows = audit_in(scope_for(cast.actor("viewer"), "lab"), narrow)
    assert [int(row.subject.rpartition("-")[2]) for row in rows] == found


def test_a_person_stands_for_their_tokens_in_the_audit_trail(cast: Cast) -> None:
    for role, name in (("operator", "ci"), ("operator", "gone"), ("owner", "ci")):
        Token.objects.create(user=cast.user(role), name=name, digest=f"{role} {name}")
    Token.objects.filter(name="gone").update(revoked_at=NOW)
    subject = audit.Subject(audit.Kind.RUNTIME, "workspaces/lab/runtimes/r", "lab")
    actors = [
        cast.actor("operator"),
        program(Token.objects.get(name="gone"), roles={}),
        program(Token.objects.get(name="ci", user=cast.operator), roles={}),
        program(Token.objects.get(name="ci", user=cast.owner), roles={}),
    ]
    audit.record([audit.entry(actor=actor, verb=audit.Verb.UPDATE, subject=subject, now=NOW) for actor in actors])

    def found(name: str) -> list[str]:
        return [row.actor for row in audit_in(scope_for(cast.actor("viewer"), "lab"), AuditFilter(actor=name))]

    assert found("operator") == ["operator (token ci)", "operator (token gone)", "operator"]
    assert found("operator (token ci)") == ["operator (token ci)"]
    assert found("viewer") == []


def test_all_workspaces_show_every_entry(cast: Cast) -> None:
    write(cast, 1, audit.Verb.CREATE, 1)
    write(cast, 2, audit.Verb.CREATE, 1, workspace="elsewhere")
    assert audit_in(scope_for(cast.actor("admin"), "-")).count() == AuditEntry.objects.count() == 2


def test_history_is_that_of_one_row_newest_first(cast: Cast) -> None:
    for day, verb in enumerate((audit.Verb.CREATE, audit.Verb.DEPRECATE, audit.Verb.DISABLE), 1):
        write(cast, 1, verb, day)
    write(cast, 2, audit.Verb.CREATE, 9)
    assert [each.verb for each in history_of("workspaces/lab/runtimes/R-1", limit=2)] == ["disable", "deprecate"]


@pytest.mark.django_db
def test_the_history_of_several_things_is_looked_up_and_not_walked_to() -> None:
    AuditEntry.objects.bulk_create(
        AuditEntry(actor="owner", verb="update", subject=f"workspaces/lab/runtimes/r-{number % 100}")
        for number in range(10_000)
    )
    asked = history_of(*(f"workspaces/lab/runtimes/r-{number}" for number in range(5)))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE console_auditentry")
    assert "audit_by_subject" in asked.explain()
    found = [each.pk for each in asked]
    assert len(found) == 20
    assert found == sorted(found, reverse=True)
