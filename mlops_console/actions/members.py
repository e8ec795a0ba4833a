"""Who belongs to a workspace, and as what."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from mlops_console import audit
from mlops_console.access import Right, Role
from mlops_console.actor import Actor
from mlops_console.errors import Invalid, Missing, Refused
from mlops_console.models import Membership, User, Workspace


@transaction.atomic
def set_role(*, actor: Actor, workspace: Workspace, username: str, role: Role, now: datetime) -> Membership:
    """Make somebody a member or change what they are; raises Missing, NotAllowed, Invalid or Refused."""
    members = _members(actor, workspace)
    user = User.objects.filter(username=username).first()
    if user is None:
        raise Invalid({"username": f"There is nobody with the user name {username}."})
    before = members.get(user.pk)
    if before is not None and before.role == role:
        return before
    if role is not Role.ADMIN:
        _keep_an_admin(actor, members, user)
    membership, _ = Membership.objects.update_or_create(workspace=workspace, user=user, defaults={"role": role})
    verb = audit.Verb.UPDATE if before else audit.Verb.CREATE
    _record(actor, verb, workspace, user, now, before=before.role if before else "", after=role)
    return membership


@transaction.atomic
def remove_member(*, actor: Actor, workspace: Workspace, username: str, now: datetime) -> None:
    """End a membership; raises Missing, NotAllowed, or Refused for the last admin."""
    members = _members(actor, workspace)
    before = next((each for each in members.values() if each.user.username == username), None)
    if before is None:
        raise Missing(f"{username} is not a member of {workspace.uid}.")
    _keep_an_admin(actor, members, before.user)
    before.delete()
    _record(actor, audit.Verb.DELETE, workspace, before.user, now, before=before.role)


def _members(actor: Actor, workspace: Workspace) -> dict[int, Membership]:
    """The members by user key; the workspace stays locked, so that two admins cannot demote each other."""
    actor.require(Right.MANAGE_MEMBERS, workspace)
    if not Workspace.objects.select_for_update().filter(pk=workspace.pk).exists():
        raise Missing(f"There is no workspace {workspace.uid} any more.")
    return {each.user_id: each for each in workspace.memberships.select_related("user")}


def _keep_an_admin(actor: Actor, members: dict[int, Membership], user: User) -> None:
    admins = {key for key, each in members.items() if each.role == Role.ADMIN}
    if admins == {user.pk} and not actor.is_platform_admin:
        raise Refused("last-admin", f"{user.username} is the last admin here; make somebody else one first.")


def _record(
    actor: Actor,
    verb: audit.Verb,
    workspace: Workspace,
    user: User,
    now: datetime,
    *,
    before: str = "",
    after: str = "",
) -> None:
    subject = audit.Subject(audit.Kind.MEMBERSHIP, f"{workspace.name}/members/{user.username}", workspace.uid)
    audit.record(
        [
            audit.entry(
                actor=actor,
                verb=verb,
                subject=subject,
                now=now,
                before={"role": before} if before else {},
                after={"role": str(after)} if after else {},
            )
        ]
    )
