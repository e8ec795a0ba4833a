"""A steady stream of scoring requests, so that the pictures of the demo move; no Django."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from typing import Final
from urllib.parse import urlsplit

LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
CLIENTS: Final = 8
ANSWER_SECONDS: Final = 5.0
LOOK_EVERY_SECONDS: Final = 5.0


@dataclass
class Tally:
    """What became of the requests."""

    answered: int = 0
    failed: int = 0
    deployments: set[str] = field(default_factory=set)
    seconds: float = 0.0
    longest: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, address: str, *, answered: bool, took: float) -> None:
        """Count one."""
        with self._lock:
            self.answered += answered
            self.failed += not answered
            self.deployments.add(address)
            self.seconds += took
            self.longest = max(self.longest, took)

    def summary(self, lasted: float) -> str:
        """All of it in a line."""
        sent = self.answered + self.failed
        mean, longest = 1000 * self.seconds / max(1, sent), 1000 * self.longest
        return (
            f"Sent {sent:,} requests to {len(self.deployments)} deployments in {lasted:.1f} s: "
            f"{self.answered:,} answered, {self.failed:,} failed; {mean:.1f} ms on average, {longest:.0f} ms at most."
        )


class Client(threading.local):
    """The connection that a thread keeps to each router."""

    def __init__(self) -> None:
        self.connections: dict[str, http.client.HTTPConnection] = {}

    def ask(self, address: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Status and body of an answer; raises OSError, HTTPException."""
        place = urlsplit(address)
        connection = self.connections.setdefault(
            place.netloc, http.client.HTTPConnection(place.netloc, timeout=ANSWER_SECONDS)
        )
        try:
            connection.request("GET" if body is None else "POST", f"{place.path}{path}", body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except BaseException:
            connection.close()
            raise


@dataclass
class Stream:
    """Requests to whatever deployments answer on this machine, their addresses read anew every few seconds."""

    addresses: Callable[[], Sequence[str]]
    tally: Tally = field(default_factory=Tally)
    _client: Client = field(default_factory=Client)
    _samples: dict[str, bytes] = field(default_factory=dict)

    def run(self, rate: float, seconds: float, stopped: threading.Event) -> float:
        """Send that many requests a second, in turn, until time is over or somebody stops it; answers how long it was.

        What cannot be sent in time because answers are slow is left out, not made up for.
        """
        began = look_at = time.monotonic()
        turns, known = count(), list[str]()
        free = threading.Semaphore(CLIENTS)
        with ThreadPoolExecutor(CLIENTS) as clients:
            while (now := time.monotonic()) < began + seconds and not stopped.is_set():
                if now >= look_at:
                    known = [each for each in self.addresses() if urlsplit(each).hostname in LOOPBACK]
                    look_at = now + LOOK_EVERY_SECONDS
                if known and free.acquire(timeout=0.1):
                    address = known[next(turns) % len(known)]
                    clients.submit(self._score, address).add_done_callback(lambda _: free.release())
                stopped.wait(max(0.0, now + 1 / rate - time.monotonic()) if known else 0.2)
        return time.monotonic() - began

    def _score(self, address: str) -> None:
        began, answered = time.monotonic(), False
        try:
            if address not in self._samples:
                self._samples[address] = self._client.ask(address, "/model/sample_request")[1]
            answered = self._client.ask(address, "/model/score", self._samples[address])[0] == http.client.OK
        except (OSError, http.client.HTTPException):
            pass
        if not answered:
            self._samples.pop(address, None)
        self.tally.add(address, answered=answered, took=time.monotonic() - began)
