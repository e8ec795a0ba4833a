"""Going back: from every phase, whatever an engine shows, in time and late; and where the way back is barred."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any, Final

import pytest

from deployments.engines.contract import Seen
from deployments.planning.modes import Mode
from deployments.rollouts.decide import Decision, decide
from deployments.rollouts.signs import ROUTED_WITHIN
from deployments.rollouts.snapshot import Intent, Phase, Status, Step
from tests.deployments.rollouts.pictures import (
    BACK,
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

ROUTED: Final = ROUTED_WITHIN.total_seconds()
P, S, H, D, N = FORWARD
US, UH, UD, U = BACK
ROUTES: Final = ("-", "back", "new", "both")
ALPHABETS: Final = {"back": LIVES, "new": LIVES, "router": " ".join(ROUTES)}

# What is shown of the version to go back to, of the new one, and of the router, soon after the phase began. The old
# version runs still (0), or once more under a key of its own (again).
IN_TIME: Final = """
phase          runs     back                  new                             router      next           status
UNDO_STARTING  again    READY                 *                               *           UNDO_SHIFTING  UNDOING
UNDO_STARTING  again    away|STARTING         *                               *           UNDO_STARTING  UNDOING
UNDO_STARTING  again    FAILED                *                               *           DONE           FAILED
UNDO_SHIFTING  0|again  READY                 *                               back        UNDO_DRAINING  UNDOING
UNDO_SHIFTING  0|again  READY                 *                               -|new|both  UNDO_SHIFTING  UNDOING
UNDO_SHIFTING  0|again  away|STARTING|FAILED  *                               *           UNDO_SHIFTING  UNDOING
UNDO_DRAINING  0|again  *                     -|GONE                          *           UNDONE         UNDOING
UNDO_DRAINING  0|again  *                     STARTING|READY|FAILED|DRAINING  *           UNDO_DRAINING  UNDOING
UNDONE         0|again  *                     *                               *           UNDONE         ROLLED_BACK
"""
# The same, but so late that what is not ready again is given up.
LATE: Final = """
phase          runs     back             new                       router       next           status
UNDO_STARTING  again    READY            *                         *            UNDO_SHIFTING  UNDOING
UNDO_STARTING  again    away             *                         *            UNDO_STARTING  UNDOING
UNDO_STARTING  again    STARTING|FAILED  *                         *            DONE           FAILED
UNDO_SHIFTING  0|again  READY            *                         back         UNDO_DRAINING  UNDOING
UNDO_SHIFTING  0|again  READY            *                         -|new|both   UNDO_SHIFTING  UNDOING
UNDO_SHIFTING  0|again  away             *                         *            UNDO_SHIFTING  UNDOING
UNDO_SHIFTING  0        STARTING|FAILED  READY                     new          DONE           FAILED
UNDO_SHIFTING  0        STARTING|FAILED  READY                     -|back|both  UNDO_SHIFTING  UNDOING
UNDO_SHIFTING  0        STARTING|FAILED  away|STARTING|FAILED      *            UNDONE         FAILED
UNDO_SHIFTING  again    STARTING|FAILED  *                         *            DONE           FAILED
UNDO_DRAINING  0|again  *                -|GONE                    *            UNDONE         UNDOING
UNDO_DRAINING  0|again  *                STARTING|FAILED|DRAINING  *            UNDO_DRAINING  UNDOING
UNDO_DRAINING  0|again  away|READY       READY                     *            UNDO_DRAINING  UNDOING
UNDO_DRAINING  0|again  STARTING|FAILED  READY                     new          DONE           FAILED
UNDO_DRAINING  0|again  STARTING|FAILED  READY                     -|back|both  UNDO_DRAINING  UNDOING
UNDONE         0|again  *                *                         *            UNDONE         ROLLED_BACK
"""
_UNCONFIRMED: Final = (
    "UNDO_SHIFTING  0|again  READY            *                         -|new|both   UNDO_SHIFTING  UNDOING\n"
)
# The same, but so late that a router which has not said that traffic moved back is waited for no longer.
UNCONFIRMED: Final = LATE.replace(
    _UNCONFIRMED,
    """\
