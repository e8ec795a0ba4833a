"""What a rollout waits for, and how soon somebody looks again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deployments.engines.contract import Seen
from deployments.planning.modes import Mode
from deployments.rollouts.decide import (
    SECONDS_AT_REST,
    SECONDS_AT_REST_TOLD,
    SECONDS_LAUNCHING,
    SECONDS_MOVING,
    SECONDS_TOLD,
    decide,
)
from deployments.rollouts.snapshot import Health, Phase
from tests.deployments.rollouts.pictures import BACK, FORWARD, NOW, decided, rollout, seen, snapshot, step

P, S, H, D, N = FORWARD
US, UH, UD, U = BACK
PULL = "The image s:2 cannot be pulled"


def hindered(text: str, to: str = "-", *, router: str = "", key: str = "") -> Seen:
    """A picture in which something is in the way of a workload, or of the router."""
    picture = seen(text, to)
    known = {**picture.workloads}
    if key:
        known[key] = replace(known[key], cause=PULL)
    return replace(picture, workloads=known, router=router)


@pytest.mark.parametrize(
    ("phase", "picture", "waiting"),
    [
        pytest.param(S, hindered("c1-1=STARTING"), "", id="nothing is known"),
        pytest.param(
            S,
            hindered("c1-1=STARTING", key="c1-1"),
            "Waiting for v2.0.0 of Churn 1 to become ready: The image s:2 cannot be pulled.",
            id="the new one does not start",
        ),
        pytest.param(S, hindered("c1-0=STARTING", key="c1-0"), "", id="the old one is no concern of the rollout"),
        pytest.param(H, hindered("c1-0=READY c1-1=READY", "c1-0"), "", id="traffic moves"),
        pytest.param(
            H,
            hindered("c1-0=READY c1-1=READY", "c1-0", router="The gateway does not accept the route."),
            "Waiting for traffic of Churn 1 to move to v2.0.0: The gateway does not accept the route.",
            id="traffic does not move",
        ),
        pytest.param(D, hindered("c1-0=DRAINING c1-1=READY", "c1-1", router="Something."), "", id="draining"),
        pytest.param(
            US,
            hindered("c1-1=READY c1-1-again=STARTING", "c1-1", key="c1-1-again"),
            "Waiting for v1.0.0 of Churn 1 to become ready: The image s:2 cannot be pulled.",
            id="the old one does not come back",
        ),
        pytest.param(
            UH,
            hindered("c1-0=READY c1-1=READY", "c1-1", router="Something."),
            "Waiting for traffic of Churn 1 to move to v1.0.0: Something.",
            id="traffic does not move back",
        ),
    ],
)
def test_what_is_in_the_way_of_a_rollout(phase: Phase, picture: Seen, waiting: str) -> None:
    at = step(1, phase, since=1, again=phase is US)
    decision = decided([at, step(2, P)], picture, Mode.SPLIT)
    assert decision.rollout is not None
    assert decision.rollout.waiting == waiting


def test_what_was_in_the_way_is_forgotten_with_it() -> None:
    decision = decided([step(1, S, since=1)], seen("c1-0=READY c1-1=READY", "c1-0"), waiting="Something.")
    assert decision.rollout is not None
    assert decision.rollout.waiting == ""


@pytest.mark.parametrize(
    ("phases", "picture", "polled", "told"),
    [
        pytest.param([P], seen("c1-0=READY", "c1-0"), SECONDS_MOVING, SECONDS_MOVING, id="something was done"),
        pytest.param([S], seen("c1-0=READY", "c1-0"), SECONDS_MOVING, SECONDS_TOLD, id="a rollout waits"),
        pytest.param([D], seen("c1-1=READY", "c1-1"), 0.0, 0.0, id="it got further, and nothing is to be done for it"),
        pytest.param([], seen("c1-0=READY", "c1-0"), SECONDS_AT_REST, SECONDS_AT_REST_TOLD, id="at rest"),
        pytest.param([], seen("c1-0=STARTING"), SECONDS_LAUNCHING, SECONDS_LAUNCHING, id="it has just gone down"),
    ],
)
def test_where_the_engine_tells_one_looks_less_often(
    phases: list[Phase], picture: Seen, polled: float, told: float
) -> None:
    moving = rollout(*(step(number, phase, since=1) for number, phase in enumerate(phases, 1))) if phases else None
    for tells, seconds in ((False, polled), (True, told)):
        assert decide(snapshot(moving), picture, NOW, tells=tells).look_in_seconds == seconds


def test_what_launches_is_looked_at_less_often_while_it_stays_so() -> None:
    given = snapshot(health=Health.LAUNCHING)
    assert decide(given, seen("c1-0=STARTING"), NOW, tells=True).look_in_seconds == SECONDS_TOLD
    assert decide(snapshot(deleted=True), seen("c1-0=READY"), NOW, tells=True).look_in_seconds == SECONDS_LAUNCHING
