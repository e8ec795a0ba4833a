"""Requests of the deployer."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from deployments.planning.modes import REPLICAS_MAX
from mlops_console.api.fields import Text, TextMap, Wire, optional

INT32_MAX = 2**31 - 1
REASON_HELP = "Why, for the audit trail; up to 1,000 characters."


@extend_schema_serializer(component_name="CompositionInput")
class CompositionInput(Wire):
    """One experiment on one runtime."""

    experimentId = optional(Text, help_text="Id of an experiment of the workspace.")
    deployableArtifactType = optional(Text, help_text="As in artifactCompositions; that of the runtime if left out.")
    artifactProcessor = optional(Text, help_text="As in artifactCompositions; that of the runtime if left out.")
    runtime = optional(Text, help_text="Resource name of a runtime; a bare id is one of `global`.")


@extend_schema_serializer(component_name="ResourceRequirements")
class RequirementsShape(Wire):
    """What a cluster reserves and allows, by resource."""

    limits = optional(TextMap)
    requests = optional(TextMap)


@extend_schema_serializer(component_name="ResourceSpec")
class ResourceSpecShape(Wire):
    """How much of what a scorer gets, and how many of them there are."""

    kubernetesResourceRequirements = optional(RequirementsShape)
    replicas = optional(
        serializers.IntegerField, min_value=1, max_value=REPLICAS_MAX, help_text="1 to 100; 1 if left out."
    )


@extend_schema_serializer(component_name="ElementShortcuts")
class ShortcutShape(Wire):
    """Where a cluster places a scorer; this console has no such shortcuts."""

    kubernetesAffinityShortcut = optional(Text)
    kubernetesTolerationShortcut = optional(Text)
    kubernetesReplicaSpreadShortcut = optional(Text)


@extend_schema_serializer(component_name="ElementInput")
class ElementInput(Wire):
    """One element of a deployment."""

    deploymentComposition = optional(CompositionInput)
    kubernetesResourceSpec = optional(ResourceSpecShape)
    kubernetesConfigShortcut = optional(ShortcutShape)
    runtimeEnvironmentVariables = optional(TextMap, help_text="The same for every element of a deployment.")
    vpaSpec = optional(serializers.DictField, help_text="Not offered: leave it out.")
    podDisruptionBudget = optional(serializers.DictField, help_text="Not offered: leave it out.")


@extend_schema_serializer(component_name="SplitElementInput")
class SplitElementInput(ElementInput):
    """One element of a split, with its share."""

    weight = optional(serializers.IntegerField, min_value=0, max_value=INT32_MAX, help_text="0 to 100.")


@extend_schema_serializer(component_name="SplitInput")
class SplitInput(Wire):
    """Elements that share the requests by their weights."""

    splitElements = optional(serializers.ListField, child=SplitElementInput())


@extend_schema_serializer(component_name="ShadowInput")
class ShadowInput(Wire):
    """A champion that answers, and a challenger that gets a copy of each request."""

    primaryElement = optional(ElementInput)
    secondaryElement = optional(ElementInput)


@extend_schema_serializer(component_name="SecurityInput")
class SecurityInput(Wire):
    """How scoring is protected; only `disabledSecurity` is offered."""

    id = optional(Text)
    displayName = optional(Text)
    disabledSecurity = optional(serializers.DictField)
    passphrase = optional(serializers.DictField)
    tokenAuth = optional(serializers.DictField)
    apiKey = optional(serializers.DictField)


@extend_schema_serializer(component_name="DeploymentInput")
class DeploymentInput(Wire):
    """A deployment to make, or what changes in one; it has one of `single`, `split` and `shadow`."""

    displayName = optional(Text, source="display_name", help_text="1 to 200 characters on one line.")
    description = optional(Text)
    etag = optional(Text, help_text="Of an update: the one last seen; a stale one is answered 409.")
    single = optional(ElementInput)
    split = optional(SplitInput)
    shadow = optional(ShadowInput)
    external = optional(serializers.DictField, help_text="Not offered: leave it out.")
    securities = optional(serializers.ListField, child=SecurityInput())
    cors = optional(serializers.DictField, help_text="Not offered: leave it out.")
    monitoringOptions = optional(serializers.DictField, source="monitoring", help_text="Not offered: leave it out.")


@extend_schema_serializer(component_name="RuntimeImageTarget")
class TargetInput(Wire):
    """Where an experiment's compositions are to go."""

    experimentId = optional(Text, help_text="One of the deployment's experiments; `*` stands for those not named.")
    runtimeImageVersion = optional(
        Text, help_text="Resource name of a version, or of an image for its current one; the latest if left out."
    )


@extend_schema_serializer(component_name="UpgradeInput")
class UpgradeInput(Wire):
    """What to upgrade; without targets everything goes to its latest version."""

    targets = optional(serializers.ListField, child=TargetInput())
    reason = optional(Text, help_text=REASON_HELP)
    fingerprint = optional(Text, help_text="Of a preview: refuse with 409 what would do anything else by now.")


@extend_schema_serializer(component_name="BatchUpgradeItem")
class BatchItemInput(Wire):
    """One deployment to upgrade."""

    name = optional(Text, help_text="workspaces/W/deployments/D")
    targets = optional(serializers.ListField, child=TargetInput())


@extend_schema_serializer(component_name="BatchUpgradeInput")
class BatchUpgradeInput(Wire):
    """Deployments to upgrade, each on its own."""

    requests = optional(serializers.ListField, child=BatchItemInput(), help_text="1 to 1000.")
    reason = optional(Text, help_text=REASON_HELP)


@extend_schema_serializer(
    component_name="ReasonInput",
    examples=[OpenApiExample("A reason", {"reason": "The model is being trained anew."}, request_only=True)],
)
class ReasonInput(Wire):
    """Why."""

    reason = optional(Text, help_text=REASON_HELP)
