"""Whole rollouts on an engine that keeps its promises, told as people read them, and with every instant cut off."""

from __future__ import annotations

import re
from typing import Final

import pytest

from deployments.planning.modes import Mode
from deployments.rollouts.snapshot import Health, Intent, Phase, Status
from tests.deployments.rollouts.simulation import Fate, Machine, Taken, Turn, begin, ended, play

MODES: Final = [
    pytest.param(Mode.SINGLE, (100,), id="single"),
    pytest.param(Mode.SPLIT, (30, 70), id="split of 30 and 70"),
    pytest.param(Mode.SPLIT, (100, 0), id="split of 100 and 0"),
    pytest.param(Mode.SPLIT, (0, 30, 70), id="split of three, the first of weight 0"),
    pytest.param(Mode.SHADOW, (100, 100), id="champion and challenger"),
]


def line_of(taken: list[Taken]) -> list[str]:
    """The time line: kinds of happenings and compositions."""
    return [f"{each.kind} {each.composition}".strip() for at in taken for each in at.decision.happenings]


def routes_of(taken: list[Taken]) -> list[str]:
    """What the router had in force, turn by turn, without repetitions."""
    found: list[str] = []
    for at in taken:
        traffic = at.left.traffic
        text = "-"
        if traffic:
            text = " ".join(f"{each.workload}:{each.weight}" for each in traffic.shares)
            text += f" > {traffic.mirror}" if traffic.mirror else ""
        if text not in found[-1:]:
            found.append(text)
    return found


FORWARD: Final = ("starting", "shifting", "draining", "done")


@pytest.mark.parametrize(("mode", "weights"), MODES)
def test_to_the_end(mode: Mode, weights: tuple[int, ...]) -> None:
    count = len(weights)
    machine = Machine({})
    last, taken = play(begin(mode, weights, machine), machine, [])
    assert ended(taken).status is Status.SUCCEEDED
    assert line_of(taken) == [f"{kind} c{number}" for number in range(1, count + 1) for kind in FORWARD] + ["succeeded"]
    assert [each.workload.key for each in last.compositions] == [f"c{number}-1" for number in range(1, count + 1)]
    assert {at.after.health for at in taken} == {Health.HEALTHY}
    assert [list(at.decision.settled) for at in taken if at.decision.settled] == [
        [f"c{number}"] for number in range(1, count + 1)
    ]


@pytest.mark.parametrize(
    ("mode", "weights", "routes"),
    [
        pytest.param(Mode.SINGLE, (100,), ["c1-0:1", "c1-1:1"], id="single"),
        pytest.param(
            Mode.SPLIT, (30, 70), ["c1-0:30 c2-0:70", "c1-1:30 c2-0:70", "c1-1:30 c2-1:70"], id="split of 30 and 70"
        ),
        pytest.param(Mode.SPLIT, (100, 0), ["c1-0:100", "c1-1:100"], id="split of 100 and 0"),
        pytest.param(Mode.SHADOW, (100, 100), ["c1-0:1 > c2-0", "c1-1:1 > c2-0", "c1-1:1 > c2-1"], id="shadow"),
    ],
)
def test_the_way_of_traffic(mode: Mode, weights: tuple[int, ...], routes: list[str]) -> None:
    machine = Machine({})
    assert routes_of(play(begin(mode, weights, machine), machine, [])[1]) == routes


