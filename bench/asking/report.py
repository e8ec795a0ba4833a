"""A run as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from bench.asking.case import Group, Variant
from bench.asking.results import Result, Results
from bench.asking.targets import Verdict, judge


def markdown(results: Results) -> str:
    """The whole report."""
    verdicts = judge(results)
    parts = [*_about(results), "## Targets", "", *_targets(verdicts), ""]
    for size in results.sizes:
        parts += [f"## {size:,} runtimes", "", *_table(results, size), ""]
    if missed := [each for each in verdicts if not each.is_met]:
        parts += ["## Missed", "", *_misses(missed), ""]
    return "\n".join(parts)


def _about(results: Results) -> Iterator[str]:
    yield f"`{results.command}`"
    yield ""
    for name, value in {**results.machine, **results.versions, "wrk": results.wrk}.items():
        yield f"- {name}: {value}"
    for size, seconds in results.load_seconds.items():
        yield f"- filling {size:,} runtimes and {results.audit.get(size, 0):,} audit entries: {seconds:.0f} s"
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


def _table(results: Results, size: int) -> Iterator[str]:
    yield "| case | median | p95 | requests/s | weight | fragment | floor | × floor | admin | growth |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for group in Group:
        for each in results.of(Variant.CONSOLE, group):
            if each.size == size:
                yield f"| {' | '.join(_cells(results, each))} |"


def _cells(results: Results, result: Result) -> Iterator[str]:
    timed = result.timed
    beside = {variant: results.find(result.size, result.case, variant) for variant in Variant}
    floor, admin, fragment = (beside[each] for each in (Variant.FLOOR, Variant.ADMIN, Variant.FRAGMENT))
    first = results.find(min(results.sizes), result.case, Variant.CONSOLE)
    yield result.case
    yield f"{timed.median:.1f} ms"
    yield f"{timed.p95:.1f} ms"
    yield f"{timed.per_second:,.0f}" if timed.per_second is not None else "–"
    yield f"{timed.weight / 1000:.1f} KB"
    yield f"{fragment.median:.1f} ms, {fragment.weight / 1000:.1f} KB" if fragment else "–"
    yield f"{floor.median:.1f} ms" if floor else "–"
    yield f"{timed.median / floor.median:.2f}" if floor else "–"
    yield f"{admin.median:.1f} ms" if admin else "–"
    yield f"{timed.median / first.median:.2f}" if first else "–"


def _mib(size: int) -> str:
    return f"{size / 2**20:.0f} MiB"


def _figure(value: float, unit: str) -> str:
    return f"{value:.2f} ×" if unit == "×" else f"{value:,.1f} {unit}"
