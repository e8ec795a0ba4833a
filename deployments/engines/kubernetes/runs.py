"""What a composition has in its cluster, by workload: the replica sets and pods that carry the workload's key; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from lightkube.resources.apps_v1 import ReplicaSet
from lightkube.resources.core_v1 import Pod

from deployments.engines.kubernetes import names
from deployments.engines.kubernetes.pictures import Composed
from deployments.engines.kubernetes.pods import is_ending, is_ready

_OVER = ("Failed", "Succeeded")
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Run:
    """One workload: its replica sets, its pods oldest first, and pods that are over but not gone, as evicted ones.

    Several replica sets have one key where somebody changed the template by hand, or restarted all pods.
    """

    key: str
    sets: list[ReplicaSet] = field(default_factory=list)
    pods: list[Pod] = field(default_factory=list)
    ended: list[Pod] = field(default_factory=list)

    @property
    def active(self) -> list[Pod]:
        """The pods that nobody has asked to end."""
        return [pod for pod in self.pods if not is_ending(pod)]

    @property
    def ready(self) -> list[Pod]:
        """The pods that get requests."""
        return [pod for pod in self.pods if is_ready(pod)]

    @property
    def available(self) -> int:
        """How many pods have been ready for as long as the cluster waits before it counts on them.

        Replica sets and pods are told of separately, so what only one of both says does not hold yet.
        """
        counted = sum((each.status.availableReplicas or 0) for each in self.sets if each.status is not None)
        return min(counted, len(self.ready))

    @property
    def live_sets(self) -> list[ReplicaSet]:
        """The replica sets that have pods or are to have some."""
        return [each for each in self.sets if _replicas(each) or (each.status is not None and each.status.replicas)]

    @property
    def is_leaving(self) -> bool:
        """Whether all that is left of it is to end."""
        return not self.active or (bool(self.sets) and not any(map(_replicas, self.sets)))

    @property
    def restarts(self) -> int:
        """How often its containers were started again."""
        statuses = (pod.status.containerStatuses or () for pod in self.pods if pod.status is not None)
        return sum(each.restartCount for found in statuses for each in found)


def runs_of(composed: Composed) -> Mapping[str, Run]:
    """The workloads of a composition by key; among them the one that it is going to, even before it has a pod."""
    runs: dict[str, Run] = {}
    if key := key_of(composed):
        runs[key] = Run(key)
    for each in composed.replica_sets.values():
        if key := labels_of(each).get(names.KEY, ""):
            runs.setdefault(key, Run(key)).sets.append(each)
    for pod in sorted(composed.pods.values(), key=made_at):
        if key := labels_of(pod).get(names.KEY, ""):
            run = runs.setdefault(key, Run(key))
            is_over = pod.status is not None and pod.status.phase in _OVER
            (run.ended if is_over else run.pods).append(pod)
    return runs


def key_of(composed: Composed) -> str:
    """The workload that a composition is going to, `""` where it is going nowhere."""
    deployment = composed.deployment
    if deployment is None or is_ending(deployment):
        return ""
    return labels_of(deployment.spec.template).get(names.KEY, "")


def labels_of(each: Any) -> Mapping[str, str]:
    """An object's labels."""
    return (each.metadata.labels if each.metadata else None) or {}


def annotations_of(each: Any) -> Mapping[str, str]:
    """An object's annotations."""
    return (each.metadata.annotations if each.metadata else None) or {}


def made_at(each: Any) -> datetime:
    """When an object was made."""
    return (each.metadata.creationTimestamp if each.metadata else None) or _LONG_AGO


def asked_to_end_at(pod: Pod) -> datetime | None:
    """When a pod was asked to end; the cluster notes only when its time for that is over."""
    metadata = pod.metadata
    if metadata is None or metadata.deletionTimestamp is None:
        return None
    return metadata.deletionTimestamp - timedelta(seconds=metadata.deletionGracePeriodSeconds or 0)


def readiness_since(pod: Pod) -> datetime:
    """Since when a pod has been as ready, or not, as it is."""
    conditions = (pod.status.conditions if pod.status else None) or ()
    changed = next((each.lastTransitionTime for each in conditions if each.type == "Ready"), None)
    return changed or made_at(pod)


def _replicas(each: ReplicaSet) -> int:
    return each.spec.replicas or 0
