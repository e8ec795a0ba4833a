"""Scorer processes: they outlive workers, are never doubled, and say how they failed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Barrier, Thread

import pytest

from deployments.engines.contract import Phase, Seen
from deployments.engines.local import scorers
from tests.deployments.engines.harness import Caller, ask, score, single
from tests.deployments.engines.local.rig import LocalRig
from tests.mlops_console.machine import eventually, needs_proc

pytestmark = needs_proc
KILLED_WORKER = """
import os, signal, sys
from pathlib import Path
from deployments.engines.contract import Share, Traffic, Wanted, Workload
from deployments.engines.local.engine import LocalEngine
from deployments.planning.modes import Mode
folder, deployment, image, artifact = sys.argv[1:]
workload = Workload(key="a-1", composition="a", version="v1.0.0", image=image, artifact=artifact)
LocalEngine(Path(folder)).apply(Wanted(deployment, (workload,), Traffic(Mode.SINGLE, (Share("a-1"),))))
os.kill(os.getpid(), signal.SIGKILL)
"""


def failed(seen: Seen) -> bool:
    """Whether workload a-1 has failed."""
    return seen.phase("a-1") is Phase.FAILED


def test_a_scorer_of_a_killed_worker_is_adopted(caller: Caller, rig: LocalRig, deployment: str, model: Path) -> None:
    """It starts, serves and is stopped as if nothing had happened."""
    worker = [sys.executable, "-c", KILLED_WORKER, str(rig.folder), deployment, rig.image("good"), str(model)]
    assert subprocess.run(worker, check=False).returncode == -signal.SIGKILL
    assert eventually(lambda: rig.engine.observe(deployment).phase("a-1") is Phase.READY)
    pid = rig.pid(deployment, "a-1")
    seen = caller.reach(single(deployment, caller.workload("a-1")))
    assert score(seen.address).status == 200
    assert (rig.pid(deployment, "a-1"), seen.workloads["a-1"].restarts) == (pid, 0)


def test_workers_that_apply_at_once_start_one_process(caller: Caller, rig: LocalRig, deployment: str) -> None:
    """However many they are."""
    wanted = single(deployment, caller.workload("a-1"))
    barrier = Barrier(6)

    def apply() -> None:
        engine = rig.reopen()
        barrier.wait()
        for _ in range(3):
            engine.apply(wanted)

    workers = [Thread(target=apply) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    caller.reach(wanted)
    assert len(rig.processes(f"--base=/{deployment}.a-1")) == 2  # the scorer, and its guardian that names it
    assert len(rig.processes("--entrypoints")) == 2


def test_a_killed_scorer_says_so_and_is_started_again(
    caller: Caller, rig: LocalRig, deployment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a pause that grows."""
    wanted = single(deployment, caller.workload("a-1"))
    first = caller.reach(wanted).workloads["a-1"]
    rig.kill(deployment, "a-1")
    assert eventually(lambda: failed(rig.engine.observe(deployment)))
    seen = rig.engine.observe(deployment).workloads["a-1"]
    assert seen.cause.startswith("The scorer was killed by SIGKILL; its last words: ")
    assert seen.cause.endswith("It is ready.")
    rig.engine.apply(wanted)
    assert failed(rig.engine.observe(deployment))
    monkeypatch.setattr(scorers, "FIRST_PAUSE", 0.01)
    again = caller.reach(wanted).workloads["a-1"]
    assert again.restarts == 1
    assert again.since > first.since


def test_a_guardian_takes_its_scorer_along(caller: Caller, rig: LocalRig, deployment: str) -> None:
    """Nothing runs without somebody who notes its end."""
    caller.reach(single(deployment, caller.workload("a-1")))
    pid = rig.pid(deployment, "a-1")
    guardian = next(number for number in rig.processes(f"--base=/{deployment}.a-1") if number != pid)
    os.kill(guardian, signal.SIGKILL)
    assert eventually(lambda: failed(rig.engine.observe(deployment)))
    assert "vanished" in rig.engine.observe(deployment).workloads["a-1"].cause
    assert eventually(lambda: pid not in rig.processes())


def test_a_broken_model_fails_with_its_last_words(caller: Caller, deployment: str, tmp_path: Path) -> None:
    """And is not tried again and again."""
    artifact = tmp_path / "broken.json"
    artifact.write_text('{"kind": "linear", "inputs": []}')
    seen = caller.until(single(deployment, caller.workload("a-1", artifact=str(artifact))), failed)
    cause = seen.workloads["a-1"].cause
    assert "exit code 2" in cause
    assert "inputs is not a list of at least one input" in cause


def test_a_scorer_that_is_not_ready_in_time_is_stopped(caller: Caller, rig: LocalRig, deployment: str) -> None:
    """Its cause stays what it was."""
    wanted = single(deployment, caller.workload("a-1", kind="neverready", ready_within_seconds=4))
    caller.until(wanted, failed)
    rig.engine.apply(wanted)
    assert eventually(lambda: not rig.processes(f"--base=/{deployment}.a-1"))
    rig.engine.apply(wanted)
    seen = rig.engine.observe(deployment).workloads["a-1"]
    assert (seen.phase, seen.restarts) == (Phase.FAILED, 0)
    assert seen.cause == "The scorer was not ready within 4 s: /readyz answered 503."


def test_only_the_workloads_variables_reach_the_process(
    caller: Caller, rig: LocalRig, deployment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The console's secrets are in its own environment and stay there."""
    monkeypatch.setenv("SECRET_KEY", "of the console")
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    workload = caller.workload("a-1", environment={"SCORER_MAX_ROWS": "1"}, selector={"tier": "gold"})
    seen = caller.reach(single(deployment, workload))
    raw = Path(f"/proc/{rig.pid(deployment, 'a-1')}/environ").read_bytes().decode().split("\0")
    variables = dict(entry.split("=", 1) for entry in raw if entry)
    assert variables == {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "SCORER_MAX_ROWS": "1",
        "SCORER_SELECTOR": '{"tier": "gold"}',
    }
    assert ask(seen.address, "/model/score", '{"x": [1, 2]}').status == 400
    assert not [path for path in rig.folder.rglob("*.json") if "SCORER_MAX_ROWS" in path.read_text()]


@pytest.mark.parametrize("path", ["/model/schema", "/health/live?deep=1"])
def test_the_readiness_path_decides(caller: Caller, deployment: str, path: str) -> None:
    """One of the model's own or another."""
    seen = caller.reach(single(deployment, caller.workload("a-1", readiness_path=path)))
    assert ask(seen.address, path).status == 200
