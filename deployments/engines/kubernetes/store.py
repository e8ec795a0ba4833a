"""What the cluster has, as the watches tell it and our own writes answer it, by deployment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from lightkube.core.resource import NamespacedResource, api_info
from lightkube.resources.apps_v1 import Deployment as K8sDeployment
from lightkube.resources.apps_v1 import ReplicaSet
from lightkube.resources.core_v1 import ConfigMap, Pod, Service
from lightkube.resources.policy_v1 import PodDisruptionBudget

from deployments.engines.kubernetes import names
from deployments.engines.kubernetes.decoding import slim
from deployments.engines.kubernetes.pictures import KINDS, Composed, HTTPRoute, Picture
from deployments.engines.kubernetes.runs import labels_of, made_at

Kind = type[NamespacedResource]
Place = tuple[str, str]  # namespace and name
_KINDS: Final[Mapping[str, Kind]] = {api_info(kind).resource.kind: kind for kind in KINDS}


class Objects:
    """Objects by place and deployment, and the pictures made of them; safe to use from any thread.

    `changed` is called with the deployments of which something has changed, outside of any lock.
    """

    def __init__(self, changed: Callable[[Iterable[str]], None]) -> None:
        self._changed = changed
        self._lock = threading.Lock()
        self._by_place: dict[Kind, dict[Place, Any]] = {kind: {} for kind in KINDS}
        self._by_deployment: dict[str, dict[tuple[Kind, Place], Any]] = {}
        self._pictures: dict[str, Picture] = {}

    def picture(self, deployment: str) -> Picture:
        """What there is of a deployment; an empty picture for nothing."""
        with self._lock:
            if (known := self._pictures.get(deployment)) is None:
                known = _picture(self._by_deployment.get(deployment, {}))
                if not known.is_empty:
                    self._pictures[deployment] = known
            return known

    def deployments(self) -> list[str]:
        """The deployments of which anything exists."""
        with self._lock:
            return sorted(self._by_deployment)

    def note(self, found: Any) -> None:
        """Take what a write answered, unless something newer is known, or no watch would ever tell that it has gone."""
        kind = _KINDS.get(api_info(found).resource.kind)
        if kind and names.OURS.items() <= labels_of(found).items():
            self.put(kind, slim(found))

    def forget(self, found: Any) -> None:
        """Take an object for gone, unless something newer is known."""
        if kind := _KINDS.get(api_info(found).resource.kind):
            self.drop(kind, found)

    def replace(self, kind: Kind, found: list[Any], version: str, *, anew: bool) -> None:
        """Take a list of a version for all that there is, but for what was noted since; `anew` without exception."""
        listed = {_place(each): each for each in found}
        changed: set[str] = set()
        with self._lock:
            for place, held in list(self._by_place[kind].items()):
                if place not in listed and (anew or not _is_newer(held.metadata.resourceVersion, version)):
                    changed |= self._take_out(kind, place)
            for place, each in listed.items():
                changed |= self._put_in(kind, place, each, anew=anew)
        self._changed(changed)

    def put(self, kind: Kind, found: Any) -> None:
        """Keep an object, unless something newer is known."""
        with self._lock:
            changed = self._put_in(kind, _place(found), found)
        self._changed(changed)

    def drop(self, kind: Kind, found: Any) -> None:
        """Forget an object, unless something newer is known."""
        place = _place(found)
        with self._lock:
            held = self._by_place[kind].get(place)
            is_newer = held is not None and _is_newer(held.metadata.resourceVersion, found.metadata.resourceVersion)
            changed = set() if held is None or is_newer else self._take_out(kind, place)
        self._changed(changed)

    def _put_in(self, kind: Kind, place: Place, found: Any, *, anew: bool = False) -> set[str]:
        held = self._by_place[kind].get(place)
        if held is not None and not anew:
            known, now = held.metadata.resourceVersion, found.metadata.resourceVersion
            if known == now or _is_newer(known, now):
                return set()
        deployment = labels_of(found).get(names.DEPLOYMENT, "")
        changed = self._take_out(kind, place) if held is not None else set()
        if not deployment:
            return changed
        self._by_place[kind][place] = found
        self._by_deployment.setdefault(deployment, {})[kind, place] = found
        self._pictures.pop(deployment, None)
        return changed | {deployment}

    def _take_out(self, kind: Kind, place: Place) -> set[str]:
        held = self._by_place[kind].pop(place)
        deployment = labels_of(held)[names.DEPLOYMENT]
        parts = self._by_deployment[deployment]
        del parts[kind, place]
        if not parts:
            del self._by_deployment[deployment]
        self._pictures.pop(deployment, None)
        return {deployment}


def _place(found: Any) -> Place:
    return found.metadata.namespace or "", found.metadata.name


def _is_newer(version: str | None, other: str | None) -> bool:
    """Whether a resourceVersion is later than another; they are numbers that grow, in every cluster there is."""
    try:
        return int(version or "") > int(other or "")
    except ValueError:
        return False


def _picture(parts: Mapping[tuple[Kind, Place], Any]) -> Picture:
    anchors = [each for (kind, _), each in parts.items() if kind is ConfigMap]
    anchor = min(anchors, key=made_at, default=None)
    namespaces = [anchor.metadata.namespace or ""] if anchor else sorted(place[0] for _, place in parts)
    namespace = next(iter(namespaces), "")
    route = None
    single: dict[str, dict[Kind, Any]] = {}
    several: dict[str, dict[Kind, dict[str, Any]]] = {}
    for (kind, place), each in parts.items():
        if place[0] != namespace:
            continue
        composition = labels_of(each).get(names.COMPOSITION, "")
        if kind is HTTPRoute:
            route = each
        elif not composition:
            continue
        elif kind in (Pod, ReplicaSet):
            several.setdefault(composition, {}).setdefault(kind, {})[place[1]] = each
        else:
            single.setdefault(composition, {})[kind] = each
    compositions = {
        composition: _composed(single.get(composition, {}), several.get(composition, {}))
        for composition in sorted(single.keys() | several.keys())
    }
    return Picture(namespace, anchor, compositions, route)


def _composed(single: Mapping[Kind, Any], several: Mapping[Kind, Mapping[str, Any]]) -> Composed:
    return Composed(
        deployment=single.get(K8sDeployment),
        replica_sets=several.get(ReplicaSet, {}),
        pods=several.get(Pod, {}),
        service=single.get(Service),
        budget=single.get(PodDisruptionBudget),
    )
