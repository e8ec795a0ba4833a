"""Where a deployment's requests go.

The Gateway API has an answer for a Service without a ready pod, 503, and for weights that are all 0 it has none. So a
composition that is not ready gets weight 0 only while another one is, and what is to go nowhere goes to a Service
that selects nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any, Final

from lightkube.resources.core_v1 import Service

from deployments.engines.contract import Wanted
from deployments.engines.kubernetes import names
from deployments.engines.kubernetes.manifests.objects import Manifest, compact, manifest
from deployments.engines.kubernetes.options import Options
from deployments.engines.kubernetes.pictures import HTTPRoute

MIRROR: Final = "RequestMirror"


def route(wanted: Wanted, ready: Collection[str], options: Options) -> Manifest:
    """The route to what is wanted, by compositions, of which those named are ready."""
    namespace, _, gateway = options.gateway.rpartition("/")
    parent = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": gateway}
    weights, mirror = _by_composition(wanted)
    filters: list[Manifest] = [
        {
            "type": "URLRewrite",
            "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}},
        }
    ]
    if mirror in ready:
        filters.append({"type": MIRROR, "requestMirror": {"backendRef": _backend(wanted.deployment, mirror)}})
    is_any_ready = any(weight and each in ready for each, weight in weights.items())
    backends = [
        {**_backend(wanted.deployment, each), "weight": weight if each in ready or not is_any_ready else 0}
        for each, weight in weights.items()
    ]
    said = {"mode": wanted.traffic.mode.value, "weights": weights, "mirror": mirror} if wanted.traffic else {}
    return manifest(
        HTTPRoute,
        names.object_name(wanted.deployment),
        names.labels(wanted.deployment),
        {names.TRAFFIC: compact(said)},
        spec={
            "parentRefs": [parent | ({"namespace": namespace} if namespace else {})],
            "rules": [
                {
                    "matches": [{"path": {"type": "PathPrefix", "value": f"/{wanted.deployment}"}}],
                    "filters": filters,
                    "backendRefs": backends or [{**_backend(wanted.deployment), "weight": 1}],
                }
            ],
        },
    )


def nowhere(deployment: str) -> Manifest:
    """The Service that selects nothing."""
    return manifest(
        Service,
        names.object_name(deployment),
        names.labels(deployment),
        spec={
            "type": "ClusterIP",
            "ports": [
                {"name": names.PORT_NAME, "port": names.PORT, "protocol": "TCP", "targetPort": names.PORT_NAME},
            ],
        },
    )


def services_of(spec: Any) -> frozenset[str]:
    """The names of the Services to which a route's specification sends requests or copies, whatever their weight."""
    found = set()
    for rule in (spec or {}).get("rules") or ():
        found |= {each["name"] for each in rule.get("backendRefs") or ()}
        found |= {
            each["requestMirror"]["backendRef"]["name"]
            for each in rule.get("filters") or ()
            if each.get("type") == MIRROR
        }
    return frozenset(found)


def _by_composition(wanted: Wanted) -> tuple[dict[str, int], str]:
    if wanted.traffic is None:
        return {}, ""
    compositions = {workload.key: workload.composition for workload in wanted.workloads}
    weights: Counter[str] = Counter()
    for share in wanted.traffic.shares:
        if share.workload in compositions:  # a share of 0 may name what is not there any more
            weights[compositions[share.workload]] += share.weight
    return dict(weights), compositions.get(wanted.traffic.mirror, "")


def _backend(*ids: str) -> Manifest:
    return {"group": "", "kind": "Service", "name": names.object_name(*ids), "port": names.PORT}
