"""What an engine tells a worker: from any thread, and kept until the worker asks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Ear:
    """The deployments that were told of; `ring` is called when there are some again."""

    def __init__(self, ring: Callable[[], object]) -> None:
        self._ring = ring
        self._lock = threading.Lock()
        self._told: dict[str, float] = {}
        self._taken_at = 0.0

    def hear(self, deployment: str) -> None:
        """Keep in mind that a deployment may have changed."""
        with self._lock:
            is_first = not self._told
            self._told[deployment] = time.monotonic()
        if is_first:
            self._ring()

    def take(self, pause_seconds: float = 0.0) -> dict[str, float]:
        """What was told, each with how many seconds ago it was last; nothing within a pause since the last time."""
        now = time.monotonic()
        if not self._told or now - self._taken_at < pause_seconds:
            return {}
        with self._lock:
            told, self._told = self._told, {}
        self._taken_at = now
        return {name: now - at for name, at in told.items()}
