"""Runs a server for as long as anybody uses it, and not longer.

Users hold a shared lock on one file. The keeper waits for the exclusive one: it gets that when the last user is gone,
however they went, and then stops the server. The kernel does the counting. If the keeper itself is killed, the kernel
interrupts the server. This file runs by itself, outside Django: `python keeper.py FOLDER LOG COMMAND...`.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

SECONDS_TO_STOP = 20
LARGEST_LOG = 1_000_000


def keep(folder: Path, log: Path, command: list[str]) -> int:
    """Run the command until nobody holds the users' lock; answers its exit code."""
    # never closed: only the end of this process gives the locks back
    own = os.open(folder / "keeper.lock", os.O_RDWR | os.O_CREAT, 0o600)
    users = os.open(folder / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(own, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return 0  # another keeper is at work
    with log.open("wb" if log.exists() and log.stat().st_size > LARGEST_LOG else "ab") as out:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    threading.Thread(target=_stop_when_unused, args=(users, server), daemon=True).start()
    return server.wait()


def _stop_when_unused(users: int, server: subprocess.Popen[bytes]) -> None:
    fcntl.flock(users, fcntl.LOCK_EX)
    server.send_signal(signal.SIGINT)
    try:
        server.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)


if __name__ == "__main__":
    sys.exit(keep(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
