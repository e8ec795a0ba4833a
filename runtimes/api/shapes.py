"""Requests and answers of the runtime service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from mlops_console.access import Right
from mlops_console.api.fields import Flag, Int64, Text, TextMap, Wire, optional
from runtimes.models import Runtime
from runtimes.models.layered import STATES
from runtimes.rules.environment import masked
from runtimes.rules.security_context import PROFILES
from runtimes.rules.volumes import TYPES

SELECTOR_HELP = (
    "What an experiment's metadata must hold; a key may end in `?absent=match` or `?absent=require`, which say what "
    "its absence means."
)
UID_HELP = "The id in its resource name; without it the server makes one up."


@extend_schema_serializer(component_name="Volume")
class VolumeShape(Wire):
    """A volume of the scorer."""

    id = optional(Text, help_text="1 to 63 lower-case letters, digits and -; once in a runtime.")
    type = optional(Text, help_text=f"{' or '.join(TYPES)}.")
    readOnly = optional(Flag, help_text="true: the scorer may not write to it.")
    mountPaths = optional(serializers.ListField, child=Text(), help_text="Where the scorer finds it; at least one.")
    properties = optional(TextMap, help_text="What its type knows, such as a size.")


@extend_schema_serializer(component_name="Capabilities")
class CapabilitiesShape(Wire):
    """Linux capabilities to add and to drop."""

    add = optional(serializers.ListField, child=Text())
    drop = optional(serializers.ListField, child=Text())


@extend_schema_serializer(component_name="SeccompProfile")
class SeccompProfileShape(Wire):
    """Which system calls the scorer may make."""

    type = optional(Text, help_text=f"{', '.join(PROFILES)}.")
    localhostProfile = optional(Text, help_text="A file on the node, for Localhost only.")


@extend_schema_serializer(component_name="SecurityContext")
class SecurityContextShape(Wire):
    """The security context of the scorer's container."""

    allowPrivilegeEscalation = optional(Flag)
    capabilities = optional(CapabilitiesShape)
    privileged = optional(Flag)
    runAsUser = optional(Int64)
    runAsGroup = optional(Int64)
    runAsNonRoot = optional(Flag)
    readOnlyRootFilesystem = optional(Flag)
    seccompProfile = optional(SeccompProfileShape)

    def get_attribute(self, instance: Any) -> Any:
        """The context, None where nothing in it is set: to a reader an empty one would look like a choice."""
        return super().get_attribute(instance) or None


class Stated(Wire):
    """What images, versions and runtimes say of their state."""

    state = serializers.ChoiceField(
        choices=STATES, read_only=True, help_text="The more restrictive of what the platform says and what people say."
    )
    stateReason = serializers.SerializerMethodField(help_text="Absent where nobody gave one.")
    stateUpdateTime = serializers.DateTimeField(
        source="state_at", read_only=True, allow_null=True, help_text="When it came into its state."
    )
    createTime = serializers.DateTimeField(source="created_at", read_only=True)
    updateTime = serializers.DateTimeField(source="updated_at", read_only=True)
    managedByBootstrap = serializers.BooleanField(
        source="managed_by_bootstrap",
        read_only=True,
        help_text="true: it comes from values.yaml, where it is changed and deleted; only its state changes here.",
    )

    def get_stateReason(self, row: Any) -> str | None:
        """Why it is in its state."""
        return row.state_reason or None

    def get_fields(self) -> dict[str, Any]:
        """The name and what is the row's own first, the state behind."""
        fields = super().get_fields()
        stated = {name: fields.pop(name) for name in Stated._declared_fields}
        return fields | stated


@extend_schema_serializer(component_name="Runtime")
class RuntimeShape(Stated):
    """What a deployment of a model type runs on."""

    name = Text(help_text="workspaces/W/runtimes/R")
    displayName = Text(source="display_name")
    description = Text()
    modelType = Text(source="model_type_id", help_text="What sort of model it runs, such as h2o3_mojo.")
    runtimeImage = Text(source="runtime_image_name", help_text="The image, or the version that it is pinned to.")
    environmentVariables = serializers.SerializerMethodField(
        help_text="Values of secret-looking keys are masked for those who may not change the runtime."
    )
    dataVolumeReadOnly = serializers.BooleanField(
        source="data_volume_read_only", allow_null=True, help_text="Absent where nobody said."
    )
    volumes = VolumeShape(many=True)
    securityContext = SecurityContextShape(source="security_context", required=False, help_text="Absent if not set.")
    scoringEndpoint = Text(source="scoring_endpoint", help_text="Path that scores; empty where it is the usual one.")
    selector = TextMap(help_text=SELECTOR_HELP)

    def get_environmentVariables(self, runtime: Runtime) -> dict[str, str]:
        """The variables as the caller may see them (R12)."""
        variables: Mapping[str, str] = runtime.environment_variables
        reveal = self.context["actor"].may(Right.WRITE, runtime.workspace)
        return dict(variables) if reveal else masked(variables)


