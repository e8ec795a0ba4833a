"""Deployments that are not to run: paused ones, and those that were deleted."""

from __future__ import annotations

import pytest

from deployments.engines.contract import Seen, Wanted
from deployments.rollouts.decide import SECONDS_AT_REST, SECONDS_LAUNCHING, Decision, decide
from deployments.rollouts.snapshot import Health, Phase
from tests.deployments.rollouts.pictures import LIVES, NOW, rollout, seen, snapshot, step


@pytest.mark.parametrize(
    ("picture", "health", "message", "seconds"),
    [
        pytest.param(seen(), Health.STOPPED, "It is paused.", SECONDS_AT_REST, id="nothing there"),
        pytest.param(seen("c1-0=GONE"), Health.STOPPED, "It is paused.", SECONDS_AT_REST, id="all gone"),
        pytest.param(seen("", "c1-0"), Health.STOPPED, "It is paused.", SECONDS_AT_REST, id="routed to nothing"),
        pytest.param(
            seen("c1-0=READY", "c1-0"), Health.TERMINATING, "It is stopping.", SECONDS_LAUNCHING, id="still up"
        ),
        pytest.param(
            seen("c1-0=GONE c2-0=DRAINING"), Health.TERMINATING, "It is stopping.", SECONDS_LAUNCHING, id="draining"
        ),
        pytest.param(seen("c1-0=FAILED"), Health.TERMINATING, "It is stopping.", SECONDS_LAUNCHING, id="failed"),
        pytest.param(seen("c1-0=STARTING"), Health.TERMINATING, "It is stopping.", SECONDS_LAUNCHING, id="starting"),
    ],
)
def test_paused(picture: Seen, health: Health, message: str, seconds: float) -> None:
    for was in Health:
        decision = decide(snapshot(paused=True, health=was), picture, NOW)
        assert decision == Decision(
            wanted=Wanted("d1", (), None), rollout=None, health=health, health_message=message, look_in_seconds=seconds
        )


@pytest.mark.parametrize(
    ("picture", "gone"),
    [
        pytest.param(seen(), True, id="nothing left"),
        pytest.param(seen("c1-0=GONE"), True, id="all gone"),
        pytest.param(seen("", "c1-0"), False, id="routed still"),
        *(pytest.param(seen(f"c1-0={life}"), False, id=life) for life in LIVES.split()[1:-1]),
        pytest.param(seen("c1-0=GONE c2-0=DRAINING"), False, id="one of two is gone"),
        pytest.param(seen("c1-0=READY", "c1-0"), False, id="up"),
    ],
)
@pytest.mark.parametrize("paused", [False, True], ids=["running", "paused"])
def test_deleted(picture: Seen, gone: bool, paused: bool) -> None:
    assert decide(snapshot(deleted=True, paused=paused), picture, NOW) == Decision(
        wanted=None,
        rollout=None,
        health=Health.TERMINATING,
        health_message="It was deleted.",
        look_in_seconds=SECONDS_LAUNCHING,
        is_gone=gone,
    )


@pytest.mark.parametrize("deleted", [False, True], ids=["paused", "deleted"])
def test_a_rollout_stands_still_meanwhile(deleted: bool) -> None:
    moving = rollout(step(1, Phase.STARTING, since=9999))
    picture = seen("c1-0=READY c1-1=FAILED", "c1-0")
    decision = decide(snapshot(moving, paused=True, deleted=deleted), picture, NOW)
    assert (decision.rollout, decision.happenings, decision.settled) == (moving, (), {})
