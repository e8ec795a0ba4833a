"""Runtimes: what a deployment of a model type runs on."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.db import models

from mlops_console.models import Workspace
from runtimes.models.images import RuntimeImage, Version
from runtimes.models.layered import Layered
from runtimes.models.model_types import ModelType
from runtimes.models.search import words_of


class Runtime(Layered):
    """An image, or one pinned version of it, with the configuration that a model type needs."""

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="runtimes")
    uid = models.CharField(max_length=63)
    display_name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    # These three are looked up by the indexes below that begin with them.
    model_type = models.ForeignKey(ModelType, models.PROTECT, related_name="runtimes", db_index=False)
    image = models.ForeignKey(RuntimeImage, models.PROTECT, related_name="runtimes", db_index=False)
    pinned_version = models.ForeignKey(
        Version, models.PROTECT, null=True, blank=True, related_name="runtimes", db_index=False
    )
    environment_variables = models.JSONField(default=dict, blank=True)
    data_volume_read_only = models.BooleanField(null=True, blank=True)
    volumes = models.JSONField(default=list, blank=True)
    security_context = models.JSONField(default=dict, blank=True)
    selector = models.JSONField(default=dict, blank=True)
    scoring_endpoint = models.CharField(max_length=500, blank=True)
    words = words_of("uid", "display_name", "description")

    class Meta(Layered.Meta):
        ordering = ("display_name", "pk")
        constraints = (
            *Layered.Meta.constraints,
            models.UniqueConstraint(fields=("workspace", "uid"), name="runtime_uid_once_per_workspace"),
        )
        indexes = (
            models.Index(fields=("workspace", "display_name", "id"), name="runtime_by_name"),
            models.Index(fields=("workspace", "model_type", "display_name", "id"), name="runtime_by_model_type"),
            models.Index(fields=("workspace", "state", "display_name", "id"), name="runtime_by_state"),
            models.Index(fields=("workspace", "-updated_at", "-id"), name="runtime_by_update"),
            models.Index(fields=("display_name", "id"), name="all_runtimes_by_name"),
            models.Index(fields=("model_type", "display_name", "id"), name="all_runtimes_by_model_type"),
            models.Index(fields=("state", "display_name", "id"), name="all_runtimes_by_state"),
            models.Index(fields=("-updated_at", "-id"), name="all_runtimes_by_update"),
            models.Index(fields=("uid", "id"), name="all_runtimes_by_uid"),
            models.Index(fields=("image", "workspace", "display_name", "id"), name="runtime_by_image"),
            models.Index(
                fields=("pinned_version", "workspace", "display_name", "id"),
                condition=models.Q(pinned_version__isnull=False),
                name="runtime_by_pinned_version",
            ),
            models.Index(
                fields=("display_name", "id"),
                condition=models.Q(managed_by_bootstrap=True),
                name="bootstrapped_runtime_by_name",
            ),
            GinIndex(fields=("words",), name="runtime_by_word"),
        )

    def __str__(self) -> str:
        return self.display_name

    @property
    def name(self) -> str:
        """The resource name."""
        return f"{self.workspace.name}/runtimes/{self.uid}"

    @property
    def values_key(self) -> str:
        """Where a values file says what this row is."""
        return f"config.deployer.composition.runtimes.{self.uid}"

    @property
    def runtime_image_name(self) -> str:
        """The resource name of what it runs: the image, or the version it is pinned to."""
        if not self.pinned_version:
            return self.image.name
        # A pinned version is always one of the image, which lists have at hand.
        return f"{self.image.name}/versions/{self.pinned_version.version}"
