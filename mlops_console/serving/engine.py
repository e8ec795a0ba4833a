"""Scorers and router for as long as a console runs on a data folder."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from django.core.management import call_command
from django.db import connection

EMBEDDED: Final = "mlops_console.database.embedded"


@contextmanager
def engine_kept(data_dir: Path) -> Iterator[None]:
    """Clear what a killed console has left running, and stop what runs in the end.

    Consoles that share a data folder share its engine: only the first clears, only the last stops. Where the database
    is elsewhere, workers of other machines and services may be at work, and leftovers are theirs to adopt.
    """
    with (data_dir / "up.lock").open("ab") as lock:
        if _is_alone(lock) and connection.settings_dict["ENGINE"] == EMBEDDED:
            call_command("stop_engine", now=True)
        fcntl.flock(lock, fcntl.LOCK_SH)
        try:
            yield
        finally:
            if _is_alone(lock):
                call_command("stop_engine")


def _is_alone(lock: IO[bytes]) -> bool:
    """Whether no other console holds the lock, which is then this one's alone."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
