"""A way to the API server that can be blocked: connections that stay open but say nothing, or are cut off."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self


class FrozenProxy:
    """Passes bytes on, TLS unopened, until it is frozen; then both ends hold connections on which nothing arrives."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._flowing = threading.Event()
        self._flowing.set()
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The address for clients; the API server's certificate is good for it."""
        return f"https://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def connections(self) -> int:
        """How many connections clients hold open."""
        with self._lock:
            return len(self._pairs)

    def freeze(self) -> None:
        """Let nothing through from now on; new connections are accepted, and are as silent."""
        self._flowing.clear()

    def thaw(self) -> None:
        """Let everything through again, also what came meanwhile."""
        self._flowing.set()

    def cut(self) -> None:
        """Close every connection that is open now."""
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            _shut(pair)

    def close(self) -> None:
        """Cut everything off and accept no more."""
        _shut((self._listener,))
        self._listener.close()
        self.cut()
        self.thaw()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self._target))
                except OSError:  # the API server is away
                    client.close()
                    continue
                pair = (client, server)
                with self._lock:
                    self._pairs.add(pair)
                for source, sink in (pair, pair[::-1]):
                    threading.Thread(target=self._pass_on, args=(source, sink, pair), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, pair: tuple[socket.socket, socket.socket]) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._flowing.wait()
                sink.sendall(data)
        self._flowing.wait()  # an end is news as well
        _shut(pair)
        with self._lock:
            if pair in self._pairs:
                self._pairs.discard(pair)
                return
        for end in pair:  # the other direction was done before, so nobody uses them any more
            end.close()


def _shut(ends: tuple[socket.socket, ...]) -> None:
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
