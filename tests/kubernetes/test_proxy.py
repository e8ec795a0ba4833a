"""The proxy in front of an API server, which freezes and cuts connections."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.proxy import FrozenProxy
from tests.mlops_console.machine import eventually

pytestmark = pytest.mark.kubernetes


@pytest.fixture
def proxy(control_plane: ControlPlane) -> Iterator[FrozenProxy]:
    with FrozenProxy(control_plane.port) as proxy:
        yield proxy


@pytest.fixture
def connection(control_plane: ControlPlane, proxy: FrozenProxy) -> Iterator[http.client.HTTPSConnection]:
    """A connection through the proxy that is open."""
    context = ssl.create_default_context(cafile=str(control_plane.ca))
    port = urlsplit(proxy.url).port
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=context)
    connection.request("GET", "/version")
    connection.getresponse().read()
    yield connection
    connection.close()


def test_it_passes_everything_on(control_plane: ControlPlane, proxy: FrozenProxy) -> None:
    config = control_plane.kubeconfig_through(proxy.url)
    assert control_plane.get("namespaces", kubeconfig=config)["items"]
    assert eventually(lambda: proxy.connections == 0)


def test_frozen_it_is_silent_and_thawed_it_goes_on(proxy: FrozenProxy, connection: http.client.HTTPSConnection) -> None:
    proxy.freeze()
    connection.request("GET", "/version")
    connection.sock.settimeout(0.5)
    with pytest.raises(TimeoutError):
        connection.sock.recv(1)
    assert proxy.connections == 1

    proxy.thaw()
    connection.sock.settimeout(30)
    assert connection.getresponse().status == 200


@pytest.mark.parametrize("frozen", [False, True])
def test_what_is_cut_off_ends(proxy: FrozenProxy, connection: http.client.HTTPSConnection, frozen: bool) -> None:
    if frozen:
        proxy.freeze()
    proxy.cut()
    assert connection.sock.recv(1) == b""
