"""A console and a cluster, measured step by step; to be imported once the settings have been read."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from django.db import connection

from bench.fleet.calls import Auditor
from bench.fleet.console import PERSON, WORKSPACE, Console
from bench.fleet.measures import Measured, Rest, Run
from bench.fleet.plain import Plain
from bench.fleet.web import memory_of_web
from bench.fleet.workers import SECONDS_TO_START, Worker, until, working
from deployments.engines.kubernetes.pictures import KINDS
from mlops_console.database import supply
from mlops_console.database.cluster import Cluster
from tests.kubernetes.control_plane import ControlPlane

SETTLE_SECONDS: Final = 10.0
REST_SECONDS: Final = 20.0
ALONE: Final = 9  # upgrades one after the other


def measure(
    folder: Path, plane: ControlPlane, measured: Measured, workers: Sequence[int], say: Callable[[str], None]
) -> None:
    """All of it, on the database of the settings, which is stopped in the end; raises TimeoutError."""
    try:
        _Measuring(folder, plane, measured, say).all(workers)
    finally:
        connection.close()
        supply.leave(Cluster(folder.resolve() / "postgres"))


class _Measuring:
    def __init__(self, folder: Path, plane: ControlPlane, measured: Measured, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._plane = plane
        self._measured = measured
        self._say = say
        self._count = measured.deployments
        self._patience = 180.0 + 3.0 * self._count  # seconds for any step
        self._console = Console()
        measured.versions = {
            "Kubernetes": json.loads(plane.kubectl("get", "--raw", "/version"))["gitVersion"],
            "PostgreSQL": str(connection.cursor().connection.info.server_version // 10_000),
        }
        self._plain = Plain(plane, measured.replicas)

    def all(self, workers: Sequence[int]) -> None:
        """All of it."""
        self._console.fill(self._count, self._measured.replicas)
        self._say(f"{self._count} deployments are written")
        with working(1, self._folder):
            until(lambda: self._console.healthy() == self._count, "all are healthy", self._patience, pause=1)
            # The first upgrade is cheaper than all that follow: nothing has to go yet of a version before the last.
            self._console.upgrade(self._console.uids).waited_for(self._patience)
        self._say("they are healthy, and were upgraded once")
        self._plain.copy(self._patience)
        self._say("copied")
        self._roll("0")
        for count in workers:
            self._upgrade(count)
        self._roll("1")
        self._one_at_a_time()
        self._measured.web = memory_of_web(PERSON, self._console.password, self._pages())
        self._say("pages were asked for")

    def _roll(self, tag: str) -> None:
        run = Run(0, self._count)
        run.seconds, run.seconds_each = self._plain.roll(f"registry.example.org/plain:{tag}", self._patience)
        run.load = os.getloadavg()[0]
        self._measured.plain.append(run)
        self._say(f"rolled without the console in {run.seconds:.0f} s")

    def _upgrade(self, count: int) -> None:
        began, auditor = time.monotonic(), Auditor(self._plane)
        run = Run(count, self._count)
        with working(count, self._folder) as workers:
            started = time.monotonic() - began
            # Each has listed a kind before it watches it.
            watches = count * len(KINDS)
            until(lambda: auditor.calls().watches >= watches, "the watches are open", SECONDS_TO_START, pause=0.1)
            self._measured.rest.append(self._rest(workers, started, time.monotonic() - began))
            auditor, cpu, turns = Auditor(self._plane), _cpu(workers), _turns(workers)
            transactions = self._console.transactions()
            upgrades = self._console.upgrade(self._console.uids)
            run.seconds = upgrades.waited_for(self._patience)
            run.cpu_seconds, run.load = _cpu(workers) - cpu, os.getloadavg()[0]
            run.transactions = self._console.transactions() - transactions
            run.turns = _turns(workers) - turns
            run.memory_peak = [each.peak for each in workers]
            run.resident_peak = [each.resident_peak() for each in workers]
        run.calls = auditor.calls()
        run.seconds_each = upgrades.seconds_each()
        run.failures = upgrades.failures()
        self._measured.runs.append(run)
        self._say(f"upgraded by {count} in {run.seconds:.0f} s, {run.failures.total()} failed")

    def _rest(self, workers: Sequence[Worker], seconds_to_start: float, seconds_to_sync: float) -> Rest:
        """What workers cost that have nothing to do, once they have seen to what they found."""
        time.sleep(SETTLE_SECONDS)
        auditor, cpu, turns = Auditor(self._plane), _cpu(workers), _turns(workers)
        time.sleep(REST_SECONDS)
        minutes = REST_SECONDS / 60
        return Rest(
            workers=len(workers),
            seconds_to_start=seconds_to_start,
            seconds_to_sync=seconds_to_sync,
            memory=[each.memory() for each in workers],
            cpu_ms_a_second=1000 * (_cpu(workers) - cpu) / REST_SECONDS,
            calls_a_minute=auditor.calls().count / minutes,
            turns_a_minute=(_turns(workers) - turns).total() / minutes,
        )

    def _one_at_a_time(self) -> None:
        """Upgrades that have the cluster and the worker for themselves, and the same without the console."""
        with working(1, self._folder) as workers:
            until(lambda: _turns(workers), "the worker has looked at something", SECONDS_TO_START)
            time.sleep(SETTLE_SECONDS)
            for number in range(min(ALONE, self._count)):
                upgrades = self._console.upgrade([self._console.uids[number]])
                self._measured.alone.append(upgrades.waited_for(self._patience))
                took, _ = self._plain.roll(f"registry.example.org/plain:one-{number}", self._patience, only=number)
                self._measured.plain_alone.append(took)
        self._say("upgraded one at a time")

    def _pages(self) -> list[str]:
        within = f"/workspaces/{WORKSPACE}"
        one = f"{within}/deployments/{self._console.uids[0]}/"
        return ["/", f"{within}/deployments/", one, f"{one}upgrade/", f"{within}/rollouts/", f"{within}/audit/"]


def _cpu(workers: Sequence[Worker]) -> float:
    return sum(each.cpu_seconds() for each in workers)


def _turns(workers: Sequence[Worker]) -> Counter[str]:
    return sum((each.turns() for each in workers), Counter())
