"""Whether a cluster that rolls a composition to a workload gets there: what the K8s Deployment says of it; pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from lightkube.models.apps_v1 import DeploymentCondition
from lightkube.resources.apps_v1 import Deployment as K8sDeployment

from deployments.engines.contract import Phase
from deployments.engines.kubernetes import causes, names
from deployments.engines.kubernetes.pictures import Composed
from deployments.engines.kubernetes.runs import (
    Run,
    annotations_of,
    asked_to_end_at,
    key_of,
    made_at,
    readiness_since,
)

Look = tuple[Phase, datetime, str]  # phase, since when, and what is in the way


def arriving(composed: Composed, deployment: K8sDeployment, runs: Mapping[str, Run], said: Mapping[str, str]) -> Look:
    """How the workload is that a composition is going to, or has gone to; `runs` are all that it has.

    While the cluster rolls to it, it is ready once all its replicas are available, afterwards while one is.
    """
    run = runs[key_of(composed)]
    wanted = 1 if deployment.spec.replicas is None else deployment.spec.replicas
    progress, written = _progress(deployment), _last_written(deployment)
    has_arrived = _has_arrived(run, runs, progress)
    available = run.available
    if available and (has_arrived or available >= wanted):
        return Phase.READY, min(map(readiness_since, run.ready)), ""
    trouble = causes.in_the_way(composed, run, said) if wanted else "It is scaled to 0 replicas."
    if has_arrived or not wanted:
        since = max(map(readiness_since, run.active), default=written)
        return (Phase.FAILED if trouble else Phase.STARTING), since, trouble
    if progress is not None and _has_given_up(composed, deployment, run, progress):
        return Phase.FAILED, progress.lastTransitionTime or written, causes.not_ready(_seconds(deployment), trouble)
    # Its time runs from the last progress, as the cluster's does: many replicas may take long, one after the other.
    moved = [progress.lastUpdateTime] if progress is not None and progress.lastUpdateTime else []
    return Phase.STARTING, max([written, *moved, *map(made_at, run.sets)]), trouble


def leaving(composed: Composed, run: Run, said: Mapping[str, str]) -> Look:
    """How a workload is that a composition is not going to: ready for as long as it gets requests."""
    if run.ready:
        return Phase.READY, min(map(readiness_since, run.ready)), ""
    if run.is_leaving:
        return Phase.DRAINING, min(asked_to_end_at(pod) or readiness_since(pod) for pod in run.pods), ""
    trouble = causes.in_the_way(composed, run, said)
    return (Phase.FAILED if trouble else Phase.STARTING), max(map(readiness_since, run.active)), trouble


def _has_arrived(run: Run, runs: Mapping[str, Run], progress: DeploymentCondition | None) -> bool:
    """Whether all replicas of a workload have been available at some time, so that it need not prove itself any more.

    Nothing else is left of the composition then, and the cluster says so; or its pods are being replaced by others of
    the same workload.
    """
    others = (other for key, other in runs.items() if key != run.key)
    if not run.sets or any(other.live_sets or other.active for other in others):
        return False
    return len(run.live_sets) > 1 or (progress is not None and progress.reason == "NewReplicaSetAvailable")


def _has_given_up(composed: Composed, deployment: K8sDeployment, run: Run, progress: DeploymentCondition) -> bool:
    """Whether the cluster says that a workload took too long.

    Of the one before it goes on saying so until there is progress again, but by its name.
    """
    if progress.reason != "ProgressDeadlineExceeded" or not _is_current(deployment):
        return False
    own = {each.metadata.name for each in run.sets if each.metadata}
    return not any(f'"{name}"' in (progress.message or "") for name in composed.replica_sets.keys() - own)


def _is_current(deployment: K8sDeployment) -> bool:
    """Whether what the cluster says is about what was written last."""
    generation = (deployment.metadata.generation if deployment.metadata else None) or 0
    return ((deployment.status.observedGeneration if deployment.status else None) or 0) >= generation


def _progress(deployment: K8sDeployment) -> DeploymentCondition | None:
    conditions = (deployment.status.conditions if deployment.status else None) or ()
    return next((each for each in conditions if each.type == "Progressing"), None)


def _seconds(deployment: K8sDeployment) -> float:
    """How long a workload may take to become ready, as it was asked for: the cluster knows whole seconds only."""
    asked = annotations_of(deployment).get(names.READY_WITHIN)
    return float(asked or deployment.spec.progressDeadlineSeconds or 0)


def _last_written(deployment: K8sDeployment) -> datetime:
    """When the console last changed what the composition is to be."""
    entries = (deployment.metadata.managedFields if deployment.metadata else None) or ()
    own = [each.time for each in entries if each.manager == names.MANAGER and each.time]
    return max([made_at(deployment), *own])
