"""What looks after a program."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from deployments.engines.contract import EngineFault
from deployments.engines.local.files import sole
from deployments.engines.local.guarded import Ended, Guarded, launch, wait_until
from deployments.engines.local.marks import mark_of
from tests.mlops_console.machine import eventually, needs_proc

pytestmark = needs_proc
SLEEP = "import time; print('here', flush=True); time.sleep(60)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(60)"
)


def started(folder: Path, program: str, *, grace: float = 5.0) -> Guarded:
    """A Python program under a guardian."""
    folder.mkdir(exist_ok=True)
    with sole(folder / "lock") as lock:
        assert lock is not None
        launch(folder, lock, [sys.executable, "-S", "-c", program], {}, grace=grace)
    run = Guarded(folder)
    assert eventually(lambda: run.begun)
    return run


def test_it_notes_how_a_program_ended(tmp_path: Path) -> None:
    """Exit code and last line, and lets go of the lock."""
    run = started(tmp_path / "run", "print('first'); print('last'); print(); raise SystemExit(7)")
    assert eventually(run.ended)
    assert end_of(run).code == 7
    assert run.last_words() == "last"
    assert not run.alive()
    assert eventually(lambda: free(run))


def end_of(run: Guarded) -> Ended:
    """How a run ended."""
    ended = run.ended()
    assert ended
    return ended


def free(run: Guarded) -> bool:
    """Whether nobody holds a run's lock."""
    with sole(run.folder / "lock") as lock:
        return lock is not None


def test_it_keeps_the_lock_while_the_program_runs(tmp_path: Path) -> None:
    """Whoever started it may be long gone; killing ends both."""
    run = started(tmp_path / "run", SLEEP)
    assert run.alive()
    assert not free(run)
    run.kill()
    assert wait_until([run], 5) == []
    assert end_of(run).code == -signal.SIGKILL


def test_it_passes_sigterm_on_and_loses_patience(tmp_path: Path) -> None:
    """Asking twice does not prolong the grace."""
    willing, stubborn = started(tmp_path / "a", SLEEP), started(tmp_path / "b", STUBBORN, grace=0.5)
    assert eventually(lambda: stubborn.last_words() and willing.last_words())
    for run in (willing, stubborn, stubborn):
        run.ask_to_stop()
    assert wait_until([willing, stubborn], 5) == []
    assert end_of(willing).code == -signal.SIGTERM
    assert end_of(stubborn).code == -signal.SIGKILL


def test_its_log_is_bounded(tmp_path: Path) -> None:
    """The newest words are kept."""
    run = started(tmp_path / "run", "for n in range(100000): print('line', n)")
    assert eventually(run.ended)
    assert run.last_words() == "line 99999"
    assert sum(path.stat().st_size for path in run.folder.glob("log*")) < 600_000


def test_a_program_whose_folder_is_gone_is_stopped(tmp_path: Path) -> None:
    """Nobody could ever find it again."""
    run = started(tmp_path / "run", SLEEP)
    pid = json.loads((run.folder / "started.json").read_text())["pid"]
    for path in run.folder.iterdir():
        path.unlink()
    run.folder.rmdir()
    assert eventually(lambda: not mark_of(pid))


def test_a_recycled_process_id_is_not_mistaken(tmp_path: Path) -> None:
    """The number alone says nothing: this very process is not the program that had it before."""
    run = Guarded(tmp_path)
    note = {"guardian": os.getpid(), "guardian_mark": "1", "pid": os.getpid(), "mark": "1", "at": 0}
    (tmp_path / "started.json").write_text(json.dumps(note))
    assert not run.alive()
    run.kill()
    run.ask_to_stop()
    assert mark_of(os.getpid())
    assert mark_of(2**22 + 1) == ""


def test_what_cannot_be_started_is_said(tmp_path: Path) -> None:
    """By the log for a program, by a fault for a variable that no process can have."""
    with sole(tmp_path / "lock") as lock:
        assert lock is not None
        with pytest.raises(EngineFault, match="No process can be started"):
            launch(tmp_path, lock, ["/bin/true"], {"A": "\0"}, grace=1)
        launch(tmp_path, lock, ["/nowhere/program"], {}, grace=1)
    run = Guarded(tmp_path)
    assert eventually(run.ended)
    assert end_of(run).code != 0
    assert "/nowhere/program" in run.last_words()
