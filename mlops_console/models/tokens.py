"""Bearer tokens of programs; only their digest is stored."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models.functions import Concat
from django.utils import timezone


class TokenState(models.TextChoices):
    """Whether a token still opens the door; it follows from the clock, so queries work it out."""

    ACTIVE = "ACTIVE", "Active"
    EXPIRED = "EXPIRED", "Expired"
    REVOKED = "REVOKED", "Revoked"


# The same as the property `acts_as`, for the database.
ACTS_AS = Concat("user__username", models.Value(" (token "), "name", models.Value(")"))


class Token(models.Model):
    """What a program presents to act for a person."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    read_only = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("user", "name"),
                condition=models.Q(revoked_at__isnull=True),
                name="token_name_once_per_user",
                violation_error_message="You have a token of this name already.",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def acts_as(self) -> str:
        """The name under which the audit trail knows what was done with it."""
        return f"{self.user.username} (token {self.name})"

    def fault(self, now: datetime) -> str:
        """Why the token opens no door, or `""` while it does."""
        if self.revoked_at is not None:
            return "This token was revoked."
        if self.expires_at is not None and self.expires_at <= now:
            return "This token has expired."
        return "" if self.user.is_active else "The account of this token is not active."
