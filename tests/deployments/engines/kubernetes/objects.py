"""Objects of a cluster in a line or two each, read as the API server's own; every time is minutes after one hour."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from lightkube.resources.apps_v1 import Deployment as K8sDeployment
from lightkube.resources.apps_v1 import ReplicaSet
from lightkube.resources.core_v1 import ConfigMap, Pod, Service
from lightkube.resources.policy_v1 import PodDisruptionBudget

from deployments.engines.kubernetes import names
from deployments.engines.kubernetes.decoding import Decoder
from deployments.engines.kubernetes.pictures import Composed, HTTPRoute, Picture

HOUR = datetime(2026, 7, 1, 10, tzinfo=UTC)
SPACE = "mlops-w"


def at(minutes: float) -> datetime:
    """Some minutes after the hour."""
    return HOUR + timedelta(minutes=minutes)


def text(minutes: float) -> str:
    """The same as objects hold it."""
    return at(minutes).isoformat().replace("+00:00", "Z")


def made(kind: Any, content: dict[str, Any]) -> Any:
    """An object out of what the API server would send."""
    body = {"metadata": {"resourceVersion": "1"}, "items": [content]}
    return Decoder(kind).page(json.dumps(body).encode())[0][0]


def metadata(name: str, composition: str = "a", deployment: str = "d-1", **more: Any) -> dict[str, Any]:
    """Metadata with the console's labels; `labels` adds to them."""
    labels = {**names.labels(deployment, composition), **more.pop("labels", {})}
    fixed = {"name": name, "namespace": SPACE, "uid": f"uid-{name}", "resourceVersion": "1", "generation": 1}
    return {**fixed, "creationTimestamp": text(0), "labels": labels, **more}


def pod(
    name: str,
    key: str = "a-1",
    *,
    ready: bool = True,
    made_at: float = 0,
    since: float = 1,
    ending: float | None = None,
    containers: list[dict[str, Any]] | None = None,
    conditions: list[dict[str, Any]] = [],  # noqa: B006 read only
    **status: Any,
) -> Pod:
    """A pod of a workload; `since` is when its readiness changed, `ending` when it was asked to end."""
    about = metadata(name, labels={names.KEY: key}, annotations={names.VERSION: "v1.0.0"})
    about["creationTimestamp"] = text(made_at)
    if ending is not None:
        about |= {"deletionTimestamp": text(ending + 1), "deletionGracePeriodSeconds": 60}
    readiness = {"type": "Ready", "status": str(ready), "lastTransitionTime": text(since)}
    content = {
        "metadata": about,
        "spec": {"nodeName": "node-1", "containers": [{"name": "scorer", "image": "scorer:1"}]},
        "status": {
            "phase": "Running",
            "conditions": [readiness, *conditions],
            "containerStatuses": containers or [container(ready=ready)],
            **status,
        },
    }
    made_pod: Pod = made(Pod, content)
    return made_pod


def container(name: str = "scorer", *, ready: bool = False, restarts: int = 0, **states: Any) -> dict[str, Any]:
    """What a pod says of a container; it runs unless `state` or `lastState` say otherwise."""
    fixed = {"name": name, "image": "scorer:1", "imageID": "", "ready": ready, "restartCount": restarts}
    return {**fixed, "state": {"running": {"startedAt": text(0)}}, **states}


def waiting(reason: str, message: str = "", **more: Any) -> dict[str, Any]:
    """A container that waits."""
    return container(state={"waiting": {"reason": reason, "message": message}}, **more)


def ended(code: int, reason: str = "Error", message: str = "") -> dict[str, Any]:
    """The state of a container that has ended."""
    return {"terminated": {"exitCode": code, "reason": reason, "message": message}}


def replica_set(
    key: str = "a-1", available: int = 0, *, wanted: int | None = None, name: str = "", refused: str = ""
) -> ReplicaSet:
    """A replica set whose name is its workload's unless told otherwise."""
    status: dict[str, Any] = {"replicas": available, "availableReplicas": available}
    if refused:
        status["conditions"] = [{"type": "ReplicaFailure", "status": "True", "message": refused}]
    wanted = available if wanted is None else wanted
    about = metadata(name or f"rs-{key}", labels={names.KEY: key})
    content = {"metadata": about, "spec": {"replicas": wanted, "selector": {}, "template": {}}, "status": status}
    made_set: ReplicaSet = made(ReplicaSet, content)
    return made_set


