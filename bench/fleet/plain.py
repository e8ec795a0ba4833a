"""The same K8s Deployments without the console: how long the cluster itself takes to roll them."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from lightkube import Client, KubeConfig
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.apps_v1 import Deployment as K8sDeployment
from lightkube.resources.core_v1 import Namespace, Pod, Service
from lightkube.types import PatchType
from msgspec import convert

from bench.fleet.workers import until
from deployments.engines.kubernetes import names
from deployments.engines.kubernetes.pods import is_ready
from tests.kubernetes.control_plane import ControlPlane

NAMESPACE: Final = "plain"
_BY: Final = "app.kubernetes.io/managed-by"


class Plain:
    """Copies of what the console has made, in a namespace of their own and under a label that it does not watch."""

    def __init__(self, plane: ControlPlane, replicas: int) -> None:
        self._client = Client(KubeConfig.from_file(plane.kubeconfig).get(), namespace=NAMESPACE, field_manager="bench")
        self._replicas = replicas
        self._names: dict[str, str] = {}  # of the K8s Deployments, by composition

    def copy(self, seconds: float) -> None:
        """Make them, and wait until they are up; raises TimeoutError."""
        client = self._client
        client.create(Namespace(metadata=ObjectMeta(name=NAMESPACE)))
        kinds: tuple[Any, ...] = (Service, K8sDeployment)
        for kind in kinds:
            for each in client.list(kind, namespace="*", labels={**names.OURS, names.COMPOSITION: None}):
                client.create(convert(_copied(each.to_dict()), kind))
        for made in client.list(K8sDeployment):
            if made.metadata and made.metadata.labels:
                self._names[made.metadata.labels[names.COMPOSITION]] = str(made.metadata.name)
        until(self._are_up, "the copies are up", seconds, pause=2)

    def roll(self, image: str, seconds: float, *, only: int | None = None) -> tuple[float, list[float]]:
        """Bring them, or one of them, to another image by a call for each, and wait until nothing else runs.

        Answers how long that took for all of them, and for each. Raises TimeoutError.
        """
        compositions = sorted(self._names)[slice(only, None if only is None else only + 1)]
        watching = _Rolling(self._client, image, compositions, self._replicas)
        watching.start()
        watching.ready.wait(seconds)
        change = {"spec": {"template": {"spec": {"containers": [{"name": names.CONTAINER, "image": image}]}}}}
        began, patched = time.monotonic(), {}
        for each in compositions:
            patched[each] = time.monotonic()
            self._client.patch(K8sDeployment, self._names[each], change, patch_type=PatchType.STRATEGIC)
        if not watching.over.wait(seconds):
            raise TimeoutError(f"{len(watching.left)} copies have not rolled within {seconds:.0f} s")
        return max(watching.rolled.values()) - began, [watching.rolled[each] - patched[each] for each in compositions]

    def _are_up(self) -> bool:
        found = [each.status for each in self._client.list(K8sDeployment)]
        return all(each is not None and each.availableReplicas == self._replicas for each in found)


class _Rolling(threading.Thread):
    """Sees when of each composition only ready pods of one image are left."""

    def __init__(self, client: Client, image: str, compositions: Iterable[str], replicas: int) -> None:
        super().__init__(name="plain", daemon=True)  # where nothing happens any more, its watch has no end
        self.ready = threading.Event()  # it has seen something, and so misses nothing from now on
        self.over = threading.Event()
        self.left = set(compositions)
        self.rolled: dict[str, float] = {}
        self._client = client
        self._image = image
        self._replicas = replicas
        self._pods: defaultdict[str, dict[str, Pod]] = defaultdict(dict)

    def run(self) -> None:
        """Watch until all have rolled."""
        for event, pod in self._client.watch(Pod):
            self.ready.set()
            if pod.metadata is None or pod.metadata.labels is None or pod.metadata.name is None:
                continue
            composition = pod.metadata.labels[names.COMPOSITION]
            pods = self._pods[composition]
            pods[pod.metadata.name] = pod
            if event == "DELETED":
                del pods[pod.metadata.name]
            if composition in self.left and len(pods) == self._replicas and all(map(self._is_new, pods.values())):
                self.left.discard(composition)
                self.rolled[composition] = time.monotonic()
                if not self.left:
                    self.over.set()
                    return

    def _is_new(self, pod: Pod) -> bool:
        return pod.spec is not None and pod.spec.containers[0].image == self._image and is_ready(pod)


def _copied(live: dict[str, Any]) -> dict[str, Any]:
    """An object as it was before the cluster had it, somewhere else and by somebody else."""
    spec = {key: value for key, value in live["spec"].items() if key not in ("clusterIP", "clusterIPs")}
    labels = live["metadata"]["labels"] | {_BY: "bench"}
    if "template" in spec:
        template = spec["template"]
        metadata = template["metadata"] | {"labels": template["metadata"]["labels"] | {_BY: "bench"}}
        spec["template"] = template | {"metadata": metadata}
    return {"metadata": {"name": live["metadata"]["name"], "labels": labels}, "spec": spec}
