"""The processes that one `up` looks after."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from mlops_console.processes import bound_to_parent

SECONDS_TO_STOP = 8.0
LOOK_EVERY_SECONDS = 0.2


@dataclass
class Children:
    """Programs started together and stopped together, the last one first; a context manager."""

    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(
        self, name: str, command: Sequence[str], *, keep_open: Sequence[int] = (), env: Mapping[str, str] | None = None
    ) -> None:
        """Start a program that ends when this process does."""
        self.running[name] = subprocess.Popen(
            bound_to_parent(command, "TERM"), pass_fds=keep_open, stdin=subprocess.DEVNULL, env=env
        )

    def ended(self) -> str | None:
        """What has ended by itself, in words; None while all run."""
        for name, process in self.running.items():
            if process.poll() is not None:
                return f"{name} ended with exit code {process.returncode}"
        return None

    def wait(self) -> str:
        """Block until one of them ends by itself, and say which."""
        while True:
            if ended := self.ended():
                return ended
            time.sleep(LOOK_EVERY_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        for process in reversed(self.running.values()):
            process.terminate()
        deadline = time.monotonic() + SECONDS_TO_STOP
        for process in self.running.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
