"""Telling whoever listens of which deployments something that matters has changed, and not of everything that has."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from deployments.engines.kubernetes.pictures import Picture
from deployments.engines.kubernetes.seen import seen_of

_LOG: Final = logging.getLogger(__name__)
GATHERING_SECONDS: Final = 0.05  # changes come together
SECONDS_BETWEEN: Final = 0.25  # of looks at one deployment: while it rolls, dozens of objects change
SECONDS_AFTER_A_FAULT: Final = 1.0  # before a listener that failed is told again


class Listening:
    """Compares what changed pictures mean with what was told last, from a thread of its own."""

    def __init__(self, look: Callable[[str], Picture], heard: Callable[[str], None]) -> None:
        self._look = look
        self._heard = heard
        self._told: dict[str, Any] = {}
        self._not_before: dict[str, float] = {}  # by the monotonic clock
        self._marked: set[str] = set()
        self._has_marks = threading.Condition()
        self._stopped = threading.Event()

    def mark(self, deployments: Iterable[str]) -> None:
        """Have deployments looked at soon."""
        with self._has_marks:
            self._marked.update(deployments)
            self._has_marks.notify()

    def stop(self) -> None:
        """Have `run` return soon."""
        self._stopped.set()
        self.mark(())

    def run(self, known: Iterable[str]) -> None:
        """Tell until `stop` is called, first of all that is known: what has changed before, nobody has told."""
        self.mark(known)
        while True:
            with self._has_marks:
                self._has_marks.wait_for(lambda: self._marked or self._stopped.is_set())
            if self._stopped.wait(GATHERING_SECONDS):
                return
            for deployment in self._due():
                pause = SECONDS_BETWEEN if self._is_told(deployment) else SECONDS_AFTER_A_FAULT
                self._not_before[deployment] = time.monotonic() + pause

    def _due(self) -> set[str]:
        """The deployments to look at now; those that were looked at just before are left for later."""
        now = time.monotonic()
        self._not_before = {each: then for each, then in self._not_before.items() if then > now}
        with self._has_marks:
            due = self._marked - self._not_before.keys()
            self._marked -= due
        return due

    def _is_told(self, deployment: str) -> bool:
        """Tell of a deployment if it is not as it was; False where that failed, and is to be tried again."""
        try:
            now = meaning_of(self._look(deployment), deployment)
            if now != self._told.get(deployment):
                self._heard(deployment)
        except Exception:  # noqa: BLE001 whatever a listener meets, the others and later changes are still to be told
            _LOG.exception("Telling that %s has changed failed", deployment)
            self.mark((deployment,))
            return False
        if now is None:
            self._told.pop(deployment, None)
        else:
            self._told[deployment] = now
        return True


def meaning_of(picture: Picture, deployment: str) -> Any:
    """What of a picture matters to whoever looks after a deployment, None for an empty one; to be compared."""
    if picture.is_empty:
        return None
    seen = seen_of(picture, deployment, "")
    # Not since when: a pod that takes another's place changes that, and nothing else.
    workloads = [(each.key, each.phase, each.cause, each.restarts) for each in seen.workloads.values()]
    parts = [
        (composition, *(each is not None for each in (composed.deployment, composed.service, composed.budget)))
        for composition, composed in picture.compositions.items()
    ]
    return workloads, seen.traffic, seen.router, seen.drift, parts, picture.anchor is None, picture.route is None
