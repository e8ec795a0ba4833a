"""Requests a second by version over a rollout, from counters that only grow, but may begin anew or go away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

BINS_MAX: Final = 120
SERIES_MAX: Final = 6
CLIENTS: Final = ""
OTHERS: Final = "Other versions"


@dataclass(frozen=True)
class Sample:
    """What a counter said at some instant: the requests answered so far, and how many of them failed.

    `workload` is its key; CLIENTS are all answers as clients got them.
    """

    at: datetime
    workload: str
    answered: int
    failed: int = 0


@dataclass(frozen=True)
class Growth:
    """By how much a counter grew between two instants."""

    workload: str
    start: datetime
    end: datetime
    answered: int
    failed: int


@dataclass(frozen=True)
class Series:
    """One version: its requests a second, bin by bin, and in all."""

    label: str
    rates: tuple[float, ...]
    answered: int
    failed: int


@dataclass(frozen=True)
class Picture:
    """What there is to draw: bins of equal length from `start`; failures and totals as clients met them."""

    start: datetime
    seconds: float
    series: tuple[Series, ...]
    failures: tuple[float, ...]
    answered: int
    failed: int

    @property
    def totals(self) -> tuple[float, ...]:
        """The requests a second of all versions together, bin by bin."""
        return tuple(map(sum, zip(*(each.rates for each in self.series), strict=True)))


def growths(samples: Iterable[Sample]) -> Iterator[Growth]:
    """How counters grew from each instant to the next one at which they were read.

    At the first instant of all, counters may have been running for long: that is where counting begins. One that turns
    up later began at zero since the instant before; one that shows less than before began at zero anew.
    """
    last: dict[str, Sample] = {}
    before: datetime | None = None
    for at, group in groupby(sorted(samples, key=lambda each: each.at), key=lambda each: each.at):
        for sample in group:
            known = last.get(sample.workload)
            last[sample.workload] = sample
            if before is None:
                continue
            base = known or Sample(before, sample.workload, 0)
            if sample.answered < base.answered or sample.failed < base.failed:
                base = Sample(base.at, sample.workload, 0)
            answered, failed = sample.answered - base.answered, sample.failed - base.failed
            yield Growth(sample.workload, base.at, at, answered, failed)
        before = at


def picture(samples: Sequence[Sample], labels: Mapping[str, str]) -> Picture | None:
    """The picture of a rollout, None while there are not two instants to compare.

    `labels` names the version of each workload, in the order to draw them; workloads without one belong to OTHERS.
    """
    instants = {sample.at for sample in samples}
    if len(instants) < 2:
        return None
    start, end = min(instants), max(instants)
    span = (end - start).total_seconds()
    count = max(1, min(BINS_MAX, int(span)))
    grid = _Grid(start, span / count, count)
    found = list(growths(samples))
    # Without a look at the router as a whole, what its workloads say has to do.
    told = [each for each in found if each.workload == CLIENTS]
    clients = told or found
    return Picture(
        start=start,
        seconds=grid.seconds,
        series=tuple(_series([each for each in found if each.workload != CLIENTS], labels, grid)),
        failures=grid.rates((each, each.failed) for each in clients),
        answered=sum(each.answered for each in clients),
        failed=sum(each.failed for each in clients),
    )


def _series(found: Sequence[Growth], labels: Mapping[str, str], grid: _Grid) -> Iterator[Series]:
    names = list(dict.fromkeys(labels.values()))
    shown = names if len(names) <= SERIES_MAX else names[: SERIES_MAX - 1]
    of: dict[str, list[Growth]] = {name: [] for name in shown}
    for each in found:
        name = labels.get(each.workload, OTHERS)
        of.setdefault(name if name in shown else OTHERS, []).append(each)
    for name, mine in of.items():
        yield Series(
            label=name,
            rates=grid.rates((each, each.answered) for each in mine),
            answered=sum(each.answered for each in mine),
            failed=sum(each.failed for each in mine),
        )


@dataclass(frozen=True)
class _Grid:
    """Bins of equal length."""

    start: datetime
    seconds: float
    count: int

    def rates(self, amounts: Iterable[tuple[Growth, int]]) -> tuple[float, ...]:
        """Amounts a second in each bin; what grew over several is spread over them evenly."""
        sums = [0.0] * self.count
        for growth, amount in amounts:
            begin, end = self._place(growth.start), self._place(growth.end)
            if not amount or end <= begin:
                continue
            for number in range(int(begin), min(int(end), self.count - 1) + 1):
                overlap = min(end, number + 1) - max(begin, number)
                sums[number] += amount * overlap / (end - begin)
        return tuple(amount / self.seconds for amount in sums)

    def _place(self, at: datetime) -> float:
        return (at - self.start) / timedelta(seconds=self.seconds)
