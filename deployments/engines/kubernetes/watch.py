"""One kind of objects, listed and then watched for as long as the console runs, whatever becomes of the connection."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from random import SystemRandom
from typing import Any, Final, Protocol

import httpx2
import msgspec
from lightkube.core.exceptions import ConfigError
from lightkube.core.resource import NamespacedResource, api_info

from deployments.engines.contract import EngineFault
from deployments.engines.kubernetes import names
from deployments.engines.kubernetes.decoding import Decoder, Refused, refusal
from deployments.engines.kubernetes.line import CONNECT_SECONDS, Line

_LOG: Final = logging.getLogger(__name__)
MARGIN_SECONDS: Final = 5.0  # that a watch may be silent after the server should have ended it
PAGE: Final = 500
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 8.0  # seconds between tries
LONG_ENOUGH: Final = 5.0  # seconds after which a watch that ends is no sign of trouble (of a short one, half its time)
_CHANCE: Final = SystemRandom()  # so that neither watches nor consoles ask all at once
_GONE: Final = 410
_FOR_PEOPLE: Final = (401, 403, 404)  # credentials, rights, or a kind that is not installed
_TROUBLES: Final = (httpx2.HTTPError, httpx2.StreamError, OSError, ConfigError, EngineFault, msgspec.MsgspecError)


class Store(Protocol):
    """Where what a watch learns is kept."""

    def replace(self, kind: type[NamespacedResource], found: list[Any], version: str, *, anew: bool) -> None:
        """Take a list for all that there is; `anew` also where what is kept seems newer."""

    def put(self, kind: type[NamespacedResource], found: Any) -> None:
        """Keep an object as it is now."""

    def drop(self, kind: type[NamespacedResource], found: Any) -> None:
        """Forget an object."""


class Watch:
    """Keeps a store's objects of one kind as they are in the cluster; `changed` is called when its own state is."""

    def __init__(
        self,
        kind: type[NamespacedResource],
        line: Line,
        store: Store,
        changed: Callable[[], None],
        *,
        namespace: str | None,
        seconds: float,
        resync_seconds: float,
    ) -> None:
        self.kind = api_info(kind).plural
        self.fault = ""  # what kept it from working the last time, as a sentence
        self.needs_help = False  # that somebody has to do something about it
        self.is_synced = False
        self.contact = float("-inf")  # when the API server was last heard, by the monotonic clock
        self._kind = kind
        self._line = line
        self._store = store
        self._changed = changed
        self._url = _url(kind, namespace)
        self._decoder = Decoder(kind)
        self._seconds = seconds
        self._resync_seconds = resync_seconds
        self._resync_at = 0.0
        self._version = ""
        self._stopped = threading.Event()
        self._socket: socket.socket | None = None

    def run(self) -> None:
        """List and watch until `stop` is called."""
        tries = 0
        while not self._stopped.is_set():
            begun = time.monotonic()
            fault = self._turn()
            if self._stopped.is_set():
                return
            if fault and fault != self.fault:
                # Whoever wants a picture that there is not warns of it; here it is said of every kind.
                _LOG.info("Watching %s: %s", self._url, fault)
                self.fault = fault
                self._changed()
            has_lasted = time.monotonic() - begun > min(LONG_ENOUGH, self._seconds / 2)
            tries = 0 if has_lasted else tries + 1
            if fault or not has_lasted:
                pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(tries, 10))
                self._stopped.wait(pause * _CHANCE.uniform(0.5, 1.0))

    def stop(self) -> None:
        """Have `run` return soon, even from waiting for the server."""
        self._stopped.set()
        if (waiting := self._socket) is not None:
            with suppress(OSError):
                # Not the method of TLS sockets, which takes their encryption away from whoever reads them.
                socket.socket.shutdown(waiting, socket.SHUT_RDWR)

    def _turn(self) -> str:
        """A list if one is due, and one watch; answers what went wrong."""
        try:
            if time.monotonic() > self._resync_at:
                self._list()
            self._watch()
        except Refused as refused:
            if refused.code == _GONE:
                # What has changed since is not kept any more: only a list tells what there is now.
                self._resync_at = 0.0
                return ""
            self.needs_help = refused.code in _FOR_PEOPLE
            return self._told(refused)
        except _TROUBLES as error:
            self.needs_help = isinstance(error, EngineFault | ConfigError)
            return _told(error)
        except Exception:  # noqa: BLE001 a fault of ours must not end the watch for good, unseen
            _LOG.exception("Watching %s failed", self._url)
            self._resync_at = 0.0
            return f"Watching {self._url} failed."
        return ""

    def _list(self) -> None:
        found: list[Any] = []
        query = {"labelSelector": _SELECTOR, "limit": str(PAGE)}
        more = "first"
        while more:
            answer = self._line.http().get(self._url, params=query)
            if not answer.is_success:
                raise refusal(answer.status_code, answer.content)
            page, version, more = self._decoder.page(answer.content)
            self._heard()
            found += page
            query["continue"] = more
        # Versions only ever grow, unless the cluster was restored from a copy: then nothing that is kept holds.
        self._store.replace(self._kind, found, version, anew=_number(version) < _number(self._version))
        self._version = version
        self._resync_at = time.monotonic() + self._resync_seconds * _CHANCE.uniform(0.8, 1.2)
        if not self.is_synced:
            self.is_synced = True
            self._changed()

    def _watch(self) -> None:
        seconds = max(1, round(self._seconds * _CHANCE.uniform(0.8, 1.0)))
        query = {
            "labelSelector": _SELECTOR,
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            "timeoutSeconds": str(seconds),
        }
        # The server ends each watch after a while. One that stays silent for longer has lost its other end.
        silent = httpx2.Timeout(seconds + MARGIN_SECONDS, connect=CONNECT_SECONDS)
        with self._line.http().stream("GET", self._url, params=query, timeout=silent) as answer:
            if not answer.is_success:
                raise refusal(answer.status_code, answer.read())
            self._heard()
            self._socket = answer.extensions["network_stream"].get_extra_info("socket")
            try:
                # Asked only now, as whoever stops this looks for the socket after saying so.
                if not self._stopped.is_set():
                    for line in _lines(answer.iter_bytes()):
                        self._take(line)
            finally:
                self._socket = None

    def _take(self, line: bytes) -> None:
        event, found, version = self._decoder.event(line)
        if event == "DELETED":
            self._store.drop(self._kind, found)
        elif found is not None:
            self._store.put(self._kind, found)
        self._version = version
        self._heard()

    def _heard(self) -> None:
        self.contact = time.monotonic()
        if self.fault:
            _LOG.info("Watching %s again", self._url)
            self.fault = ""
            self._changed()

    def _told(self, refused: Refused) -> str:
        info = api_info(self._kind)
        said = f" {refused}" if str(refused) else ""
        match refused.code:
            case 401:
                return "The cluster does not accept the console's credentials."
            case 403:
                return f"The console may not watch {info.plural}.{said}"
            case 404:
                return f"The cluster knows no {info.resource.kind} of {info.resource.api_version}: it is not installed."
        return f"The cluster answered {refused.code} when it was asked for {info.plural}.{said}"


_SELECTOR: Final = ",".join(f"{name}={value}" for name, value in names.OURS.items())


def _url(kind: type[NamespacedResource], namespace: str | None) -> str:
    info = api_info(kind)
    group = f"apis/{info.resource.group}" if info.resource.group else "api"
    within = f"/namespaces/{namespace}" if namespace else ""
    return f"{group}/{info.resource.version}{within}/{info.plural}"


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Whole lines, and only those that end in a line feed: objects may hold what else ends lines in some tongues."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole


def _number(version: str) -> int:
    return int(version) if version.isdecimal() else 0


def _told(error: Exception) -> str:
    detail = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, EngineFault | ConfigError):
        return detail
    return f"The cluster does not answer: {detail.rstrip('.')}."
