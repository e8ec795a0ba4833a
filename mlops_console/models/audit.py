"""The append-only record of every change."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class AuditEntry(models.Model):
    """Who did what to which row, when and why.

    It names its actor, subject and workspace in words instead of pointing at them, so that it outlives them;
    triggers in the database refuse UPDATE, DELETE and TRUNCATE.
    """

    at = models.DateTimeField(default=timezone.now, editable=False)
    actor_kind = models.CharField(max_length=16)
    actor = models.CharField(max_length=300)
    verb = models.CharField(max_length=32)
    subject_kind = models.CharField(max_length=32)
    subject = models.CharField(max_length=400)
    workspace = models.CharField(max_length=63, blank=True)
    reason = models.TextField(blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "audit entries"
        indexes = (
            models.Index(fields=("workspace", "-id"), name="audit_by_workspace"),
            models.Index(fields=("subject", "-id"), name="audit_by_subject"),
            models.Index(fields=("actor", "-id"), name="audit_by_actor"),
            models.Index(fields=("verb", "-id"), name="audit_by_verb"),
            models.Index(fields=("at",), name="audit_by_time"),
        )

    def __str__(self) -> str:
        return f"{self.actor} {self.verb} {self.subject}"
