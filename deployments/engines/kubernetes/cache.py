"""What the cluster has, at hand: one list and watch per kind, from which pictures of deployments are made.

A look costs no request. In return it may be older than the cluster, by some milliseconds as a rule; once the cluster
has not been heard for a while, there is no picture but a fault.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from lightkube import Client

from deployments.engines.contract import EngineFault
from deployments.engines.kubernetes.line import Line
from deployments.engines.kubernetes.listening import Listening
from deployments.engines.kubernetes.options import Options
from deployments.engines.kubernetes.pictures import KINDS, Picture
from deployments.engines.kubernetes.store import Objects
from deployments.engines.kubernetes.watch import Watch

SECONDS_TO_STOP: Final = 5.0
SYNC_SECONDS: Final = 15.0
WATCH_SECONDS: Final = 30.0
STALE_SECONDS: Final = 60.0  # more than a watch that has fallen silent takes to be noticed


class Cache:
    """Watches a cluster from its first use until it is closed; `connect` is called once, then.

    A watch lasts `watch_seconds`, and a picture whose newest sign of life is older than `stale_seconds` is none. For
    `sync_seconds` after the beginning, whoever asks waits until everything was listed.
    """

    def __init__(
        self,
        connect: Callable[[], Client],
        options: Options,
        *,
        watch_seconds: float = WATCH_SECONDS,
        stale_seconds: float = STALE_SECONDS,
        sync_seconds: float = SYNC_SECONDS,
    ) -> None:
        self._objects = Objects(self._mark)
        self._line = Line(connect)
        self._stale_seconds = stale_seconds
        self._sync_seconds = sync_seconds
        self._waits_until = 0.0  # by the monotonic clock
        self._state = threading.Condition()  # guards what follows, and is told when a watch's state changes
        self._threads: list[threading.Thread] = []
        self._listening: list[Listening] = []
        self._is_closed = False
        self._watches = [
            Watch(
                kind,
                self._line,
                self._objects,
                self._tell,
                namespace=options.watched_namespace,
                seconds=watch_seconds,
                resync_seconds=options.resync_seconds,
            )
            for kind in KINDS
        ]

    def picture(self, deployment: str) -> Picture:
        """What there is of a deployment, maybe nothing; raises EngineFault where that is not known."""
        self._ensure()
        return self._objects.picture(deployment)

    def deployments(self) -> list[str]:
        """The deployments of which anything exists; raises EngineFault where that is not known."""
        self._ensure()
        return self._objects.deployments()

    def listen(self, heard: Callable[[str], None]) -> None:
        """Call `heard` with a deployment's id, from a thread of its own, once and after each change that matters."""
        listening = Listening(self._objects.picture, heard)
        self._start()
        with self._state:
            self._listening.append(listening)
            self._run("kubernetes-listening", self._tell_of, listening)

    def note(self, found: Any) -> None:
        """Take what a write answered, so that the next look has it already."""
        self._objects.note(found)

    def forget(self, found: Any) -> None:
        """Take an object for gone that was deleted at once."""
        self._objects.forget(found)

    def age(self) -> float:
        """The seconds since the cluster was last heard, by the watch that has waited longest."""
        return time.monotonic() - min(each.contact for each in self._watches)

    def close(self) -> None:
        """End the watches and let go of connections."""
        with self._state:
            self._is_closed = True
            self._state.notify_all()
            for watch in self._watches:
                watch.stop()
            for listening in self._listening:
                listening.stop()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(SECONDS_TO_STOP)
        self._line.close()

    def _start(self) -> None:
        """Begin to watch, the first time."""
        with self._state:
            if self._is_closed:
                raise EngineFault("The connection to the cluster is closed.")
            if not self._threads:
                self._waits_until = time.monotonic() + self._sync_seconds
                for watch in self._watches:
                    self._run(f"kubernetes-{watch.kind}", watch.run)

    def _run(self, name: str, task: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=task, args=arguments, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _ensure(self) -> None:
        """Wait until everything was listed once, for a while; raises EngineFault where a picture would not hold."""
        self._start()
        with self._state:
            patience = max(0.0, self._waits_until - time.monotonic())
            self._state.wait_for(self._has_waited_enough, patience)
            if unsynced := self._unsynced:
                worst = sorted(unsynced, key=lambda each: each.needs_help, reverse=True)
                raise EngineFault(next((each.fault for each in worst if each.fault), _SILENT))
        late = min(self._watches, key=lambda each: each.contact)
        if (age := time.monotonic() - late.contact) > self._stale_seconds:
            since = datetime.now(UTC) - timedelta(seconds=age)
            raise EngineFault(f"{late.fault or _SILENT} That has been so since {since:%Y-%m-%d %H:%M:%S} UTC.")

    @property
    def _unsynced(self) -> list[Watch]:
        return [each for each in self._watches if not each.is_synced]

    def _has_waited_enough(self) -> bool:
        return self._is_over() or any(each.needs_help for each in self._unsynced)

    def _is_over(self) -> bool:
        return self._is_closed or not self._unsynced

    def _tell_of(self, listening: Listening) -> None:
        with self._state:
            self._state.wait_for(self._is_over)
        listening.run(self._objects.deployments())

    def _tell(self) -> None:
        with self._state:
            self._state.notify_all()

    def _mark(self, deployments: Iterable[str]) -> None:
        for each in self._listening:
            each.mark(deployments)


_SILENT: Final = "The cluster does not answer."
