"""Knowing when the console answers."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from mlops_console.faults import StartFault

SECONDS_TO_ANSWER = 60


def wait_until_ready(url: str, *, ended: Callable[[], str | None]) -> None:
    """Return once /readyz answers 200, and so /healthz; raises StartFault when a process ends or time is up first."""
    address = urlsplit(url)
    deadline = time.monotonic() + SECONDS_TO_ANSWER
    said = "nothing"
    while time.monotonic() < deadline:
        if fault := ended():
            raise StartFault(f"{fault} before it answered")
        try:
            connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=5)
            connection.request("GET", "/readyz")
            said = str(connection.getresponse().status)
            connection.close()
        except OSError as error:
            said = str(error)
        if said == "200":
            return
        time.sleep(0.05)
    raise StartFault(f"{url}/readyz did not answer 200 within {SECONDS_TO_ANSWER} s but {said}")
