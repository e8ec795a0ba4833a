"""Whether this process can serve: the database answers in time and has the tables that this code expects."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future
from typing import Final

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from mlops_console.faults import StartFault

_LOG: Final = logging.getLogger(__name__)
SECONDS_TO_ANSWER: Final = 2.0

_guard = threading.Lock()
_question: Future[str] | None = None
_is_migrated = False
_is_told = False  # whether the log knows already why the database does not answer


def fault() -> str:
    """Why this process cannot serve, in words for everybody; nothing where it can. Answers within two seconds.

    The database is asked from a thread, one at a time: where nothing times out, only that one waits for ever.
    """
    global _question
    with _guard:
        if _question is None or _question.done():
            _question = Future()
            threading.Thread(target=_ask, args=(_question,), name="readiness", daemon=True).start()
        question = _question
    try:
        return question.result(SECONDS_TO_ANSWER)
    except TimeoutError:
        return f"database: no answer within {SECONDS_TO_ANSWER:.0f} seconds"


def _ask(question: Future[str]) -> None:
    global _is_told
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        answer = _unapplied()
        _is_told = False
    except (DatabaseError, StartFault) as error:
        # Told once, and not to everybody: it may name hosts and accounts.
        if not _is_told:
            _LOG.warning("Not ready, as the database does not answer: %s", " ".join(str(error).split()))
        _is_told, answer = True, "database: it does not answer; the log tells why"
    except Exception as error:  # noqa: BLE001 - raised where the answer is waited for
        question.set_exception(error)
        return
    finally:
        connection.close()
    question.set_result(answer)


def _unapplied() -> str:
    """Which migrations are missing. Once there is none, nobody looks again: this code will not get more of them."""
    global _is_migrated
    if not _is_migrated:
        executor = MigrationExecutor(connection)
        missing = [migration for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]
        if missing:
            return f"migrations: {len(missing)} not applied, the first is {missing[0]}"
        _is_migrated = True
    return ""
