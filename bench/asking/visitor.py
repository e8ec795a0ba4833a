"""Somebody who keeps one connection to one console, signed in or with a token."""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Final
from urllib.parse import urlencode

FORM: Final = "application/x-www-form-urlencoded"
PATIENCE: Final = 300.0  # seconds for one answer
IDLE: Final = 2.0  # seconds after which the server may be about to close a connection
_CSRF: Final = re.compile(rb'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass(frozen=True)
class Ask:
    """One request as it is sent, again and again."""

    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True)
class Reply:
    """What came back, and after how many seconds the last byte of it."""

    status: int
    body: bytes
    seconds: float
    encoding: str = ""


class Visitor:
    """A client of one console."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}
        self._connection: http.client.HTTPConnection | None = None
        self._used = 0.0

    @property
    def cookie(self) -> str:
        """The cookies as a header."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def ask(self, ask: Ask) -> Reply:
        """Send a request and read the whole answer; opening a connection is not part of the time."""
        connection = self._open()
        # A program has a token and no session.
        headers = dict(ask.headers) if "Authorization" in ask.headers else {"Cookie": self.cookie, **ask.headers}
        began = time.perf_counter()
        connection.request(ask.method, ask.path, ask.body.encode() or None, headers)
        response = connection.getresponse()
        body = response.read()
        seconds = time.perf_counter() - began
        self._used = time.monotonic()
        for line in response.headers.get_all("Set-Cookie") or ():
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        return Reply(response.status, body, seconds, response.headers.get("Content-Encoding", ""))

    def sign_in(self, username: str, password: str) -> None:
        """Sign in by the form; raises RuntimeError."""
        token = self.form_token("/accounts/login/")
        body = urlencode({"csrfmiddlewaretoken": token, "username": username, "password": password})
        reply = self.ask(Ask("/accounts/login/", "POST", {"Content-Type": FORM}, body))
        if reply.status != http.client.FOUND:
            raise RuntimeError(f"signing in answered {reply.status}")

    def form_token(self, path: str) -> str:
        """The token that forms of a page carry; raises RuntimeError where there is none."""
        reply = self.ask(Ask(path))
        found = _CSRF.search(reply.body)
        if not found:
            raise RuntimeError(f"{path} answered {reply.status} without a form")
        return found[1].decode()

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> http.client.HTTPConnection:
        if time.monotonic() - self._used > IDLE:
            self.close()
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            self._connection.connect()
        return self._connection
