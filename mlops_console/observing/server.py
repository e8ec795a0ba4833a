"""A small server for processes that serve no pages: `/healthz` and `/metrics`, from a thread of its own."""

from __future__ import annotations

import logging
import socket
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from mlops_console.observing.scraper import knows_token

_LOG: Final = logging.getLogger(__name__)
PLAIN: Final = "text/plain; charset=utf-8"
SECONDS_TO_ASK: Final = 10


def serve_metrics(
    listener: socket.socket, registry: CollectorRegistry, *, fault: Callable[[], str], token: str = ""
) -> None:
    """Answer until the process ends: 503 with the fault where there is one, metrics to those who know the token.

    Without a token, metrics are for everybody who can reach the address.
    """
    server = _Server(listener, registry, fault, token)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()


class _Server(ThreadingHTTPServer):
    def __init__(
        self, listener: socket.socket, registry: CollectorRegistry, fault: Callable[[], str], token: str
    ) -> None:
        super().__init__(listener.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.registry, self.fault, self.token = registry, fault, token

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), OSError):  # somebody hung up
            _LOG.exception("A request for metrics failed")


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = SECONDS_TO_ASK

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/healthz":
            fault = self.server.fault()
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE if fault else HTTPStatus.OK, f"{fault or 'ok'}\n".encode())
        elif path != "/metrics":
            self._answer(HTTPStatus.NOT_FOUND, b"Here are /healthz and /metrics.\n")
        elif self.server.token and not knows_token(self.headers.get("Authorization", ""), self.server.token):
            self._answer(HTTPStatus.UNAUTHORIZED, b"Send the token of METRICS_TOKEN as a bearer token.\n")
        else:
            encode, content_type = choose_encoder(self.headers.get("Accept", ""))
            self._answer(HTTPStatus.OK, encode(self.server.registry), content_type)

    def _answer(self, status: HTTPStatus, content: bytes, content_type: str = PLAIN) -> None:
        self.send_response(status)
        if status is HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", 'Bearer realm="MLOps Console metrics"')
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the standard library
        """Probes and scrapes come every few seconds: none is worth a line."""
