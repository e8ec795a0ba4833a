"""Clients that score without a break, and what became of each request: a program that needs nothing but Python.

`python clients.py ADDRESS KEEPING RENEWING OUT` asks until its standard input ends, and writes a line for each request
to OUT: when it began and how long it took in seconds, and the version that answered, or what went wrong after a `!`.
"""

from __future__ import annotations

import http.client
import sys
import threading
import time
from pathlib import Path
from typing import TextIO

BODY = b'{"fields": ["x"], "rows": [[3]]}'
RIGHT = b"[[7.0]]"
ANSWER_SECONDS = 30.0
FLUSH_EVERY = 200
REQUESTS_MAX = 200_000  # of one client


class Client:
    """One client; `keeps` says whether it keeps its connection."""

    def __init__(self, address: str, *, keeps: bool) -> None:
        self.netloc, _, path = address.removeprefix("http://").partition("/")
        self.path, self.keeps = f"/{path}/model/score", keeps
        self.lines: list[str] = []

    def run(self, out: TextIO, lock: threading.Lock, stopped: threading.Event) -> None:
        """Ask until it is stopped, each request once: what fails has failed."""
        connection = http.client.HTTPConnection(self.netloc, timeout=ANSWER_SECONDS)
        for number in range(REQUESTS_MAX):
            if stopped.is_set():
                break
            if not self.keeps:
                connection = http.client.HTTPConnection(self.netloc, timeout=ANSWER_SECONDS)
            began = time.time()
            try:
                connection.request("POST", self.path, BODY)
                answer = connection.getresponse()
                body = answer.read()
                said = answer.headers["X-Scorer-Version"] or "?"
                if answer.status != http.client.OK or RIGHT not in body:
                    said = f"!{answer.status} {body[:80]!r}"
            except (OSError, http.client.HTTPException) as error:
                said = f"!{error!r}"
                connection.close()
            self.lines.append(f"{began:.6f} {time.time() - began:.6f} {said}\n")
            if not self.keeps:
                connection.close()
            if number % FLUSH_EVERY == 0:
                self._flush(out, lock)
        connection.close()
        self._flush(out, lock)

    def _flush(self, out: TextIO, lock: threading.Lock) -> None:
        with lock:
            out.writelines(self.lines)
        self.lines.clear()


def main(address: str, keeping: int, renewing: int, path: str) -> None:
    """Run the clients until nobody waits for them any more."""
    stopped, lock = threading.Event(), threading.Lock()
    with Path(path).open("w", encoding="utf-8") as out:
        clients = [Client(address, keeps=number < keeping) for number in range(keeping + renewing)]
        threads = [threading.Thread(target=each.run, args=(out, lock, stopped)) for each in clients]
        for thread in threads:
            thread.start()
        sys.stdin.read()
        stopped.set()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
