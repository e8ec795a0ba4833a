"""What events say about pods that do not become ready and do not show why: a probe that fails, a mount that hangs.

Events are many and are not watched. They are asked for only where a workload does not move, rarely, and what cannot be
read is done without.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Final

import httpx2
from lightkube import Client
from lightkube.core.client import FieldSelector
from lightkube.core.exceptions import ApiError, ConfigError
from lightkube.resources.core_v1 import Event, Pod

from deployments.engines.contract import EngineFault, Seen
from deployments.engines.kubernetes import causes
from deployments.engines.kubernetes.pictures import Picture
from deployments.engines.kubernetes.seen import Silent, seen_of, silent_pods

_LOG: Final = logging.getLogger(__name__)
SECONDS_OF_PATIENCE: Final = 5.0  # most pods become ready in between
SECONDS_BETWEEN: Final = 10.0
SECONDS_AFTER_A_FAULT: Final = 60.0
PODS, EVENTS = 3, 50  # of a deployment at a time, and of a pod
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


@dataclass
class _Silence:
    """Since when a deployment has had silent pods, when events were asked for, and what they said by pod."""

    since: float
    asked: float = float("-inf")
    said: dict[str, str] = field(default_factory=dict)


class Events:
    """Looks at deployments with the help of events; `connect` gives the client to ask by."""

    def __init__(self, connect: Callable[[], Client]) -> None:
        self._connect = connect
        self._silences: dict[str, _Silence] = {}
        self._not_before = float("-inf")
        self._lock = threading.Lock()

    def look(self, picture: Picture, deployment: str, address: str) -> Seen:
        """A deployment as it is, with what events say about its silent pods."""
        seen = seen_of(picture, deployment, address)
        silent = list(islice(silent_pods(picture, seen), PODS))
        if not silent:
            with self._lock:
                self._silences.pop(deployment, None)
            return seen
        said = self._said(deployment, silent)
        return seen_of(picture, deployment, address, said) if said else seen

    def _said(self, deployment: str, silent: list[Silent]) -> dict[str, str]:
        now = time.monotonic()
        with self._lock:
            silence = self._silences.setdefault(deployment, _Silence(now))
            may_yet = now < silence.since + SECONDS_OF_PATIENCE and not any(each.has_failed for each in silent)
            if may_yet or now < silence.asked + SECONDS_BETWEEN or now < self._not_before:
                return silence.said
            silence.asked = now
        try:
            asked = ((_name(each.pod), self._ask(each)) for each in silent)
            silence.said = {name: told for name, told in asked if told}
        except (httpx2.HTTPError, ConfigError, EngineFault) as error:
            # A right that is missing may be given, so this is tried again, but for all deployments as seldom.
            self._not_before = now + SECONDS_AFTER_A_FAULT
            _LOG.log(logging.INFO if _is_forbidden(error) else logging.WARNING, "Events cannot be read: %s", error)
        return silence.said

    def _ask(self, silent: Silent) -> str:
        """What the last event that means trouble says about a pod."""
        pod = silent.pod
        assert pod.metadata is not None  # noqa: S101 it has a name
        about: FieldSelector = {"involvedObject.uid": pod.metadata.uid or "", "type": "Warning"}
        listed = self._connect().list(Event, namespace=pod.metadata.namespace, fields=about, chunk_size=EVENTS)
        runs = any(each.state and each.state.running for each in (pod.status and pod.status.containerStatuses) or ())
        # Of a pod that runs, what went wrong before it did does not matter any more.
        fitting = [each for each in islice(listed, EVENTS) if (each.reason == "Unhealthy") is runs]
        last = max(fitting, key=_at, default=None)
        return causes.of_an_event(last.reason or "", last.message or "", silent.path) if last else ""


def _name(pod: Pod) -> str:
    return (pod.metadata.name if pod.metadata else None) or ""


def _at(event: Event) -> datetime:
    repeated = event.series.lastObservedTime if event.series else None
    return repeated or event.lastTimestamp or event.eventTime or event.firstTimestamp or _LONG_AGO


def _is_forbidden(error: Exception) -> bool:
    return isinstance(error, ApiError) and error.status.code == 403
