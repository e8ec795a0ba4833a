"""Plans, the rollouts that carry them out, and what happened on the way."""

from __future__ import annotations

from typing import ClassVar, Final

from django.db import models
from django.db.models import Q
from django.utils import timezone

from deployments.models.choices import choices_of
from deployments.models.deployments import Composition, Deployment
from deployments.models.experiments import new_uid
from deployments.rollouts.snapshot import Intent, Phase, Status
from runtimes.models import Version


class Plan(models.Model):
    """What an upgrade would do, as it was shown to somebody; `data` is deployments.planning's own form."""

    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="plans")
    uid = models.CharField(max_length=63, unique=True, default=new_uid)
    actor = models.CharField(max_length=300)
    fingerprint = models.CharField(max_length=64)
    targets = models.JSONField(default=dict)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("-created_at", "-pk")
        indexes = (models.Index(fields=("created_at",), name="plan_by_age"),)

    def __str__(self) -> str:
        return f"plan {self.uid}"


ACTIVE: Final = sorted(status.value for status in Status if not status.is_over)


class RolloutQuerySet(models.QuerySet["Rollout"]):
    """Rollouts by whether they are over."""

    def active(self) -> RolloutQuerySet:
        """Those that are not over; a deployment has one at most."""
        return self.filter(status__in=ACTIVE)


class Rollout(models.Model):
    """A plan being carried out. People write `intent`, the worker that holds the lease all the rest."""

    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="rollouts")
    plan = models.ForeignKey(Plan, models.PROTECT, null=True, related_name="rollouts")
    number = models.PositiveIntegerField()
    reason = models.TextField(blank=True)
    started_by = models.CharField(max_length=300)
    intent = models.CharField(max_length=6, choices=choices_of(Intent), default=Intent.RUN.value)
    intent_reason = models.TextField(blank=True)
    intent_by = models.CharField(max_length=300, blank=True)
    status = models.CharField(max_length=12, choices=choices_of(Status), default=Status.PENDING.value)
    cause = models.TextField(blank=True)
    # What is in the way of the composition that is under way, while there is something.
    waiting = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = RolloutQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("deployment",),
                condition=Q(status__in=ACTIVE),
                name="rollout_active_once",
                violation_error_message="A rollout of this deployment is under way already.",
            ),
            models.UniqueConstraint(fields=("deployment", "number"), name="rollout_number_once"),
            models.CheckConstraint(condition=Q(status__in=list(map(str, Status))), name="rollout_status_known"),
            models.CheckConstraint(condition=Q(intent__in=list(map(str, Intent))), name="rollout_intent_known"),
        )

    def __str__(self) -> str:
        return f"{self.deployment} #{self.number}"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.status not in ACTIVE


class RolloutStep(models.Model):
    """One composition in a rollout: from which version to which, and how far it is."""

    rollout = models.ForeignKey(Rollout, models.CASCADE, related_name="steps")
    position = models.PositiveIntegerField()
    composition = models.ForeignKey(Composition, models.CASCADE, related_name="steps")
    before = models.ForeignKey(Version, models.PROTECT, related_name="+")
    after = models.ForeignKey(Version, models.PROTECT, related_name="+")
    old_workload = models.CharField(max_length=100)
    new_workload = models.CharField(max_length=100)
    # A version that was stopped and is started again to undo the step runs under a name of its own; which of the
    # two serves afterwards is known once undoing begins.
    again_workload = models.CharField(max_length=100)
    undo_workload = models.CharField(max_length=100, blank=True)
    phase = models.CharField(max_length=14, choices=choices_of(Phase), default=Phase.PENDING.value)
    phase_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("rollout", "position")
        constraints = (
            models.UniqueConstraint(fields=("rollout", "position"), name="step_position_once"),
            models.UniqueConstraint(fields=("rollout", "composition"), name="step_composition_once"),
            models.CheckConstraint(condition=Q(phase__in=list(map(str, Phase))), name="step_phase_known"),
        )

    # By what it is read together with its `holder`.
    HELD_THROUGH: ClassVar = ("rollout__deployment",)

    def __str__(self) -> str:
        return f"{self.rollout} step {self.position}"

    @property
    def holder(self) -> str:
        """What keeps its versions, in words."""
        return f"rollout #{self.rollout.number} of the deployment {self.rollout.deployment.display_name}"


class Event(models.Model):
    """Something that happened to a deployment, for its time line."""

    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="events")
    rollout = models.ForeignKey(Rollout, models.CASCADE, null=True, blank=True, related_name="events")
    composition = models.ForeignKey(Composition, models.CASCADE, null=True, blank=True, related_name="events")
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=40)
    sentence = models.TextField()

    class Meta:
        ordering = ("pk",)
        indexes = (
            models.Index(fields=("deployment", "-id"), name="event_by_deployment"),
            models.Index(fields=("rollout", "id"), name="event_by_rollout"),
        )

    def __str__(self) -> str:
        return self.sentence


class Lease(models.Model):
    """Which worker looks after a deployment, until when, and under which epoch.

    Every claim raises the epoch; whatever a worker writes carries the epoch it claimed, so that one that slept
    through the end of its lease changes nothing.
    """

    deployment = models.OneToOneField(Deployment, models.CASCADE, primary_key=True, related_name="lease")
    holder = models.CharField(max_length=200, blank=True)
    epoch = models.PositiveBigIntegerField(default=0)
    until = models.DateTimeField(null=True, blank=True)
    look_at = models.DateTimeField(default=timezone.now)
    # What an engine told of before, its last claimer has seen.
    claimed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (models.Index(fields=("look_at",), name="lease_by_look"),)

    def __str__(self) -> str:
        return f"lease of {self.deployment_id}"


class TrafficCount(models.Model):
    """How many requests a version of a composition had answered by some instant, for the picture of a rollout.

    Under no workload stand the answers as clients got them.
    """

    rollout = models.ForeignKey(Rollout, models.CASCADE, related_name="traffic")
    at = models.DateTimeField()
    workload = models.CharField(max_length=100, blank=True)
    answered = models.PositiveBigIntegerField()
    failed = models.PositiveBigIntegerField()

    class Meta:
        ordering = ("at", "pk")
        indexes = (models.Index(fields=("rollout", "at"), name="traffic_by_time"),)

    def __str__(self) -> str:
        return f"{self.workload} {self.answered}"
