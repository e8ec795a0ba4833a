"""Workers as processes of their own without the second that each needs to load Django: they are forked.

As a program it has loaded Django, and for each line of JSON on its standard input it forks a process that runs
`run_worker`, and answers its number. When its input ends, so do they.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.mlops_console.machine import eventually


@dataclass(frozen=True)
class Worker:
    """A process that runs `run_worker`."""

    pid: int

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return Path(f"/proc/{self.pid}").exists()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """End it without a warning."""
        with suppress(ProcessLookupError):
            self.send(signal.SIGKILL)
        assert eventually(lambda: not self.is_alive)


@dataclass
class Nursery:
    """Where workers come from; they all use one database and one data folder."""

    process: subprocess.Popen[str]
    born: list[Worker] = field(default_factory=list)

    def worker(self, *options: str) -> Worker:
        """A new one."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(options) + "\n")
        self.process.stdin.flush()
        made = Worker(int(self.process.stdout.readline()))
        self.born.append(made)
        return made

    def clear(self) -> None:
        """End those that are left."""
        for each in self.born:
            each.kill()
        self.born.clear()


@contextmanager
def nursery(environment: dict[str, str], folder: Path) -> Iterator[Nursery]:
    """One that is gone in the end, with all its workers."""
    command = [sys.executable, "-m", __name__]
    with (folder / "workers.log").open("w") as log:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        )
    with process:
        made = Nursery(process)
        try:
            yield made
        finally:
            made.clear()


def main() -> None:
    """Fork a worker for each line."""
    import django
    from django.core.management import call_command

    django.setup()
    from deployments.management.commands import run_worker  # noqa: F401 - loaded before the forks

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    born = []
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            nothing = os.open(os.devnull, os.O_RDWR)
            os.dup2(nothing, 0)
            os.dup2(nothing, 1)
            try:
                call_command("run_worker", *json.loads(line))
            finally:
                os._exit(0)
        born.append(pid)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
    for pid in born:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
