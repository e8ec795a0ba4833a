"""The connection for watches to a cluster; lightkube's own has no time-out for a watch that falls silent."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

import httpx2
from lightkube import Client
from lightkube.config import client_adapter

from deployments.engines.kubernetes.client import AGENT

CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 15.0


class Line:
    """One connection pool for many threads, to where a client that is made at first use leads."""

    def __init__(self, connect: Callable[[], Client]) -> None:
        self._connect = connect
        self._http: httpx2.Client | None = None
        self._lock = threading.Lock()

    def http(self) -> httpx2.Client:
        """The client; raises EngineFault, ConfigError."""
        with self._lock:
            if self._http is None:
                waits = httpx2.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
                self._http = client_adapter.Client(self._connect().config, client_adapter.ConnectionParams(waits))
                self._http.headers["User-Agent"] = AGENT
            return self._http

    def close(self) -> None:
        """Let go of all connections."""
        with self._lock:
            if self._http is not None:
                self._http.close()
