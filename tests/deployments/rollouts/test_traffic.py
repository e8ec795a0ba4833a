"""Requests a second from counters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from deployments.rollouts.traffic import BINS_MAX, CLIENTS, OTHERS, SERIES_MAX, Sample, growths, picture

START = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def sample(seconds: float, workload: str, answered: int, failed: int = 0) -> Sample:
    return Sample(at(seconds), workload, answered, failed)


def grown(*samples: Sample) -> list[tuple[str, float, float, int, int]]:
    """Workload, from and to in seconds, answered, failed."""

    def since(instant: datetime) -> float:
        return (instant - START).total_seconds()

    found = growths(samples)
    return [(each.workload, since(each.start), since(each.end), each.answered, each.failed) for each in found]


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        pytest.param([], [], id="nothing was counted"),
        pytest.param([sample(0, "old", 500)], [], id="one look says nothing"),
        pytest.param(
            [sample(0, "old", 500, 3), sample(1, "old", 520, 4)], [("old", 0, 1, 20, 1)], id="counting begins at once"
        ),
        pytest.param([sample(0, "old", 5), sample(1, "old", 5)], [("old", 0, 1, 0, 0)], id="nothing came"),
        pytest.param(
            [sample(1, "old", 20), sample(0, "old", 10)], [("old", 0, 1, 10, 0)], id="in whatever order they come"
        ),
        pytest.param(
            [sample(0, "old", 50), sample(1, "old", 60), sample(1, "new", 4)],
            [("old", 0, 1, 10, 0), ("new", 0, 1, 4, 0)],
            id="what turns up later began at zero",
        ),
        pytest.param(
            [sample(0, "old", 50), sample(1, "old", 7)], [("old", 0, 1, 7, 0)], id="the router was started again"
        ),
        pytest.param(
            [sample(0, "old", 50, 9), sample(1, "old", 60, 2)],
            [("old", 0, 1, 60, 2)],
            id="only the failed ones show that it was",
        ),
        pytest.param(
            [sample(0, "old", 50), sample(0, "new", 1), sample(1, "new", 2), sample(3, "old", 56)],
            [("new", 0, 1, 1, 0), ("old", 0, 3, 6, 0)],
            id="one that was out of sight goes on where it was",
        ),
        pytest.param(
            [sample(0, "old", 50), sample(0, "new", 1), sample(1, "new", 2), sample(3, "old", 6)],
            [("new", 0, 1, 1, 0), ("old", 0, 3, 6, 0)],
            id="one that was away began anew",
        ),
        pytest.param(
            [sample(0, CLIENTS, 0), sample(1, CLIENTS, 9), sample(1, "old", 9)],
            [(CLIENTS, 0, 1, 9, 0), ("old", 0, 1, 9, 0)],
            id="the first requests of all are counted",
        ),
    ],
)
def test_how_counters_grow(samples: list[Sample], expected: list[tuple[str, float, float, int, int]]) -> None:
    assert grown(*samples) == expected


LABELS = {"old": "v1.0.0", "new": "v2.0.0", "again": "v1.0.0"}


def test_there_is_no_picture_of_one_instant() -> None:
    assert picture([], LABELS) is None
    assert picture([sample(0, "old", 1), sample(0, "new", 1)], LABELS) is None


def test_traffic_moves_from_one_version_to_the_other() -> None:
    found = picture(
        [
            sample(0, "old", 100),
            sample(1, "old", 110),
            sample(2, "old", 114),
            sample(2, "new", 6),
            sample(3, "new", 16),
        ],
        LABELS,
    )
    assert found is not None
    assert [(each.label, each.rates, each.answered) for each in found.series] == [
        ("v1.0.0", (10, 4, 0), 14),
        ("v2.0.0", (0, 6, 10), 16),
    ]
    assert found.totals == (10, 10, 10)
    assert (found.answered, found.failed, found.failures) == (30, 0, (0, 0, 0))


def test_workloads_of_one_version_are_drawn_as_one() -> None:
    found = picture([sample(0, "old", 0), sample(1, "old", 3), sample(1, "again", 4)], LABELS)
    assert found is not None
    assert [(each.label, each.rates) for each in found.series] == [("v1.0.0", (7,)), ("v2.0.0", (0,))]


def test_clients_say_what_failed_where_the_router_counts_their_answers() -> None:
    found = picture(
        [sample(0, CLIENTS, 0), sample(0, "old", 0), sample(1, CLIENTS, 10, 1), sample(1, "old", 12, 3)], LABELS
    )
    assert found is not None
    assert (found.answered, found.failed, found.failures) == (10, 1, (1,))
    assert (found.series[0].answered, found.series[0].failed) == (12, 3)


def test_without_them_the_workloads_do() -> None:
    found = picture([sample(0, "old", 0), sample(1, "old", 12, 3), sample(1, "new", 2, 1)], LABELS)
    assert found is not None
    assert (found.answered, found.failed, found.failures) == (14, 4, (4,))


def test_what_grew_between_two_distant_looks_is_spread_evenly() -> None:
    found = picture([sample(0, "old", 0), sample(0, "new", 0), sample(1, "new", 1), sample(4, "old", 8)], LABELS)
    assert found is not None
    assert found.series[0].rates == (2, 2, 2, 2)
    assert found.series[1].rates == (1, 0, 0, 0)


@pytest.mark.parametrize(
    ("span", "bins", "seconds"),
    [
        pytest.param(0.4, 1, 0.4, id="less than a second"),
        pytest.param(1.5, 1, 1.5, id="looks are not a second apart to the dot"),
        pytest.param(90, 90, 1, id="a bin a second"),
        pytest.param(3600, BINS_MAX, 30, id="an hour"),
    ],
)
def test_bins_share_the_time_that_passed(span: float, bins: int, seconds: float) -> None:
    found = picture([sample(0, "old", 0), sample(span, "old", 3600)], LABELS)
    assert found is not None
    assert (len(found.failures), found.seconds) == (bins, seconds)
    assert sum(found.series[0].rates) * found.seconds == pytest.approx(3600)
    assert found.series[0].rates == pytest.approx([3600 / span] * bins)


def test_a_workload_that_nobody_names_is_another_version() -> None:
    found = picture([sample(0, "old", 0), sample(1, "strange", 5)], LABELS)
    assert found is not None
    assert found.series[-1].label == OTHERS
    assert found.series[-1].answered == 5


def test_many_versions_are_drawn_as_few() -> None:
    labels = {f"w{number}": f"v{number}.0.0" for number in range(40)}
    found = picture([sample(0, "w0", 0), *(sample(1, name, 1) for name in labels)], labels)
    assert found is not None
    assert [each.label for each in found.series] == [*(f"v{n}.0.0" for n in range(SERIES_MAX - 1)), OTHERS]
    assert sum(each.answered for each in found.series) == 40
