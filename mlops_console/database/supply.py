"""Having an embedded server while one needs it: join, start what is not running, leave."""

from __future__ import annotations

import atexit
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg import sql

from mlops_console.database import keeper
from mlops_console.database.cluster import DATABASE, SUPERUSER, Cluster, plain_environment
from mlops_console.faults import StartFault

SECONDS_TO_START = 60
SECONDS_TO_STOP = keeper.SECONDS_TO_STOP + 10
STARTS = 3
BLINK = 0.02

_guard = threading.RLock()
_joined: dict[Path, int] = {}  # descriptors, which unlike files nobody closes before the process ends


def join(cluster: Cluster) -> None:
    """Count this process among the users of the server until it ends; raises StartFault for a folder it cannot use."""
    with _guard:
        if cluster.home in _joined:
            return
        try:
            cluster.home.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(cluster.home / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StartFault(f"the data folder {cluster.home.parent} cannot be used: {error.strerror}") from None
        fcntl.flock(descriptor, fcntl.LOCK_SH)  # waits while the server is being stopped
        _joined[cluster.home] = descriptor


def ensure(cluster: Cluster) -> None:
    """Return once the server answers and holds the console's database; raises StartFault when it cannot run."""
    join(cluster)
    with _guard, _locked(cluster.home / "start.lock"):
        try:
            deadline = time.monotonic() + SECONDS_TO_START
            while not _answers(cluster):
                if _is_free(cluster.home / "keeper.lock", fcntl.LOCK_EX):
                    _start(cluster)
                elif time.monotonic() > deadline:
                    raise StartFault(f"the embedded PostgreSQL in {cluster.home} runs and does not answer")
                time.sleep(BLINK)  # it is recovering from a crash of one of its processes
            _create_database(cluster)
        except OSError as error:
            raise StartFault(f"the database in {cluster.home} cannot be used: {error}") from None


def leave(cluster: Cluster) -> None:
    """Stop counting this process; if it was the last one, return when the server has stopped."""
    with _guard:
        descriptor = _joined.pop(cluster.home, None)
        if descriptor is not None:
            os.close(descriptor)
    until_stopped(cluster, seconds_in_use=0.3)


def until_stopped(cluster: Cluster, *, seconds_in_use: float) -> bool:
    """Wait for the server to stop; gives up after so many seconds on end in which somebody still uses it."""
    users = cluster.home / "users.lock"
    deadline = time.monotonic() + SECONDS_TO_STOP
    patience = time.monotonic() + seconds_in_use
    while time.monotonic() < deadline:
        if _is_free(cluster.home / "keeper.lock", fcntl.LOCK_EX):
            return True
        # free to all: the keeper is about to take it; free to none: the keeper has it and is stopping the server
        if _is_free(users, fcntl.LOCK_EX) or not _is_free(users, fcntl.LOCK_SH):
            patience = time.monotonic() + seconds_in_use
        elif time.monotonic() > patience:
            return False
        time.sleep(BLINK)
    return False


def _start(cluster: Cluster) -> None:
    for attempt in range(1, STARTS + 1):
        _clear_leftover(cluster)
        account = cluster.prepare()
        command = [sys.executable, "-I", "-S", keeper.__file__, str(cluster.home), str(cluster.log)]
        process = subprocess.Popen(
            [*command, *cluster.command(account)],
            cwd="/",
            env=plain_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in a terminal reaches the console, which then lets go of the server
        )
        if _comes_up(cluster, process):
            # reaps the keeper, should the server go before this process does
            threading.Thread(target=process.wait, daemon=True).start()
            atexit.register(_leave_from, os.getpid(), cluster)
            return
        time.sleep(attempt * 0.5)  # children of a killed server take a moment to notice
    raise StartFault(f"the embedded PostgreSQL does not start ({cluster.log}): {cluster.last_words()}")


def _comes_up(cluster: Cluster, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + SECONDS_TO_START
    while process.poll() is None:
        if _answers(cluster):
            return True
        if time.monotonic() > deadline:
            process.terminate()
            return False
        time.sleep(BLINK)
    return False


def _clear_leftover(cluster: Cluster) -> None:
    """Stop a server that has lost its keeper, and drop the note of one that is gone.

    PostgreSQL takes any process that has the noted number for itself, and in a restarted container there often is one.
    """
    note = cluster.data / "postmaster.pid"
    with suppress(FileNotFoundError, ValueError, IndexError):
        pid = int(note.read_text(encoding="utf-8").splitlines()[0])
        deadline = time.monotonic() + SECONDS_TO_STOP
        while _is_server(pid, cluster) and time.monotonic() < deadline:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
            time.sleep(0.1)
        note.unlink()


def _is_server(pid: int, cluster: Cluster) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        if Path("/proc/self").exists():
            return False
        ask = ["ps", "-p", str(pid), "-o", "args="]
        command = subprocess.run(ask, capture_output=True, check=False).stdout
    return os.fsencode(cluster.data) in command


def _answers(cluster: Cluster) -> bool:
    try:
        with _connection(cluster) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError as error:
        return "too many clients" in str(error)
    return True


def _create_database(cluster: Cluster) -> None:
    with _connection(cluster) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def _connection(cluster: Cluster) -> psycopg.Connection:
    return psycopg.connect(
        host=str(cluster.sockets), user=SUPERUSER, dbname="postgres", connect_timeout=5, autocommit=True
    )


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    with file.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _is_free(file: Path, kind: int) -> bool:
    try:
        with file.open("r") as handle:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except FileNotFoundError:
        return True
    except BlockingIOError:
        return False
    return True


def _leave_from(pid: int, cluster: Cluster) -> None:
    if os.getpid() == pid:
        leave(cluster)


def _forget() -> None:
    """A forked child shares its parent's locks until it lets go of its copies; it joins for itself when it connects."""
    global _guard
    _guard = threading.RLock()
    for descriptor in _joined.values():
        os.close(descriptor)
    _joined.clear()


os.register_at_fork(after_in_child=_forget)
