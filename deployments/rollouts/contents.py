"""What a workload's key stands for, in the form in which it is kept: plain data, complete but for where files lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from deployments.engines.contract import Download, Workload
from runtimes.rules.environment import resolve

SPEC: Final = "kubernetesResourceSpec"
_REQUIREMENTS: Final = "kubernetesResourceRequirements"
_GPUS: Final = "nvidia.com/gpu"
_READYZ: Final = "/readyz"


def content_of(
    *,
    version: str,
    image: str,
    variables: Mapping[str, str],
    readiness_path: str,
    architectures: Sequence[str],
    options: Mapping[str, Any],
    artifact: str,
    ready_within_seconds: float,
    selector: Mapping[str, str],
    volumes: Sequence[Mapping[str, Any]],
    security_context: Mapping[str, Any],
    data_read_only: bool,
) -> dict[str, Any]:
    """The content of a workload; raises TemplateFault for variables that no save lets through.

    `options` are the composition's, `artifact` is the id of the model's file or nothing.
    """
    return {
        "version": version,
        "image": image,
        "environment": resolved(variables, options),
        "readiness_path": readiness_path or _READYZ,
        "replicas": int((options.get(SPEC) or {}).get("replicas", 1)),
        "artifact": artifact,
        "ready_within_seconds": ready_within_seconds,
        "resources": {kind: dict(each) for kind, each in _requirements(options).items() if each},
        "architectures": list(architectures),
        "selector": dict(selector),
        "volumes": list(volumes),
        "security_context": dict(security_context) or None,
        "data_read_only": data_read_only,
    }


def moved_to(
    content: Mapping[str, Any], *, version: str, image: str, readiness_path: str, architectures: Sequence[str]
) -> dict[str, Any]:
    """The same content on another version, everything else as it runs."""
    return {
        **content,
        "version": version,
        "image": image,
        "readiness_path": readiness_path or _READYZ,
        "architectures": list(architectures),
    }


def workload_of(
    key: str, composition: str, content: Mapping[str, Any], *, artifact: str, download: Download | None
) -> Workload:
    """The workload of a key; `artifact` and `download` are where its file is to be had now."""
    return Workload(key, composition, **{**content, "artifact": artifact}, download=download)


def resolved(variables: Mapping[str, str], options: Mapping[str, Any]) -> dict[str, str]:
    """Variables with their templates resolved for what a composition asks for; raises TemplateFault."""
    gpus = gpu_count(options)
    return {name: resolve(value, gpus) for name, value in variables.items()}


def gpu_count(options: Mapping[str, Any]) -> int:
    """How many GPUs a composition asks for in its Kubernetes resources."""
    asked = str((_requirements(options).get("limits") or {}).get(_GPUS, "0"))
    return int(asked) if asked.isdigit() else 0


def _requirements(options: Mapping[str, Any]) -> Mapping[str, Mapping[str, str]]:
    return (options.get(SPEC) or {}).get(_REQUIREMENTS) or {}
