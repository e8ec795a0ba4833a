"""Time that does not count, as nobody could look or no engine could act."""

from __future__ import annotations

from datetime import timedelta

import pytest

from deployments.rollouts.clocks import unattended
from deployments.rollouts.decide import decide
from deployments.rollouts.snapshot import Phase, Status
from tests.deployments.rollouts.pictures import BACK, FORWARD, NOW, after, ago, rollout, seen, snapshot, step

P, S, H, D, N = FORWARD
US, UH, UD, U = BACK


@pytest.mark.parametrize(
    ("trouble", "late", "gap"),
    [
        pytest.param(None, 0, 0, id="all is well"),
        pytest.param(None, 15, 0, id="not for long"),
        pytest.param(None, 16, 16, id="no worker"),
        pytest.param(15, 1, 0, id="a short fault"),
        pytest.param(600, 2, 600, id="a long fault"),
        pytest.param(20, 300, 300, id="both"),
    ],
)
def test_how_long_a_deployment_was_left_alone(trouble: float | None, late: float, gap: float) -> None:
    found = unattended(None if trouble is None else ago(trouble), timedelta(seconds=late), NOW)
    assert found == timedelta(seconds=gap)


@pytest.mark.parametrize(
    ("phase", "since", "gap", "expected", "phase_at"),
    [
        pytest.param(S, 400, 0, UD, 0, id="nobody was away"),
        pytest.param(S, 400, 60, UD, 0, id="not for long enough"),
        pytest.param(S, 400, 200, S, 200, id="long enough"),
        pytest.param(S, 400, 9999, S, 0, id="longer than it has begun"),
        pytest.param(H, 700, 300, H, 400, id="traffic may take its time anew"),
        pytest.param(UH, 700, 300, UH, 400, id="back as well"),
        pytest.param(N, 700, 300, N, 700, id="what is done stays"),
        pytest.param(U, 700, 300, U, 700, id="what is undone stays"),
    ],
)
def test_what_nobody_could_try_is_not_late(
    phase: Phase, since: float, gap: float, expected: Phase, phase_at: float
) -> None:
    status = Status.UNDOING if phase in BACK else Status.RUNNING
    moving = rollout(step(1, phase, since=since), status=status)
    picture = seen("c1-0=READY", "c1-0") if phase in (S, N) else seen("c1-0=READY c1-1=READY")
    decision = decide(snapshot(moving, gap=timedelta(seconds=gap)), picture, NOW)
    assert after(decision)[1] == [expected]
    assert decision.rollout is not None
    assert decision.rollout.steps[0].phase_at == ago(phase_at)


def test_what_the_engine_itself_has_tried_for_long_is_late() -> None:
    moving = rollout(step(1, S, since=9999))
    picture = seen("c1-0=READY c1-1=STARTING", "c1-0", since=9999)
    decision = decide(snapshot(moving, gap=timedelta(hours=1)), picture, NOW)
    assert after(decision)[1] == [UD]
