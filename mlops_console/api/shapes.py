"""Requests and answers of the floor: people, workspaces, errors."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from mlops_console.api.fields import Text, TextMap, Wire, optional
from mlops_console.models import User, Workspace

SYSTEM: str = "system"


@extend_schema_serializer(component_name="Error")
class ErrorShape(Wire):
    """What went wrong, in a sentence."""

    code = serializers.IntegerField(help_text="The gRPC status code.")
    message = Text(help_text="A sentence that names the field and says what is allowed.")
    details = serializers.ListField(child=serializers.DictField(), help_text="The same for programs, by field.")


class Email(Wire):
    """An address to write to."""

    address = Text()


@extend_schema_serializer(component_name="User")
class UserShape(Wire):
    """Somebody who has an account."""

    name = serializers.SerializerMethodField(help_text="users/<id>")
    displayName = serializers.CharField(source="__str__")
    loginPrincipal = Text(source="username", help_text="The name to sign in with.")
    emails = serializers.SerializerMethodField(help_text="One, or none.")
    active = serializers.BooleanField(source="is_active", help_text="false: may not sign in.")

    def get_name(self, user: User) -> str:
        """The resource name."""
        return user.name

    @extend_schema_field(Email(many=True))
    def get_emails(self, user: User) -> list[dict[str, str]]:
        """The one address of an account, if it has any."""
        return [{"address": user.email}] if user.email else []


@extend_schema_serializer(component_name="Workspace")
class WorkspaceShape(Wire):
    """A workspace, the tenant of everything else."""

    name = Text(help_text="workspaces/<id>")
    displayName = Text(source="display_name")
    description = Text()
    annotations = TextMap(help_text="Whatever programs want to keep with it.")
    createTime = serializers.DateTimeField(source="created_at")
    updateTime = serializers.DateTimeField(source="updated_at")
    creator = serializers.SerializerMethodField(help_text="users/<id>; users/system for what the console made itself")
    updater = serializers.SerializerMethodField()

    def get_creator(self, workspace: Workspace) -> str:
        """Who made it."""
        return _name(workspace.creator)

    def get_updater(self, workspace: Workspace) -> str:
        """Who changed it last."""
        return _name(workspace.updater)


@extend_schema_serializer(component_name="WorkspaceInput")
class WorkspaceInput(Wire):
    """A workspace to make, or what changes in one."""

    displayName = optional(Text, source="display_name", help_text="1 to 200 printable characters.")
    description = optional(Text)
    annotations = optional(TextMap, help_text="Replaced as a whole; at most 100.")


def _name(user: User | None) -> str:
    return user.name if user else f"users/{SYSTEM}"


SYSTEM_USER: dict[str, Any] = {
    "name": f"users/{SYSTEM}",
    "displayName": "MLOps Console",
    "loginPrincipal": SYSTEM,
    "emails": [],
    "active": True,
}