@pytest.mark.parametrize(("mode", "weights"), MODES)
def test_and_back_from_the_last(mode: Mode, weights: tuple[int, ...]) -> None:
    """The last never becomes ready: those before it go back, in reverse, one at a time."""
    count = len(weights)
    machine = Machine({f"c{count}-1": Fate(ready_after=0)})
    last, taken = play(begin(mode, weights, machine), machine, [])
    over = ended(taken)
    assert over.status is Status.ROLLED_BACK
    there = [f"{kind} c{number}" for number in range(1, count) for kind in FORWARD]
    back = [
        f"{kind} c{number}"
        for number in range(count - 1, 0, -1)
        for kind in ("undo-starting", "undo-shifting", "undo-draining", "undone")
    ]
    assert line_of(taken) == [*there, f"starting c{count}", "undo", f"undone c{count}", *back, "rolled-back"]
    keys = [f"c{number}-1-again" for number in range(1, count)] + [f"c{count}-0"]
    assert [each.workload.key for each in last.compositions] == keys
    assert over.cause == (f"v2.0.0 did not become ready for Churn {count}: The scorer was not ready in time.")
    assert {at.after.health for at in taken} == {Health.HEALTHY}
    before, after = routes_of(taken)[0], routes_of(taken)[-1]
    assert after == re.sub(r"c(\d)-0", lambda found: keys[int(found[1]) - 1], before)


@pytest.mark.parametrize(("mode", "weights"), MODES)
@pytest.mark.parametrize("turn", range(14))
def test_an_abort_at_any_turn(mode: Mode, weights: tuple[int, ...], turn: int) -> None:
    count = len(weights)
    machine = Machine({})
    last, taken = play(begin(mode, weights, machine), machine, [Turn()] * turn + [Turn(intent=Intent.ABORT)])
    over = ended(taken)
    assert {each.workload.version for each in last.compositions} == (
        {"v1.0.0"} if over.status is Status.ROLLED_BACK else {"v2.0.0"}
    )
    assert over.status is (Status.ROLLED_BACK if turn <= 4 * count else Status.SUCCEEDED)
    assert {at.after.health for at in taken} == {Health.HEALTHY}


@pytest.mark.parametrize("turn", range(5))
def test_a_pause_at_any_turn(turn: int) -> None:
    """The composition that moves is finished, none is begun, and hours later it goes on."""
    machine = Machine({})
    held = [Turn()] * turn + [Turn(intent=Intent.PAUSE)] + [Turn()] * 9 + [Turn(is_away=True)]
    _, taken = play(begin(Mode.SPLIT, (30, 70), machine), machine, held)
    paused = taken[turn + 9].after.rollout
    assert paused is not None
    begun = 1 if turn else 0
    assert (paused.status, [each.phase for each in paused.steps]) == (
        Status.PAUSED,
        [Phase.DONE] * begun + [Phase.PENDING] * (2 - begun),
    )
    assert line_of(taken).count("paused") == 1
    assert ended(taken).status is Status.SUCCEEDED


@pytest.mark.parametrize("kind", ["cut off", "stale", "silent", "cut off, then stale"])
@pytest.mark.parametrize("turn", range(12))
@pytest.mark.parametrize("fails", [False, True], ids=["forward", "and back"])
def test_a_disturbance_at_any_turn_changes_nothing_but_the_time(kind: str, turn: int, fails: bool) -> None:
    fates = {"c2-1": Fate(ready_after=0)} if fails else {}
    disturbances = {
        "cut off": [Turn(is_cut_off=True)],
        "stale": [Turn(is_stale=True)],
        "silent": [Turn(is_silent=True)],
        "cut off, then stale": [Turn(is_cut_off=True), Turn(is_stale=True)],
    }
    calm, disturbed = Machine(fates), Machine(fates)
    _, plain = play(begin(Mode.SPLIT, (30, 70), calm), calm, [])
    _, other = play(begin(Mode.SPLIT, (30, 70), disturbed), disturbed, [Turn()] * turn + disturbances[kind])
    assert line_of(other) == line_of(plain)
    assert routes_of(other) == routes_of(plain)
    assert ended(other).status is ended(plain).status
    assert {at.after.health for at in other} == {Health.HEALTHY}


