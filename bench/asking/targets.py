"""What is to be reached, as ratios of medians of one run, and whether it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bench.asking.case import Group, Variant
from bench.asking.export import ROWS
from bench.asking.results import Result, Results

TIMES_FLOOR: Final = 2.0
TIMES_WRITE: Final = 3.0
PART_OF_ADMIN: Final = 0.2
ADMIN_SIZE: Final = 100_000
GROWTH: Final = 1.3
GROWTH_SIZES: Final = (1_000, 1_000_000)
SPREAD: Final = 1.6
PREVIEW_MS: Final = 150.0
COUNT_MS: Final = 60.0
WEIGHT_BYTES: Final = 60_000
MEMORY_BYTES: Final = 130 * 1024 * 1024
EXPORT_SECONDS: Final = 5.0
EXPORT_GROWTH_BYTES: Final = 16 * 1024 * 1024
JUDGED: Final = (Variant.CONSOLE, Variant.FRAGMENT)
_LISTS: Final = (Group.LIST, Group.API_LIST)


@dataclass(frozen=True)
class Verdict:
    """One target for one case: what was measured, what is allowed, in what unit."""

    target: str
    case: str
    measured: float
    limit: float
    unit: str = "×"

    @property
    def is_met(self) -> bool:
        """Whether it was reached."""
        return self.measured <= self.limit


def judge(results: Results) -> list[Verdict]:
    """Every target for every case that it is about; one that nothing was measured for has no verdict."""
    return [
        *_against_floor(results),
        *_against_admin(results),
        *_growth(results),
        *_in_milliseconds(results),
        *_spread(results),
        *_weight(results),
        *_memory(results),
    ]


def _against_floor(results: Results) -> Iterator[Verdict]:
    for groups, limit, target in (
        ((Group.LIST,), TIMES_FLOOR, "list pages against the floor"),
        ((Group.API_LIST,), TIMES_FLOOR, "lists of the API against the floor"),
        ((Group.WRITE,), TIMES_WRITE, "writes against a bare statement with its audit row"),
    ):
        for each in results.of(Variant.CONSOLE, *groups):
            if floor := results.find(each.size, each.case, Variant.FLOOR):
                yield Verdict(target, _case(each), each.timed.median / floor.median, limit)


def _against_admin(results: Results) -> Iterator[Verdict]:
    for each in results.of(Variant.CONSOLE, *_LISTS):
        admin = results.find(each.size, each.case, Variant.ADMIN)
        if admin and each.size == ADMIN_SIZE:
            target = f"lists against Django's admin at {ADMIN_SIZE:,} runtimes"
            yield Verdict(target, _case(each), each.timed.median / admin.median, PART_OF_ADMIN)


def _growth(results: Results) -> Iterator[Verdict]:
    few, many = GROWTH_SIZES
    for each in results.of(Variant.CONSOLE, *_LISTS):
        small = results.find(few, each.case, Variant.CONSOLE)
        if small and each.grows and each.size == many:
            target = f"lists at {many:,} runtimes against {few:,}"
            yield Verdict(target, each.case, each.timed.median / small.median, GROWTH)


def _in_milliseconds(results: Results) -> Iterator[Verdict]:
    for each in results.of(Variant.CONSOLE):
        if each.group is Group.PREVIEW:
            yield Verdict("previews of upgrades", _case(each), each.timed.median, PREVIEW_MS, "ms")
        if each.case == "API: count" and each.size == max(results.sizes):
            yield Verdict("exact counts of a workspace", _case(each), each.timed.median, COUNT_MS, "ms")


def _spread(results: Results) -> Iterator[Verdict]:
    for variant in JUDGED:
        for each in results.of(variant):
            yield Verdict("p95 against the median", _case(each), each.timed.spread, SPREAD)


def _weight(results: Results) -> Iterator[Verdict]:
    for each in results.of(Variant.CONSOLE, Group.LIST):
        yield Verdict("weight of list pages", _case(each), each.timed.weight / 1000, WEIGHT_BYTES / 1000, "KB")


def _memory(results: Results) -> Iterator[Verdict]:
    mib = 1024 * 1024
    if results.memory:
        limit = MEMORY_BYTES / mib
        yield Verdict("memory of a web worker", "after the run", max(results.memory) / mib, limit, "MiB")
    export = results.export
    if export and export.rows >= ROWS:
        case = f"{ROWS:,} rows"
        yield Verdict("CSV export", case, export.seconds, EXPORT_SECONDS, "s")
        grown = (export.at_most - export.before) / mib
        yield Verdict("memory that the CSV export takes", case, grown, EXPORT_GROWTH_BYTES / mib, "MiB")


def _case(result: Result) -> str:
    part = " (fragment)" if result.variant is Variant.FRAGMENT else ""
    return f"{result.case}{part}, {result.size:,}"
