"""What every test may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.backends.base.operations import BaseDatabaseOperations

from tests.cast import Cast, make_cast


@pytest.fixture(scope="session", autouse=True)
def flush_past_the_audit_triggers() -> Iterator[None]:
    """Let the flush after a transactional test empty the audit trail, which refuses that to everybody else."""
    flush = BaseDatabaseOperations.execute_sql_flush

    def unguarded(operations: Any, statements: list[str]) -> None:
        # Until its transaction ends, such a connection fires no triggers; only superusers may ask for it.
        flush(operations, ["SET LOCAL session_replication_role = replica", *statements])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", unguarded)
        yield


@pytest.fixture
def cast(db: None) -> Cast:
    """The people and workspaces that a test with a database starts from."""
    return make_cast()
