"""How a worker is doing: whether its loop comes round, and what becomes of its turns."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from deployments.rollouts.turn import Outcome
from mlops_console.observing.server import serve_metrics
from mlops_console.serving.listening import listen, url_of
from mlops_console.serving.options import port

# What cuts a round short, beside what becomes of turns.
DATABASE_FAULT, FAILED = "database_fault", "failed"
OUTCOMES: Final = (*map(str, Outcome), DATABASE_FAULT, FAILED)
STUCK_SECONDS: Final = 120
SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Pulse:
    """What a worker tells of itself; its own thread reads it while the loop writes."""

    def __init__(self, stuck_seconds: float) -> None:
        self.registry = CollectorRegistry()
        self._stuck_seconds = stuck_seconds
        self._round_at = time.monotonic()
        self._turn_at: float | None = None
        ProcessCollector(registry=self.registry)
        self._turns = Counter(
            "mlops_console_worker_turns", "Turns, by what became of them.", ("outcome",), registry=self.registry
        )
        for outcome in OUTCOMES:
            self._turns.labels(outcome)
        self._seconds = Histogram(
            "mlops_console_worker_turn_duration_seconds",
            "How long turns took that looked after a deployment.",
            buckets=SECONDS,
            registry=self.registry,
        )
        self._gauge("round", "Since the loop came round last, at work or asleep.", self._since_round)
        self._gauge("turn", "Since a deployment was looked after last; NaN before the first.", self._since_turn)

    def come_round(self) -> None:
        """Note that the loop is alive."""
        self._round_at = time.monotonic()

    def turn(self, take: Callable[[], Outcome | None]) -> Outcome | None:
        """Take a turn, timed and counted; raises what it raises."""
        began = time.monotonic()
        outcome = take()
        if outcome is not None:
            self._turn_at = time.monotonic()
            self._seconds.observe(self._turn_at - began)
            self.count(outcome)
        return outcome

    def count(self, outcome: str) -> None:
        """Count what became of a turn, or cut the round short."""
        self._turns.labels(outcome).inc()

    def fault(self) -> str:
        """Why the worker is as good as dead, in words; nothing where it is not."""
        silent = self._since_round()
        return f"the loop has not come round for {silent:.0f} seconds" if silent > self._stuck_seconds else ""

    def _since_round(self) -> float:
        return time.monotonic() - self._round_at

    def _since_turn(self) -> float:
        return float("nan") if self._turn_at is None else time.monotonic() - self._turn_at

    def _gauge(self, name: str, help_text: str, read: Callable[[], float]) -> None:
        Gauge(f"mlops_console_worker_since_{name}_seconds", help_text, registry=self.registry).set_function(read)


def add_options(parser: ArgumentParser, *, seconds: Callable[[str], int]) -> None:
    """Declare what concerns watching the worker."""
    parser.add_argument(
        "--metrics-port", type=port, metavar="N", help="serve /healthz and /metrics there (default: nowhere)"
    )
    parser.add_argument("--metrics-address", default="127.0.0.1", help="and on this address (default: %(default)s)")
    parser.add_argument(
        "--stuck-seconds",
        type=seconds,
        default=STUCK_SECONDS,
        metavar="N",
        help="when /healthz answers 503, as the loop has not come round (default: %(default)s)",
    )


def pulse_of(options: dict[str, Any]) -> tuple[Pulse, str]:
    """A pulse, and the address where it can be felt if it was asked for; raises StartFault where that is taken."""
    pulse = Pulse(options["stuck_seconds"])
    if options["metrics_port"] is None:
        return pulse, ""
    listener = listen(options["metrics_address"], options["metrics_port"], option="--metrics-port")
    serve_metrics(listener, pulse.registry, fault=pulse.fault, token=settings.METRICS_TOKEN)
    return pulse, url_of(listener)