@extend_schema_serializer(component_name="RuntimeInput")
class RuntimeInput(Wire):
    """A runtime to make, or what changes in one."""

    displayName = optional(Text, source="display_name", help_text="1 to 200 characters on one line.")
    description = optional(Text)
    modelType = optional(Text, source="model_type", help_text="One that the console knows; fixed for ever.")
    runtimeImage = optional(
        Text, source="runtime_image", help_text="Resource name of an image, or of a version to pin; fixed for ever."
    )
    environmentVariables = optional(
        TextMap, source="environment_variables", help_text="Values may hold {GPU_COUNT} and {if …}…{else}…{/if}."
    )
    dataVolumeReadOnly = optional(
        Flag, source="data_volume_read_only", help_text="true: the scorer may not write where the model lies."
    )
    volumes = optional(VolumeShape, many=True)
    securityContext = optional(SecurityContextShape, source="security_context", help_text="Replaced as a whole.")
    scoringEndpoint = optional(Text, source="scoring_endpoint", help_text="Path that scores, such as /model/score.")
    selector = optional(TextMap, help_text=SELECTOR_HELP)


@extend_schema_serializer(component_name="RuntimeImage")
class ImageShape(Stated):
    """A scorer family."""

    name = Text(help_text="workspaces/W/runtimeImages/I")
    displayName = Text(source="display_name")
    description = Text()
    dockerImage = Text(source="current_reference", help_text="That of the current version; empty without one.")
    currentVersion = serializers.SerializerMethodField(
        help_text="Resource name of the highest ACTIVE version, else the highest DEPRECATED one, else empty."
    )

    def get_currentVersion(self, image: Any) -> str:
        """The resource name of the current version."""
        return f"{image.name}/versions/{image.current_version}" if image.current_version else ""


@extend_schema_serializer(component_name="RuntimeImageInput")
class ImageInput(Wire):
    """An image to make, or what changes in one."""

    displayName = optional(Text, source="display_name", help_text="1 to 200 characters on one line.")
    description = optional(Text)
    dockerImage = optional(
        Text, source="reference", help_text="A container image; it becomes a version, named by its tag."
    )
    runtimeImageVersionId = optional(Text, source="version", help_text="The version, where the tag is not to name it.")


@extend_schema_serializer(component_name="RuntimeImageVersion")
class VersionShape(Stated):
    """One immutable container image of a family."""

    name = Text(help_text="workspaces/W/runtimeImages/I/versions/vX.Y.Z")
    image = Text(source="reference", help_text="The container image.")
    readinessProbePath = serializers.SerializerMethodField(help_text="Absent where it is /readyz.")
    architectures = serializers.ListField(child=Text(), help_text="What it runs on; empty for any.")

    def get_readinessProbePath(self, version: Any) -> str | None:
        """Where the scorer says that it is ready."""
        return version.readiness_probe_path or None


@extend_schema_serializer(component_name="RuntimeImageVersionInput")
class VersionInput(Wire):
    """A version to add."""

    image = optional(Text, source="reference", help_text="A container image reference.")
    readinessProbePath = optional(
        Text, source="readiness_probe_path", help_text="Where the scorer says that it is ready; else /readyz."
    )
    architectures = optional(serializers.ListField, child=Text(), help_text="Such as amd64 and arm64; none for any.")


@extend_schema_serializer(
    component_name="StateInput",
    examples=[OpenApiExample("A reason", {"reason": "CVE-2026-1234: use v1.6.0."}, request_only=True)],
)
class StateInput(Wire):
    """Why a state changes."""

    reason = optional(Text, help_text="Up to 1,000 characters, for everyone who depends on it.")


class Affected(Wire):
    """Whom a change of state concerns."""

    runtimes = serializers.ListField(child=Text(), help_text="Resource names, the first hundred.")
    runtimeCount = Int64(help_text="How many there are.")
    currentVersionBefore = Text(required=False, help_text="Of a version's image: what is current now.")
    currentVersionAfter = Text(required=False, help_text="And what would be afterwards.")


class StateDryRun(Wire):
    """What a change of state would do."""

    changed = serializers.BooleanField(help_text="false: the row is in that state already.")
    stateBefore = serializers.ChoiceField(choices=STATES)
    stateAfter = serializers.ChoiceField(choices=STATES, help_text="The more restrictive of both layers of state.")
    affected = Affected()
