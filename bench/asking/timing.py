"""Timing cases: who is compared takes turns, some requests at a time, so that a busy minute slows all alike."""

from __future__ import annotations

import http.client
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from bench.asking.case import Case, Variant
from bench.asking.visitor import FORM, Ask, Visitor

WARM_UP = 8  # each over a connection of its own, so that every worker has answered before
BLOCK = 10  # requests in a row of one contender
SECONDS_MAX = 5.0  # of one contender in one case
WARM_UP_SECONDS_MAX = 1.0
REQUESTS_MIN = 5  # however long they take
# The admin takes seconds for a page of a large table, which is known well enough after two.
ADMIN_SECONDS_MAX, ADMIN_REQUESTS_MIN, ADMIN_WARM_UP = 1.0, 2, 1


@dataclass(frozen=True)
class Timed:
    """What the requests of one contender took, in milliseconds, and what the last answer weighed, in bytes."""

    requests: int
    median: float
    p95: float
    weight: int
    per_second: float | None = None

    @property
    def spread(self) -> float:
        """The p95 as a multiple of the median."""
        return self.p95 / self.median


@dataclass
class Contender:
    """One variant of one case on one database."""

    size: int
    variant: Variant
    visitor: Visitor
    every: Sequence[Ask]
    seconds: list[float] = field(default_factory=list)
    sent: int = 0
    spent: float = 0.0  # seconds
    weight: int = 0

    def warm_up(self, requests: int) -> None:
        """Send some requests that do not count; raises RuntimeError like `run`."""
        for _ in range(requests):
            self.visitor.close()
            self.run(1, counts=False)
        self.spent = 0.0

    def run(self, requests: int, *, counts: bool = True) -> None:
        """Send some requests, or fewer where time is up; raises RuntimeError where one is not answered with 200."""
        for _ in range(requests):
            if self._is_over(counts=counts):
                break
            ask = self.every[self.sent % len(self.every)]
            self.sent += 1
            reply = self.visitor.ask(ask)
            if reply.status != http.client.OK:
                raise RuntimeError(f"{ask.method} {ask.path} answered {reply.status}: {reply.body[:300]!r}")
            if reply.encoding:
                raise RuntimeError(f"{ask.path} was compressed, which was not asked for")
            self.spent += reply.seconds
            self.weight = len(reply.body)
            if counts:
                self.seconds.append(reply.seconds)

    def _is_over(self, *, counts: bool) -> bool:
        if not counts:
            return self.spent > WARM_UP_SECONDS_MAX
        if self.variant is Variant.ADMIN:
            return self.spent > ADMIN_SECONDS_MAX and len(self.seconds) >= ADMIN_REQUESTS_MIN
        return self.spent > SECONDS_MAX and len(self.seconds) >= REQUESTS_MIN

    def timed(self) -> Timed:
        """The figures."""
        ordered = sorted(1000 * each for each in self.seconds)
        high = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
        return Timed(len(ordered), median(ordered), high, self.weight)


def contenders(case: Case, size: int, visitor: Visitor) -> list[Contender]:
    """The variants of a case on one database."""
    token = visitor.form_token(case.needs_form) if case.needs_form else ""
    return [
        Contender(size, variant, visitor, [_posted(ask, token) for ask in asks])
        for variant, asks in case.asks.items()
        if asks
    ]


def time_all(found: Sequence[Contender], requests: int) -> None:
    """Warm up, then let each send its requests in blocks, in turn."""
    for each in found:
        each.warm_up(min(ADMIN_WARM_UP if each.variant is Variant.ADMIN else WARM_UP, requests))
    left = requests
    while left > 0:
        for each in found:
            # The processor still holds what the contender before was doing: that is not what a page costs.
            each.run(1, counts=False)
            each.run(min(BLOCK, left))
        left -= BLOCK


def _posted(ask: Ask, token: str) -> Ask:
    if not token or ask.headers.get("Content-Type") != FORM:
        return ask
    return replace(ask, body=f"csrfmiddlewaretoken={token}&{ask.body}")
