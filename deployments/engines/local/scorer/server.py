"""The server: threads, readiness, and an end that loses no request."""

from __future__ import annotations

import socketserver
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from deployments.engines.local.scorer.handler import Handler
from deployments.engines.local.scorer.models import Model

LINGER_SECONDS = 1.0  # a router may have chosen this scorer just before it was told not to
QUIET_SECONDS = 0.25
LONGEST_DRAIN = 25.0  # seconds
STACK_BYTES = 256 * 1024


@dataclass(frozen=True)
class Identity:
    """Who the scorer says it is, and the path beside the plain one under which it answers."""

    image: str
    version: str
    model_id: str
    base: str = ""
    readiness_path: str = "/readyz"
    rows_max: int = 100_000


@dataclass
class Work:
    """What is being answered now, and when that last changed."""

    busy: int = 0
    changed: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count a request while it is answered."""
        self._change(1)
        try:
            yield
        finally:
            self._change(-1)

    def _change(self, by: int) -> None:
        with self._lock:
            self.busy += by
            self.changed = time.monotonic()


class ScoringServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Answers on a free port of the loopback, a thread for each connection."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, model: Model, identity: Identity) -> None:
        threading.stack_size(STACK_BYTES)
        self.model = model
        self.identity = identity
        self.work = Work()
        self.ready = False
        self.draining = False
        super().__init__(("127.0.0.1", 0), Handler)

    def drain(self) -> None:
        """Finish what is being answered and what still comes, for at least a second and 25 at most."""
        self.draining = True
        began = time.monotonic()
        while (spent := time.monotonic() - began) < LONGEST_DRAIN:
            quiet = not self.work.busy and time.monotonic() - self.work.changed > QUIET_SECONDS
            if quiet and spent > LINGER_SECONDS:
                return
            time.sleep(0.05)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)
