"""Running the real `manage.py up` and looking at it from outside."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.conf import settings

from mlops_console.database.cluster import DATABASE, SUPERUSER, Cluster
from tests.mlops_console.machine import processes_naming

SECONDS_TO_START = 90
SECONDS_TO_STOP = 30
NOT_OURS = {"DJANGO_SETTINGS_MODULE", "SECRET_KEY", "DATA_DIR", "DATABASE_URL", "PYTEST_CURRENT_TEST"}
READY = "MLOps Console is ready: "


@dataclass
class Console:
    """A running console."""

    process: subprocess.Popen[str]
    url: str
    data_dir: Path

    @property
    def port(self) -> int:
        """Where it listens."""
        return urlsplit(self.url).port or 0

    def note(self) -> dict[str, Any]:
        """What demo.json says."""
        content: dict[str, Any] = json.loads((self.data_dir / "demo.json").read_text())
        return content

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a GET."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """What its embedded database answers; nothing where it does not."""
        home = self.data_dir / "postgres"
        try:
            with psycopg.connect(
                host=str(Cluster(home.resolve()).sockets), user=SUPERUSER, dbname=DATABASE
            ) as database:
                cursor = database.execute(statement.encode())
                return cursor.fetchall() if cursor.description else []
        except psycopg.OperationalError:
            return []

    def healths(self) -> list[str]:
        """How its deployments are."""
        return [row[0] for row in self.sql("SELECT health FROM deployments_deployment")]

    def scorers(self) -> dict[int, str]:
        """The scorer processes of its data folder."""
        found = processes_naming("-m deployments.engines.local.scorer ", within=self.data_dir)
        return {pid: line for pid, line in found.items() if "guardian" not in line}

    def stop(self, number: signal.Signals) -> int:
        """Send a signal and wait for the end; answers the exit code."""
        self.process.send_signal(number)
        return self.process.wait(SECONDS_TO_STOP)


def environment(**changes: str) -> dict[str, str]:
    """The environment without what the test suite put there."""
    return {name: value for name, value in os.environ.items() if name not in NOT_OURS} | changes


def up(data_dir: Path, *options: str) -> list[str]:
    """The command line of `up` on a data folder."""
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), "up", "--data-dir", str(data_dir), *options]


@contextmanager
def running(data_dir: Path, *options: str, prefix: Sequence[str] = ()) -> Iterator[Console]:
    """A console that is ready, killed at the end if the test has not stopped it."""
    command = [*prefix, *up(data_dir, *options)]
    elsewhere = data_dir.parent  # it must not matter where one stands
    with subprocess.Popen(command, cwd=elsewhere, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Console(process, _ready_url(process), data_dir)
        finally:
            process.kill()


def failing(command: list[str], **env: str) -> tuple[int, str]:
    """Exit code and stderr of a command that is expected to fail."""
    ended = subprocess.run(
        command, env=environment(**env), capture_output=True, text=True, timeout=SECONDS_TO_START, check=False
    )
    return ended.returncode, ended.stderr


def _ready_url(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    for line in process.stdout:
        if line.startswith(READY):
            return line.removeprefix(READY).strip()
    raise AssertionError(f"it ended with exit code {process.wait()} before it was ready")