@pytest.mark.parametrize(
    ("fates", "status", "cause"),
    [
        pytest.param(
            {"c1-1": Fate(lives=(1,))},
            Status.ROLLED_BACK,
            "v2.0.0 failed while traffic of Churn 1 moved to it: The scorer was killed.",
            id="as traffic moves to it",
        ),
        pytest.param(
            {"c1-1": Fate(lives=(2,))},
            Status.ROLLED_BACK,
            "v2.0.0 failed after traffic of Churn 1 had moved to it: The scorer was killed.",
            id="as the old one drains",
        ),
        pytest.param(
            {"c1-1": Fate(lives=(6,))},
            Status.ROLLED_BACK,
            "v2.0.0 failed after traffic of Churn 1 had moved to it: The scorer was killed.",
            id="as the next one moves",
        ),
        pytest.param(
            {"c1-1": Fate(lives=(2,)), "c1-1-again": Fate(ready_after=0)},
            Status.FAILED,
            "v2.0.0 failed after traffic of Churn 1 had moved to it: The scorer was killed. Then v1.0.0 did not "
            "become ready again for Churn 1: The scorer was not ready in time. Churn 1 stays on v2.0.0.",
            id="and the old one does not come back",
        ),
        pytest.param(
            {"c1-1": Fate(lives=(1,)), "c1-0": Fate(lives=(3,), is_mortal=True)},
            Status.FAILED,
            "v2.0.0 failed while traffic of Churn 1 moved to it: The scorer was killed. Then v1.0.0 did not "
            "become ready again for Churn 1: The scorer was not ready in time. Churn 1 stays on v2.0.0.",
            id="and the old one dies",
        ),
        pytest.param({"c1-0": Fate(lives=(1,), is_mortal=True)}, Status.SUCCEEDED, "", id="only the old one dies"),
        pytest.param({"c1-0": Fate(lives=(1, 1, 1))}, Status.SUCCEEDED, "", id="only the old one is shaky"),
    ],
)
def test_what_becomes_of_a_rollout_in_which_versions_fail(fates: dict[str, Fate], status: Status, cause: str) -> None:
    machine = Machine(fates)
    _, taken = play(begin(Mode.SPLIT, (30, 70), machine), machine, [])
    over = ended(taken)
    assert (over.status, over.cause) == (status, cause)


def test_moving_off_a_version_that_never_came_up() -> None:
    machine = Machine({"c1-0": Fate(ready_after=0)})
    last, taken = play(begin(Mode.SINGLE, (100,), machine, never_up=["c1-0"]), machine, [])
    assert ended(taken).status is Status.SUCCEEDED
    assert last.health is Health.HEALTHY


@pytest.mark.parametrize("turn", range(7))
@pytest.mark.parametrize("is_away", [False, True], ids=["at once", "an hour later"])
def test_all_is_lost_and_begins_anew(turn: int, is_away: bool) -> None:
    """A machine that is switched off and on: where the new version was to start, it may have to be tried again."""
    machine = Machine({})
    last, taken = play(
        begin(Mode.SINGLE, (100,), machine), machine, [Turn()] * turn + [Turn(is_wiped=True, is_away=is_away)]
    )
    was_starting = is_away and turn == 1
    assert ended(taken).status is (Status.ROLLED_BACK if was_starting else Status.SUCCEEDED)
    assert last.health is Health.HEALTHY
    assert set(machine.running) == {each.workload.key for each in last.compositions}


@pytest.mark.parametrize("turn", range(4, 12))
@pytest.mark.parametrize("is_wiped", [False, True], ids=["left alone", "switched off"])
def test_nobody_looks_for_an_hour_while_it_goes_back(turn: int, is_wiped: bool) -> None:
    """What nobody tried has not failed: the old version is brought back all the same."""
    machine = Machine({})
    disturbed = [*[Turn()] * 4, Turn(intent=Intent.ABORT), *[Turn()] * (turn - 4)]
    last, taken = play(
        begin(Mode.SINGLE, (100,), machine), machine, [*disturbed, Turn(is_away=True, is_wiped=is_wiped)]
    )
    assert ended(taken).status is Status.ROLLED_BACK
    assert last.health is Health.HEALTHY
