"""The small server of processes that serve no pages."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from prometheus_client import CollectorRegistry, Counter

from mlops_console.observing.server import serve_metrics
from mlops_console.serving.listening import listen
from tests.mlops_console.observing.samples import samples, value

TOKEN = "only-for-scrapes-of-this-test-0123456789"


@dataclass
class Served:
    """A server, and the process that it tells of."""

    port: int
    faults: list[str] = field(default_factory=list)

    def get(self, path: str, **headers: str) -> tuple[int, str, str]:
        """Status, body and content type of a GET, by whatever name of this machine."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", path, headers={"Host": "10.42.0.17", **headers})
        answer = connection.getresponse()
        try:
            return answer.status, answer.read().decode(), answer.headers["Content-Type"]
        finally:
            connection.close()


@pytest.fixture
def serve() -> Callable[[str], Served]:
    """Starts a server with a token; it ends with the tests."""

    def serve(token: str) -> Served:
        registry = CollectorRegistry()
        Counter("mlops_console_example", "An example.", registry=registry).inc(3)
        listener = listen("127.0.0.1", 0)
        made = Served(listener.getsockname()[1])
        serve_metrics(listener, registry, fault=lambda: "".join(made.faults), token=token)
        return made

    return serve


def test_it_tells_whether_the_process_lives(serve: Callable[[str], Served]) -> None:
    served = serve("")
    assert served.get("/healthz?x=1") == (200, "ok\n", "text/plain; charset=utf-8")
    served.faults.append("it hangs")
    assert served.get("/healthz") == (503, "it hangs\n", "text/plain; charset=utf-8")
    assert served.get("/healthzz")[0] == served.get("/")[0] == 404


def test_it_tells_metrics_in_both_languages(serve: Callable[[str], Served]) -> None:
    served = serve("")
    for accept in ("", "application/openmetrics-text;version=1.0.0"):
        status, text, content_type = served.get("/metrics", Accept=accept)
        assert (status, value(samples(text), "example_total")) == (200, 3)
        assert content_type.startswith("application/openmetrics-text" if accept else "text/plain")
        assert "_created" not in text


@pytest.mark.parametrize(("authorization", "status"), [("", 401), (f"Bearer {TOKEN}x", 401), (f"Bearer {TOKEN}", 200)])
def test_where_a_token_is_set_it_asks_for_it(serve: Callable[[str], Served], authorization: str, status: int) -> None:
    served = serve(TOKEN)
    assert served.get("/metrics", Authorization=authorization)[0] == status
    assert served.get("/healthz")[0] == 200


def test_whoever_hangs_up_or_never_asks_stops_nobody_and_leaves_no_word(
    serve: Callable[[str], Served], capfd: pytest.CaptureFixture[str]
) -> None:
    served = serve("")
    with socket.create_connection(("127.0.0.1", served.port)) as silent:
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", served.port)) as hasty:
                hasty.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
                hasty.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        assert served.get("/healthz")[0] == 200
        silent.close()
    assert capfd.readouterr().err == ""
