"""A run as Markdown that stands below a heading of docs/performance.md as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from bench.asking.case import Group, Variant
from bench.asking.results import Results
from bench.asking.targets import ADMIN_SIZE, Verdict, judge
from bench.asking.timing import Timed


def markdown(results: Results) -> str:
    """The whole report."""
    verdicts = judge(results)
    parts = [*_about(results), "### Targets", "", *_targets(verdicts), ""]
    for group in Group:
        if names := list(dict.fromkeys(each.case for each in results.of(Variant.CONSOLE, group))):
            parts += [f"### {group[0].upper()}{group[1:]}", "", *_table(results, names), ""]
    if missed := [each for each in verdicts if not each.is_met]:
        parts += ["### Missed", "", *_misses(missed), ""]
    if results.faults:
        parts += ["### Failed", "", *(f"- {case}: {fault}" for case, fault in results.faults.items()), ""]
    return "\n".join(parts)


def _about(results: Results) -> Iterator[str]:
    yield "```console"
    yield f"$ {results.command}"
    yield "```"
    yield ""
    for name, value in {**results.machine, **results.versions, "wrk": results.wrk}.items():
        yield f"- {name}: {value}"
    if results.seconds:
        yield f"- time: {', '.join(f'{what} {seconds:.0f} s' for what, seconds in results.seconds.items())}"
    if results.again:
        yield f"- measured again, as a p95 was beyond its limit the first time: {', '.join(results.again)}"
    if results.memory:
        yield f"- memory of the web workers after the run: {', '.join(map(_mib, results.memory))}"
    if export := results.export:
        yield (
            f"- CSV export: {export.rows:,} rows in {export.seconds:.1f} s, the first after {export.first_byte:.2f}"
            f" s, memory of a worker {_mib(export.before)} before and {_mib(export.at_most)} at most"
        )
    yield ""


def _targets(verdicts: Sequence[Verdict]) -> Iterator[str]:
    yield "| target | limit | worst | where | cases met | |"
    yield "|---|---|---|---|---|---|"
    for name, group in groupby(verdicts, key=lambda each: each.target):
        every = list(group)
        worst = max(every, key=lambda each: each.measured)
        met = sum(each.is_met for each in every)
        yield (
            f"| {name} | {_figure(worst.limit, worst.unit)} | {_figure(worst.measured, worst.unit)} | {worst.case} "
            f"| {met} of {len(every)} | {'met' if met == len(every) else '**missed**'} |"
        )


def _misses(missed: Sequence[Verdict]) -> Iterator[str]:
    yield "| target | case | measured | limit |"
    yield "|---|---|---|---|"
    for each in sorted(missed, key=lambda each: (each.target, -each.measured)):
        measured, limit = (_figure(value, each.unit) for value in (each.measured, each.limit))
        yield f"| {each.target} | {each.case} | {measured} | {limit} |"


def _table(results: Results, names: Sequence[str]) -> Iterator[str]:
    """The cases of a group: medians at each size, all else at the largest but for the admin."""
    sizes = sorted(results.sizes)
    medians = " | ".join(f"{size:,}" for size in sizes)
    beside = ADMIN_SIZE if ADMIN_SIZE in sizes else sizes[-1]
    yield (
        f"| case | {medians} | growth | p95 | floor | × floor | admin at {beside:,} | × admin | weight | fragment"
        " | requests/s |"
    )
    yield f"|---|{'--:|' * (len(sizes) + 9)}"
    for name in names:
        yield f"| {' | '.join((name, *_cells(results, name, sizes, beside)))} |"


def _cells(results: Results, name: str, sizes: Sequence[int], beside: int) -> Iterator[str]:
    ours = [results.find(size, name, Variant.CONSOLE) for size in sizes]
    yield from map(_median, ours)
    last, first = ours[-1], ours[0]
    yield _times(last, first) if len(sizes) > 1 else "–"
    yield f"{last.p95:.1f} ms" if last else "–"
    floor, fragment = (results.find(sizes[-1], name, each) for each in (Variant.FLOOR, Variant.FRAGMENT))
    yield _median(floor)
    yield _times(last, floor)
    admin = results.find(beside, name, Variant.ADMIN)
    yield _median(admin)
    yield _times(results.find(beside, name, Variant.CONSOLE), admin)
    yield f"{last.weight / 1000:.1f} KB" if last else "–"
    yield f"{fragment.median:.1f} ms, {fragment.weight / 1000:.1f} KB" if fragment else "–"
    yield f"{last.per_second:,.0f}" if last and last.per_second is not None else "–"


def _median(timed: Timed | None) -> str:
    return f"{timed.median:.1f} ms" if timed else "–"


def _times(timed: Timed | None, other: Timed | None) -> str:
    return f"{timed.median / other.median:.2f}" if timed and other else "–"


def _mib(size: int) -> str:
    return f"{size / 2**20:.0f} MiB"


def _figure(value: float, unit: str) -> str:
    return f"{value:.2f} ×" if unit == "×" else f"{value:,.1f} {unit}"
