"""What each values file changed when it was applied."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class BootstrapRun(models.Model):
    """One applied values file; a file that changes nothing leaves no row but moves `seen_at` of the last one."""

    applied_at = models.DateTimeField(default=timezone.now, editable=False)
    seen_at = models.DateTimeField(default=timezone.now, editable=False)
    source = models.CharField(max_length=500)
    digest = models.CharField(max_length=64)
    changes = models.JSONField(default=list)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.source} ({self.digest[:12]})"
