"""What a cluster has of one deployment, as the watches last told it; frozen, and complete for seeing and writing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lightkube.core.resource import NamespacedResource
from lightkube.generic_resource import GenericNamespacedResource, create_namespaced_resource
from lightkube.resources.apps_v1 import Deployment as K8sDeployment
from lightkube.resources.apps_v1 import ReplicaSet
from lightkube.resources.core_v1 import ConfigMap, Pod, Service
from lightkube.resources.policy_v1 import PodDisruptionBudget

HTTPRoute = create_namespaced_resource("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes")

# What is watched. Secrets are not: they are written, never read back.
KINDS: tuple[type[NamespacedResource], ...] = (
    ConfigMap, K8sDeployment, ReplicaSet, Pod, Service, PodDisruptionBudget, HTTPRoute,
)  # fmt: skip


@dataclass(frozen=True)
class Composed:
    """One composition: its K8s Deployment with all replica sets and pods, by name where there may be several."""

    deployment: K8sDeployment | None = None
    replica_sets: Mapping[str, ReplicaSet] = field(default_factory=dict)
    pods: Mapping[str, Pod] = field(default_factory=dict)
    service: Service | None = None
    budget: PodDisruptionBudget | None = None


@dataclass(frozen=True)
class Picture:
    """One deployment: the anchor that owns all else, its compositions by id, and the route to them."""

    namespace: str = ""
    anchor: ConfigMap | None = None
    compositions: Mapping[str, Composed] = field(default_factory=dict)
    route: GenericNamespacedResource | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left of the deployment."""
        return self.anchor is None and self.route is None and not self.compositions
