"""What is to exist in each phase, and who gets requests."""

from __future__ import annotations

from itertools import product
from typing import Final

import pytest

from deployments.planning.modes import Mode
from deployments.rollouts.decide import decide
from deployments.rollouts.snapshot import Phase, Status, Step
from deployments.rollouts.wanted import wanted_of
from tests.deployments.rollouts.pictures import (
    BACK,
    NOW,
    WEIGHTS,
    cases,
    rollout,
    seen,
    snapshot,
    step,
    traffic,
    workload,
)

# Who gets the requests of a composition, and what is to exist: last what it is going to.
PHASES: Final = """
phase          runs   serving     present
PENDING        0      c1-0        c1-0
STARTING       0      c1-0        c1-0,c1-1
SHIFTING       0      c1-1        c1-0,c1-1
DRAINING       0      c1-1        c1-1
DONE           0      c1-1        c1-1
UNDO_STARTING  again  c1-1        c1-1,c1-1-again
UNDO_SHIFTING  0      c1-0        c1-1,c1-0
UNDO_SHIFTING  again  c1-1-again  c1-1,c1-1-again
UNDO_DRAINING  0      c1-0        c1-0
UNDO_DRAINING  again  c1-1-again  c1-1-again
UNDONE         0      c1-0        c1-0
UNDONE         again  c1-1-again  c1-1-again
"""


def at(line: dict[str, str], number: int = 1) -> Step:
    """Composition number N as a line says."""
    return step(number, Phase(line["phase"]), again=line["runs"] == "again")


@pytest.mark.parametrize("line", cases(PHASES))
def test_a_phase(line: dict[str, str]) -> None:
    wanted = wanted_of(snapshot(), rollout(at(line)))
    assert [each.key for each in wanted.workloads] == line["present"].split(",")
    assert wanted.workloads == tuple(workload(each.key) for each in wanted.workloads)
    assert wanted.traffic == traffic(line["serving"])
    assert (wanted.deployment, wanted.epoch) == ("d1", 0)


@pytest.mark.parametrize(
    ("mode", "workloads", "routes"),
    [
        pytest.param(Mode.SINGLE, "c1-1", "c1-1", id="single"),
        pytest.param(Mode.SPLIT, "c1-1 c2-0 c2-1 c3-0 c3-1", "c1-1:30 c2-0:70 c3-1:0", id="split"),
        pytest.param(Mode.SHADOW, "c1-1 c2-0 c2-1", "c1-1 > c2-0", id="champion and challenger"),
    ],
)
def test_a_mode(mode: Mode, workloads: str, routes: str) -> None:
    phases = (Phase.DONE, Phase.STARTING, Phase.SHIFTING)[: len(WEIGHTS[mode])]
    moving = rollout(*(step(number, phase) for number, phase in enumerate(phases, 1)))
    wanted = wanted_of(snapshot(moving, mode), moving)
    assert [each.key for each in wanted.workloads] == workloads.split()
    assert wanted.traffic == traffic(routes)


def test_what_a_rollout_does_not_move_stays() -> None:
    three = snapshot(rollout(*(step(number, Phase.UNDONE) for number in (1, 2, 3))), Mode.SPLIT)
    for moving in (None, rollout(step(2, Phase.SHIFTING))):
        wanted = wanted_of(three, moving)
        found = [each.key for each in wanted.workloads]
        assert found == (["c1-0", "c2-0", "c2-1", "c3-0"] if moving else ["c1-0", "c2-0", "c3-0"])


EVERY_STEP: Final = [(phase, again) for phase in Phase for again in (False, True) if phase in BACK or not again]
PICTURES: Final = [
    seen(" ".join(f"c{number}-{which}={life}" for number in (1, 2) for which in ("0", "1", "1-again")), router)
    for life in ("GONE", "READY", "FAILED")
    for router in ("-", "c1-0 c2-1", "c1-1 > c2-1", "c1-1-again c2-1-again")
]


@pytest.mark.parametrize("first", EVERY_STEP, ids=lambda pair: pair[0] + (" again" if pair[1] else ""))
@pytest.mark.parametrize("mode", [Mode.SPLIT, Mode.SHADOW])
def test_a_turn_asks_for_what_its_phases_say(mode: Mode, first: tuple[Phase, bool]) -> None:
    """Whatever is shown: one workload of each composition has its requests, and one beside it exists at most."""
    for second, status, picture in product(EVERY_STEP, (Status.RUNNING, Status.UNDOING), PICTURES):
        steps = [step(number, phase, again=again) for number, (phase, again) in enumerate((first, second), 1)]
        given = snapshot(rollout(*steps, status=status), mode)
        decision = decide(given, picture, NOW)
        wanted = decision.wanted
        assert wanted is not None
        assert wanted == wanted_of(given, decision.rollout)
        assert wanted.traffic is not None
        named = [share.workload for share in wanted.traffic.shares] + [wanted.traffic.mirror] * (mode is Mode.SHADOW)
        of = {each.key: each.composition for each in wanted.workloads}
        assert [of[key] for key in named] == ["c1", "c2"]
        assert all(list(of.values()).count(uid) <= 2 for uid in ("c1", "c2"))
