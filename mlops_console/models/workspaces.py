"""Workspaces, the tenants, and who belongs to them."""

from __future__ import annotations

import uuid
from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from mlops_console.access import Role

GLOBAL: Final = "global"


def new_workspace_uid() -> str:
    """A fresh workspace id for those who name none."""
    return str(uuid.uuid4())


class Workspace(models.Model):
    """The tenant that every other row belongs to; `global` holds what the platform offers to all."""

    uid = models.CharField(max_length=63, unique=True, default=new_workspace_uid)
    display_name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    annotations = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    creator = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    updater = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership", related_name="workspaces")

    class Meta:
        ordering = ("display_name", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(uid__regex=r"^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$"), name="workspace_uid_form"
            ),
        )

    def __str__(self) -> str:
        return self.display_name

    @property
    def name(self) -> str:
        """The resource name."""
        return f"workspaces/{self.uid}"

    @property
    def is_global(self) -> bool:
        """Whether this is the workspace whose rows every other one inherits."""
        return self.uid == GLOBAL


class Membership(models.Model):
    """The role of one person in one workspace."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=[(role.value, role.label) for role in Role])

    class Meta:
        ordering = ("user__username",)
        constraints = (
            models.UniqueConstraint(
                fields=("workspace", "user"),
                name="membership_once",
                violation_error_message="This person is a member already.",
            ),
            models.CheckConstraint(condition=Q(role__in=[role.value for role in Role]), name="membership_role_known"),
        )

    def __str__(self) -> str:
        return f"{self.user} in {self.workspace} as {self.role}"
