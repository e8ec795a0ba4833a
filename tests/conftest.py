"""What every test may ask for."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.backends.base.operations import BaseDatabaseOperations
from pytest_django import DjangoDbBlocker

from mlops_console.database import supply
from mlops_console.database.cluster import Cluster
from tests.cast import Cast, make_cast
from tests.kubernetes.fixtures import control_plane, pytest_xdist_make_scheduler  # noqa: F401
from tests.settings import DATA_DIR_OF_TESTS

# What migrations write, and which function of theirs writes it.
MIGRATED = (
    ("mlops_console.migrations.0003_global_workspace", "make_global"),
    ("runtimes.migrations.0002_model_types", "add"),
)


@pytest.fixture(scope="session", autouse=True)
def flush_to_what_every_test_begins_with() -> Iterator[None]:
    """Let the flush after a transactional test empty the audit trail, which refuses that to everybody else.

    And give back what comes with the migrations: the workspace that all others inherit from, and model types.
    """
    flush = BaseDatabaseOperations.execute_sql_flush

    def unguarded(operations: Any, statements: list[str]) -> None:
        # Until its transaction ends, such a connection fires no triggers; only superusers may ask for it.
        flush(operations, ["SET LOCAL session_replication_role = replica", *statements])
        for module, function in MIGRATED:
            getattr(import_module(module), function)(apps, None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", unguarded)
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """In the end close what a server's thread, cut off by its browser, may still hold open: the database is dropped."""
    yield
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"
    with django_db_blocker.unblock():
        connection.close()  # a new one cannot be broken
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            cursor.execute(others, cursor.fetchone())


@pytest.fixture
def cast(db: None) -> Cast:
    """The people and workspaces that a test with a database starts from."""
    return make_cast()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server that the tests shared and remove its folder, once every worker is done with it."""
    if hasattr(config, "workerinput"):
        return
    cluster = Cluster(Path(DATA_DIR_OF_TESTS).resolve() / "postgres")
    supply.leave(cluster)
    supply.until_stopped(cluster, seconds_in_use=10)
    shutil.rmtree(DATA_DIR_OF_TESTS, ignore_errors=True)
