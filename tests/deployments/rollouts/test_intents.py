"""What people want of a rollout: pausing, going on, and aborting, at every point."""

from __future__ import annotations

from itertools import product
from typing import Final

import pytest

from deployments.engines.contract import Seen
from deployments.planning.modes import Mode
from deployments.rollouts.decide import SECONDS_AT_REST, SECONDS_LAUNCHING, SECONDS_MOVING
from deployments.rollouts.snapshot import Intent, Phase, Status
from tests.deployments.rollouts.pictures import FORWARD, LIVES, NOW, after, ago, decided, seen, step, told

P, S, H, D, N = FORWARD
UD, UH, US = Phase.UNDO_DRAINING, Phase.UNDO_SHIFTING, Phase.UNDO_STARTING
RUN, PAUSE, ABORT = Intent
PENDING, RUNNING, PAUSED, UNDOING = Status.PENDING, Status.RUNNING, Status.PAUSED, Status.UNDOING
UP: Final = "c1-1=READY c2-0=READY c2-1=READY"
PAUSED_TOLD: Final = "Paused by alice: no further composition begins until it is resumed."


@pytest.mark.parametrize(
    ("intent", "status", "phases", "picture", "expected", "sentence"),
    [
        pytest.param(PAUSE, PENDING, [P, P], seen(), (PAUSED, [P, P]), PAUSED_TOLD, id="paused before it began"),
        pytest.param(PAUSE, RUNNING, [N, P], seen(UP), (PAUSED, [N, P]), PAUSED_TOLD, id="paused between two"),
        pytest.param(PAUSE, RUNNING, [N, P], seen(), (PAUSED, [N, P]), PAUSED_TOLD, id="paused, the first is gone"),
        pytest.param(PAUSE, PAUSED, [N, P], seen(UP), (PAUSED, [N, P]), "", id="paused already"),
        pytest.param(PAUSE, PAUSED, [P, P], seen(UP), (PAUSED, [P, P]), "", id="paused already before it began"),
        pytest.param(
            PAUSE,
            RUNNING,
            [S, P],
            seen(UP),
            (RUNNING, [H, P]),
            "v2.0.0 is ready; traffic of Churn 1 moves to it.",
            id="what starts goes on",
        ),
        pytest.param(
            PAUSE,
            RUNNING,
            [H, P],
            seen(UP, "c1-1 c2-0"),
            (RUNNING, [D, P]),
            "All traffic of Churn 1 goes to v2.0.0; v1.0.0 finishes the requests it has.",
            id="what shifts goes on",
        ),
        pytest.param(
            PAUSE,
            RUNNING,
            [D, P],
            seen(UP),
            (RUNNING, [N, P]),
            "Churn 1 runs v2.0.0; v1.0.0 is stopped.",
            id="what drains goes on",
        ),
        pytest.param(
            PAUSE,
            RUNNING,
            [N, N],
            seen(UP),
            (Status.SUCCEEDED, [N, N]),
            "Every composition of this rollout runs the version that was asked for.",
            id="with nothing left to pause",
        ),
        pytest.param(
            RUN,
            PAUSED,
            [N, P],
            seen(UP),
            (RUNNING, [N, S]),
            "v2.0.0 starts beside v1.0.0 for Churn 2.",
            id="resumed",
        ),
        pytest.param(
            RUN,
            PAUSED,
            [P, P],
            seen(UP),
            (RUNNING, [S, P]),
            "v2.0.0 starts beside v1.0.0 for Churn 1.",
            id="resumed before it began",
        ),
        pytest.param(
            PAUSE,
            PAUSED,
            [N, P],
            seen("c1-1=FAILED"),
            (UNDOING, [N, P]),
            "v2.0.0 failed after traffic of Churn 1 had moved to it: It ran out of memory. "
            "Going back: Churn 1 to v1.0.0.",
            id="a pause does not keep what fails",
        ),
        pytest.param(
            PAUSE,
            RUNNING,
            [S, P],
            seen("c1-1=FAILED"),
            (UNDOING, [UD, P]),
            "v2.0.0 did not become ready for Churn 1: It ran out of memory. No composition had moved.",
            id="a pause does not keep what does not start",
        ),
        pytest.param(
            ABORT,
            PENDING,
            [P, P],
            seen(UP),
            (UNDOING, [P, P]),
            "Aborted by alice. No composition had moved.",
            id="aborted before it began",
        ),
        pytest.param(
            ABORT,
            PAUSED,
            [N, P],
            seen(UP),
            (UNDOING, [N, P]),
            "Aborted by alice. Going back: Churn 1 to v1.0.0.",
            id="aborted while paused",
        ),
    ],
)
def test_a_turn(
    intent: Intent,
    status: Status,
    phases: list[Phase],
    picture: Seen,
    expected: tuple[Status, list[Phase]],
    sentence: str,
) -> None:
    steps = [step(number, phase) for number, phase in enumerate(phases, 1)]
    decision = decided(steps, picture, Mode.SPLIT, intent, status=status)
    assert (after(decision), told(decision)) == (expected, sentence)


