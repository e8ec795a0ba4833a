"""Consoles of different sizes, asked in one run."""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bench.asking import programs, tables, wrk
from bench.asking.case import Case, Group, Variant
from bench.asking.export import export
from bench.asking.results import Result, Results
from bench.asking.server import BESIDE, CONSOLE, environment, run, serving
from bench.asking.targets import JUDGED, SPREAD
from bench.asking.timing import Contender, contenders, time_all
from bench.asking.visitor import Visitor
from bench.asking.world import NAME, Place, World

LOOK_SECONDS_MAX: Final = 300.0
VISITORS: Final = 8  # as many as it takes for each worker to have some
ALONE: Final = "memory and CSV export"
CASE_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Console:
    """A console on a filled database: one in its folder, or the one of DATABASE_URL."""

    folder: Path
    embedded: bool = True

    def environment(self, settings: str) -> dict[str, str]:
        """The environment of its processes."""
        if self.embedded:
            return environment(self.folder, settings)
        return environment(None, settings) | {"DATA_DIR": str(self.folder)}

    def look(self, *options: str) -> World:
        """What there is to ask for, and a fresh login."""
        said = run("bench.asking.world", *options, env=self.environment(BESIDE), seconds=LOOK_SECONDS_MAX)
        found = json.loads(said)
        places = {name: Place(**found[name]) for name in ("workspace", "everywhere")}
        return World(**found | places)


@dataclass(frozen=True)
class _Open:
    """A console that is running, and somebody who is signed in."""

    world: World
    visitor: Visitor
    cases: Mapping[str, Case]


def measure(
    consoles: Sequence[Console],
    results: Results,
    *,
    requests: int,
    wrk_seconds: int,
    only: re.Pattern[str],
    say: Callable[[str], None],
) -> None:
    """Ask all of them for all cases that a pattern picks; the smallest comes first. One that fails is noted."""
    with_wrk = wrk_seconds > 0 and wrk.is_installed()
    results.wrk = f"{wrk_seconds} s, {wrk.CONNECTIONS} connections" if with_wrk else "not used"
    if wrk_seconds and not with_wrk:
        results.wrk = "not installed"
    with ExitStack() as stack:
        opened = [_open(console, stack) for console in consoles]
        for each in opened:
            results.sizes.append(each.world.runtimes)
        results.versions = opened[0].world.versions
        names = [name for name in opened[-1].cases if only.search(name)]
        for number, name in enumerate(names, start=1):
            began = time.monotonic()
            with _noting(name, results, say):
                _measure_one([each for each in opened if name in each.cases], name, results, requests)
            say(f"{number} of {len(names)}: {name}, {time.monotonic() - began:.1f} s")
        # Last of all: what wrk breaks off when its time is up goes on being answered for a while.
        for name in names if with_wrk else ():
            with _noting(name, results, say):
                _rates(opened[-1], name, results, wrk_seconds)
    for console in consoles:
        run("bench.asking.tidy", env=console.environment(CONSOLE), seconds=LOOK_SECONDS_MAX)


def alone(console: Console, results: Results) -> None:
    """The console without anything beside it: memory of its workers after a run, then the CSV export."""
    world = console.look()
    reads = [each for each in (*tables.cases(world), *programs.cases(world)) if each.group is not Group.WRITE]
    with serving(console.environment(CONSOLE)) as server:
        visitors = [_signed_in(server.port, world) for _ in range(VISITORS)]
        for case in reads:
            began = time.monotonic()
            for visitor in visitors:
                for each in contenders(case, 0, visitor):
                    if each.variant is Variant.CONSOLE and time.monotonic() - began < CASE_SECONDS:
                        each.run(1)
        results.memory = server.memory()
        results.export = export(server, visitors[0], "/workspaces/-/runtimes/export.csv")
    run("bench.asking.tidy", env=console.environment(CONSOLE), seconds=LOOK_SECONDS_MAX)


def _open(console: Console, stack: ExitStack) -> _Open:
    world = console.look()
    server = stack.enter_context(serving(console.environment(BESIDE)))
    visitor = _signed_in(server.port, world)
    stack.callback(visitor.close)
    cases = {case.name: case for case in (*tables.cases(world), *programs.cases(world))}
    return _Open(world, visitor, cases)


def _signed_in(port: int, world: World) -> Visitor:
    visitor = Visitor(port)
    visitor.sign_in(NAME, world.password)
    return visitor


@contextmanager
def _noting(name: str, results: Results, say: Callable[[str], None]) -> Iterator[None]:
    """Note a case that fails, and go on."""
    try:
        yield
    except (RuntimeError, OSError, http.client.HTTPException) as fault:
        results.faults[name] = str(fault) or repr(fault)
        say(f"failed: {name}: {results.faults[name]}")


def _measure_one(opened: Sequence[_Open], name: str, results: Results, requests: int) -> None:
    """Measure a case, and once more where its p95 is beyond the limit: it is the second time that counts."""
    found = _timed(opened, name, requests)
    if any(each.timed().spread > SPREAD for each in found if each.variant in JUDGED):
        results.again.append(name)
        found = _timed(opened, name, requests)
    case = opened[-1].cases[name]
    for each in found:
        results.rows.append(Result(each.size, name, case.group, each.variant, case.grows, each.timed()))


def _timed(opened: Sequence[_Open], name: str, requests: int) -> list[Contender]:
    found = [
        contender for each in opened for contender in contenders(each.cases[name], each.world.runtimes, each.visitor)
    ]
    time_all(found, requests)
    return found


def _rates(each: _Open, name: str, results: Results, seconds: int) -> None:
    """Add the requests a second to what was measured of a console."""
    for contender in contenders(each.cases[name], each.world.runtimes, each.visitor):
        if contender.variant is Variant.CONSOLE:
            rate = wrk.per_second(each.visitor, contender.every, seconds)
            for number, row in enumerate(results.rows):
                if (row.size, row.case, row.variant) == (contender.size, name, Variant.CONSOLE):
                    results.rows[number] = replace(row, timed=replace(row.timed, per_second=rate))
