"""What this console offers to deployments, as far as the wire asks."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from deployments.planning.modes import REPLICAS_MAX
from mlops_console.api.base import ApiView
from mlops_console.api.fields import Text, TextMap, Wire
from mlops_console.api.schema import holding


class ConfigShortcut(Wire):
    """Where a cluster places scorers, under a short name."""

    name = Text()
    displayName = Text()
    description = Text()


class SecurityOptionType(Wire):
    """A way of protecting scoring."""

    disableSecurityType = serializers.DictField(help_text="Empty: scoring is not protected.")
    displayName = Text()


class MonitoringConfig(Wire):
    """Whether scoring is monitored."""

    enabled = serializers.BooleanField()


class DefaultRequirements(Wire):
    """What a scorer gets that asks for nothing."""

    limits = TextMap()
    requests = TextMap()


class Shortcuts(ApiView):
    """Where scorers can be placed."""

    tag, operations = "Configuration", {"GET": "discoverKubernetesConfigShortcuts"}

    @extend_schema(
        responses=holding(
            "KubernetesConfigShortcuts",
            kubernetesAffinityShortcuts=ConfigShortcut(many=True),
            kubernetesTolerationShortcuts=ConfigShortcut(many=True),
            kubernetesReplicaSpreadShortcuts=ConfigShortcut(many=True),
        )
    )
    def get(self, request: Request) -> Response:
        """There are no shortcuts."""
        kinds = ("Affinity", "Toleration", "ReplicaSpread")
        return self.answer({f"kubernetes{kind}Shortcuts": [] for kind in kinds})


class MaxReplicas(ApiView):
    """How many replicas a deployment may ask for."""

    tag, operations = "Configuration", {"GET": "discoverKubernetesDeploymentMaxReplicas"}

    @extend_schema(responses=holding("KubernetesDeploymentMaxReplicas", maxReplicas=serializers.IntegerField()))
    def get(self, request: Request) -> Response:
        """The largest number that is taken; scorers that are processes on this machine run one whatever it is."""
        return self.answer({"maxReplicas": REPLICAS_MAX})


class Requirements(ApiView):
    """What a scorer gets that asks for nothing."""

    tag, operations = "Configuration", {"GET": "discoverDefaultRuntimeKubernetesResourceRequirements"}

    @extend_schema(
        responses=holding(
            "DefaultRuntimeKubernetesResourceRequirements",
            defaultRuntimeKubernetesResourceRequirements=DefaultRequirements(),
        )
    )
    def get(self, request: Request) -> Response:
        """Nothing is reserved and nothing limited."""
        return self.answer({"defaultRuntimeKubernetesResourceRequirements": {"limits": {}, "requests": {}}})


class SecurityTypes(ApiView):
    """How scoring can be protected."""

    tag, operations = "Configuration", {"GET": "listSecurityOptionTypes"}

    @extend_schema(responses=holding("SecurityOptionTypes", securityOptionTypes=SecurityOptionType(many=True)))
    def get(self, request: Request) -> Response:
        """The one kind there is."""
        return self.answer({"securityOptionTypes": [{"disableSecurityType": {}, "displayName": "Not protected"}]})


class Monitoring(ApiView):
    """Whether scoring is monitored."""

    tag, operations = "Configuration", {"GET": "getMonitoringConfig"}

    @extend_schema(responses=holding("MonitoringConfigAnswer", monitoringConfig=MonitoringConfig()))
    def get(self, request: Request) -> Response:
        """It is not."""
        return self.answer({"monitoringConfig": {"enabled": False}})
