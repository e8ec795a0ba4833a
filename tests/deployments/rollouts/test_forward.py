"""One composition on its way forward: every phase, all that an engine can show, and the time."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Final

import pytest

from deployments.engines.contract import Seen
from deployments.planning.modes import Mode
from deployments.rollouts.decide import decide
from deployments.rollouts.snapshot import Intent, Phase, Status
from tests.deployments.rollouts.pictures import (
    FORWARD,
    LIVES,
    NOW,
    WITHIN,
    after,
    ago,
    cases,
    combinations,
    decided,
    rollout,
    seen,
    snapshot,
    step,
    table,
    told,
)

ROUTES: Final = {"-": "-", "old": "c1-0", "new": "c1-1", "both": "c1-0 c1-1"}
ALPHABETS: Final = {"old": LIVES, "new": LIVES, "router": " ".join(ROUTES)}

# What is shown of the old version, of the new one, and of the router, in a phase that has just begun.
TURNS: Final = """
phase     old                             new            router      next           status
PENDING   *                               *              *           STARTING       RUNNING
STARTING  *                               READY          *           SHIFTING       RUNNING
STARTING  *                               away|STARTING  *           STARTING       RUNNING
STARTING  *                               FAILED         *           UNDO_DRAINING  UNDOING
SHIFTING  *                               READY          new         DRAINING       RUNNING
SHIFTING  *                               READY          -|old|both  SHIFTING       RUNNING
SHIFTING  *                               away|STARTING  *           SHIFTING       RUNNING
SHIFTING  *                               FAILED         *           UNDO_SHIFTING  UNDOING
DRAINING  -|GONE                          READY          *           DONE           RUNNING
DRAINING  STARTING|READY|FAILED|DRAINING  READY          *           DRAINING       RUNNING
DRAINING  *                               away|STARTING  *           DRAINING       RUNNING
DRAINING  *                               FAILED         *           UNDO_STARTING  UNDOING
DONE      *                               READY          *           DONE           SUCCEEDED
DONE      *                               away|STARTING  *           DONE           RUNNING
DONE      *                               FAILED         *           DONE           UNDOING
"""


def test_the_table_holds_everything_once() -> None:
    found = [row for line in table(TURNS) for row in combinations(line, **ALPHABETS)]
    keys = sorted((row["phase"], row["old"], row["new"], row["router"]) for row in found)
    assert keys == sorted(product(FORWARD, LIVES.split(), LIVES.split(), ROUTES))


@pytest.mark.parametrize("line", cases(TURNS))
def test_a_turn(line: dict[str, str]) -> None:
    phase, following, status = Phase(line["phase"]), Phase(line["next"]), Status(line["status"])
    for row in combinations(line, **ALPHABETS):
        picture = seen(f"c1-0={row['old']} c1-1={row['new']}", ROUTES[row["router"]])
        decision = decided([step(1, phase, since=1)], picture, status=Status.RUNNING)
        assert after(decision) == (status, [following]), row
        assert decision.rollout is not None
        assert decision.rollout.steps[0].phase_at == (ago(1) if following is phase else NOW), row
        assert bool(told(decision)) is (following is not phase or status is not Status.RUNNING), row
        is_confirmed = (phase, following) == (Phase.SHIFTING, Phase.DRAINING)
        assert decision.settled == ({"c1": "c1-1"} if is_confirmed else {}), row


# How many seconds ago the phase began, and what the engine shows, since how many seconds ago.
TIMES: Final = """
phase     phase_at  new       since  next
STARTING  299       -         0      STARTING
STARTING  300       -         0      STARTING
STARTING  300.1     -         0      UNDO_DRAINING
STARTING  300.1     GONE      0      UNDO_DRAINING
STARTING  300.1     DRAINING  0      UNDO_DRAINING
STARTING  300       STARTING  300    STARTING
STARTING  300.1     STARTING  300    STARTING
STARTING  301       STARTING  300.1  UNDO_DRAINING
STARTING  9999      STARTING  1      STARTING
STARTING  300.1     READY     1      SHIFTING
STARTING  9999      READY     9999   SHIFTING
STARTING  1         FAILED    0      UNDO_DRAINING
SHIFTING  600       READY     9999   SHIFTING
SHIFTING  600.1     READY     9999   UNDO_SHIFTING
SHIFTING  600.1     READY     1      UNDO_SHIFTING
SHIFTING  9999      -         0      SHIFTING
SHIFTING  9999      DRAINING  9999   SHIFTING
SHIFTING  9999      STARTING  300    SHIFTING
SHIFTING  9999      STARTING  300.1  UNDO_SHIFTING
DRAINING  9999      READY     9999   DRAINING
DRAINING  9999      -         0      DRAINING
DRAINING  9999      STARTING  300    DRAINING
DRAINING  9999      STARTING  300.1  UNDO_STARTING
PENDING   9999      -         0      STARTING
"""


@pytest.mark.parametrize("line", cases(TIMES))
def test_a_turn_in_time(line: dict[str, str]) -> None:
    picture = seen(f"c1-0=READY c1-1={line['new']}", "c1-0", since=float(line["since"]))
    decision = decided([step(1, Phase(line["phase"]), since=float(line["phase_at"]))], picture)
    assert after(decision)[1] == [Phase(line["next"])]


def test_a_version_may_take_as_long_as_it_says() -> None:
    slow = step(1, Phase.STARTING, since=WITHIN + 60)
    slow = replace(slow, new=replace(slow.new, ready_within_seconds=WITHIN + 60))
    assert after(decided([slow], seen()))[1] == [Phase.STARTING]


P, S, H, D, N = FORWARD
CAUSE: Final = "It ran out of memory."
ALL_READY: Final = " ".join(f"c{number}-{which}=READY" for number in (1, 2, 3) for which in (0, 1))


@pytest.mark.parametrize(
    ("mode", "phases", "picture", "expected"),
    [
        pytest.param(Mode.SPLIT, (P, P, P), seen(), (S, P, P), id="the first begins"),
        pytest.param(Mode.SPLIT, (S, P, P), seen(ALL_READY, "c1-0"), (H, P, P), id="the others wait"),
        pytest.param(Mode.SPLIT, (N, P, P), seen("c1-1=READY", "c1-1"), (N, S, P), id="the next begins"),
        pytest.param(Mode.SPLIT, (N, N, P), seen(ALL_READY, "c1-1 c2-1"), (N, N, S), id="the last begins"),
        pytest.param(Mode.SPLIT, (N, P, P), seen("c1-1=STARTING"), (N, P, P), id="not while the first starts again"),
        pytest.param(Mode.SPLIT, (N, P, P), seen(), (N, P, P), id="not while the first is gone"),
        pytest.param(Mode.SPLIT, (N, S, P), seen("c2-1=READY"), (N, H, P), id="what has begun goes on all the same"),
        pytest.param(Mode.SPLIT, (N, N, N), seen("c1-1=READY c3-1=READY"), (N, N, N), id="not over while one is gone"),
        pytest.param(
            Mode.SPLIT, (H, P, P), seen(ALL_READY, "c1-1:30 c2-0:70"), (D, P, P), id="weight 30 has all its traffic"
        ),
        pytest.param(Mode.SPLIT, (H, P, P), seen(ALL_READY, "c2-0"), (H, P, P), id="weight 30 is left out"),
        pytest.param(
            Mode.SPLIT, (H, P, P), seen(ALL_READY, "c1-0:10 c1-1:20 c2-0:70"), (H, P, P), id="weight 30 has a part"
        ),
        pytest.param(
            Mode.SPLIT, (H, P, P), seen(ALL_READY, "c1-0:0 c1-1:30 c2-0:70"), (D, P, P), id="a weight of 0 is nothing"
        ),
        pytest.param(Mode.SPLIT, (H, P, P), seen(ALL_READY, "-"), (H, P, P), id="weight 30 and a silent router"),
        pytest.param(
            Mode.SPLIT, (N, N, H), seen(ALL_READY, "c1-1:30 c2-1:70"), (N, N, D), id="weight 0 has nothing to move"
        ),
        pytest.param(
            Mode.SPLIT,
            (N, N, H),
            seen(ALL_READY, "c1-1:30 c2-1:70 c3-1:0"),
            (N, N, D),
            id="weight 0, said by the router",
        ),
        pytest.param(
            Mode.SPLIT, (N, N, H), seen(ALL_READY, "c1-1:30 c3-0:70"), (N, N, H), id="weight 0, but the old has some"
        ),
        pytest.param(Mode.SPLIT, (N, N, H), seen(ALL_READY, "-"), (N, N, H), id="weight 0 and a silent router"),
        pytest.param(Mode.SHADOW, (H, P), seen(ALL_READY, "c1-1 > c2-0"), (D, P), id="the champion moves"),
        pytest.param(Mode.SHADOW, (H, P), seen(ALL_READY, "c1-0 > c2-0"), (H, P), id="the champion has not moved"),
        pytest.param(Mode.SHADOW, (N, H), seen(ALL_READY, "c1-1 > c2-1"), (N, D), id="the challenger moves"),
        pytest.param(Mode.SHADOW, (N, H), seen(ALL_READY, "c1-1 > c2-0"), (N, H), id="the challenger has not moved"),
        pytest.param(Mode.SHADOW, (N, H), seen(ALL_READY, "c1-1"), (N, H), id="the challenger gets no copies"),
        pytest.param(Mode.SHADOW, (N, H), seen(ALL_READY, "-"), (N, H), id="the challenger and a silent router"),
    ],
)
def test_one_composition_at_a_time(
    mode: Mode, phases: tuple[Phase, ...], picture: Seen, expected: tuple[Phase, ...]
) -> None:
    decision = decided([step(number, phase) for number, phase in enumerate(phases, 1)], picture, mode)
    status, found = after(decision)
    assert (status, tuple(found)) == (Status.RUNNING, expected)
    moved = [f"c{number}" for number, pair in enumerate(zip(phases, expected, strict=True), 1) if pair[0] != pair[1]]
    assert [each.composition for each in decision.happenings] == moved


NOBODY_ANSWERS: Final = "c1-0=FAILED c2-0=READY c2-1=READY"


def upgrade_of_the_second(mode: Mode, picture: Seen, weights: tuple[int, int] = (100, 0)) -> list[Phase]:
    """Where the second of two compositions is after a turn in which its traffic is to move; the first stays."""
    steps = [step(1, Phase.PENDING), step(2, Phase.SHIFTING)]
    both = snapshot(rollout(*steps), mode)
    first, second = both.compositions
    compositions = (replace(first, weight=weights[0]), replace(second, weight=weights[1]))
    moving = replace(rollout(steps[1]), status=Status.RUNNING)
    return after(decide(replace(both, compositions=compositions, rollout=moving), picture, NOW))[1]


@pytest.mark.parametrize(
    ("mode", "picture", "expected"),
    [
        pytest.param(Mode.SPLIT, seen(NOBODY_ANSWERS), Phase.DRAINING, id="weight 0 beside what is down"),
        pytest.param(Mode.SHADOW, seen(NOBODY_ANSWERS), Phase.DRAINING, id="challenger of what is down"),
        pytest.param(
            Mode.SHADOW, seen("c1-0=READY c2-0=READY c2-1=READY"), Phase.SHIFTING, id="challenger, the router is silent"
        ),
        pytest.param(
            Mode.SPLIT, seen("c1-9=READY c2-0=READY c2-1=READY"), Phase.SHIFTING, id="weight 0, the router is silent"
        ),
        pytest.param(
            Mode.SPLIT, seen("c1-0=FAILED c2-0=READY c2-1=FAILED"), Phase.UNDO_SHIFTING, id="weight 0, itself down"
        ),
    ],
)
def test_what_gets_no_requests_is_not_held_up_by_what_is_down(mode: Mode, picture: Seen, expected: Phase) -> None:
    assert upgrade_of_the_second(mode, picture) == [expected]


def test_what_answers_alone_waits_for_the_router() -> None:
    assert upgrade_of_the_second(Mode.SPLIT, seen(NOBODY_ANSWERS), (100, 1)) == [Phase.SHIFTING]


@pytest.mark.parametrize(
    ("phases", "failing", "expected"),
    [
        pytest.param((N, P, P), "c1-1", (N, P, P), id="before the next begins"),
        pytest.param((N, S, P), "c1-1", (N, Phase.UNDO_DRAINING, P), id="while the next starts"),
        pytest.param((N, H, P), "c1-1", (N, Phase.UNDO_SHIFTING, P), id="while the next gets traffic"),
        pytest.param((N, D, P), "c1-1", (N, Phase.UNDO_STARTING, P), id="while the next drains"),
        pytest.param((N, N, N), "c2-1", (N, N, N), id="at the very end"),
    ],
)
def test_a_version_that_fails_later_turns_the_rollout_round(
    phases: tuple[Phase, ...], failing: str, expected: tuple[Phase, ...]
) -> None:
    picture = seen(ALL_READY.replace(f"{failing}=READY", f"{failing}=FAILED"), "c1-0")
    decision = decided([step(number, phase) for number, phase in enumerate(phases, 1)], picture, Mode.SPLIT)
    assert after(decision) == (Status.UNDOING, list(expected))
    assert decision.rollout is not None
    number = failing[1]
    assert decision.rollout.cause == f"v2.0.0 failed after traffic of Churn {number} had moved to it: {CAUSE}"


LATE: Final = "it was not ready within 300 seconds."


@pytest.mark.parametrize(
    ("phase", "life", "cause", "told_as"),
    [
        pytest.param(S, "FAILED", "Exit code 3", "Exit code 3.", id="no full stop"),
        pytest.param(S, "FAILED", "Exit code 3.", "Exit code 3.", id="a sentence"),
        pytest.param(S, "FAILED", "Its last words: ouch!\n", "Its last words: ouch!", id="a line end"),
        pytest.param(S, "FAILED", "", "the engine does not say why.", id="no cause"),
        pytest.param(H, "FAILED", "", "the engine does not say why.", id="no cause while shifting"),
        pytest.param(N, "FAILED", " ", "the engine does not say why.", id="a blank cause afterwards"),
        pytest.param(S, "STARTING", "", LATE, id="late"),
        pytest.param(S, "STARTING", "/readyz answered 503", f"{LATE} /readyz answered 503.", id="late, with a cause"),
        pytest.param(S, "GONE", "No node has room", f"{LATE} No node has room.", id="not begun, with a cause"),
    ],
)
def test_how_a_cause_is_told(phase: Phase, life: str, cause: str, told_as: str) -> None:
    picture = seen(f"c1-1={life}", since=WITHIN + 1)
    picture = replace(picture, workloads={"c1-1": replace(picture.workloads["c1-1"], cause=cause)})
    decision = decided([step(1, phase, since=WITHIN + 1)], picture)
    assert decision.rollout is not None
    assert decision.rollout.status is Status.UNDOING
    assert decision.rollout.cause.partition("Churn 1")[2].partition(": ")[2] == told_as


@pytest.mark.parametrize(
    "failing", [pytest.param(key, id=key) for key in ("c1-0", "c2-0", "c3-0", "c2-1", "c3-1", "c1-1-again")]
)
def test_what_is_not_of_this_rollout_or_not_yet_does_not_turn_it_round(failing: str) -> None:
    picture = seen(f"c1-1=READY {failing}=FAILED")
    decision = decided([step(1, N), step(2, P), step(3, P)], picture, Mode.SPLIT)
    assert after(decision) == (Status.RUNNING, [N, S, P])


def test_a_rollout_without_steps_is_done() -> None:
    decision = decide(replace(snapshot(), rollout=rollout()), seen(), NOW)
    assert after(decision) == (Status.SUCCEEDED, [])


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.ROLLED_BACK, Status.FAILED])
@pytest.mark.parametrize("phase", list(Phase))
@pytest.mark.parametrize("intent", list(Intent))
def test_a_rollout_that_is_over_stays_as_it_is(status: Status, phase: Phase, intent: Intent) -> None:
    over = rollout(step(1, phase, since=9999), status=status, intent=intent)
    for picture in (seen(), seen("c1-0=FAILED c1-1=FAILED", "c1-0"), seen("c1-0=READY c1-1=READY", "c1-1")):
        decision = decide(snapshot(over), picture, NOW)
        assert (decision.rollout, decision.happenings, decision.settled) == (over, (), {})


@pytest.mark.parametrize(
    ("router", "cause"),
    [
        pytest.param("", "", id="silent"),
        pytest.param("The gateway does not accept the route", " The gateway does not accept the route.", id="refusing"),
    ],
)
def test_a_router_that_never_confirms_is_named(router: str, cause: str) -> None:
    picture = replace(seen("c1-0=READY c1-1=READY", "c1-0"), router=router)
    decision = decided([step(1, H, since=601)], picture)
    assert decision.rollout is not None
    told = f"Traffic of Churn 1 did not move to v2.0.0: the router did not say so within 10 minutes.{cause}"
    assert decision.rollout.cause == told
