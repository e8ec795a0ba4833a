"""The local engine as tests of engines need it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from deployments.engines.local.engine import LocalEngine
from deployments.engines.local.files import read
from tests.deployments.engines.harness import PATIENCE, Ask, asked, connected
from tests.mlops_console.machine import eventually, processes_naming

IMAGES = {"good": "scorer", "slow": "scorer-slow-1", "neverready": "scorer-neverready", "crash": "scorer-crash-1"}


@dataclass
class LocalRig:
    """An engine in a folder of its own."""

    folder: Path
    rolls: bool = False
    patience: float = PATIENCE
    hammered: int = 500

    @cached_property
    def engine(self) -> LocalEngine:
        """The engine of the first worker."""
        return LocalEngine(self.folder)

    def reopen(self) -> LocalEngine:
        """An engine of another worker."""
        return LocalEngine(self.folder)

    @contextmanager
    def asking(self, address: str) -> Iterator[Ask]:
        """A client over HTTP."""
        with connected(address) as connection:
            yield lambda path, body: asked(connection, address, path, body)

    def copies(self, deployment: str, key: str) -> int:
        """What the router has counted; only copies go to what mirrors."""
        return self.engine.traffic_counts(deployment).workloads.get(key, {}).get(200, 0)

    def image(self, kind: str) -> str:
        """An image of the reference scorer."""
        return f"registry.example.org:5000/h2oai/{IMAGES[kind]}:1.0.0"

    def kill(self, deployment: str, key: str) -> None:
        """Send SIGKILL to a scorer, and wait until it is dead."""
        pid = self.pid(deployment, key)
        os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: pid not in self.processes())

    def pid(self, deployment: str, key: str) -> int:
        """The process that serves a workload; waits until it has begun."""
        home = self.folder / "deployments" / deployment / key

        def note() -> dict[str, Any] | None:
            run = max(home.glob("run-*"), default=None)
            return read(run / "started.json") if run else None

        assert eventually(note), f"{key} did not begin"
        begun = note()
        assert begun
        return int(begun["pid"])

    def processes(self, text: str = "") -> dict[int, str]:
        """Living processes that name the engine's folder, and the text."""
        return {pid: line for pid, line in processes_naming(self.folder).items() if text in line}

    def close(self) -> None:
        """Leave nothing running."""
        self.engine.clear_leftovers()
        assert eventually(lambda: not self.processes()), self.processes()
