"""A program that outlives whoever starts it, as seen from outside: started, alive, ended, told to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deployments.engines.contract import EngineFault
from deployments.engines.local import guardian
from deployments.engines.local.files import read
from deployments.engines.local.marks import mark_of
from mlops_console.processes import bound_to_parent

PROJECT: Final = Path(__file__).resolve().parents[3]
# without site-packages a start costs milliseconds; a workload's own PYTHON… variables are not for this interpreter
PYTHON: Final = (sys.executable, "-E", "-s", "-S")
PLAIN_ENVIRONMENT: Final = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
SECONDS_TO_START = 20.0
WORDS_READ = 8_192  # bytes from the end of the log


@dataclass(frozen=True)
class Ended:
    """How a program ended and how many seconds it lasted; a negative code is a signal's number, None is not known."""

    code: int | None = None
    at: float | None = None
    lasted: float = 0.0


@dataclass(frozen=True)
class Guarded:
    """One run of a program, known by the folder that its guardian writes to."""

    folder: Path

    @property
    def begun(self) -> bool:
        """Whether a guardian has reported; before, the program may or may not be on its way."""
        return (self.folder / "started.json").exists()

    def ended(self) -> Ended | None:
        """How it ended, None while it runs or is on its way."""
        if note := read(self.folder / "ended.json"):
            return Ended(note["code"], note["at"], note["lasted"])
        if not self.begun or self._living("guardian"):
            return None
        # its guardian may have noted the end between the two looks
        note = read(self.folder / "ended.json")
        return Ended(note["code"], note["at"], note["lasted"]) if note else Ended()

    def alive(self) -> bool:
        """Whether it runs."""
        return self.begun and self.ended() is None

    def present(self) -> bool:
        """Whether it runs, or its guardian does, which notes the end and goes last."""
        return self.alive() or bool(self._living("guardian"))

    def ask_to_stop(self) -> None:
        """Let the guardian send SIGTERM, and SIGKILL when the grace is over; asking again changes nothing."""
        self._send("guardian", signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self._send("pid", signal.SIGKILL)

    def last_words(self) -> str:
        """The last line of its log, `""` when it said nothing."""
        try:
            with (self.folder / "log").open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - WORDS_READ))
                lines = log.read().decode(errors="replace").splitlines()
        except FileNotFoundError:
            return ""
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def _living(self, who: str) -> int:
        """The process id of the guardian or of the program, 0 when it has ended."""
        note = read(self.folder / "started.json")
        mark = "mark" if who == "pid" else f"{who}_mark"
        return note[who] if note and note[who] and note[mark] and mark_of(note[who]) == note[mark] else 0

    def _send(self, who: str, number: signal.Signals) -> None:
        if pid := self._living(who):
            with suppress(ProcessLookupError):
                os.kill(pid, number)


def launch(folder: Path, lock: int, command: Sequence[str], environment: Mapping[str, str], *, grace: float) -> None:
    """Start a program in a session of its own under the lock that is held; raises EngineFault.

    Returns when its guardian is on its way, which is before the program has begun. `grace` is how many seconds the
    program has to end by itself.
    """
    program = [*PYTHON, "-m", guardian.__name__, str(folder), str(lock), str(grace), *bound_to_parent(command, "KILL")]
    with (folder / "guardian.log").open("ab") as out:
        try:
            starter = subprocess.Popen(
                program,
                cwd=PROJECT,
                env=dict(environment),
                pass_fds=[lock],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise EngineFault(f"No process can be started: {error}.") from None
    try:
        code = starter.wait(SECONDS_TO_START)
    except subprocess.TimeoutExpired:
        starter.kill()
        starter.wait()
        code = -signal.SIGKILL
    if code:
        raise EngineFault(f"No guardian could be started in {folder}: exit code {code}, see guardian.log there.")


def wait_until(done: Sequence[Guarded], seconds: float) -> list[Guarded]:
    """Wait until neither programs nor guardians are left; answers those that still are when the time is over."""
    deadline = time.monotonic() + seconds
    left = [each for each in done if each.present()]
    while left and time.monotonic() < deadline:
        time.sleep(0.02)
        left = [each for each in left if each.present()]
    return left
