"""What `manage.py run_worker` tells of itself, asked from outside."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from deployments.actions.deployments import look_now
from deployments.models import Lease
from mlops_console.faults import StartFault
from tests.deployments.rollouts.stage import Stage, environment, is_healthy, until
from tests.mlops_console.machine import needs_proc
from tests.mlops_console.observing.samples import Samples, samples, total, value

TOKEN = "only-for-scrapes-of-this-test-0123456789"


class Watched:
    """A worker and the address where it tells how it is doing."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        assert process.stdout.readline() == "The worker is ready.\n"
        said = process.stdout.readline().removeprefix("How it is doing: ")
        self.process, self.port = process, urlsplit(said.split("/healthz")[0]).port or 0

    def ask(self, path: str, **headers: str) -> tuple[int, str]:
        """Status and body."""
        asking = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        asking.request("GET", path, headers=headers)
        answer = asking.getresponse()
        try:
            return answer.status, answer.read().decode()
        finally:
            asking.close()

    def scrape(self, **headers: str) -> Samples:
        """What it tells."""
        status, text = self.ask("/metrics", **headers)
        assert status == http.client.OK
        return samples(text)


@contextmanager
def watched(data_dir: Path, *options: str, **changes: str) -> Iterator[Watched]:
    """A worker that is ready; killed in the end."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "run_worker", "--metrics-port=0", *options]
    with subprocess.Popen(
        command, env=environment(data_dir, **changes), cwd=data_dir, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Watched(process)
        finally:
            process.kill()


@pytest.mark.django_db(transaction=True)
@needs_proc
def test_a_worker_tells_its_turns_and_what_it_takes(stage: Stage) -> None:
    deployment = stage.deployment(stage.runtime())
    with watched(stage.data_dir) as worker:
        until(lambda: is_healthy(deployment))
        until(lambda: Lease.objects.filter(until=None).exists())
        told = worker.scrape()
        done = value(told, "worker_turns_total", outcome="done")
        assert done > 0
        assert value(told, "worker_turn_duration_seconds_count") == total(told, "worker_turns_total")
        assert told["process_resident_memory_bytes", frozenset()] > 1e6
        assert told["process_cpu_seconds_total", frozenset()] > 0
        look_now(deployment, timezone.now())
        until(lambda: value(worker.scrape(), "worker_turns_total", outcome="done") > done)
        assert worker.ask("/healthz") == (200, "ok\n")
        worker.process.terminate()
        assert worker.process.wait(60) == 0


@pytest.mark.django_db(transaction=True)
def test_a_worker_whose_loop_hangs_is_dead_to_its_probe_and_alive_once_it_goes_on(stage: Stage) -> None:
    with watched(stage.data_dir, "--stuck-seconds=8") as worker:
        assert worker.ask("/healthz")[0] == 200
        place = connection.settings_dict
        with psycopg.connect(host=str(place["HOST"]), user=place["USER"], dbname=place["NAME"]) as other:
            # Whatever the worker wants of its leases waits as long as this transaction lasts.
            other.execute("LOCK TABLE deployments_lease IN ACCESS EXCLUSIVE MODE")
            until(lambda: worker.ask("/healthz")[0] == 503, seconds=60)
            assert "the loop has not come round for" in worker.ask("/healthz")[1]
            assert value(worker.scrape(), "worker_since_round_seconds") > 8
        until(lambda: worker.ask("/healthz")[0] == 200, seconds=60)


@pytest.mark.django_db(transaction=True)
def test_a_worker_without_its_database_goes_on_trying_and_lives(stage: Stage) -> None:
    url = "postgresql://nobody@127.0.0.1:1/none"
    with watched(stage.data_dir, "--stuck-seconds=15", DATABASE_URL=url) as worker:
        until(lambda: value(worker.scrape(), "worker_turns_total", outcome="database_fault") >= 2, seconds=60)
        assert worker.ask("/healthz")[0] == 200


@pytest.mark.django_db(transaction=True)
def test_where_a_token_is_set_a_worker_asks_for_it(stage: Stage) -> None:
    with watched(stage.data_dir, METRICS_TOKEN=TOKEN) as worker:
        assert worker.ask("/metrics")[0] == 401
        assert worker.scrape(Authorization=f"Bearer {TOKEN}")
        assert worker.ask("/healthz")[0] == 200


def test_a_port_that_is_taken_is_said_in_a_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartFault, match=f"port {port} on 127.0.0.1 is taken: give another with --metrics-port"):
            call_command("run_worker", f"--metrics-port={port}")


@pytest.mark.parametrize("option", ["--metrics-port=70000", "--metrics-port=x", "--stuck-seconds=0"])
def test_an_option_that_is_none_is_refused(option: str) -> None:
    with pytest.raises(CommandError):
        call_command("run_worker", option)
