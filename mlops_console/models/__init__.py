"""People, workspaces, tokens and the audit trail."""

from mlops_console.models.audit import AuditEntry
from mlops_console.models.tokens import Token, TokenState
from mlops_console.models.users import User
from mlops_console.models.workspaces import GLOBAL, Membership, Workspace

__all__ = ["GLOBAL", "AuditEntry", "Membership", "Token", "TokenState", "User", "Workspace"]