UNDO_SHIFTING  0        READY            READY                     new          DONE           FAILED
UNDO_SHIFTING  0        READY            READY                     -|both       UNDONE         FAILED
UNDO_SHIFTING  0        READY            away|STARTING|FAILED      -|new|both   UNDONE         FAILED
UNDO_SHIFTING  again    READY            *                         -|new|both   DONE           FAILED
""",
)


@pytest.mark.parametrize(
    "text",
    [pytest.param(IN_TIME, id="in time"), pytest.param(LATE, id="late"), pytest.param(UNCONFIRMED, id="unconfirmed")],
)
def test_the_tables_hold_everything_once(text: str) -> None:
    found = [row for line in table(text) for row in combinations(line, **ALPHABETS)]
    runs = [(phase, which) for phase in BACK for which in ("0", "again") if (phase, which) != (US, "0")]
    keys = sorted(((row["phase"], row["runs"]), row["back"], row["new"], row["router"]) for row in found)
    assert keys == sorted(product(runs, LIVES.split(), LIVES.split(), ROUTES))


@pytest.mark.parametrize("line", cases(IN_TIME))
@pytest.mark.parametrize("seconds", [1, WITHIN])
def test_a_turn_back(line: dict[str, str], seconds: float) -> None:
    check(line, seconds)


@pytest.mark.parametrize("line", cases(LATE))
@pytest.mark.parametrize("seconds", [WITHIN + 0.1, ROUTED])
def test_a_late_turn_back(line: dict[str, str], seconds: float) -> None:
    check(line, seconds)


@pytest.mark.parametrize("line", cases(UNCONFIRMED))
@pytest.mark.parametrize("seconds", [ROUTED + 0.1, 9999])
def test_a_turn_back_that_the_router_never_confirms(line: dict[str, str], seconds: float) -> None:
    check(line, seconds)


def check(line: dict[str, str], seconds: float) -> None:
    """Every combination of a line, all of it since some seconds ago."""
    phase, following, status = Phase(line["phase"]), Phase(line["next"]), Status(line["status"])
    for row in combinations(line, **ALPHABETS):
        back = "c1-1-again" if row["runs"] == "again" else "c1-0"
        routes = {"-": "-", "back": back, "new": "c1-1", "both": f"{back} c1-1"}
        picture = seen(f"{back}={row['back']} c1-1={row['new']}", routes[row["router"]], since=seconds)
        decision = decided([step(1, phase, since=seconds, again=row["runs"] == "again")], picture)
        assert after(decision) == (status, [following]), row
        assert decision.rollout is not None
        assert decision.rollout.steps[0].phase_at == (ago(seconds) if following is phase else NOW), row
        assert bool(told(decision)) is (following is not phase or status is not Status.UNDOING), row
        assert decision.rollout.steps[0].undo_key == back
        assert decision.settled == expected_to_settle(row, back), row


def expected_to_settle(row: dict[str, str], back: str) -> dict[str, str]:
    """What serves from now on: the old version under another key, or, where it was lost, the new one once more."""
    match row["phase"], row["next"], row["runs"]:
        # Undone before the router had said that all traffic went to the new version: it never was recorded.
        case "UNDO_SHIFTING", "UNDO_DRAINING", "again":
            return {"c1": back}
        case ("UNDO_SHIFTING", "DONE", "0") | ("UNDO_DRAINING", "DONE", _):
            return {"c1": "c1-1"}
    return {}


# From where, and what is on its way then. Those before it follow in their turn.
@pytest.mark.parametrize(
    ("phases", "expected", "keys", "going_back"),
    [
        pytest.param([P], [P], [""], "", id="nothing begun"),
        pytest.param([S], [UD], ["c1-0"], "", id="starting"),
        pytest.param([H], [UH], ["c1-0"], "Churn 1 to v1.0.0", id="shifting"),
        pytest.param([D], [US], ["c1-1-again"], "Churn 1 to v1.0.0", id="draining"),
        pytest.param([N], [N], [""], "Churn 1 to v1.0.0", id="done"),
        pytest.param([N, P, P], [N, P, P], ["", "", ""], "Churn 1 to v1.0.0", id="between two"),
        pytest.param([N, S, P], [N, UD, P], ["", "c2-0", ""], "Churn 1 to v1.0.0", id="second starting"),
        pytest.param(
            [N, H, P], [N, UH, P], ["", "c2-0", ""], "Churn 1 to v1.0.0, Churn 2 to v1.0.0", id="second shifting"
        ),
        pytest.param(
            [N, N, D],
            [N, N, US],
            ["", "", "c3-1-again"],
            "Churn 1 to v1.0.0, Churn 2 to v1.0.0, Churn 3 to v1.0.0",
            id="third draining",
        ),
    ],
)
def test_turning_round(phases: list[Phase], expected: list[Phase], keys: list[str], going_back: str) -> None:
    steps = [step(number, phase, since=5) for number, phase in enumerate(phases, 1)]
    picture = seen("c1-1=READY c2-1=READY c3-1=READY", "c1-1")
    decision = decided(steps, picture, Mode.SPLIT, Intent.ABORT, intent_reason="Too slow")
    assert after(decision) == (Status.UNDOING, expected)
    assert decision.rollout is not None
    assert [each.undo_key for each in decision.rollout.steps] == keys
    assert decision.rollout.cause == "Aborted by alice: Too slow."
    assert [each.kind for each in decision.happenings] == ["undo"]
    whither = f"Going back: {going_back}." if going_back else "No composition had moved."
    assert told(decision) == f"Aborted by alice: Too slow. {whither}"
    for old, new in zip(steps, decision.rollout.steps, strict=True):
        assert new.phase_at == (NOW if new.phase != old.phase else ago(5))
    assert decision.settled == {}


DONE_UNDOING: Final[dict[str, Any]] = {"status": Status.UNDOING, "cause": "It went wrong."}


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param([step(1, N), step(2, N), step(3, N)], [N, N, US], id="the last first"),
        pytest.param([step(1, N), step(2, N), step(3, P)], [N, US, P], id="what was never begun stays"),
        pytest.param([step(1, N), step(2, US, again=True), step(3, P)], [N, US, P], id="one at a time"),
        pytest.param([step(1, N), step(2, N), step(3, U, again=True)], [N, US, U], id="the one before follows"),
        pytest.param([step(1, N), step(2, U), step(3, P)], [US, U, P], id="the first comes last"),
    ],
)
def test_one_composition_goes_back_at_a_time(steps: list[Step], expected: list[Phase]) -> None:
    decision = decided(steps, seen(), Mode.SPLIT, **DONE_UNDOING)
    assert after(decision) == (Status.UNDOING, expected)
    for old, new in zip(steps, decision.rollout.steps if decision.rollout else (), strict=True):
        has_begun = (old.phase, new.phase) == (N, US)
        assert new.undo_key == (new.again.key if has_begun else old.undo_key)
        assert not has_begun or told(decision) == f"v1.0.0 starts again beside v2.0.0 for {new.experiment}."


def test_time_to_come_up_again_begins_in_its_turn() -> None:
    """However long the compositions after it took to go back."""
    decision = decided([step(1, N, since=9999), step(2, U)], seen(), Mode.SPLIT, **DONE_UNDOING)
    assert decision.rollout is not None
    assert decision.rollout.steps[0].phase_at == NOW


@pytest.mark.parametrize("intent", list(Intent))
@pytest.mark.parametrize("phase", BACK)
def test_nobody_can_stop_it_half_way(intent: Intent, phase: Phase) -> None:
    for life, router in product(LIVES.split(), ("-", "c1-1-again", "c1-1")):
        picture = seen(f"c1-1-again={life} c1-1={life}", router)
        steps = [step(1, phase, again=True)]
        plain, wanted = (decided(steps, picture, intent=each) for each in (Intent.RUN, intent))
        assert plain.rollout is not None
        assert wanted == replace(plain, rollout=replace(plain.rollout, intent=intent))


LOST: Final = "It went wrong. Then v1.0.0 did not become ready again for Churn 2: It ran out of memory."


@pytest.mark.parametrize(
    ("steps", "picture", "cause", "expected", "serving"),
    [
        pytest.param(
            [step(1, N), step(2, US, again=True), step(3, U, again=True)],
            seen("c2-1-again=FAILED c2-1=READY"),
            f"{LOST} Churn 1 stays on v2.0.0, Churn 2 stays on v2.0.0.",
            [N, N, U],
            "c1-1 c2-1 c3-1-again",
            id="it does not start",
        ),
        pytest.param(
            [step(1, N), step(2, UH, since=WITHIN + 1, again=True), step(3, P)],
            seen("c2-1-again=FAILED c2-1=READY", "c1-1 c2-1"),
            f"{LOST} Churn 1 stays on v2.0.0, Churn 2 stays on v2.0.0.",
            [N, N, P],
            "c1-1 c2-1 c3-0",
            id="it fails as traffic moves back",
        ),
        pytest.param(
            [step(1, N), step(2, UH, since=WITHIN + 1), step(3, P)],
            seen("c2-0=FAILED c2-1=FAILED"),
            f"{LOST} Churn 1 stays on v2.0.0, Churn 2 stays on v1.0.0.",
            [N, U, P],
            "c1-1 c2-0 c3-0",
            id="neither version runs",
        ),
        pytest.param(
            [step(1, N), step(2, UD, since=WITHIN + 1), step(3, P)],
            seen("c2-0=FAILED c2-1=READY", "c1-1 c2-1"),
            f"{LOST} Churn 1 stays on v2.0.0, Churn 2 stays on v2.0.0.",
            [N, N, P],
            "c1-1 c2-1 c3-0",
            id="the new version stands in for it",
        ),
    ],
)
def test_the_old_version_cannot_be_had_again(
    steps: list[Step], picture: Seen, cause: str, expected: list[Phase], serving: str
) -> None:
    decision = decided(steps, picture, Mode.SPLIT)
    assert after(decision) == (Status.FAILED, expected)
    assert decision.rollout is not None
    assert decision.rollout.cause == cause
    assert [(each.kind, each.sentence, each.composition) for each in decision.happenings] == [("failed", cause, "c2")]
    assert decision.wanted is not None
    assert decision.wanted.traffic is not None
    assert [share.workload for share in decision.wanted.traffic.shares] == serving.split()
    assert [each.key for each in decision.wanted.workloads] == serving.split()


def test_what_gets_no_requests_goes_back_though_all_else_is_down() -> None:
    moving = rollout(step(1, P), step(2, UH))
    both = snapshot(moving, Mode.SHADOW)
    decision = decide(both, seen("c1-0=FAILED c2-0=READY c2-1=FAILED"), NOW)
    assert after(decision)[1] == [P, UD]


def gone_back(decision: Decision) -> str:
    """The time line of a turn, as kind and sentence."""
    return " / ".join(f"{each.kind}: {each.sentence}" for each in decision.happenings)


@pytest.mark.parametrize(
    ("steps", "picture", "expected"),
    [
        pytest.param(
            [step(1, US, again=True)],
            "c1-1-again",
            "undo-shifting: v1.0.0 is ready again; traffic of Churn 1 moves back to it.",
            id="starting",
        ),
        pytest.param(
            [step(1, UH)], "c1-0", "undo-draining: All traffic of Churn 1 goes to v1.0.0 again.", id="shifting"
        ),
        pytest.param([step(1, UD)], "c1-0", "undone: Churn 1 runs v1.0.0 as before; v2.0.0 is stopped.", id="draining"),
        pytest.param([step(1, U)], "c1-0", "rolled-back: It went wrong. Everything runs as before.", id="undone"),
        pytest.param(
            [step(1, U), step(2, P)],
            "c1-0",
            "rolled-back: It went wrong. Everything runs as before.",
            id="one never begun",
        ),
    ],
)
def test_what_is_told(steps: list[Step], picture: str, expected: str) -> None:
    assert gone_back(decided(steps, seen(f"{picture}=READY", picture), Mode.SPLIT)) == expected


def test_traffic_that_never_moves_back_is_told() -> None:
    picture = replace(seen("c1-0=READY c1-1=READY", "c1-1"), router="The gateway cannot follow the route")
    decision = decided([step(1, UH, since=601)], picture)
    assert decision.rollout is not None
    assert decision.rollout.cause == (
        "It went wrong. Then traffic of Churn 1 did not move back to v1.0.0: the router did not say so within "
        "10 minutes. The gateway cannot follow the route. Churn 1 stays on v2.0.0."
    )
