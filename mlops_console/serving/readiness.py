"""Knowing when the console answers."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings

from mlops_console.faults import StartFault

SECONDS_TO_ANSWER = 60


def wait_until_ready(url: str, *, ended: Callable[[], str | None]) -> None:
    """Return once /healthz answers 200; raises StartFault when a process ends first or time runs out."""
    address = urlsplit(url)
    deadline = time.monotonic() + SECONDS_TO_ANSWER
    said = "nothing"
    while time.monotonic() < deadline:
        if fault := ended():
            raise StartFault(f"{fault} before it answered")
        try:
            connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=5)
            connection.request("GET", "/healthz", headers={"Host": _an_allowed_host()})
            said = str(connection.getresponse().status)
            connection.close()
        except OSError as error:
            said = str(error)
        if said == "200":
            return
        time.sleep(0.05)
    raise StartFault(f"{url}/healthz did not answer 200 within {SECONDS_TO_ANSWER} s but {said}")


def _an_allowed_host() -> str:
    host: str = settings.ALLOWED_HOSTS[0]
    return "localhost" if host == "*" else host.lstrip(".")
