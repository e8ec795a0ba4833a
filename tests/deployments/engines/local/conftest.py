"""The local engine, shared, or of one test alone for what would disturb the others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deployments.engines.harness import Caller
from tests.deployments.engines.local.rig import LocalRig


@pytest.fixture(scope="session")
def rig(local_rig: LocalRig) -> LocalRig:
    """Of the engines that tests share, this one alone."""
    return local_rig


@pytest.fixture
def own_rig(tmp_path: Path) -> Iterator[LocalRig]:
    """A local engine of this test."""
    made = LocalRig(tmp_path / "engine")
    yield made
    made.close()


@pytest.fixture
def own(own_rig: LocalRig, model: Path) -> Caller:
    """A worker on this test's engine."""
    return Caller(own_rig, model)
