"""The connection to a cluster: from options to a client that names itself, and deletes only what it has seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import httpx2
import msgspec
from lightkube import Client, KubeConfig
from lightkube.core.generic_client import BasicRequest
from lightkube.core.resource import NamespacedResource
from lightkube.types import CascadeType

from deployments.engines.contract import EngineFault
from deployments.engines.kubernetes import names
from deployments.engines.kubernetes.options import Options
from mlops_console import __version__

AGENT: Final = f"{names.MANAGER}/{__version__}"
TIMEOUT: Final = httpx2.Timeout(15.0, connect=5.0)  # seconds; a watch is told apart by whoever opens it
SLEEP_SINCE: Final = (1, 30)  # the version of Kubernetes in which `sleep` as a lifecycle handler is on by default


class Cluster(Client):
    """lightkube's client under the console's names."""

    def __init__(self, config: Any) -> None:
        super().__init__(config, timeout=TIMEOUT, field_manager=names.MANAGER)
        # lightkube has no setting for it, and administrators look for who asks by it.
        self._client._client.headers["User-Agent"] = AGENT  # noqa: SLF001

    def delete_seen(self, live: NamespacedResource, cascade: CascadeType) -> Any:
        """Delete an object unless it has changed since; answers what is left of it for now. Raises ApiError."""
        metadata: Any = live.metadata  # type: ignore[attr-defined]  # every class of objects has it
        request = self._client.prepare_request(
            "delete", type(live), name=metadata.name, namespace=metadata.namespace, params={}
        )
        request.data = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": cascade.value,
            "preconditions": {"uid": metadata.uid, "resourceVersion": metadata.resourceVersion},
        }
        answer: Mapping[str, Any] = self._asked(request)
        return type(live).from_dict(answer) if answer.get("kind") != "Status" else None  # type: ignore[attr-defined]

    def sleeps(self) -> bool:
        """Whether the cluster knows `sleep` as a lifecycle handler."""
        said = self._asked(BasicRequest("GET", "version"))
        digits = ("".join(filter(str.isdigit, str(said.get(part, "")))) or "0" for part in ("major", "minor"))
        return tuple(map(int, digits)) >= SLEEP_SINCE

    def _asked(self, request: BasicRequest) -> dict[str, Any]:
        response = self._client.send(self._client.build_adapter_request(request))
        self._client.raise_for_status(response)  # type: ignore[no-untyped-call]
        found: dict[str, Any] = msgspec.json.decode(response.content)
        return found


def connect(options: Options) -> Cluster:
    """A client for the cluster that the options name, or the one around this pod; raises EngineFault."""
    try:
        found = KubeConfig.from_file(options.kubeconfig) if options.kubeconfig else KubeConfig.from_env()
        return Cluster(found.get(options.context or None))
    except Exception as error:  # noqa: BLE001 a broken file fails in as many ways as there are parsers
        said = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise EngineFault(f"How to reach the cluster is not known: {said}.") from None
