"""A gateway as the Gateway API wants it, answering from what the cluster has at each request.

kwok's pods serve nothing. So what is asked is answered here as the scorers of the pods would, and by the rules that
gateways keep: the longest path that fits, weights, copies, 404 without a route, 500 for a backend that does not exist,
503 for one without a ready pod.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from lightkube import Client
from lightkube.core.exceptions import ApiError
from lightkube.resources.core_v1 import Pod, Service
from lightkube.resources.discovery_v1 import EndpointSlice

from deployments.engines.kubernetes import names
from deployments.engines.kubernetes.pictures import HTTPRoute
from tests.deployments.engines.harness import RIGHT, Answer

SECONDS_OF_FAREWELL = 5.0


@dataclass
class Gateway:
    """The Gateway `name` of a namespace's routes."""

    client: Client
    namespace: str
    name: str
    copies: Counter[tuple[str, str]] = field(default_factory=Counter)  # by deployment and workload
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, path: str) -> Answer:
        """What a request comes to."""
        route = self._route(path)
        if route is None:
            return _refusal(404)
        (rule,) = route["spec"]["rules"]
        for each in rule.get("filters") or ():
            if each["type"] == "RequestMirror":
                self._mirror(each["requestMirror"]["backendRef"])
        weights = [each.get("weight", 1) for each in rule["backendRefs"]]
        if not any(weights):
            return _refusal(500)
        (backend,) = random.choices(rule["backendRefs"], weights)  # noqa: S311 a share, no secret
        status, pod = self._pod(backend)
        return _of_scorer(pod, _rewritten(path, rule)) if pod else _refusal(status)

    def _route(self, path: str) -> Any:
        def fits(route: Any) -> str:
            is_ours = any(each["name"] == self.name for each in route["spec"]["parentRefs"])
            prefix = str(route["spec"]["rules"][0]["matches"][0]["path"]["value"])
            return prefix if is_ours and f"{path}/".startswith(f"{prefix}/") else ""

        found = list(self.client.list(HTTPRoute, namespace=self.namespace))
        best = max(found, key=lambda route: len(fits(route)), default=None)
        return best if best is not None and fits(best) else None

    def _mirror(self, backend: Any) -> None:
        _, pod = self._pod(backend)
        if pod:
            labels = pod.metadata.labels if pod.metadata else None
            with self._lock:
                self.copies[(labels or {})[names.DEPLOYMENT], (labels or {})[names.KEY]] += 1

    def _pod(self, backend: Any) -> tuple[int, Pod | None]:
        """A ready pod of a backend, or the status to answer with."""
        try:
            self.client.get(Service, backend["name"], namespace=self.namespace)
        except ApiError as error:
            if error.status.code != 404:
                raise
            return 500, None
        deadline = time.monotonic() + SECONDS_OF_FAREWELL
        while addresses := self._addresses(backend["name"]):
            try:
                return 200, self.client.get(Pod, random.choice(addresses), namespace=self.namespace)  # noqa: S311
            except ApiError as error:
                # kwok's pods go at once, without the pause in which real ones still answer whoever has not heard.
                if error.status.code != 404 or time.monotonic() > deadline:
                    raise
        return 503, None

    def _addresses(self, service: str) -> list[str]:
        slices = self.client.list(
            EndpointSlice, namespace=self.namespace, labels={"kubernetes.io/service-name": service}
        )
        return [
            each.targetRef.name
            for one in slices
            for each in one.endpoints or ()
            if each.conditions and each.conditions.ready and each.targetRef and each.targetRef.name
        ]


def _rewritten(path: str, rule: Any) -> str:
    """A path as the scorer gets it."""
    (rewrite,) = (each["urlRewrite"]["path"] for each in rule["filters"] if each["type"] == "URLRewrite")
    assert rewrite["type"] == "ReplacePrefixMatch"
    prefix = str(rule["matches"][0]["path"]["value"])
    return "/" + f"{rewrite['replacePrefixMatch']}{path.removeprefix(prefix)}".lstrip("/")


def _of_scorer(pod: Pod, path: str) -> Answer:
    annotations = (pod.metadata.annotations if pod.metadata else None) or {}
    headers = {"X-Scorer-Version": annotations[names.VERSION]}
    bodies = {"/readyz": b"ready", "/model/score": f'{{"score": {RIGHT}}}'.encode()}
    return Answer(200, headers, bodies[path]) if path in bodies else _refusal(404)


def _refusal(status: int) -> Answer:
    return Answer(status, {}, b"")
