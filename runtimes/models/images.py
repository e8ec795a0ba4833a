"""Scorer images and their versions."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Case, OuterRef, Subquery, Value, When
from django.db.models.functions import Coalesce

from mlops_console.models import Workspace
from runtimes.models.layered import Layered
from runtimes.models.search import words_of
from runtimes.rules.lifecycle import State


class VersionQuerySet(models.QuerySet["Version"]):
    """Versions in the order that decides which one is current."""

    def best_first(self) -> VersionQuerySet:
        """Usable versions: ACTIVE before DEPRECATED, then the highest; DISABLED ones left out (R4)."""
        rank = Case(When(state=State.ACTIVE.value, then=Value(0)), default=Value(1))
        return self.exclude(state=State.DISABLED.value).order_by(rank, "-precedence")


class RuntimeImageQuerySet(models.QuerySet["RuntimeImage"]):
    """Images with what their versions amount to."""

    def with_current(self) -> RuntimeImageQuerySet:
        """Annotate `current_version`, its `current_reference` and its sort key, `""` where none is usable."""
        best = Version.objects.filter(image=OuterRef("pk")).best_first()
        return self.annotate(
            **{
                f"current_{name}": Coalesce(Subquery(best.values(name)[:1]), Value(""), output_field=models.CharField())
                for name in ("version", "reference", "precedence", "state")
            }
        )

    def with_version_count(self) -> RuntimeImageQuerySet:
        """Annotate `version_count`."""
        counted = Version.objects.filter(image=OuterRef("pk")).order_by().values("image").annotate(n=models.Count("*"))
        return self.annotate(version_count=Coalesce(Subquery(counted.values("n")), Value(0)))


class RuntimeImage(Layered):
    """A scorer family, such as "H2O-3 MOJO Scorer"; what runs is one of its versions."""

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="runtime_images")
    uid = models.CharField(max_length=63)
    display_name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    words = words_of("uid", "display_name", "description")

    # What `with_current` annotates.
    current_version: str
    current_reference: str
    current_state: str

    objects = RuntimeImageQuerySet.as_manager()

    class Meta(Layered.Meta):
        ordering = ("display_name", "pk")
        verbose_name = "runtime image"
        constraints = (
            *Layered.Meta.constraints,
            models.UniqueConstraint(fields=("workspace", "uid"), name="image_uid_once_per_workspace"),
        )
        indexes = (
            models.Index(fields=("workspace", "display_name", "id"), name="image_by_name"),
            models.Index(fields=("workspace", "-updated_at", "-id"), name="image_by_update"),
            GinIndex(fields=("words",), name="image_by_word"),
        )

    def __str__(self) -> str:
        return self.display_name

    @property
    def name(self) -> str:
        """The resource name."""
        return f"{self.workspace.name}/runtimeImages/{self.uid}"

    @property
    def values_key(self) -> str:
        """Where a values file says what this row is."""
        return f"config.deployer.composition.runtimeImages.{self.uid}"


class Version(Layered):
    """One immutable container image of a family."""

    image = models.ForeignKey(RuntimeImage, models.CASCADE, related_name="versions")
    version = models.CharField(max_length=64)
    precedence = models.CharField(max_length=400, db_collation="C", editable=False)
    reference = models.CharField(max_length=512)
    readiness_probe_path = models.CharField(max_length=200, blank=True)
    architectures = ArrayField(models.CharField(max_length=32), default=list, blank=True)

    objects = VersionQuerySet.as_manager()

    class Meta(Layered.Meta):
        ordering = ("-precedence", "pk")
        constraints = (
            *Layered.Meta.constraints,
            models.UniqueConstraint(fields=("image", "version"), name="version_once_per_image"),
        )
        indexes = (models.Index(fields=("image", "-precedence", "id"), name="version_by_precedence"),)

    def __str__(self) -> str:
        return self.version

    @property
    def name(self) -> str:
        """The resource name."""
        return f"{self.image.name}/versions/{self.version}"

    @property
    def values_key(self) -> str:
        """Where a values file says what this row is."""
        return f"{self.image.values_key}.versions[version={self.version}]"
