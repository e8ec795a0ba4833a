"""Tokens of programs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mlops_console.actions.tokens import PREFIX, digest, issue_token, revoke_token
from mlops_console.errors import Invalid, Missing, NotAllowed
from mlops_console.models import AuditEntry, Token, User
from tests.cast import Cast

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def issue(cast: Cast, role: str = "viewer", by: str = "", name: str = "ci") -> Token:
    return issue_token(actor=cast.actor(by or role), user=cast.user(role), name=name, now=NOW)[0]


def test_only_the_digest_is_stored(cast: Cast) -> None:
    token, secret = issue_token(actor=cast.actor("viewer"), user=cast.viewer, name=" ci ", now=NOW)
    assert secret.startswith(PREFIX)
    assert Token.objects.get(digest=digest(secret)) == token
    assert token.name == "ci"
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.subject) == ("create", "users/viewer/tokens/ci")
    assert secret not in str(entry.after)
    assert token.digest not in str(entry.after)


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\nb", "a\x00b"])
def test_a_token_has_a_readable_name(cast: Cast, name: str) -> None:
    with pytest.raises(Invalid) as caught:
        issue(cast, name=name)
    assert set(caught.value.fields) == {"name"}


def test_a_name_serves_one_living_token(cast: Cast) -> None:
    first = issue(cast)
    with pytest.raises(Invalid):
        issue(cast)
    issue(cast, role="owner")
    revoke_token(actor=cast.actor("viewer"), token_id=first.pk, now=NOW)
    issue(cast)


def test_an_expiry_lies_ahead(cast: Cast) -> None:
    with pytest.raises(Invalid) as caught:
        issue_token(actor=cast.actor("viewer"), user=cast.viewer, name="ci", now=NOW, expires_at=NOW)
    assert set(caught.value.fields) == {"expires_at"}
    token, _ = issue_token(
        actor=cast.actor("viewer"), user=cast.viewer, name="ci", now=NOW, expires_at=NOW + timedelta(days=1)
    )
    assert token.expires_at == NOW + timedelta(days=1)


def test_tokens_for_others_are_made_by_platform_admins(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        issue(cast, role="viewer", by="owner")
    issue(cast, role="viewer", by="admin")


def test_a_read_only_token_makes_and_revokes_none(cast: Cast) -> None:
    token = issue(cast)
    actor = replace(cast.actor("viewer"), read_only=True)
    with pytest.raises(NotAllowed):
        issue_token(actor=actor, user=cast.viewer, name="more", now=NOW)
    with pytest.raises(NotAllowed):
        revoke_token(actor=actor, token_id=token.pk, now=NOW)


def test_revoking_twice_is_recorded_once(cast: Cast) -> None:
    token = issue(cast)
    revoke_token(actor=cast.actor("viewer"), token_id=token.pk, now=NOW)
    again = revoke_token(actor=cast.actor("viewer"), token_id=token.pk, now=NOW + timedelta(days=1))
    assert again.revoked_at == NOW
    assert AuditEntry.objects.filter(verb="revoke").count() == 1


@pytest.mark.parametrize(("role", "may"), [("admin", True), ("owner", True), ("operator", False), ("stranger", False)])
def test_who_revokes_the_token_of_a_member(cast: Cast, role: str, may: bool) -> None:
    token = issue(cast)
    if may:
        revoke_token(actor=cast.actor(role), token_id=token.pk, now=NOW, workspace=cast.workspace)
    else:
        with pytest.raises(Missing):
            revoke_token(actor=cast.actor(role), token_id=token.pk, now=NOW, workspace=cast.workspace)
    assert (Token.objects.get().revoked_at is not None) is may


def test_the_admin_of_another_workspace_knows_nothing_of_it(cast: Cast) -> None:
    token = issue(cast)
    with pytest.raises(Missing):
        revoke_token(actor=cast.actor("stranger"), token_id=token.pk, now=NOW, workspace=cast.other)
    with pytest.raises(Missing):
        revoke_token(actor=cast.actor("admin"), token_id=token.pk + 1, now=NOW)
    assert User.objects.filter(tokens__revoked_at__isnull=True, tokens__isnull=False).exists()