@pytest.mark.parametrize(
    ("phase", "expected"),
    [pytest.param(*pair, id=pair[0]) for pair in ((P, P), (S, UD), (H, UH), (D, US), (N, N))],
)
@pytest.mark.parametrize("status", [PENDING, RUNNING, PAUSED])
def test_an_abort_is_heeded_whatever_the_engine_shows(phase: Phase, expected: Phase, status: Status) -> None:
    for old, new, router in product(LIVES.split(), LIVES.split(), ("-", "c1-0", "c1-1")):
        picture = seen(f"c1-0={old} c1-1={new}", router, since=9999)
        decision = decided([step(1, phase, since=9999)], picture, intent=ABORT, status=status)
        assert after(decision) == (UNDOING, [expected])
        assert decision.rollout is not None
        assert decision.rollout.cause == "Aborted by alice."
        assert decision.rollout.steps[0].phase_at == (ago(9999) if phase is expected else NOW)
        assert decision.settled == {}


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        pytest.param("", "Aborted by alice.", id="no reason"),
        pytest.param("Too slow", "Aborted by alice: Too slow.", id="a reason"),
        pytest.param("Too slow.", "Aborted by alice: Too slow.", id="a whole sentence"),
        pytest.param("Too slow!", "Aborted by alice: Too slow!", id="loud"),
        pytest.param("Really?\n", "Aborted by alice: Really?", id="with a line end"),
    ],
)
def test_why_it_was_aborted(reason: str, cause: str) -> None:
    decision = decided([step(1, H)], seen(), intent=ABORT, intent_reason=reason)
    assert decision.rollout is not None
    assert decision.rollout.cause == cause


@pytest.mark.parametrize(
    ("phases", "intent", "picture", "seconds"),
    [
        pytest.param([P, P], RUN, seen(UP), SECONDS_MOVING, id="it begins"),
        pytest.param([N, S], RUN, seen(UP), SECONDS_MOVING, id="it goes on"),
        pytest.param([N, S], PAUSE, seen("c1-1=READY", "c1-1"), SECONDS_MOVING, id="it is to pause, but goes on"),
        pytest.param([N, P], ABORT, seen(UP), SECONDS_MOVING, id="it turns round"),
        pytest.param([N, P], PAUSE, seen(UP, "c1-1 c2-0"), SECONDS_AT_REST, id="it is paused"),
        pytest.param([N, P], PAUSE, seen("c1-1=READY", "c1-1"), SECONDS_LAUNCHING, id="paused, one is not up"),
        pytest.param([N, N], RUN, seen(UP, "c1-1 c2-1"), SECONDS_AT_REST, id="it is over"),
    ],
)
def test_when_to_look_again(phases: list[Phase], intent: Intent, picture: Seen, seconds: float) -> None:
    steps = [step(number, phase) for number, phase in enumerate(phases, 1)]
    assert decided(steps, picture, Mode.SPLIT, intent).look_in_seconds == seconds
