"""A worker's pulse: what is counted, and when it is as good as dead."""

from __future__ import annotations

import pytest

from deployments.observing.worker import OUTCOMES, Pulse
from deployments.rollouts.turn import Outcome
from tests.mlops_console.observing.samples import Samples, labels_of, value


def of(pulse: Pulse) -> Samples:
    """What it tells."""
    return {
        (each.name, frozenset(each.labels.items())): each.value
        for family in pulse.registry.collect()
        for each in family.samples
    }


def fails() -> Outcome:
    raise ValueError("of a turn")


def test_turns_are_counted_by_what_became_of_them_and_timed() -> None:
    pulse = Pulse(60)
    for outcome in Outcome:
        assert pulse.turn(lambda: outcome) is outcome  # noqa: B023 - called at once
    assert pulse.turn(lambda: None) is None
    with pytest.raises(ValueError, match="of a turn"):
        pulse.turn(fails)
    pulse.count("failed")
    seen = of(pulse)
    assert labels_of(seen, "worker_turns_total", "outcome") == set(OUTCOMES)
    assert {each: value(seen, "worker_turns_total", outcome=each) for each in OUTCOMES} == {
        "done": 1,
        "overtaken": 1,
        "taken_over": 1,
        "engine_fault": 1,
        "database_fault": 0,
        "failed": 1,
    }
    assert value(seen, "worker_turn_duration_seconds_count") == len(Outcome)


def test_before_the_first_turn_there_is_no_time_since() -> None:
    pulse = Pulse(60)
    assert str(value(of(pulse), "worker_since_turn_seconds")) == "nan"
    pulse.turn(lambda: Outcome.DONE)
    assert 0 <= value(of(pulse), "worker_since_turn_seconds") < 60


def test_a_loop_that_does_not_come_round_is_a_fault() -> None:
    # Less than no time, so that the loop is late at once.
    assert Pulse(-1).fault() == "the loop has not come round for 0 seconds"
    assert Pulse(600).fault() == ""
