"""Who acts: a person, a program with a token, the bootstrap, a worker, or a command on the server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mlops_console.access import Right, Role, may
from mlops_console.errors import Missing, NotAllowed
from mlops_console.models import Token, User, Workspace


class ActorKind(StrEnum):
    """What sort of actor an audit row names."""

    PERSON = "person"
    TOKEN = "token"  # noqa: S105 a kind of actor, no secret
    BOOTSTRAP = "bootstrap"
    WORKER = "worker"
    COMMAND = "command"


@dataclass(frozen=True, kw_only=True)
class Actor:
    """An actor with the rights they had when their request began."""

    kind: ActorKind
    name: str
    user: User | None = None
    is_platform_admin: bool = False
    read_only: bool = False
    roles: Mapping[int, Role] = field(default_factory=dict)
    request_id: str = ""

    def role_in(self, workspace: Workspace) -> Role | None:
        """The role in a workspace; everyone is at least a viewer of `global`, platform admins are admins everywhere."""
        if self.is_platform_admin:
            return Role.ADMIN
        if workspace.is_global:
            return Role.VIEWER
        return self.roles.get(workspace.pk)

    def may(self, right: Right, workspace: Workspace) -> bool:
        """Say whether the actor has a right in a workspace."""
        if self.read_only and right is not Right.VIEW:
            return False
        return may(self.role_in(workspace), right)

    def require(self, right: Right, workspace: Workspace) -> None:
        """Pass when the actor has the right; raises Missing for strangers and NotAllowed for members without it."""
        if self.role_in(workspace) is None:
            raise Missing(f"There is no workspace {workspace.uid}, or you are not a member of it.")
        if not self.may(right, workspace):
            if self.read_only:
                raise NotAllowed("This token is read-only.")
            if workspace.is_global:
                raise NotAllowed("Only platform admins change what is in the global workspace.")
            raise NotAllowed(f"Your role does not let you {right.value}.")

    def require_platform_admin(self, what: str) -> None:
        """Pass for platform admins with full rights; raises NotAllowed, naming `what` only they may do."""
        if not self.is_platform_admin:
            raise NotAllowed(f"Only platform admins may {what}.")
        if self.read_only:
            raise NotAllowed("This token is read-only.")


def person(user: User, *, roles: Mapping[int, Role], request_id: str = "") -> Actor:
    """The actor behind a signed-in session."""
    return Actor(
        kind=ActorKind.PERSON,
        name=user.username,
        user=user,
        is_platform_admin=user.is_platform_admin,
        roles=roles,
        request_id=request_id,
    )


def program(token: Token, *, roles: Mapping[int, Role], request_id: str = "") -> Actor:
    """The actor behind a bearer token: its owner, named together with the token, and no more than that may do."""
    user = token.user
    return Actor(
        kind=ActorKind.TOKEN,
        name=token.acts_as,
        user=user,
        is_platform_admin=user.is_platform_admin,
        read_only=token.read_only,
        roles=roles,
        request_id=request_id,
    )


def system(kind: ActorKind, name: str) -> Actor:
    """The platform itself acting: the bootstrap, or somebody who types a command on the server."""
    return Actor(kind=kind, name=name, is_platform_admin=True)
