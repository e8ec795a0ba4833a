"""What the keys of workloads stand for."""

from __future__ import annotations

from django.db import models
from django.db.models import F
from django.utils import timezone

from deployments.models.deployments import Composition, Deployment


class WorkloadSpecQuerySet(models.QuerySet["WorkloadSpec"]):
    """What keys stand for, by whether anything refers to them."""

    def unused(self, deployment: Deployment | int) -> WorkloadSpecQuerySet:
        """Those of a deployment without a rollout that runs something else by now."""
        return self.filter(composition__deployment=deployment).exclude(key=F("composition__workload"))


class WorkloadSpec(models.Model):
    """What runs under a key, as it was when the key was made: an engine is told this, and never anything else.

    It lives for as long as the key is the composition's, or a step's of a rollout that is not over.
    """

    composition = models.ForeignKey(Composition, models.CASCADE, related_name="specs")
    key = models.CharField(max_length=100)
    content = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = WorkloadSpecQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("composition", "key"), name="workload_key_once"),)

    def __str__(self) -> str:
        return self.key
