"""The Kubernetes engine as tests of engines need it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from lightkube import ApiError, Client, KubeConfig
from lightkube.resources.core_v1 import Namespace, Pod
from lightkube.types import PatchType

from deployments.engines.contract import EngineFault
from deployments.engines.kubernetes import names
from deployments.engines.kubernetes.engine import KubernetesEngine
from deployments.engines.kubernetes.options import Options
from tests.deployments.engines.harness import Ask
from tests.deployments.engines.kubernetes.gateway import Gateway
from tests.kubernetes.control_plane import ControlPlane
from tests.mlops_console.machine import eventually

IMAGES = {"good": "scorer", "slow": "scorer-slow-2", "neverready": "scorer-neverready", "crash": "scorer-crash-3"}


@dataclass
class KubernetesRig:
    """An engine that keeps to one namespace, which it may have to make itself."""

    plane: ControlPlane
    namespace: str
    options: Options
    rolls: bool = True
    patience: float = 90.0
    hammered: int = 30
    _engines: list[KubernetesEngine] = field(default_factory=list)

    @cached_property
    def engine(self) -> KubernetesEngine:
        """The engine of the first worker."""
        return self.reopen()

    def reopen(self, **options: Any) -> KubernetesEngine:
        """The engine of another worker, once it knows the cluster."""
        engine = KubernetesEngine(replace(self.options, **options))
        self._engines.append(engine)

        def knows() -> bool:
            try:
                engine.deployments()
            except EngineFault:
                return False
            return True

        assert eventually(knows, seconds=self.patience)
        return engine

    @cached_property
    def client(self) -> Client:
        """An administrator who looks on, under another name than the engine's."""
        return Client(
            KubeConfig.from_file(self.plane.kubeconfig).get(), namespace=self.namespace, field_manager="admin"
        )

    @cached_property
    def gateway(self) -> Gateway:
        """What answers requests."""
        return Gateway(self.client, self.namespace, self.options.gateway.rpartition("/")[2])

    @contextmanager
    def asking(self, address: str) -> Iterator[Ask]:
        """A client of the gateway."""
        base = address.removeprefix(self.options.address)
        yield lambda path, _body: self.gateway.answer(base + path)

    def copies(self, deployment: str, key: str) -> int:
        """What the gateway has mirrored."""
        return self.gateway.copies[deployment, key]

    def image(self, kind: str) -> str:
        """An image that the stages of the control plane know by its name."""
        return f"registry.example.org:5000/h2oai/{IMAGES.get(kind, f'scorer-{kind}')}:1.0.0"

    def pods(self, deployment: str, key: str) -> list[Pod]:
        """The pods of a workload."""
        return list(self.client.list(Pod, labels={names.DEPLOYMENT: deployment, names.KEY: key}))

    def kill(self, deployment: str, key: str) -> None:
        """Let a workload's containers end once more, so that the cluster waits before it starts them again."""
        for pod in self.pods(deployment, key):
            assert pod.status
            assert pod.status.containerStatuses
            assert pod.metadata
            assert pod.metadata.name
            (container,) = (each.to_dict() for each in pod.status.containerStatuses)
            ended = {"terminated": {"exitCode": 137, "reason": "Error"}}
            dead = container | {"ready": False, "started": False, "restartCount": 1, "state": ended}
            conditions = [{"type": kind, "status": "False"} for kind in ("Ready", "ContainersReady")]
            change = {"status": {"containerStatuses": [dead], "conditions": conditions}}
            self.client.patch(Pod.Status, pod.metadata.name, change, patch_type=PatchType.STRATEGIC)

    def close(self) -> None:
        """End the engines' watches, and leave nothing running."""
        for engine in self._engines:
            engine.close()
        with self.client, suppress(ApiError):  # most tests let the engine make the namespace, some need none
            self.client.delete(Namespace, self.namespace)


def rig_on(plane: ControlPlane, namespace: str, **options: Any) -> KubernetesRig:
    """An engine in a namespace of its own, with nothing to wait for between ready and available."""
    defaults: dict[str, Any] = {
        "kubeconfig": Path(plane.kubeconfig),
        "namespace": namespace,
        "min_ready_seconds": 0,
        "address": "http://models.example.org",
        "fetch_image": "registry.example.org/mlops-console:1",
    }
    return KubernetesRig(plane, namespace, Options(**defaults | options))
