"""The CSV export: how long it takes, and what it costs the process that writes it."""

from __future__ import annotations

import http.client
import threading
import time
from dataclasses import dataclass
from typing import Final, Self

from bench.asking.server import Server
from bench.asking.visitor import PATIENCE, Visitor

ROWS: Final = 100_000
LOOK_EVERY: Final = 0.25  # seconds
CHUNK: Final = 65_536


@dataclass(frozen=True)
class Exported:
    """How many rows came in how many seconds, the first byte after how many, and the memory before and at most."""

    rows: int
    seconds: float
    first_byte: float
    before: int
    at_most: int


def export(server: Server, visitor: Visitor, path: str) -> Exported:
    """Read the first hundred thousand rows of an export, or all of them where there are fewer."""
    before = max(server.memory(), default=0)
    with _Watch(server) as watch:
        connection = http.client.HTTPConnection("127.0.0.1", visitor.port, timeout=PATIENCE)
        began = time.perf_counter()
        connection.request("GET", path, headers={"Cookie": visitor.cookie})
        response = connection.getresponse()
        lines, first = 0, 0.0
        while lines <= ROWS and (piece := response.read1(CHUNK)):
            first = first or time.perf_counter() - began
            lines += piece.count(b"\n")
        seconds = time.perf_counter() - began
        connection.close()
    if response.status != http.client.OK:
        raise RuntimeError(f"{path} answered {response.status}")
    return Exported(lines - 1, seconds, first, before, watch.most)


class _Watch:
    """The most memory that any worker had meanwhile."""

    def __init__(self, server: Server) -> None:
        self.server, self.most = server, 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while True:
            self.most = max(self.most, *self.server.memory(), 0)
            if self._over.wait(LOOK_EVERY):
                return
