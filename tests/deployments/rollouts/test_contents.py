"""What a workload's key stands for, as it is kept and as it is read again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deployments.engines.contract import Download, Workload
from deployments.rollouts.contents import content_of, gpu_count, resolved, workload_of
from runtimes.rules.environment import TemplateFault

WORKERS = "{if GPU_COUNT >= 2}4{else}1{/if}"


def options(gpus: str = "", **spec: Any) -> dict[str, Any]:
    """A composition's options that ask for GPUs."""
    limits = {"nvidia.com/gpu": gpus} if gpus else {}
    return {"kubernetesResourceSpec": {"kubernetesResourceRequirements": {"limits": limits, "requests": {}}, **spec}}


def content(**fields: Any) -> dict[str, Any]:
    """A content, as it comes back from the database."""
    usual: dict[str, Any] = {
        "version": "v1.0.0",
        "image": "h2oai/scorer:1.0.0",
        "variables": {},
        "readiness_path": "",
        "architectures": [],
        "options": {},
        "artifact": "",
        "ready_within_seconds": 300,
        "selector": {},
        "volumes": [],
        "security_context": {},
        "data_read_only": False,
    }
    made: dict[str, Any] = json.loads(json.dumps(content_of(**usual | fields)))
    return made


def test_the_least_there_can_be() -> None:
    found = workload_of("c-0", "c", content(), artifact="", download=None)
    assert found == Workload("c-0", "c", "v1.0.0", "h2oai/scorer:1.0.0", architectures=[], volumes=[])
    assert (found.readiness_path, found.replicas, found.security_context, found.resources) == ("/readyz", 1, None, {})


def test_all_that_there_can_be() -> None:
    asked = options("2", replicas=3)
    asked["kubernetesResourceSpec"]["kubernetesResourceRequirements"]["requests"] = {"memory": "1Gi"}
    volume = {"id": "cache", "type": "EMPTY_DIR", "mountPaths": ["/cache"]}
    kept = content(
        variables={"WORKERS": WORKERS},
        readiness_path="/up",
        architectures=["arm64"],
        options=asked,
        artifact="a-1",
        ready_within_seconds=30,
        selector={"tier": "gold"},
        volumes=[volume],
        security_context={"runAsUser": "1000"},
        data_read_only=True,
    )
    download = Download("https://console.example.org/a-1", "t")
    assert workload_of("c-0", "c", kept, artifact="/data/a-1", download=download) == Workload(
        key="c-0",
        composition="c",
        version="v1.0.0",
        image="h2oai/scorer:1.0.0",
        environment={"WORKERS": "4"},
        readiness_path="/up",
        replicas=3,
        artifact="/data/a-1",
        download=download,
        ready_within_seconds=30,
        resources={"limits": {"nvidia.com/gpu": "2"}, "requests": {"memory": "1Gi"}},
        architectures=["arm64"],
        selector={"tier": "gold"},
        volumes=[volume],
        security_context={"runAsUser": "1000"},
        data_read_only=True,
    )


@pytest.mark.parametrize(
    ("gpus", "variables", "expected"),
    [
        pytest.param("", {"A": "{GPU_COUNT}"}, {"A": "0"}, id="no GPU"),
        pytest.param("1", {"A": WORKERS, "B": "{GPU_COUNT}"}, {"A": "1", "B": "1"}, id="one"),
        pytest.param("2", {"A": WORKERS}, {"A": "4"}, id="the other side"),
        pytest.param("half", {"A": "{GPU_COUNT}"}, {"A": "0"}, id="no number"),
    ],
)
def test_templates_are_resolved_for_the_gpus_asked_for(
    gpus: str, variables: dict[str, str], expected: dict[str, str]
) -> None:
    assert resolved(variables, options(gpus)) == expected


@pytest.mark.parametrize("asked", [{}, {"kubernetesResourceSpec": None}, options()])
def test_without_resources_there_is_no_gpu(asked: dict[str, Any]) -> None:
    assert gpu_count(asked) == 0


def test_a_broken_template_is_told() -> None:
    with pytest.raises(TemplateFault):
        resolved({"A": "{/if}"}, {})
