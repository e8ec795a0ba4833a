"""Which role may do what: one table, and nothing that reads a database."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a member is in a workspace, from least to most."""

    VIEWER = "VIEWER"
    OPERATOR = "OPERATOR"
    ADMIN = "ADMIN"

    @property
    def label(self) -> str:
        """The role in words."""
        return {"VIEWER": "Viewer", "OPERATOR": "Operator", "ADMIN": "Workspace admin"}[self.value]


class Right(StrEnum):
    """What somebody wants to do; the value completes the sentence "you may not …"."""

    VIEW = "view this workspace"
    WRITE = "create or change things in this workspace"
    CHANGE_STATE = "change states in this workspace"
    DELETE = "delete things in this workspace"
    MANAGE_MEMBERS = "manage the members of this workspace"
    MANAGE_TOKENS = "manage the tokens of this workspace"


_VIEWER: Final = frozenset({Right.VIEW})
_OPERATOR: Final = _VIEWER | {Right.WRITE, Right.CHANGE_STATE}

RIGHTS: Final[dict[Role, frozenset[Right]]] = {
    Role.VIEWER: _VIEWER,
    Role.OPERATOR: _OPERATOR,
    Role.ADMIN: frozenset(Right),
}


def may(role: Role | None, right: Right) -> bool:
    """Say whether a role carries a right; no role carries none."""
    return role is not None and right in RIGHTS[role]