def k8s_deployment(
    key: str = "a-1",
    replicas: int = 1,
    *,
    progress: str = "",
    message: str = "",
    progressed: float = 2,
    generation: tuple[int, int] = (1, 1),
    written: float = 0,
    within: str = "300",
    ending: bool = False,
    **spec: Any,
) -> K8sDeployment:
    """A K8s Deployment that goes to a workload; `progress` is the reason of its condition, `generation` also the seen
    one, `written` when the console last wrote it."""
    about = metadata("d-1-a", annotations={names.READY_WITHIN: within})
    about["generation"] = generation[0]
    about["managedFields"] = [{"manager": names.MANAGER, "operation": "Apply", "time": text(written)}]
    if ending:
        about["deletionTimestamp"] = text(5)
    condition = {
        "type": "Progressing",
        "status": str(progress != "ProgressDeadlineExceeded"),
        "reason": progress,
        "message": message,
        "lastUpdateTime": text(progressed),
        "lastTransitionTime": text(progressed),
    }
    template = {
        "metadata": {"labels": {names.KEY: key}, "annotations": {names.VERSION: "v1.0.0"}},
        "spec": {"containers": [{"name": "scorer", "image": "scorer:1", "readinessProbe": {"httpGet": PROBE}}]},
    }
    content = {
        "metadata": about,
        "spec": {"replicas": replicas, "selector": {}, "template": template, **spec},
        "status": {"observedGeneration": generation[1], "conditions": [condition] if progress else []},
    }
    made_deployment: K8sDeployment = made(K8sDeployment, content)
    return made_deployment


PROBE = {"path": "/readyz", "port": 8080}


def service(composition: str = "a") -> Service:
    """A composition's Service."""
    made_service: Service = made(Service, {"metadata": metadata(f"d-1-{composition}", composition), "spec": {}})
    return made_service


def budget(composition: str = "a") -> PodDisruptionBudget:
    """A composition's budget."""
    content = {"metadata": metadata(f"d-1-{composition}", composition), "spec": {}}
    made_budget: PodDisruptionBudget = made(PodDisruptionBudget, content)
    return made_budget


def anchor(deployment: str = "d-1") -> ConfigMap:
    """A deployment's anchor."""
    made_anchor: ConfigMap = made(ConfigMap, {"metadata": metadata(deployment, "", deployment)})
    return made_anchor


def route(*weights: tuple[str, int], mirror: str = "", parents: list[dict[str, Any]] | None = None) -> Any:
    """A route to compositions by weight, as gateways have answered it."""
    rule: dict[str, Any] = {"backendRefs": [{"name": f"d-1-{name}", "weight": weight} for name, weight in weights]}
    if mirror:
        rule["filters"] = [{"type": "RequestMirror", "requestMirror": {"backendRef": {"name": f"d-1-{mirror}"}}}]
    content = {
        "metadata": metadata("d-1", "", generation=3),
        "spec": {"parentRefs": [{"name": "gateway"}], "rules": [rule]},
        "status": {"parents": parents or []},
    }
    return made(HTTPRoute, content)


def composed(deployment: Any, *parts: Any, routed: str = "a") -> Composed:
    """A composition of a K8s Deployment, if any, replica sets and pods; `routed` is whose Service it has, if any."""
    sets, pods = (_by_name(each for each in parts if isinstance(each, kind)) for kind in (ReplicaSet, Pod))
    return Composed(deployment, sets, pods, service(routed) if routed else None)


def _by_name(objects: Iterable[Any]) -> dict[str, Any]:
    return {each.metadata.name: each for each in objects}


def picture(a: Composed, route: Any = None, **others: Composed) -> Picture:
    """A deployment whose first composition is `a`."""
    return Picture(SPACE, anchor(), {"a": a, **others}, route)
