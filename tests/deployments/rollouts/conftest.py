"""A stage for each test, over an engine that they share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from deployments.engines.local.engine import LocalEngine
from tests.cast import Cast
from tests.deployments.rollouts.nursery import Nursery, nursery
from tests.deployments.rollouts.stage import Stage, environment
from tests.mlops_console.machine import eventually, processes_naming


@pytest.fixture(scope="session")
def shared_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder whose router goes on from test to test."""
    folder = tmp_path_factory.mktemp("stage")
    yield folder
    LocalEngine(folder / "engine").clear_leftovers()
    assert eventually(lambda: not processes_naming(folder)), processes_naming(folder)


@pytest.fixture
def stage(cast: Cast, shared_data_dir: Path, settings: Settings) -> Iterator[Stage]:
    """The cast, and an engine that its deployments run on."""
    settings.DATA_DIR = shared_data_dir
    made = Stage(cast, shared_data_dir)
    yield made
    for name in made.engine.deployments():
        made.engine.remove(name, epoch=2**32)


@pytest.fixture(scope="session")
def shared_nursery(django_db_setup: None, shared_data_dir: Path) -> Iterator[Nursery]:
    """Where the workers of all tests come from."""
    with nursery(environment(shared_data_dir), shared_data_dir) as made:
        yield made


@pytest.fixture
def workers(shared_nursery: Nursery) -> Iterator[Nursery]:
    """Workers of this test, none of which outlives it."""
    yield shared_nursery
    shared_nursery.clear()
