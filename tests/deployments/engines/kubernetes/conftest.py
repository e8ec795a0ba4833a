"""An engine of one test alone, in a namespace that nothing else uses."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deployments.engines.harness import Caller
from tests.deployments.engines.kubernetes.rig import KubernetesRig, rig_on
from tests.deployments.engines.kubernetes.world import world  # noqa: F401
from tests.kubernetes.control_plane import ControlPlane


@pytest.fixture
def own_rig(control_plane: ControlPlane) -> Iterator[KubernetesRig]:
    """A Kubernetes engine of this test."""
    made = rig_on(control_plane, f"test-{secrets.token_hex(4)}")
    yield made
    made.close()


@pytest.fixture
def own(own_rig: KubernetesRig, model: Path) -> Caller:
    """A worker on this test's engine."""
    return Caller(own_rig, model)
