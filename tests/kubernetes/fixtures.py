"""The control plane as a fixture, and how the tests that use it are dealt out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from xdist.scheduler.loadfile import LoadFileScheduling  # type: ignore[import-untyped]

from tests.kubernetes.binaries import Absent, find
from tests.kubernetes.control_plane import ControlPlane

NAMES_KUBERNETES = re.compile(r"/kubernetes/|\[kubernetes\b")  # a file of such tests, or an engine as a parameter


@pytest.fixture(scope="session")
def control_plane() -> Iterator[ControlPlane]:
    """A control plane for all tests of a run, which take a namespace each; skips where none can be, saying why."""
    try:
        binaries = find()
    except Absent as why:
        pytest.skip(str(why))
    plane = ControlPlane(binaries)
    try:
        plane.start()
        yield plane
    finally:
        plane.close()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    """Under `--dist loadfile`, deal all that needs a control plane to one worker, which may then stop and start it."""
    if config.getoption("dist") != "loadfile":
        return None
    dealing = LoadFileScheduling(config, log)
    file_of = dealing._split_scope
    dealing._split_scope = lambda test: "kubernetes" if NAMES_KUBERNETES.search(test) else file_of(test)
    return dealing
