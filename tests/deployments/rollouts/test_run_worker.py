"""`manage.py run_worker` as a process: woken by the database, stopped by a signal, not put off by a lost connection."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from deployments.actions.deployments import look_now
from deployments.models import Deployment, Lease
from tests.deployments.rollouts.stage import Stage, environment, is_healthy, until

pytestmark = pytest.mark.django_db(transaction=True)
TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"


@contextmanager
def at_work(data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """A worker that says it is ready, killed in the end if the test has not stopped it."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "run_worker"]
    with subprocess.Popen(
        command, env=environment(data_dir), cwd=data_dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "The worker is ready.\n"
            yield process
        finally:
            process.kill()


@pytest.fixture
def asleep(stage: Stage) -> Iterator[tuple[subprocess.Popen[str], Deployment]]:
    """A worker that has brought a deployment up and sleeps, for nothing is due for long."""
    deployment = stage.deployment(stage.runtime())
    with at_work(stage.data_dir) as process:
        until(lambda: is_healthy(deployment))
        until(lambda: Lease.objects.filter(until=None, look_at__gt=timezone.now() + timedelta(seconds=5)).exists())
        Lease.objects.update(look_at=timezone.now() + timedelta(minutes=10))
        time.sleep(0.3)
        yield process, deployment


def has_turned(epoch: int) -> bool:
    """Whether there was a turn since."""
    return Lease.objects.get().epoch > epoch


def test_a_wish_wakes_it_at_once(asleep: tuple[subprocess.Popen[str], Deployment]) -> None:
    _, deployment = asleep
    for _ in range(3):
        epoch = Lease.objects.get().epoch
        began = time.monotonic()
        look_now(deployment, timezone.now())
        until(partial(has_turned, epoch), seconds=5)
        assert time.monotonic() - began < 1
        until(lambda: Lease.objects.filter(until=None).exists())
        Lease.objects.update(look_at=timezone.now() + timedelta(minutes=10))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asleep_it_stops_at_once(asleep: tuple[subprocess.Popen[str], Deployment], number: signal.Signals) -> None:
    process, _ = asleep
    began = time.monotonic()
    process.send_signal(number)
    assert process.wait(10) == 0
    assert time.monotonic() - began < 2
    assert process.stderr
    assert process.stderr.read() == ""


def test_amid_a_turn_it_finishes_that_first(stage: Stage) -> None:
    deployment = stage.deployment(stage.runtime())
    with at_work(stage.data_dir) as process:
        until(lambda: Lease.objects.exclude(holder="").exists(), every=0.001)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stderr
        assert process.stderr.read() == ""
    lease = Lease.objects.get()
    assert (lease.holder, lease.until) == ("", None)
    assert [each.epoch for each in Lease.objects.all()] == [lease.epoch]
    assert Deployment.objects.get(pk=deployment.pk).health in ("LAUNCHING", "HEALTHY")


def test_it_goes_on_after_its_connections_were_cut(asleep: tuple[subprocess.Popen[str], Deployment]) -> None:
    process, deployment = asleep
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        cursor.execute(TERMINATE, cursor.fetchone())
    time.sleep(1.5)
    epoch = Lease.objects.get().epoch
    look_now(deployment, timezone.now())
    until(partial(has_turned, epoch), seconds=5)
    process.terminate()
    assert process.wait(10) == 0
    assert process.stderr
    assert "The database does not answer" in process.stderr.read()


@pytest.mark.parametrize("seconds", ["0", "-1", "1.5", "3601", "ten"])
def test_a_lease_that_is_none_is_refused(seconds: str) -> None:
    with pytest.raises(CommandError, match="is not a whole number of seconds from 1 to 3,600"):
        call_command("run_worker", f"--lease-seconds={seconds}")
