"""Answers of the deployer: deployments, their state and where they are scored."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from deployments.api.inputs import ResourceSpecShape, ShortcutShape
from mlops_console.api.fields import Text, TextMap, Wire
from mlops_console.api.shapes import ErrorShape

STATES = [
    "DEPLOYMENT_STATE_UNSPECIFIED",
    "PREPARING",
    "LAUNCHING",
    "FAILED",
    "HEALTHY",
    "UNHEALTHY",
    "TERMINATING",
    "PENDING",
    "TERMINATED",
    "STOPPED",
    "DEPLOYED",
]
OUTCOMES = ["LAST_UPDATE_OUTCOME_UNSPECIFIED", "ROLLED_BACK"]
ENDPOINT_STATES = [
    "ENDPOINT_STATE_UNSPECIFIED",
    "ENDPOINT_STATE_PENDING",
    "ENDPOINT_STATE_READY",
    "ENDPOINT_STATE_ERROR",
]


@extend_schema_serializer(component_name="Composition")
class CompositionShape(Wire):
    """One experiment on one runtime, in one exact version."""

    experimentId = Text()
    deployableArtifactType = Text()
    artifactProcessor = Text()
    runtime = Text(help_text="Resource name of the runtime.")
    runtimeImage = Text(help_text="Resource name of the version that runs; only an upgrade changes it.")
    runtimeImageUpgradeAvailable = serializers.BooleanField(
        help_text="true: an upgrade to the latest would move it, up or down."
    )


@extend_schema_serializer(component_name="Element")
class ElementShape(Wire):
    """One element of a deployment."""

    deploymentComposition = CompositionShape()
    kubernetesResourceSpec = ResourceSpecShape()
    kubernetesConfigShortcut = ShortcutShape()
    runtimeEnvironmentVariables = TextMap(
        help_text="Values of secret-looking keys are masked for those who may not change the deployment."
    )
    runningReplicas = serializers.IntegerField(help_text="Scorers that are ready.")
    effectiveReplicas = serializers.IntegerField(help_text="Scorers that are to run.")


@extend_schema_serializer(component_name="SplitElement")
class SplitElementShape(ElementShape):
    """One element of a split."""

    weight = serializers.IntegerField()
    effectivePercentage = serializers.FloatField(help_text="Its share of the requests.")


@extend_schema_serializer(component_name="Split")
class SplitShape(Wire):
    """Elements that share the requests."""

    splitElements = SplitElementShape(many=True)


@extend_schema_serializer(component_name="Shadow")
class ShadowShape(Wire):
    """A champion and its challenger."""

    primaryElement = ElementShape()
    secondaryElement = ElementShape()


@extend_schema_serializer(component_name="Security")
class SecurityShape(Wire):
    """How scoring is protected."""

    disabledSecurity = serializers.DictField(help_text="Empty: scoring is not protected.")
    id = Text()
    displayName = Text()


@extend_schema_serializer(component_name="Deployment")
class DeploymentShape(Wire):
    """Something that answers scoring requests; it has one of `single`, `split` and `shadow`."""

    name = Text(help_text="workspaces/W/deployments/D")
    displayName = Text()
    description = Text()
    etag = Text(help_text="Another one after each change.")
    createTime = serializers.DateTimeField()
    updateTime = serializers.DateTimeField()
    creator = Text(help_text="users/<id>; users/system for what the console made itself.")
    namespace = Text(help_text="Empty: what runs it has no namespaces.")
    securities = SecurityShape(many=True)
    paused = serializers.BooleanField()
    canPause = serializers.BooleanField()
    canResume = serializers.BooleanField()
    single = ElementShape(required=False)
    split = SplitShape(required=False)
    shadow = ShadowShape(required=False)


@extend_schema_serializer(component_name="DeploymentStatus")
class StatusShape(Wire):
    """How a deployment is."""

    name = Text(help_text="workspaces/W/deployments/D/status")
    state = serializers.ChoiceField(choices=STATES)
    message = Text(help_text="The same for people.")
    updateTime = serializers.DateTimeField(help_text="Since when.")
    updatesAllowed = serializers.BooleanField(help_text="false: an upgrade would be answered 409.")
    lastUpdateOutcome = serializers.ChoiceField(
        choices=OUTCOMES, help_text="ROLLED_BACK: the last upgrade was undone, and what ran before runs again."
    )


class EndpointShape(Wire):
    """An address to call."""

    uri = Text()
    method = serializers.ChoiceField(choices=["GET", "POST"])


@extend_schema_serializer(component_name="ScoringInterface")
class ScoringShape(Wire):
    """Where a deployment is scored."""

    score = EndpointShape()
    sampleRequest = EndpointShape()
    capabilities = EndpointShape()
    defaultEndpointState = serializers.ChoiceField(choices=ENDPOINT_STATES)


@extend_schema_serializer(component_name="DeploymentMetadata")
class MetadataShape(Wire):
    """What is known of a deployment by those who call it."""

    name = Text(help_text="workspaces/W/deployments/D/metadata")
    scoringInterface = ScoringShape(required=False, help_text="Absent until it has an address.")


class ErrorMap(serializers.DictField):
    """An error for each name that could not be answered."""

    child = ErrorShape()
