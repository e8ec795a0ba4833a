"""The pods of a workload."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

from deployments.engines.contract import Download, Workload
from deployments.engines.kubernetes import names
from deployments.engines.kubernetes.manifests.objects import Manifest, compact
from deployments.engines.kubernetes.manifests.secrets import TOKEN, secret_name
from deployments.engines.kubernetes.manifests.volumes import mounts, volume
from deployments.engines.kubernetes.options import Options
from runtimes.rules.environment import looks_secret

# Not ids of a runtime's volumes and no names of its variables: those begin with a letter, and hold no hyphen.
ARTIFACT_VOLUME: Final = "0-artifact"
ARTIFACT_FOLDER: Final = "/mnt/artifact"
ARTIFACT: Final = f"{ARTIFACT_FOLDER}/model"
FETCH: Final = "fetch"
SECONDS_BETWEEN_STARTUP_PROBES: Final = 2
# How long a pod that is to end goes on answering, while gateways learn that it gets no more requests.
SECONDS_OF_FAREWELL: Final = 10


def pod_template(deployment: str, workload: Workload, options: Options, *, sleeps: bool) -> Manifest:
    """The template of a workload's pods; `sleeps` says that the cluster knows the lifecycle handler of that name."""
    spec: Manifest = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": options.grace_seconds,
        "containers": [_scorer(deployment, workload, options, sleeps=sleeps)],
        "topologySpreadConstraints": [_spread(deployment, workload)],
    }
    if workload.download:
        spec["initContainers"] = [_fetch(workload.download, _from_secret(deployment, workload, TOKEN), options)]
    if found := [*_artifact_volume(workload), *map(volume, workload.volumes)]:
        spec["volumes"] = found
    if workload.architectures:
        spec["affinity"] = {"nodeAffinity": _architectures(workload.architectures)}
    if options.pull_secrets:
        spec["imagePullSecrets"] = [{"name": name} for name in options.pull_secrets]
    # An ephemeral volume is its creator's, root's, unless a group is named.
    if "runAsGroup" in (workload.security_context or {}):
        spec["securityContext"] = {"fsGroup": dict(workload.security_context or {})["runAsGroup"]}
    # A version may hold a `+`, which a label may not.
    more = {names.KEY: workload.key, names.VERSION: workload.version.replace("+", "_")[: names.LONGEST]}
    metadata = {
        "labels": dict(names.labels(deployment, workload.composition, **more)),
        "annotations": {names.VERSION: workload.version},
    }
    return {"metadata": metadata, "spec": spec}


def startup_failures(workload: Workload) -> int:
    """How many startup probes may fail within the time that a workload has to become ready."""
    return max(1, math.ceil(workload.ready_within_seconds / SECONDS_BETWEEN_STARTUP_PROBES))


def _scorer(deployment: str, workload: Workload, options: Options, *, sleeps: bool) -> Manifest:
    probe = {"httpGet": {"path": workload.readiness_path, "port": names.PORT_NAME}}
    farewell = min(SECONDS_OF_FAREWELL, options.grace_seconds // 2)
    pause = {"sleep": {"seconds": farewell}} if sleeps else {"exec": {"command": ["sleep", str(farewell)]}}
    found: Manifest = {
        "name": names.CONTAINER,
        "image": workload.image,
        "ports": [{"name": names.PORT_NAME, "containerPort": names.PORT, "protocol": "TCP"}],
        # No liveness probe: a scorer that is busy for long is not to be killed for it.
        "startupProbe": {
            **probe,
            "periodSeconds": SECONDS_BETWEEN_STARTUP_PROBES,
            "timeoutSeconds": SECONDS_BETWEEN_STARTUP_PROBES,
            "failureThreshold": startup_failures(workload),
        },
        "readinessProbe": {**probe, "periodSeconds": 5, "timeoutSeconds": 3, "failureThreshold": 3},
        "lifecycle": {"preStop": pause},
        "securityContext": security_context(workload.security_context or {}),
    }
    if variables := list(_variables(deployment, workload)):
        found["env"] = variables
    if workload.resources:
        found["resources"] = {kind: dict(amounts) for kind, amounts in workload.resources.items() if amounts}
    artifact = [_mount(read_only=workload.data_read_only)] if workload.download else []
    if mounted := [*artifact, *(each for one in workload.volumes for each in mounts(one))]:
        found["volumeMounts"] = mounted
    return found


def security_context(said: Mapping[str, Any]) -> Manifest:
    """What a runtime says, and where it says nothing: no root, no escalation, no capabilities, the default profile.

    The file system stays writable: scorers keep scratch files, and a runtime that has none says so.
    """
    said = {key: value for key, value in said.items() if value is not None}
    found: Manifest = {"seccompProfile": {"type": "RuntimeDefault"}}
    # The cluster refuses what contradicts itself: a privileged container, or one with such powers, escalates.
    added = (said.get("capabilities") or {}).get("add") or ()
    if not said.get("privileged"):
        found["capabilities"] = {"drop": ["ALL"]}
        if not {"SYS_ADMIN", "CAP_SYS_ADMIN", "ALL"} & set(added):
            found["allowPrivilegeEscalation"] = False
    if said.get("runAsUser") != 0 and not said.get("privileged"):
        found["runAsNonRoot"] = True
    return found | said


def _variables(deployment: str, workload: Workload) -> Iterable[Manifest]:
    values = dict(workload.environment)
    if workload.selector:
        values["SCORER_SELECTOR"] = compact(workload.selector)
    if workload.download:
        values["SCORER_ARTIFACT"] = ARTIFACT
    for key in sorted(values):
        if looks_secret(key):
            yield {"name": key, "valueFrom": _from_secret(deployment, workload, key)}
        else:
            # A value is meant as it stands; a cluster would put variables in place of `$(NAME)`.
            yield {"name": key, "value": values[key].replace("$", "$$")}


def _from_secret(deployment: str, workload: Workload, key: str) -> Manifest:
    return {"secretKeyRef": {"name": secret_name(deployment, workload.key), "key": key}}


def _fetch(download: Download, token: Manifest, options: Options) -> Manifest:
    """What brings the model's file before the scorer starts."""
    return {
        "name": FETCH,
        "image": options.fetch_image,
        "command": ["python", "-m", "deployments.engines.kubernetes.fetch", download.url, ARTIFACT],
        "env": [{"name": "FETCH_TOKEN", "valueFrom": token}],
        "securityContext": security_context({"readOnlyRootFilesystem": True}),
        "volumeMounts": [_mount()],
    }


def _artifact_volume(workload: Workload) -> list[Manifest]:
    return [{"name": ARTIFACT_VOLUME, "emptyDir": {}}] if workload.download else []


def _mount(*, read_only: bool = False) -> Manifest:
    found: Manifest = {"name": ARTIFACT_VOLUME, "mountPath": ARTIFACT_FOLDER}
    return found | ({"readOnly": True} if read_only else {})


def _architectures(architectures: Iterable[str]) -> Manifest:
    wanted = {"key": "kubernetes.io/arch", "operator": "In", "values": sorted(architectures)}
    return {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [wanted]}]}}


def _spread(deployment: str, workload: Workload) -> Manifest:
    """Over nodes where there are several. Also for one replica: more may follow, for which a template never changes."""
    return {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": dict(names.selector(deployment, workload.composition))},
        "matchLabelKeys": ["pod-template-hash"],
    }
