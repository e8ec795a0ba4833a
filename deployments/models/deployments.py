"""Deployments and the compositions that they serve."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone

from deployments.engines.contract import Drift
from deployments.models.choices import choices_of
from deployments.models.experiments import Experiment, new_uid
from deployments.planning.modes import Mode
from deployments.rollouts.drift import from_data
from deployments.rollouts.snapshot import Health, Reapply
from mlops_console.models import Workspace
from runtimes.models import Runtime, Version
from runtimes.models.search import words_of


class Deployment(models.Model):
    """Something that answers scoring requests under one address.

    People write what they want (`paused`, `deleted_at`, `reapply_…`); only the worker that holds its lease writes what
    is (`health` and the fields after it). But whoever adopts drift takes it away, and the worker a wish that came true.
    """

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="deployments")
    uid = models.CharField(max_length=63, unique=True, default=new_uid)
    display_name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    mode = models.CharField(max_length=10, choices=choices_of(Mode))
    environment_variables = models.JSONField(default=dict, blank=True)
    securities = models.JSONField(default=list, blank=True)
    creator = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    paused = models.BooleanField(default=False)
    deleted_at = models.DateTimeField(null=True, blank=True)
    # What people want of drift, undone or adopted: the marks of the lines that they saw, until it is written.
    reapply_lines = models.JSONField(default=list, blank=True)
    reapply_by = models.CharField(max_length=300, blank=True)
    reapply_at = models.DateTimeField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    health = models.CharField(max_length=12, choices=choices_of(Health), default=Health.PENDING.value)
    health_message = models.TextField(blank=True)
    health_at = models.DateTimeField(default=timezone.now)
    address = models.CharField(max_length=500, blank=True)
    was_rolled_back = models.BooleanField(default=False)
    # What somebody else has changed in the engine, in the form of `rollouts.drift.to_data`.
    drift = models.JSONField(default=list, blank=True)
    # What keeps the engine from doing its work for it, since when; nothing while it can.
    trouble = models.TextField(blank=True)
    trouble_at = models.DateTimeField(null=True, blank=True)
    words = words_of("uid", "display_name", "description")

    class Meta:
        ordering = ("display_name", "pk")
        constraints = (
            models.CheckConstraint(condition=Q(mode__in=list(map(str, Mode))), name="deployment_mode_known"),
            models.CheckConstraint(condition=Q(health__in=list(map(str, Health))), name="deployment_health_known"),
        )
        indexes = (
            models.Index(fields=("workspace", "display_name", "id"), name="deployment_by_name"),
            models.Index(fields=("display_name", "id"), name="deployment_by_name_anywhere"),
            models.Index(fields=("workspace", "-updated_at", "-id"), name="deployment_by_update"),
            models.Index(fields=("workspace", "health", "display_name", "id"), name="deployment_by_health"),
            GinIndex(fields=("words",), name="deployment_by_word"),
        )

    def __str__(self) -> str:
        return self.display_name

    @property
    def name(self) -> str:
        """The resource name."""
        return f"{self.workspace.name}/deployments/{self.uid}"

    @property
    def drift_lines(self) -> tuple[Drift, ...]:
        """What somebody else has changed, as the worker last saw it."""
        return from_data(self.drift)

    @property
    def reapply(self) -> Reapply | None:
        """The wish to undo that, if there is one."""
        if self.reapply_at is None:
            return None
        return Reapply(lines=frozenset(self.reapply_lines), by=self.reapply_by, at=self.reapply_at)


class Composition(models.Model):
    """One experiment inside a deployment, on one runtime, running one exact version until it is upgraded."""

    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="compositions")
    position = models.PositiveSmallIntegerField()
    uid = models.CharField(max_length=63, unique=True, default=new_uid)
    experiment = models.ForeignKey(Experiment, models.PROTECT, related_name="compositions")
    runtime = models.ForeignKey(Runtime, models.PROTECT, related_name="compositions")
    version = models.ForeignKey(Version, models.PROTECT, related_name="compositions")
    # The engine's name for what runs that version: each start beside the old one has a name of its own.
    workload = models.CharField(max_length=100)
    weight = models.PositiveSmallIntegerField(default=100)
    is_mirror = models.BooleanField(default=False)
    artifact_type = models.CharField(max_length=100, blank=True)
    artifact_processor = models.CharField(max_length=100, blank=True)
    options = models.JSONField(default=dict, blank=True)

    # What `queries.with_latest` annotates.
    latest_id: int | None

    class Meta:
        ordering = ("deployment", "position")
        constraints = (
            models.UniqueConstraint(fields=("deployment", "position"), name="composition_position_once"),
            models.CheckConstraint(condition=Q(weight__lte=100), name="composition_weight_percent"),
        )

    # By what it is read together with its `holder`.
    HELD_THROUGH: ClassVar = ("deployment",)

    def __str__(self) -> str:
        return f"{self.experiment} in {self.deployment}"

    @property
    def holder(self) -> str:
        """What uses its experiment, its runtime and its version, in words."""
        gone = ", which is being removed" if self.deployment.deleted_at else ""
        return f"the deployment {self.deployment.display_name}{gone}"
