"""Where a deployment's requests go: what its route says, as far as the gateway follows it and pods are ready; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lightkube.generic_resource import GenericNamespacedResource

from deployments.engines.contract import Share, Traffic
from deployments.engines.kubernetes.pictures import Picture
from deployments.engines.kubernetes.runs import Run, key_of, readiness_since
from deployments.planning.modes import Mode


def traffic_of(picture: Picture, runs: Mapping[str, Mapping[str, Run]]) -> tuple[Traffic | None, str]:
    """Who gets requests, None for nobody or where the gateway does not say, and what keeps the gateway from routing.

    A gateway that writes no status is taken to do as the route says: not all do, and a cluster may be tested without.
    """
    if picture.route is None:
        return None, ""
    if trouble := _trouble(picture.route):
        return None, trouble
    compositions = _compositions(picture)

    def answering(backend: Mapping[str, Any]) -> str:
        composition = compositions.get(backend.get("name", ""))
        return _answering(picture, composition, runs[composition]) if composition else ""

    weights: dict[str, int] = {}
    mirror = ""
    for rule in _first_rule(picture.route):
        for backend in rule.get("backendRefs") or ():
            weight = backend.get("weight", 1)
            if weight and (key := answering(backend)):
                weights[key] = weights.get(key, 0) + weight
        mirrors = [each["requestMirror"] for each in rule.get("filters") or () if "requestMirror" in each]
        mirror = next((key for each in mirrors if (key := answering(each.get("backendRef") or {}))), "")
    if not weights:
        return None, ""
    shares = tuple(Share(key, weight) for key, weight in weights.items())
    if len(shares) > 1:
        return Traffic(Mode.SPLIT, shares), ""
    return Traffic(Mode.SHADOW if mirror else Mode.SINGLE, shares, mirror), ""


def _answering(picture: Picture, composition: str, runs: Mapping[str, Run]) -> str:
    """The workload that answers for a composition: where two do, the one that it is leaving."""
    target = key_of(picture.compositions[composition])
    since = {key: min(map(readiness_since, ready)) for key, run in runs.items() if (ready := run.ready)}
    return min(since, key=lambda key: (key == target, since[key]), default="")


def _compositions(picture: Picture) -> Mapping[str, str]:
    """The compositions by the names of their Services, under which a route knows them."""
    services = {composition: composed.service for composition, composed in picture.compositions.items()}
    return {
        each.metadata.name or "": composition for composition, each in services.items() if each and each.metadata
    }  # fmt: skip


def _first_rule(route: GenericNamespacedResource) -> list[Mapping[str, Any]]:
    rules = (route.get("spec") or {}).get("rules") or ()
    return [rule for rule in rules if rule.get("backendRefs")][:1]


def _trouble(route: GenericNamespacedResource) -> str:
    """Why no gateway does as the route says, as a sentence."""
    asked = {each.get("name") for each in (route.get("spec") or {}).get("parentRefs") or ()}
    answers = (route.get("status") or {}).get("parents") or ()
    # What a gateway that the route has left said about it may still stand there.
    own = [each for each in answers if (each.get("parentRef") or {}).get("name") in asked]
    generation = (route.metadata.generation if route.metadata else None) or 0
    troubles = [_refusal(each.get("conditions") or (), generation) for each in own]
    return troubles[0] if troubles and all(troubles) else ""


def _refusal(conditions: Sequence[Mapping[str, Any]], generation: int) -> str:
    """What one gateway says against a route."""
    by_type = {each.get("type"): each for each in conditions}
    for kind, told in (("Accepted", "does not accept the route"), ("ResolvedRefs", "cannot follow the route")):
        if (condition := by_type.get(kind)) and condition.get("status") == "False":
            detail = str(condition.get("message") or condition.get("reason") or "").rstrip(".")
            return f"The gateway {told}: {detail}."
    seen = [each["observedGeneration"] for each in conditions if "observedGeneration" in each]
    return "The gateway has not followed the route's last change yet." if seen and min(seen) < generation else ""
