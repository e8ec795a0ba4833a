"""The socket that the web server is given."""

from __future__ import annotations

import errno
import socket
import time

from mlops_console.faults import StartFault

PATIENCE_SECONDS = 2.0  # a console that was killed here a moment ago may still be letting go of its port
BACKLOG = 512


def listen(host: str, port: int, *, option: str = "--port") -> socket.socket:
    """A listening socket, on a free port when `port` is 0; raises StartFault when the address cannot be had."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            listener = socket.socket(family, kind, protocol)
            try:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind(address)
                listener.listen(BACKLOG)
            except OSError:
                listener.close()
                raise
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise StartFault(f"cannot listen on {host} port {port}: {error.strerror}") from None
            if time.monotonic() > deadline:
                raise StartFault(
                    f"port {port} on {host} is taken: give another with {option}, or {option} 0 for a free one"
                ) from None
            time.sleep(0.1)
        else:
            return listener


def url_of(listener: socket.socket) -> str:
    """The address to type into a browser on this machine."""
    host, port = listener.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
