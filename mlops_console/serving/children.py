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
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds before one that has ended is started again
LONG_LIFE = 60.0  # seconds after which one that ends counts as if it had never ended before


@dataclass
class Child:
    """A program and how it is doing; one that is to go on is started again when it ends."""

    command: Sequence[str]
    keep_open: Sequence[int]
    env: Mapping[str, str] | None
    goes_on: bool
    process: subprocess.Popen[bytes] = field(init=False)
    pause: float = FIRST_PAUSE
    began: float = 0.0
    again_at: float | None = None

    def start(self) -> None:
        """Start it, to end when this process does."""
        command = bound_to_parent(self.command, "TERM")
        self.process = subprocess.Popen(command, pass_fds=self.keep_open, stdin=subprocess.DEVNULL, env=self.env)
        self.began, self.again_at = time.monotonic(), None

    def mend(self) -> None:
        """Start it again once its pause is over, which doubles while it keeps on ending soon."""
        now = time.monotonic()
        if self.again_at is None:
            self.pause = FIRST_PAUSE if now - self.began > LONG_LIFE else self.pause
            self.again_at = now + self.pause
            self.pause = min(LONGEST_PAUSE, self.pause * 2)
        elif now >= self.again_at:
            self.start()


@dataclass
class Children:
    """Programs started together and stopped together, the last one first; a context manager."""

    running: dict[str, Child] = field(default_factory=dict)

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        keep_open: Sequence[int] = (),
        env: Mapping[str, str] | None = None,
        goes_on: bool = False,
    ) -> None:
        """Start a program that ends when this process does; one that `goes_on` is started again when it ends."""
        child = Child(command, keep_open, env, goes_on)
        child.start()
        self.running[name] = child

    def ended(self) -> str | None:
        """What has ended by itself for good, in words; None while all run, or are about to."""
        for name, child in self.running.items():
            code = child.process.poll()
            if code is not None and not child.goes_on:
                return f"{name} ended with exit code {code}"
            if code is not None:
                child.mend()
        return None

    def wait(self) -> str:
        """Block until one of them ends by itself for good, and say which."""
        while True:
            if ended := self.ended():
                return ended
            time.sleep(LOOK_EVERY_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        for child in reversed(self.running.values()):
            child.process.terminate()
        deadline = time.monotonic() + SECONDS_TO_STOP
        for child in self.running.values():
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
