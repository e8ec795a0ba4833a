"""The geometry of the picture of a rollout: stacked areas as SVG paths, without a style in sight."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from deployments.rollouts.traffic import Picture

WIDTH: Final = 1000
HEIGHT: Final = 200
_SMALLEST_BAR: Final = 6.0


@dataclass(frozen=True)
class Area:
    """One version: the outline of its area, and what is said about it."""

    number: int
    label: str
    path: str
    answered: int
    failed: int
    first: float
    last: float


@dataclass(frozen=True)
class Bar:
    """Failed requests in one bin."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Drawing:
    """All that the template draws and says; `ticks` from top to bottom, `times` from left to right."""

    areas: tuple[Area, ...]
    bars: tuple[Bar, ...]
    ticks: tuple[str, ...]
    times: tuple[str, ...]
    answered: int
    failed: int
    sentence: str


def drawing(picture: Picture) -> Drawing:
    """A picture laid out in WIDTH by HEIGHT, y growing downwards."""
    top = ceiling(max(picture.totals, default=0.0))
    count = len(picture.failures)
    floor = [0.0] * count
    areas = []
    for number, series in enumerate(picture.series):
        roof = [low + rate for low, rate in zip(floor, series.rates, strict=True)]
        areas.append(
            Area(
                number=number,
                label=series.label,
                path=_outline(floor, roof, top),
                answered=series.answered,
                failed=series.failed,
                first=series.rates[0],
                last=series.rates[-1],
            )
        )
        floor = roof
    return Drawing(
        areas=tuple(areas),
        bars=tuple(_bars(picture.failures, top)),
        ticks=(_number(top), _number(top / 2), "0"),
        times=tuple(clock(picture.seconds * count * part) for part in (0, 0.5, 1)),
        answered=picture.answered,
        failed=picture.failed,
        sentence=" ".join(_said(area) for area in areas),
    )


def ceiling(value: float) -> float:
    """The smallest of 1, 2, 5, 10, 20, 50 and so on that is not below a value."""
    if value <= 1:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value)


def clock(seconds: float) -> str:
    """A length of time as people read it: 0:07, 12:30, 1:05:00."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _outline(floor: Sequence[float], roof: Sequence[float], top: float) -> str:
    """Along the roof from left to right and back along the floor; nothing for an area without height."""
    if floor == roof:
        return ""
    there = _edge(roof, top)
    back = list(reversed(_edge(floor, top)))
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in [*there, *back]) + "Z"


def _edge(heights: Sequence[float], top: float) -> list[tuple[float, float]]:
    """One point in the middle of each bin, and one at either end."""
    bin_width = WIDTH / len(heights)
    middles = [(round((number + 0.5) * bin_width, 1), _y(height, top)) for number, height in enumerate(heights)]
    return [(0.0, middles[0][1]), *middles, (float(WIDTH), middles[-1][1])]


def _y(height: float, top: float) -> float:
    return round(HEIGHT * (1 - height / top), 1)


def _bars(failures: Sequence[float], top: float) -> list[Bar]:
    width = WIDTH / len(failures)
    bars = []
    for number, rate in enumerate(failures):
        if rate > 0:
            # One failed request among thousands must be seen as well.
            height = min(max(HEIGHT * rate / top, _SMALLEST_BAR), HEIGHT)
            bars.append(Bar(round(number * width, 1), round(HEIGHT - height, 1), round(width, 1), round(height, 1)))
    return bars


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 2 else f"{value:g}"


def _said(area: Area) -> str:
    return f"{area.label} went from {area.first:.1f} to {area.last:.1f} requests a second."
