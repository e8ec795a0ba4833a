"""A namespace of a real cluster, who writes in it, and caches that watch it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from lightkube import Client
from lightkube.core.resource import api_info
from lightkube.resources.apps_v1 import Deployment as K8sDeployment
from lightkube.resources.core_v1 import ConfigMap, Namespace, Pod, Service
from lightkube.types import PatchType

from deployments.engines.kubernetes import names
from deployments.engines.kubernetes.cache import Cache
from deployments.engines.kubernetes.client import connect
from deployments.engines.kubernetes.options import Options
from tests.kubernetes.control_plane import ControlPlane
from tests.mlops_console.machine import eventually

PATIENCE = 60
FOREVER = 3600.0
WATCHED = (
    "configmaps,services,pods,replicasets.apps,deployments.apps,poddisruptionbudgets.policy,"
    "httproutes.gateway.networking.k8s.io"
)


@dataclass
class World:
    """A namespace, who writes in it, and caches that watch it."""

    plane: ControlPlane
    namespace: str
    client: Client
    options: Options
    _caches: list[Cache] = field(default_factory=list)

    def cache(self, *, kubeconfig: Path | None = None, resync_seconds: float = FOREVER, **more: float) -> Cache:
        """A cache of this namespace alone."""
        options = replace(self.options, kubeconfig=kubeconfig or self.options.kubeconfig, resync_seconds=resync_seconds)
        made = Cache(partial(connect, options), options, **more)
        self._caches.append(made)
        return made

    def account(self, name: str = "watcher", *, rights: bool = True, server: str | None = None) -> Path:
        """Credentials of a service account, whose requests are told apart from others'."""
        self.plane.kubectl("create", "serviceaccount", name, "-n", self.namespace)
        if rights:
            self.permit(name)
        return self.plane.kubeconfig_for(self.namespace, name, server=server)

    def permit(self, name: str = "watcher", verbs: str = "list,watch", resources: str = WATCHED) -> None:
        """Let a service account read here, and nowhere else."""
        role = f"{name}-{resources.partition(',')[0]}"
        within = ("-n", self.namespace)
        self.plane.kubectl("create", "role", role, *within, f"--verb={verbs}", f"--resource={resources}")
        whom = f"--serviceaccount={self.namespace}:{name}"
        self.plane.kubectl("create", "rolebinding", role, *within, f"--role={role}", whom)

    def lists(self, name: str = "watcher") -> list[str]:
        """What a service account has listed, in order."""
        asked = self.plane.requests(user=f"system:serviceaccount:{self.namespace}:{name}")
        return [each.resource for each in asked if each.verb == "list"]

    def apply(self, kind: Any, name: str, labels: Mapping[str, str], **content: Any) -> Any:
        """Write an object."""
        of = api_info(kind).resource
        about = {"name": name, "labels": dict(labels)}
        written = {"apiVersion": of.api_version, "kind": of.kind, "metadata": about, **content}
        return self.client.patch(kind, name, written, patch_type=PatchType.APPLY, force=True)

    def anchor(self, deployment: str, **data: str) -> ConfigMap:
        """Write a deployment's anchor."""
        found: ConfigMap = self.apply(ConfigMap, deployment, names.labels(deployment), data=data)
        return found

    def service(self, deployment: str) -> Service:
        """Write a Service of a composition."""
        found: Service = self.apply(Service, "s", names.labels(deployment, "a"), spec={"ports": [{"port": 80}]})
        return found

    def k8s_deployment(self, image: str, key: str, deployment: str = "d-1") -> K8sDeployment:
        """Write a K8s Deployment of a composition."""
        labels = names.labels(deployment, "a")
        spec = {
            "replicas": 1,
            "selector": {"matchLabels": dict(names.selector(deployment, "a"))},
            "template": {
                "metadata": {"labels": {**labels, names.KEY: key}},
                "spec": {"terminationGracePeriodSeconds": 1, "containers": [{"name": "scorer", "image": image}]},
            },
        }
        found: K8sDeployment = self.apply(K8sDeployment, f"{deployment}-a", labels, spec=spec)
        return found

    def pod(self, name: str, deployment: str = "d-1") -> None:
        """Make a pod that no node takes."""
        spec = {"schedulingGates": [{"name": "test/never"}], "containers": [{"name": "scorer", "image": "scorer:1"}]}
        self.apply(Pod, name, names.labels(deployment, "a"), spec=spec)

    def close(self) -> None:
        """End everything."""
        for cache in self._caches:
            cache.close()
        self.client.delete(Namespace, self.namespace)
        self.client.close()


@pytest.fixture
def world(control_plane: ControlPlane, request: pytest.FixtureRequest) -> Iterator[World]:
    """A namespace of this test's own."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[5:60].strip("-")
    control_plane.kubectl("create", "namespace", name)
    options = Options(kubeconfig=control_plane.kubeconfig, namespace=name)
    client = Client(connect(options).config, namespace=name, field_manager="test")
    made = World(control_plane, name, client, options)
    yield made
    made.close()


def soon(holds: Callable[[], object]) -> None:
    """It becomes true, though not at once."""
    assert eventually(holds, seconds=PATIENCE)
