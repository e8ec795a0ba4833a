"""Requests without a library between: what is sent is what the test says, and nothing is followed or decoded."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode


@dataclass(frozen=True)
class Reply:
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The body, which must be JSON and say so."""
        assert self.headers["content-type"] == "application/json", self.text
        return json.loads(self.text)

    @property
    def message(self) -> str:
        """What an error says, after a look at the shape of its body."""
        body = self.json
        assert set(body) == {"code", "message", "details"}
        assert isinstance(body["code"], int)
        assert isinstance(body["details"], list)
        message: str = body["message"]
        return message


@dataclass(frozen=True)
class Wire:
    """A caller with a token."""

    port: int
    token: str = ""

    def send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **query: Any
    ) -> Reply:
        """One request, its query encoded as the client does."""
        sent = {"Content-Type": "application/json"} | (headers or {})
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        target = f"{path}?{urlencode(query, quote_via=quote)}" if query else path
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, target, content, sent)
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, names, response.read().decode())
        finally:
            connection.close()

    def get(self, path: str, **query: Any) -> Reply:
        """A GET."""
        return self.send("GET", path, **query)
