"""From a picture of what a cluster has to what an engine tells; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from lightkube.resources.core_v1 import Pod

from deployments.engines.contract import Phase, Seen, SeenWorkload
from deployments.engines.kubernetes import causes, names
from deployments.engines.kubernetes.drift import drift_of
from deployments.engines.kubernetes.pictures import Composed, Picture
from deployments.engines.kubernetes.rolling import arriving, leaving
from deployments.engines.kubernetes.runs import Run, annotations_of, key_of, runs_of
from deployments.engines.kubernetes.traffic import traffic_of

NOTHING_SAID: Final[Mapping[str, str]] = MappingProxyType({})


class Silent(NamedTuple):
    """A pod that does not show what is wrong with it, where its readiness is asked for, and whether it has failed."""

    pod: Pod
    path: str
    has_failed: bool


def seen_of(picture: Picture, deployment: str, address: str, said: Mapping[str, str] = NOTHING_SAID) -> Seen:
    """A deployment as it is; `said` is what events say about pods that are silent themselves, by the pods' names."""
    runs = {composition: runs_of(composed) for composition, composed in picture.compositions.items()}
    workloads = {
        key: seen
        for composition, found in runs.items()
        for key, run in found.items()
        if (seen := _seen(composition, picture.compositions[composition], run, found, said))
    }
    traffic, router = traffic_of(picture, runs)
    return Seen(deployment, workloads, traffic, address, drift_of(picture), router)


def silent_pods(picture: Picture, seen: Seen) -> Iterator[Silent]:
    """One pod of each workload that is not ready, where nothing in the picture says why."""
    for composed in picture.compositions.values():
        for key, run in runs_of(composed).items():
            phase = seen.phase(key)
            is_stuck = phase in (Phase.STARTING, Phase.FAILED)
            waiting = [pod for pod in run.active if pod not in run.ready] if is_stuck else []
            if waiting and not causes.in_the_way(composed, run, NOTHING_SAID):
                path = _path(composed) if key == key_of(composed) else ""
                yield Silent(waiting[0], path, phase is Phase.FAILED)


def _path(composed: Composed) -> str:
    """Where the readiness of a composition's pods is asked for."""
    pod = composed.deployment.spec.template.spec if composed.deployment else None
    scorer = next((each for each in (pod.containers if pod else ()) if each.name == names.CONTAINER), None)
    probe = scorer.readinessProbe if scorer else None
    return (probe.httpGet.path if probe and probe.httpGet else None) or ""


def _seen(
    composition: str, composed: Composed, run: Run, runs: Mapping[str, Run], said: Mapping[str, str]
) -> SeenWorkload | None:
    deployment = composed.deployment
    is_target = run.key == key_of(composed)
    if is_target and deployment is not None:
        phase, since, cause = arriving(composed, deployment, runs, said)
    elif run.pods:
        phase, since, cause = leaving(composed, run, said)
    else:
        return None
    # A label does not hold every version as it is written.
    holders: list[Any] = [deployment.spec.template] if is_target and deployment else [*run.pods]
    version = next(iter(map(annotations_of, holders)), {}).get(names.VERSION, "")
    return SeenWorkload(run.key, composition, version, phase, since, cause, run.restarts)
