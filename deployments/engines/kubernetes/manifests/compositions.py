"""What runs a composition: its K8s Deployment, the Service before it, and how many of its pods may be away."""

from __future__ import annotations

import math

from lightkube.resources.apps_v1 import Deployment as K8sDeployment
from lightkube.resources.core_v1 import Service
from lightkube.resources.policy_v1 import PodDisruptionBudget

from deployments.engines.contract import Workload
from deployments.engines.kubernetes import names
from deployments.engines.kubernetes.manifests.objects import Manifest, manifest
from deployments.engines.kubernetes.options import Options


def k8s_deployment(deployment: str, workload: Workload, template: Manifest, options: Options) -> Manifest:
    """The K8s Deployment of a composition that goes to a workload, whose pods are made from the template."""
    # Ready is not yet available: the cluster wants a deadline beyond the seconds between.
    deadline = options.min_ready_seconds + max(1, math.ceil(workload.ready_within_seconds))
    return manifest(
        K8sDeployment,
        names.object_name(deployment, workload.composition),
        names.labels(deployment, workload.composition),
        {names.READY_WITHIN: f"{workload.ready_within_seconds:g}"},
        spec={
            "replicas": workload.replicas,
            "minReadySeconds": options.min_ready_seconds,
            "progressDeadlineSeconds": deadline,
            # One old replica set, enough for going back by hand: the Secret of its version is kept as long as it is.
            "revisionHistoryLimit": 1,
            "selector": {"matchLabels": dict(names.selector(deployment, workload.composition))},
            # A quarter, rounded up, so that many replicas do not need room for twice as many at once.
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": "25%"}},
            "template": template,
        },
    )


def service(deployment: str, composition: str) -> Manifest:
    """What is ready of a composition, of whichever version, under one name."""
    return manifest(
        Service,
        names.object_name(deployment, composition),
        names.labels(deployment, composition),
        spec={
            "type": "ClusterIP",
            "selector": dict(names.selector(deployment, composition)),
            "ports": [
                {"name": names.PORT_NAME, "port": names.PORT, "protocol": "TCP", "targetPort": names.PORT_NAME},
            ],
        },
    )


def budget(deployment: str, workload: Workload) -> Manifest | None:
    """That nodes are emptied one pod at a time; None for a single one, which would keep its node from being emptied."""
    if workload.replicas < 2:
        return None
    return manifest(
        PodDisruptionBudget,
        names.object_name(deployment, workload.composition),
        names.labels(deployment, workload.composition),
        spec={
            "maxUnavailable": 1,
            "selector": {"matchLabels": dict(names.selector(deployment, workload.composition))},
            # What never becomes ready protects nobody.
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    )
