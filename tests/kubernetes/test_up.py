"""`manage.py up --engine kubernetes`: the console is here, the scorers in a cluster, and they outlive it."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.kubernetes.control_plane import ControlPlane
from tests.mlops_console.machine import eventually, needs_proc, processes_naming
from tests.mlops_console.serving.console import running

pytestmark = [pytest.mark.kubernetes, needs_proc]
NAMESPACE: Final = "up"


@pytest.fixture
def cluster(control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> Iterator[ControlPlane]:
    """A control plane that the environment leads to."""
    monkeypatch.setenv("KUBECONFIG", str(control_plane.kubeconfig))
    for name, value in {
        "NAMESPACE": NAMESPACE,
        "GATEWAY": "default/mlops",
        "ADDRESS": "http://models.example.org",
        "CONSOLE_URL": "http://console.example.org",
        "FETCH_IMAGE": "registry.example.org/mlops-console:1",
        "MIN_READY_SECONDS": "0",
    }.items():
        monkeypatch.setenv(f"KUBERNETES_{name}", value)
    yield control_plane
    control_plane.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")


def pods(cluster: ControlPlane) -> set[str]:
    """The pods that run."""
    found = cluster.get("pods", "-n", NAMESPACE)["items"]
    return {each["metadata"]["name"] for each in found if "deletionTimestamp" not in each["metadata"]}


def test_the_demo_comes_up_in_a_cluster_and_stays_there(cluster: ControlPlane, tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    with running(data_dir, "--demo", "--engine", "kubernetes", "--port", "0") as console:
        # One of the twelve sleeps, and one asks for a volume that nobody provides here.
        assert eventually(lambda: console.healths().count("HEALTHY") == 10, seconds=120), console.sql(
            "SELECT display_name, health, health_message, trouble FROM deployments_deployment WHERE health <> 'HEALTHY'"
        )
        assert not console.scorers()
        there = pods(cluster)
        assert len(there) >= 15
        templates = json.dumps([each["spec"] for each in cluster.get("pods", "-n", NAMESPACE)["items"]])
        assert "http://console.example.org/api/storage/engine/artifacts/" in templates
        assert console.stop(signal.SIGTERM) == 0
        assert console.process.stdout
        assert "What runs in the cluster goes on." in console.process.stdout.read()
    assert pods(cluster) == there
    assert eventually(lambda: not processes_naming(data_dir))
    with running(data_dir, "--engine", "kubernetes", "--port", "0") as again:
        assert again.get("/readyz")[0] == 200
        assert again.stop(signal.SIGTERM) == 0
    assert pods(cluster) == there, "a start clears nothing away either"
