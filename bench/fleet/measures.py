"""What was measured, and the table of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import mean, median
from typing import Final

from bench.fleet.calls import Calls

CALLS_MAX: Final = 20.0  # of one composition, less than which is aimed at
CPU_MS_MAX: Final = 50.0
_MIB: Final = 2**20


@dataclass
class Run:
    """One time that everything was upgraded, by the console's workers or, with none, by the cluster alone."""

    workers: int
    compositions: int
    seconds: float = 0.0
    seconds_each: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    calls: Calls = field(default_factory=Calls)
    cpu_seconds: float = 0.0
    turns: Counter[str] = field(default_factory=Counter)
    transactions: int = 0
    memory_peak: list[int] = field(default_factory=list)
    resident_peak: list[int] = field(default_factory=list)
    load: float = 0.0

    def per_composition(self, value: float) -> float:
        """The part of one composition."""
        return value / self.compositions

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of processor time for one composition."""
        return 1000 * self.per_composition(self.cpu_seconds)


@dataclass
class Rest:
    """Workers that have nothing to do: after how many seconds they knew the cluster, and what they cost then."""

    workers: int
    seconds_to_start: float
    seconds_to_sync: float
    memory: list[int]
    cpu_ms_a_second: float
    calls_a_minute: float
    turns_a_minute: float


@dataclass
class Measured:
    """A whole run of the bench."""

    command: str
    deployments: int
    replicas: int
    min_ready_seconds: int
    machine: dict[str, str]
    versions: dict[str, str] = field(default_factory=dict)
    plain: list[Run] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    rest: list[Rest] = field(default_factory=list)
    alone: list[float] = field(default_factory=list)  # seconds of upgrades one after the other
    plain_alone: list[float] = field(default_factory=list)
    web: dict[str, list[int]] = field(default_factory=dict)  # memory of the web server's processes in bytes

    @property
    def failed(self) -> int:
        """How many upgrades did not succeed."""
        return sum(each.failures.total() for each in self.runs)

    def json(self) -> str:
        """The run as programs read it."""
        return json.dumps(self, default=vars, indent=1)

    def text(self) -> str:
        """The run as people read it."""
        return "\n".join([*self._about(), "", *self._upgrades(), "", *self._calls(), "", *self._at_rest()])

    def _about(self) -> Iterator[str]:
        yield self.command
        yield ", ".join(f"{name}: {value}" for name, value in {**self.machine, **self.versions}.items())
        yield f"{self.deployments} deployments of one composition, {self.replicas} replica(s), " + (
            f"minReadySeconds {self.min_ready_seconds}; all are upgraded at once"
        )

    def _upgrades(self) -> Iterator[str]:
        by_cluster = mean(each.seconds for each in self.plain)
        yield _row("", (_title(each) for each in self._columns()))
        yield _row("seconds, all", (f"{each.seconds:.1f}" for each in self._columns()))
        yield _row("ms a composition", (f"{1000 * each.per_composition(each.seconds):.0f}" for each in self._columns()))
        beyond = (1000 * each.per_composition(each.seconds - by_cluster) for each in self._columns())
        yield _row("  beyond the cluster's own", (f"{round(each):+d}" for each in beyond))
        yield _row("seconds of one, median", (f"{_median(each.seconds_each):.1f}" for each in self._columns()))
        yield _row("load average", (f"{each.load:.1f}" for each in self._columns()))
        for name, value in _COSTS:
            yield _row(name, (value(each) if each.workers else "" for each in self._columns()))
        if self.alone and self.plain_alone:
            yield ""
            yield (
                f"One upgrade at a time, {len(self.alone)} of them, median: {_median(self.alone):.2f} s with the "
                f"console, {_median(self.plain_alone):.2f} s without"
            )
        met = [each.per_composition(each.calls.count) < CALLS_MAX and each.cpu_ms < CPU_MS_MAX for each in self.runs]
        yield f"Aims (under {CALLS_MAX:.0f} calls and {CPU_MS_MAX:.0f} ms each): {'met' if all(met) else 'missed'}"
        for run in self.runs:
            yield from (f"! {count} {cause}" for cause, count in run.failures.items())

    def _calls(self) -> Iterator[str]:
        yield _row("API calls each", map(_title, self.runs))
        for name in sorted({name for run in self.runs for name in run.calls.asked}):
            yield _row(f"  {name}", (f"{run.per_composition(run.calls.asked[name]):.3f}" for run in self.runs))
        for name in sorted({name for run in self.runs for name in run.calls.refused}):
            yield _row(f"  ! {name}", (f"{run.per_composition(run.calls.refused[name]):.3f}" for run in self.runs))

    def _at_rest(self) -> Iterator[str]:
        for each in self.rest:
            yield (
                f"{_workers(each.workers)} at rest: {_mib(each.memory)} MiB, {each.cpu_ms_a_second:.1f} ms of CPU a "
                f"second, {each.turns_a_minute:.0f} turns and {each.calls_a_minute:.0f} API calls a minute; started in "
                f"{each.seconds_to_start:.1f} s, watches synced after {each.seconds_to_sync:.1f} s"
            )
        for name, sizes in self.web.items():
            yield f"web, {name}: {_mib(sizes)} MiB"

    def _columns(self) -> list[Run]:
        return [*self.plain[:1], *self.runs, *self.plain[1:]]


def _row(name: str, cells: Iterable[str]) -> str:
    return f"{name:40}" + "".join(f"{each:>14}" for each in cells)


def _title(run: Run) -> str:
    return _workers(run.workers) if run.workers else "no console"


def _workers(count: int) -> str:
    return f"{count} worker{'s' if count > 1 else ''}"


def _median(values: Sequence[float]) -> float:
    return median(values) if values else 0.0


def _mib(sizes: Iterable[int]) -> str:
    return ", ".join(f"{each / _MIB:.0f}" for each in sizes)


_COSTS: Final[tuple[tuple[str, Callable[[Run], str]], ...]] = (
    ("worker CPU, ms each", lambda run: f"{run.cpu_ms:.1f}"),
    ("API calls each", lambda run: f"{run.per_composition(run.calls.count):.2f}"),
    ("  of these refused", lambda run: f"{run.per_composition(run.calls.refused.total()):.2f}"),
    ("watches opened", lambda run: f"{run.calls.watches}"),
    ("turns each", lambda run: f"{run.per_composition(run.turns.total()):.1f}"),
    ("transactions each", lambda run: f"{run.per_composition(run.transactions):.1f}"),
    ("PSS at most, MiB", lambda run: _mib(run.memory_peak)),
    ("RSS at most, MiB", lambda run: _mib(run.resident_peak)),
    ("failed", lambda run: f"{run.failures.total()}"),
)
