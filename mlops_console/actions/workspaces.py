"""Making, changing and removing workspaces."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from mlops_console import audit
from mlops_console.access import Role
from mlops_console.actor import Actor
from mlops_console.errors import Invalid, Missing, NotAllowed, Refused
from mlops_console.models import GLOBAL, Membership, Workspace
from mlops_console.models.workspaces import new_workspace_uid

_UID = re.compile(r"[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?")
_RESERVED = frozenset({"new", "switch"})
_FIELDS = ("display_name", "description", "annotations")
ANNOTATIONS_MAX = 100


@transaction.atomic
def create_workspace(
    *,
    actor: Actor,
    display_name: str,
    now: datetime,
    uid: str = "",
    description: str = "",
    annotations: Mapping[str, str] | None = None,
) -> Workspace:
    """Make a workspace with the actor as its admin; raises NotAllowed, Invalid, or Refused when the id is taken."""
    actor.require_platform_admin("create workspaces")
    values = _checked({"display_name": display_name, "description": description, "annotations": annotations or {}})
    if uid in _RESERVED:
        raise Invalid({"uid": f"The ID {uid} is reserved: it has a meaning of its own in addresses."})
    if uid and not _UID.fullmatch(uid):
        raise Invalid({"uid": "Use 1 to 63 lower-case letters, digits, - and _, with a letter or digit at both ends."})
    try:
        with transaction.atomic():
            workspace = Workspace.objects.create(
                uid=uid or new_workspace_uid(),
                creator=actor.user,
                updater=actor.user,
                created_at=now,
                updated_at=now,
                **values,
            )
    except IntegrityError:
        raise Refused("taken", f"There is a workspace {uid} already.") from None
    if actor.user is not None:
        Membership.objects.create(workspace=workspace, user=actor.user, role=Role.ADMIN)
    _record(actor, audit.Verb.CREATE, workspace, now, after=values)
    return workspace


@transaction.atomic
def update_workspace(*, actor: Actor, workspace: Workspace, changes: Mapping[str, Any], now: datetime) -> Workspace:
    """Change name, description or annotations; raises NotAllowed, Missing or Invalid."""
    row = _locked(actor, workspace, "change workspaces")
    values = _checked({field: getattr(row, field) for field in _FIELDS} | dict(changes))
    before = {field: getattr(row, field) for field in _FIELDS if getattr(row, field) != values[field]}
    if before:
        for field in before:
            setattr(row, field, values[field])
        row.updated_at, row.updater = now, actor.user
        row.save(update_fields=[*before, "updated_at", "updater"])
        _record(actor, audit.Verb.UPDATE, row, now, before, {field: values[field] for field in before})
    return row


@transaction.atomic
def delete_workspace(*, actor: Actor, workspace: Workspace, now: datetime) -> None:
    """Remove an empty workspace; raises Refused naming what it still holds."""
    row = _locked(actor, workspace, "delete workspaces")
    if row.uid == GLOBAL:
        raise Refused("global", "The global workspace cannot be deleted: every other one inherits from it.")
    before = {field: getattr(row, field) for field in _FIELDS}
    before["members"] = {each.user.username: each.role for each in row.memberships.select_related("user")}
    try:
        row.delete()
    except ProtectedError as fault:
        held = sorted({str(each._meta.verbose_name_plural) for each in fault.protected_objects})
        raise Refused(
            "not-empty",
            f"Workspace {row.uid} still holds {' and '.join(held)}; delete them first.",
            {"holds": held},
        ) from None
    _record(actor, audit.Verb.DELETE, row, now, before)


def _locked(actor: Actor, workspace: Workspace, what: str) -> Workspace:
    if actor.role_in(workspace) is None:
        raise Missing(f"There is no workspace {workspace.uid}, or you are not a member of it.")
    if actor.role_in(workspace) is not Role.ADMIN or workspace.is_global:
        actor.require_platform_admin(what)
    if actor.read_only:
        raise NotAllowed("This token is read-only.")
    row = Workspace.objects.select_for_update().filter(pk=workspace.pk).first()
    if row is None:
        raise Missing(f"There is no workspace {workspace.uid} any more.")
    return row


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    name = values["display_name"].strip()
    if not name or len(name) > 200 or not name.isprintable():
        raise Invalid({"display_name": "Give the workspace a name of 1 to 200 printable characters."})
    if "\x00" in values["description"] or len(values["description"]) > 2000:
        raise Invalid({"description": "Describe it in up to 2,000 characters, without NUL."})
    if len(values["annotations"]) > ANNOTATIONS_MAX:
        raise Invalid({"annotations": f"At most {ANNOTATIONS_MAX} annotations are allowed."})
    for key, value in values["annotations"].items():
        if not isinstance(value, str) or "\x00" in key + value or len(key) > 253 or len(value) > 32_768:
            sentence = "An annotation is a text of up to 32,768 characters without NUL, its key one of up to 253."
            raise Invalid({f"annotations.{key[:253]}": sentence})
    return values | {"display_name": name}


def _record(
    actor: Actor,
    verb: audit.Verb,
    workspace: Workspace,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    subject = audit.Subject(audit.Kind.WORKSPACE, workspace.name, workspace.uid)
    audit.record([audit.entry(actor=actor, verb=verb, subject=subject, now=now, before=before, after=after)])
