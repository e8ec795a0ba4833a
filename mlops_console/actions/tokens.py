"""Issuing and revoking the tokens of programs."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction

from mlops_console import audit
from mlops_console.access import Right
from mlops_console.actor import Actor
from mlops_console.errors import Invalid, Missing, NotAllowed
from mlops_console.models import Membership, Token, User, Workspace

PREFIX = "mlc_"
USE_NOTED_EVERY = timedelta(minutes=1)


def digest(secret: str) -> str:
    """What is stored of a token; tokens are random, so a plain hash is enough."""
    return sha256(secret.encode()).hexdigest()


@transaction.atomic
def issue_token(
    *,
    actor: Actor,
    user: User,
    name: str,
    now: datetime,
    expires_at: datetime | None = None,
    read_only: bool = False,
) -> tuple[Token, str]:
    """Make a token for a person and answer it with its secret, which nobody can read again; raises Invalid."""
    if actor.user != user:
        actor.require_platform_admin("make tokens for others")
    if actor.read_only:
        raise NotAllowed("This token is read-only.")
    name = name.strip()
    if not name or len(name) > 100 or not name.isprintable():
        raise Invalid({"name": "Give the token a name of 1 to 100 printable characters."})
    if expires_at is not None and expires_at <= now:
        raise Invalid({"expires_at": "The expiry must lie in the future."})
    User.objects.select_for_update().get(pk=user.pk)
    if Token.objects.filter(user=user, name=name, revoked_at__isnull=True).exists():
        raise Invalid({"name": f"{user.username} has a token named {name} already: revoke it, or choose another name."})
    secret = PREFIX + secrets.token_urlsafe(32)
    token = Token.objects.create(
        user=user,
        name=name,
        digest=digest(secret),
        expires_at=expires_at,
        read_only=read_only,
        created_at=now,
    )
    after = {"name": name, "read only": read_only, "expires": expires_at.isoformat() if expires_at else None}
    audit.record([audit.entry(actor=actor, verb=audit.Verb.CREATE, subject=_subject(token), now=now, after=after)])
    return token, secret


@transaction.atomic
def revoke_token(*, actor: Actor, token_id: int, now: datetime, workspace: Workspace | None = None) -> Token:
    """Close the door to a token, for ever.

    A person revokes their own; the admin of a workspace revokes those of its members, platform admins any.
    Raises Missing where the actor may not know of the token.
    """
    token = Token.objects.select_for_update(of=("self",)).select_related("user").filter(pk=token_id).first()
    if token is None or not _may_revoke(actor, token, workspace):
        raise Missing("There is no such token.")
    if actor.read_only:
        raise NotAllowed("This token is read-only.")
    if token.revoked_at is None:
        token.revoked_at = now
        token.save(update_fields=["revoked_at"])
        audit.record([audit.entry(actor=actor, verb=audit.Verb.REVOKE, subject=_subject(token), now=now)])
    return token


def note_use(*, token: Token, now: datetime) -> None:
    """Remember when a token was last used, to the minute: a busy program must not write at each request."""
    # No audit entry: nothing that anybody depends on changes.
    if token.last_used_at is None or token.last_used_at <= now - USE_NOTED_EVERY:
        Token.objects.filter(pk=token.pk).update(last_used_at=now)


def _may_revoke(actor: Actor, token: Token, workspace: Workspace | None) -> bool:
    if actor.is_platform_admin or actor.user == token.user:
        return True
    return (
        workspace is not None
        and actor.may(Right.MANAGE_TOKENS, workspace)
        and Membership.objects.filter(workspace=workspace, user=token.user).exists()
    )


def _subject(token: Token) -> audit.Subject:
    return audit.Subject(audit.Kind.TOKEN, f"users/{token.user.username}/tokens/{token.name}")
