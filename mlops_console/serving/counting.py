"""Counting together: the processes of one web server write to one folder, and whichever is scraped tells the sum.

Left alone, prometheus-client names its files after process ids, and those of processes that have ended stay for ever.
Ours are named after places: a process takes the first that is free, with the files of whoever had it before, and
counts on from there. So sums never fall, and there are no more files than processes at a time. The kernel knows which
places and folders are in use: they are locked, and unlocked by the end of whoever holds them.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from itertools import count
from pathlib import Path
from typing import Final

from prometheus_client import values

from mlops_console.faults import StartFault

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"  # where prometheus-client looks for it
LOCK: Final = "lock"
_place = 0


def count_together(data_dir: Path) -> None:
    """Make a folder for this web server before it forks, and drop those of ended ones; raises StartFault."""
    home = data_dir / "metrics"
    try:
        home.mkdir(parents=True, exist_ok=True)
        # A folder is not locked until a moment after it was made: nobody drops any meanwhile.
        one_at_a_time = _opened(home / LOCK)
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        for other in home.glob("web-*"):
            _drop_unless_used(other)
        folder = tempfile.mkdtemp(prefix="web-", dir=home)
        # Never closed: processes inherit it, and as long as one of them lives the folder is in use.
        fcntl.flock(_opened(Path(folder) / LOCK), fcntl.LOCK_EX)
        os.close(one_at_a_time)
    except OSError as error:
        raise StartFault(f"the folder {home} cannot be used: {error.strerror}") from None
    os.environ[FOLDER] = folder
    values.ValueClass = values.MultiProcessValue(lambda: _place)  # type: ignore[no-untyped-call]


def take_place() -> None:
    """Take the first free place, in a process that was just forked."""
    global _place
    for number in count(1):
        lock = _opened(Path(os.environ[FOLDER]) / f"{number}.{LOCK}")
        if _is_had(lock):
            _place = number
            return
        os.close(lock)


def forget_counts() -> None:
    """Remove the folder when the web server ends."""
    shutil.rmtree(os.environ[FOLDER], ignore_errors=True)


def _drop_unless_used(folder: Path) -> None:
    lock = _opened(folder / LOCK)
    if _is_had(lock):
        shutil.rmtree(folder)
    os.close(lock)


def _opened(file: Path) -> int:
    return os.open(file, os.O_RDWR | os.O_CREAT, 0o600)


def _is_had(lock: int) -> bool:
    """Whether a lock was free, and is this process's from now on."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
