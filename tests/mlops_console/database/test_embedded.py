"""The embedded server: started when needed, mended when killed, gone when the last user is."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError, connections

from mlops_console.database import supply
from mlops_console.database.cluster import DATABASE, SUPERUSER, Cluster
from mlops_console.database.embedded.base import DatabaseWrapper
from mlops_console.faults import StartFault
from tests.mlops_console.machine import as_nobody, eventually, needs_proc, needs_root, processes_naming

pytestmark = needs_proc

USE = """
import sys
from pathlib import Path
from mlops_console.database import supply
from mlops_console.database.cluster import Cluster
supply.ensure(Cluster(Path(sys.argv[1]), durable=False))
print("ready", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path / "postgres", durable=False)
    yield cluster
    supply.leave(cluster)
    assert supply.until_stopped(cluster, seconds_in_use=10)


@contextmanager
def another_user(cluster: Cluster, prefix: list[str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """Another process that uses the server until it is ended."""
    command = [*(prefix or []), sys.executable, "-c", USE, str(cluster.home)]
    with subprocess.Popen(
        command, cwd=settings.BASE_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


@pytest.fixture
def connection(cluster: Cluster, django_db_blocker: Any) -> Iterator[DatabaseWrapper]:
    """A Django connection to the cluster."""
    ours = connections["default"].settings_dict
    connection = DatabaseWrapper({**ours, "DATA_DIR": cluster.home.parent, "NAME": DATABASE}, "embedded")
    connections["embedded"] = connection
    with django_db_blocker.unblock():
        yield connection
        connection.close()
    del connections["embedded"]


def one(cluster: Cluster, query: str) -> object:
    with psycopg.connect(host=str(cluster.sockets), user=SUPERUSER, dbname=DATABASE) as connection:
        row = connection.execute(query.encode()).fetchone()
        return row[0] if row else None


def postmaster(cluster: Cluster) -> int:
    return int((cluster.data / "postmaster.pid").read_text().splitlines()[0])


def keeper(cluster: Cluster) -> int:
    [pid] = [pid for pid, command in processes_naming(cluster.home).items() if "keeper.py" in command]
    return pid


def test_first_use_starts_it_and_the_last_leaving_stops_it(cluster: Cluster) -> None:
    supply.ensure(cluster)
    assert one(cluster, "SHOW server_encoding") == "UTF8"
    assert one(cluster, "SHOW listen_addresses") == ""
    assert one(cluster, "SELECT datlocale FROM pg_database WHERE datname = current_database()") == "C.UTF-8"
    assert cluster.data.stat().st_mode & 0o077 == 0
    assert cluster.sockets.stat().st_mode & 0o077 == 0

    supply.leave(cluster)

    assert not processes_naming(cluster.home)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGQUIT, signal.SIGTERM], ids=lambda how: how.name)
def test_a_server_killed_under_a_connection_is_started_by_the_next(
    cluster: Cluster, connection: DatabaseWrapper, how: signal.Signals
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept AS SELECT 7 AS n")
    before = postmaster(cluster)
    os.kill(before, how)
    if how == signal.SIGTERM:  # a smart shutdown waits for its guests
        connection.close()
    else:
        with pytest.raises(OperationalError), connection.cursor() as cursor:
            cursor.execute("SELECT n, pg_sleep(2) FROM kept")
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT n FROM kept")
        assert cursor.fetchone() == (7,)
    assert postmaster(cluster) != before


def test_a_crash_of_one_backend_is_waited_out(cluster: Cluster, connection: DatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [backend] = cursor.fetchone()
    before = postmaster(cluster)
    with psycopg.connect(host=str(cluster.sockets), user=SUPERUSER, dbname=DATABASE) as bystander:
        os.kill(backend, signal.SIGKILL)
        # until the server has noticed the crash, it lets people in and throws them out again
        with pytest.raises(psycopg.OperationalError):
            bystander.execute("SELECT pg_sleep(60)")
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert postmaster(cluster) == before


def test_a_note_that_names_a_stranger_does_not_keep_it_from_starting(cluster: Cluster) -> None:
    supply.ensure(cluster)
    os.kill(postmaster(cluster), signal.SIGKILL)
    note = cluster.data / "postmaster.pid"
    lines = note.read_text().splitlines()
    note.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")

    supply.ensure(cluster)

    assert one(cluster, "SELECT 1") == 1
    assert postmaster(cluster) != os.getpid()


@pytest.mark.skipif(not shutil.which("setpriv"), reason="needs setpriv of util-linux")
def test_a_server_whose_keeper_is_killed_goes_too(cluster: Cluster) -> None:
    supply.ensure(cluster)
    os.kill(keeper(cluster), signal.SIGKILL)

    assert eventually(lambda: not processes_naming(cluster.home))
    supply.ensure(cluster)
    assert one(cluster, "SELECT 1") == 1


def test_it_stays_while_another_process_uses_it_and_goes_when_that_is_killed(cluster: Cluster) -> None:
    supply.ensure(cluster)
    with another_user(cluster) as other:
        supply.leave(cluster)
        assert one(cluster, "SELECT 1") == 1
        other.send_signal(signal.SIGKILL)
        assert eventually(lambda: not processes_naming(cluster.home))


def test_two_first_starts_at_once_share_one_server(cluster: Cluster) -> None:
    with another_user(cluster), another_user(cluster):
        supply.ensure(cluster)
        assert len([c for c in processes_naming(cluster.home).values() if "keeper.py" in c]) == 1


def test_an_interrupted_first_start_is_begun_again(cluster: Cluster) -> None:
    (cluster.home / "data.new" / "base").mkdir(parents=True)
    supply.ensure(cluster)
    assert one(cluster, "SELECT 1") == 1
    assert not (cluster.home / "data.new").exists()


@pytest.mark.parametrize("name", ["deep-" * 30, "with,comma", "mit Leerzeichen und ü"], ids=["long", "comma", "space"])
def test_any_folder_name_will_do(tmp_path: Path, name: str) -> None:
    cluster = Cluster(tmp_path / name / "postgres", durable=False)
    try:
        supply.ensure(cluster)
        assert one(cluster, "SELECT 1") == 1
    finally:
        supply.leave(cluster)
    if cluster.sockets.parent == Path("/tmp"):
        cluster.sockets.rmdir()


def test_a_socket_folder_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path / ("deep-" * 30) / "postgres", durable=False)
    cluster.sockets.mkdir()
    cluster.sockets.chmod(0o777)
    try:
        with pytest.raises(StartFault, match="not a private folder"):
            supply.ensure(cluster)
    finally:
        cluster.sockets.rmdir()
        supply.leave(cluster)


def test_data_of_another_major_version_is_refused(cluster: Cluster) -> None:
    cluster.data.mkdir(parents=True)
    (cluster.data / "PG_VERSION").write_text("17\n")
    with pytest.raises(StartFault, match="is of PostgreSQL 17"):
        supply.ensure(cluster)


def test_a_server_that_does_not_start_says_why(cluster: Cluster) -> None:
    supply.ensure(cluster)
    supply.leave(cluster)
    (cluster.data / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(StartFault, match=r"does not start.*(no_such_setting|configuration file)"):
        supply.ensure(cluster)


@needs_root
def test_another_user_of_this_machine_has_a_server_of_their_own_at_the_same_time(cluster: Cluster) -> None:
    supply.ensure(cluster)
    with tempfile.TemporaryDirectory() as folder:
        shutil.chown(folder, "nobody")
        theirs = Cluster(Path(folder) / "postgres", durable=False)
        with another_user(theirs, as_nobody([])) as other:
            assert one(cluster, "SELECT 1") == 1
            assert theirs.data.owner() == "nobody"
            other.terminate()
        assert eventually(lambda: not processes_naming(folder))


@needs_root
def test_root_may_use_what_another_user_made(cluster: Cluster) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shutil.chown(folder, "nobody")
        theirs = Cluster(Path(folder) / "postgres", durable=False)
        with another_user(theirs, as_nobody([])):
            pass
        supply.ensure(theirs)
        assert one(theirs, "SELECT 1") == 1
        assert theirs.data.owner() == "nobody"
        supply.leave(theirs)
