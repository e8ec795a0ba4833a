"""What is deployed: trained models with their files, and the registered models that group them."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone

from mlops_console.models import Workspace
from runtimes.models import ModelType
from runtimes.models.search import words_of


def new_uid() -> str:
    """A fresh id; experiments, models, artifacts and deployments are known by it across workspaces."""
    return str(uuid.uuid4())


class Experiment(models.Model):
    """A trained model: what it is called, what is known of it, and through its artifacts the model itself."""

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="experiments")
    uid = models.CharField(max_length=63, unique=True, default=new_uid)
    display_name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    model_type = models.ForeignKey(ModelType, models.PROTECT, null=True, blank=True, related_name="experiments")
    metadata = models.JSONField(default=dict, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    words = words_of("uid", "display_name", "description")

    class Meta:
        ordering = ("display_name", "pk")
        indexes = (
            models.Index(fields=("workspace", "display_name", "id"), name="experiment_by_name"),
            GinIndex(fields=("words",), name="experiment_by_word"),
        )

    def __str__(self) -> str:
        return self.display_name

    @property
    def name(self) -> str:
        """The resource name."""
        return f"{self.workspace.name}/experiments/{self.uid}"


class Artifact(models.Model):
    """A file that belongs to an experiment, or to its workspace until an experiment takes it; stored beside the
    database, named by its id."""

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="artifacts")
    experiment = models.ForeignKey(Experiment, models.CASCADE, null=True, blank=True, related_name="artifacts")
    uid = models.CharField(max_length=63, unique=True, default=new_uid)
    type = models.CharField(max_length=100, blank=True)
    mime_type = models.CharField(max_length=200, blank=True)
    size = models.BigIntegerField(null=True, blank=True)
    md5 = models.CharField(max_length=32, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    uploaded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return f"{self.type or 'artifact'} {self.uid}"


class RegisteredModel(models.Model):
    """A name under which versions of one model follow each other."""

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="registered_models")
    uid = models.CharField(max_length=63, unique=True, default=new_uid)
    display_name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    creator = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    updater = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("display_name", "pk")
        verbose_name = "registered model"
        constraints = (
            models.UniqueConstraint(fields=("workspace", "display_name"), name="model_name_once_per_workspace"),
        )

    def __str__(self) -> str:
        return self.display_name


class ModelVersion(models.Model):
    """One experiment as the n-th version of a registered model."""

    model = models.ForeignKey(RegisteredModel, models.CASCADE, related_name="versions")
    experiment = models.ForeignKey(Experiment, models.PROTECT, related_name="model_versions")
    uid = models.CharField(max_length=63, unique=True, default=new_uid)
    number = models.PositiveIntegerField()
    creator = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("model", "-number")
        constraints = (models.UniqueConstraint(fields=("model", "number"), name="model_version_number_once"),)

    # By what it is read together with its `holder`.
    HELD_THROUGH: ClassVar = ("model",)

    def __str__(self) -> str:
        return f"{self.model} {self.number}"

    @property
    def holder(self) -> str:
        """What uses its experiment, in words."""
        return f"version {self.number} of the registered model {self.model.display_name}"
