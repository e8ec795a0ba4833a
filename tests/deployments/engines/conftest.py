"""Engines to test; each kind has its rig, and the contract's tests run on every one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deployments.engines.harness import MODEL, Caller, Rig
from tests.deployments.engines.kubernetes.rig import KubernetesRig, rig_on
from tests.deployments.engines.local.rig import LocalRig


@pytest.fixture(scope="session", params=["local", pytest.param("kubernetes", marks=pytest.mark.kubernetes)])
def rig(request: pytest.FixtureRequest) -> Rig:
    """An engine that many tests share, each with deployments of its own."""
    found: Rig = request.getfixturevalue(f"{request.param}_rig")
    return found


@pytest.fixture(scope="session")
def local_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRig]:
    """The local engine that tests share."""
    made = LocalRig(tmp_path_factory.mktemp("engine"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def kubernetes_rig(request: pytest.FixtureRequest) -> Iterator[KubernetesRig]:
    """The Kubernetes engine that tests share."""
    made = rig_on(request.getfixturevalue("control_plane"), "engine")
    yield made
    made.close()


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An artifact that answers the hammer's request rightly."""
    path = tmp_path_factory.mktemp("artifact") / "model.json"
    path.write_text(json.dumps(MODEL))
    return path


@pytest.fixture
def deployment(request: pytest.FixtureRequest) -> str:
    """A name that no other test has."""
    return re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[-63:].strip("-")


@pytest.fixture
def caller(rig: Rig, model: Path) -> Caller:
    """A worker on the shared engine."""
    return Caller(rig, model)
