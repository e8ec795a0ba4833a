"""What tests on a control plane and tests of the chart share."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from tests.kubernetes.binaries import Absent, find
from tests.kubernetes.chart import Helm
from tests.kubernetes.control_plane import ControlPlane


@pytest.fixture(scope="session")
def helm() -> Helm:
    """Helm without a cluster. Skips, saying why, where it cannot be built."""
    try:
        return Helm(find()["helm"])
    except Absent as why:
        pytest.skip(str(why))


@pytest.fixture
def namespace(control_plane: ControlPlane) -> Iterator[str]:
    """A namespace of the test's own, which has a default service account."""
    name = f"test-{secrets.token_hex(4)}"
    control_plane.kubectl("create", "namespace", name)
    control_plane.kubectl("wait", "serviceaccount/default", "-n", name, "--for=create", "--timeout=60s")
    yield name
    control_plane.kubectl("delete", "namespace", name, "--wait=false")
