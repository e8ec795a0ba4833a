"""How the picture of a rollout is laid out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from deployments.rollouts.traffic import Picture, Series
from deployments.web.picture import HEIGHT, WIDTH, Bar, ceiling, clock, drawing

START = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def made(*rates: tuple[float, ...], failures: tuple[float, ...] = ()) -> Picture:
    """A picture of bins of ten seconds, one version for each row of rates."""
    series = tuple(
        Series(f"v{number}.0.0", each, round(sum(each) * 10), 0) for number, each in enumerate(rates, start=1)
    )
    none = (0.0,) * len(rates[0])
    return Picture(START, 10, series, failures or none, answered=100, failed=round(sum(failures) * 10))


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, 1), (0.4, 1), (1, 1), (1.1, 2), (3, 5), (5, 5), (6, 10), (10, 10), (11, 20), (499, 500), (501, 1000)],
)
def test_the_axis_ends_at_a_round_number(value: float, expected: float) -> None:
    assert ceiling(value) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, "0:00"), (7.4, "0:07"), (60, "1:00"), (754, "12:34"), (3900, "1:05:00")]
)
def test_times_read_as_on_a_clock(seconds: float, expected: str) -> None:
    assert clock(seconds) == expected


def test_areas_stand_on_each_other() -> None:
    lower, upper = drawing(made((10.0, 0.0), (0.0, 10.0))).areas
    assert lower.path == "M0 0L250 0L750 200L1000 200L1000 200L750 200L250 200L0 200Z"
    # All that v1 leaves, v2 has: the sum stays at the top.
    assert upper.path == "M0 0L250 0L750 0L1000 0L1000 200L750 200L250 0L0 0Z"


def test_one_bin_fills_the_whole_width() -> None:
    assert drawing(made((5.0,))).areas[0].path == f"M0 0L{WIDTH // 2} 0L{WIDTH} 0L{WIDTH} 200L500 200L0 {HEIGHT}Z"


def test_a_version_without_requests_has_no_area() -> None:
    found = drawing(made((5.0, 5.0), (0.0, 0.0)))
    assert found.areas[1].path == ""
    assert found.areas[1].label == "v2.0.0"


@pytest.mark.parametrize(
    ("failures", "expected"),
    [
        pytest.param((0.0, 0.0), (), id="none"),
        pytest.param((0.0, 5.0), (Bar(500, 100, 500, 100),), id="half of them"),
        pytest.param((0.001, 0.0), (Bar(0, 194, 500, 6),), id="few are seen as well"),
        pytest.param((50.0, 0.0), (Bar(0, 0, 500, 200),), id="never higher than the picture"),
    ],
)
def test_failed_requests_are_bars(failures: tuple[float, ...], expected: tuple[Bar, ...]) -> None:
    assert drawing(made((10.0, 10.0), failures=failures)).bars == expected


def test_axes_and_words() -> None:
    found = drawing(made((30.0, 0.0), (0.0, 31.0)))
    assert found.ticks == ("50", "25", "0")
    assert found.times == ("0:00", "0:10", "0:20")
    assert found.sentence == (
        "v1.0.0 went from 30.0 to 0.0 requests a second. v2.0.0 went from 0.0 to 31.0 requests a second."
    )


def test_nothing_came() -> None:
    found = drawing(made((0.0, 0.0)))
    assert found.ticks == ("1", "0.5", "0")
    assert found.areas[0].path == ""
