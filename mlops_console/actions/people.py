"""Accounts of people: only platform admins make and change them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q

from mlops_console import audit
from mlops_console.actor import Actor
from mlops_console.errors import Invalid, Missing, NotAllowed, Refused
from mlops_console.models import User

_FIELDS = ("display_name", "email", "is_active", "is_platform_admin")
_WORD: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")
COLUMNS_MAX: Final = 50
LISTS_MAX: Final = 50


@transaction.atomic
def create_person(
    *,
    actor: Actor,
    username: str,
    password: str,
    now: datetime,
    display_name: str = "",
    email: str = "",
    is_platform_admin: bool = False,
) -> User:
    """Make an account; raises NotAllowed or Invalid."""
    actor.require_platform_admin("create accounts")
    if username == "new":
        raise Invalid({"username": "The user name new is reserved: it has a meaning of its own in addresses."})
    user = User(
        username=User.normalize_username(username),
        display_name=display_name.strip(),
        email=email.strip(),
        is_platform_admin=is_platform_admin,
        created_at=now,
    )
    _set_password(user, password)
    _check(user)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        raise Invalid({"username": "This username is taken."}) from None
    _record(actor, audit.Verb.CREATE, user, now, after={field: getattr(user, field) for field in _FIELDS})
    return user


@transaction.atomic
def update_person(
    *, actor: Actor, username: str, changes: Mapping[str, Any], now: datetime, password: str = ""
) -> User:
    """Change an account, or its password where one is given; raises NotAllowed, Missing, Invalid or Refused."""
    actor.require_platform_admin("change accounts")
    # With every platform admin, and in one order, so that two of them cannot demote each other at once.
    rows = User.objects.select_for_update().filter(Q(username=username) | Q(is_platform_admin=True)).order_by("pk")
    user = next((each for each in rows if each.username == username), None)
    if user is None:
        raise Missing(f"There is nobody with the user name {username}.")
    before = {field: getattr(user, field) for field in changes if getattr(user, field) != changes[field]}
    for field in before:
        setattr(user, field, changes[field])
    if not (user.is_active and user.is_platform_admin):
        _keep_a_platform_admin(user)
    if password:
        _set_password(user, password)
    if before or password:
        _check(user)
        user.save(update_fields=[*before, *(["password"] if password else [])])
        after = {field: changes[field] for field in before} | ({"password": "changed"} if password else {})
        _record(actor, audit.Verb.UPDATE, user, now, before, after)
    return user


@transaction.atomic
def set_columns(*, actor: Actor, list_name: str, columns: Sequence[str]) -> None:
    """Remember which columns a person wants to see of a list; raises Invalid for malformed names."""
    # No audit entry: this is how one person looks at a table, and changes nothing that others depend on.
    if not _WORD.fullmatch(list_name) or len(columns) > COLUMNS_MAX or not all(map(_WORD.fullmatch, columns)):
        raise Invalid({"column": "Choose columns of a list that this console shows."})
    if actor.user is None:
        raise NotAllowed("Only people have preferences.")
    user = User.objects.select_for_update().get(pk=actor.user.pk)
    chosen = user.preferences.get("columns", {}) | {list_name: list(columns)}
    if len(chosen) > LISTS_MAX:
        raise Invalid({"list": f"At most {LISTS_MAX} lists are remembered."})
    user.preferences = user.preferences | {"columns": chosen}
    user.save(update_fields=["preferences"])


def _keep_a_platform_admin(user: User) -> None:
    if not User.objects.filter(is_active=True, is_platform_admin=True).exclude(pk=user.pk).exists():
        raise Refused("last-platform-admin", "Somebody must stay an active platform admin.")


def _set_password(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as fault:
        raise Invalid({"password": " ".join(fault.messages)}) from None
    user.set_password(password)


def _check(user: User) -> None:
    try:
        user.full_clean()
    except ValidationError as fault:
        raise Invalid({field: " ".join(messages) for field, messages in fault.message_dict.items()}) from None


def _record(
    actor: Actor,
    verb: audit.Verb,
    user: User,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    subject = audit.Subject(audit.Kind.USER, f"users/{user.username}")
    audit.record([audit.entry(actor=actor, verb=verb, subject=subject, now=now, before=before, after=after)])
