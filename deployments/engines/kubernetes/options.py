"""What the engine has to be told about its cluster."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deployments.engines.kubernetes.names import object_name

PLACE: Final = "{workspace}"


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to reach the cluster and where to put what; every field has a setting `KUBERNETES_<FIELD>`.

    Without `kubeconfig` the service account of the pod is used, or what kubectl would use. `namespace` may hold
    `{workspace}`; without it everything stands in one namespace. `gateway` is `namespace/name` of the Gateway that
    routes, `address` the base under which clients reach it. `fetch_image` holds the console itself, whose init
    container downloads a model's file.
    """

    kubeconfig: Path | None = None
    context: str = ""
    namespace: str = f"mlops-{PLACE}"
    create_namespaces: bool = True
    gateway: str = "default/mlops"
    address: str = "http://localhost"
    fetch_image: str = ""
    pull_secrets: tuple[str, ...] = ()
    min_ready_seconds: int = 5
    grace_seconds: int = 60
    resync_seconds: float = 300.0

    def namespace_of(self, workspace: str) -> str:
        """The namespace of a workspace's deployments; an id that no namespace can hold is in it as in other names."""
        return self.watched_namespace or object_name(self.namespace.replace(PLACE, workspace))

    @property
    def watched_namespace(self) -> str | None:
        """The one namespace in which everything stands; None where each workspace has its own."""
        return None if PLACE in self.namespace else self.namespace
