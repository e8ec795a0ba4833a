"""How a deployment is, in a word and a sentence."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from deployments.engines.contract import Phase as Life
from deployments.engines.contract import Seen
from deployments.planning.modes import Mode
from deployments.rollouts.decide import SECONDS_AT_REST, SECONDS_LAUNCHING, decide
from deployments.rollouts.snapshot import Health, Phase, Status
from tests.deployments.rollouts.pictures import BACK, FORWARD, NOW, WEIGHTS, cases, rollout, seen, snapshot, step

P, S, H, D, N = FORWARD
US, UH, UD, U = BACK
CAUSE: Final = "Churn 1: It ran out of memory."
PULL: Final = "The image s:1 cannot be pulled"
WAITING: Final = "Waiting for Churn 1 to become ready."
ROUTING: Final = "Waiting for the router to send requests to Churn 1."
SAID: Final = {"-": "", "cause": CAUSE, "waiting": WAITING, "routing": ROUTING}

# One composition that nobody moves: how it was, what is shown, and whether the router says that it gets requests.
AT_REST: Final = """
was          shown     router  is         said
PENDING      -         -       LAUNCHING  waiting
PENDING      STARTING  -       LAUNCHING  waiting
PENDING      READY     -       LAUNCHING  routing
PENDING      READY     yes     HEALTHY    -
PENDING      FAILED    -       FAILED     cause
LAUNCHING    -         -       LAUNCHING  waiting
LAUNCHING    STARTING  -       LAUNCHING  waiting
LAUNCHING    READY     -       LAUNCHING  routing
LAUNCHING    READY     other   LAUNCHING  routing
LAUNCHING    READY     yes     HEALTHY    -
LAUNCHING    DRAINING  yes     LAUNCHING  waiting
LAUNCHING    GONE      -       LAUNCHING  waiting
LAUNCHING    FAILED    -       FAILED     cause
FAILED       -         -       LAUNCHING  waiting
FAILED       STARTING  -       LAUNCHING  waiting
FAILED       READY     -       LAUNCHING  routing
FAILED       READY     yes     HEALTHY    -
FAILED       FAILED    -       FAILED     cause
HEALTHY      READY     yes     HEALTHY    -
HEALTHY      READY     -       HEALTHY    -
HEALTHY      READY     other   UNHEALTHY  routing
HEALTHY      -         -       UNHEALTHY  waiting
HEALTHY      STARTING  -       UNHEALTHY  waiting
HEALTHY      DRAINING  -       UNHEALTHY  waiting
HEALTHY      GONE      -       UNHEALTHY  waiting
HEALTHY      FAILED    -       UNHEALTHY  cause
UNHEALTHY    READY     yes     HEALTHY    -
UNHEALTHY    READY     -       UNHEALTHY  routing
UNHEALTHY    STARTING  -       UNHEALTHY  waiting
UNHEALTHY    FAILED    -       UNHEALTHY  cause
STOPPED      -         -       LAUNCHING  waiting
STOPPED      READY     yes     HEALTHY    -
STOPPED      FAILED    -       FAILED     cause
TERMINATING  DRAINING  -       LAUNCHING  waiting
TERMINATING  READY     yes     HEALTHY    -
"""


@pytest.mark.parametrize("line", cases(AT_REST))
def test_at_rest(line: dict[str, str]) -> None:
    router = {"-": "-", "yes": "c1-0", "other": "c9-0"}[line["router"]]
    decision = decide(snapshot(health=Health(line["was"])), seen(f"c1-0={line['shown']}", router), NOW)
    assert (decision.health, decision.health_message) == (Health(line["is"]), SAID[line["said"]])
    rests = decision.health in (Health.HEALTHY, Health.FAILED)
    assert decision.look_in_seconds == (SECONDS_AT_REST if rests else SECONDS_LAUNCHING)
    assert (decision.rollout, decision.settled, decision.happenings, decision.is_gone) == (None, {}, (), False)


# A composition that moves, whose deployment was up: what is shown of both versions, of the router, and the health.
MOVING: Final = """
phase          old       new       again     router    is         said
PENDING        READY     -         -         old       HEALTHY    -
PENDING        FAILED    -         -         -         UNHEALTHY  cause
STARTING       READY     STARTING  -         old       HEALTHY    -
STARTING       READY     FAILED    -         old       HEALTHY    -
STARTING       READY     READY     -         new       HEALTHY    -
STARTING       FAILED    STARTING  -         -         UNHEALTHY  cause
STARTING       FAILED    READY     -         new       HEALTHY    -
STARTING       GONE      FAILED    -         -         UNHEALTHY  waiting
SHIFTING       READY     READY     -         old       HEALTHY    -
SHIFTING       READY     READY     -         -         HEALTHY    -
SHIFTING       READY     FAILED    -         old       HEALTHY    -
SHIFTING       READY     STARTING  -         old       HEALTHY    -
SHIFTING       FAILED    READY     -         new       HEALTHY    -
SHIFTING       FAILED    FAILED    -         -         UNHEALTHY  cause
SHIFTING       STARTING  FAILED    -         -         UNHEALTHY  waiting
DRAINING       DRAINING  READY     -         new       HEALTHY    -
DRAINING       READY     STARTING  -         old       HEALTHY    -
DRAINING       DRAINING  STARTING  -         -         UNHEALTHY  waiting
DRAINING       DRAINING  FAILED    -         -         UNHEALTHY  cause
DONE           -         READY     -         new       HEALTHY    -
DONE           -         FAILED    -         -         UNHEALTHY  cause
UNDO_STARTING  -         READY     STARTING  new       HEALTHY    -
UNDO_STARTING  -         READY     FAILED    new       HEALTHY    -
UNDO_STARTING  -         FAILED    STARTING  -         UNHEALTHY  cause
UNDO_SHIFTING  -         READY     READY     new       HEALTHY    -
UNDO_SHIFTING  -         READY     STARTING  new       HEALTHY    -
UNDO_SHIFTING  -         READY     FAILED    new       HEALTHY    -
UNDO_SHIFTING  -         FAILED    STARTING  -         UNHEALTHY  waiting
UNDO_DRAINING  -         READY     FAILED    new       HEALTHY    -
UNDO_DRAINING  -         DRAINING  READY     again     HEALTHY    -
UNDO_DRAINING  -         DRAINING  FAILED    -         UNHEALTHY  cause
UNDONE         -         -         READY     again     HEALTHY    -
"""


@pytest.mark.parametrize("line", cases(MOVING))
def test_on_the_move(line: dict[str, str]) -> None:
    """A version that fails beside the one that serves does not make it unhealthy."""
    router = {"-": "-", "old": "c1-0", "new": "c1-1", "again": "c1-1-again"}[line["router"]]
    picture = seen(f"c1-0={line['old']} c1-1={line['new']} c1-1-again={line['again']}", router)
    moving = rollout(step(1, Phase(line["phase"]), again=line["phase"] in BACK))
    decision = decide(snapshot(moving), picture, NOW)
    assert (decision.health, decision.health_message) == (Health(line["is"]), SAID[line["said"]])


@pytest.mark.parametrize(
    ("mode", "picture", "was", "expected", "sentence"),
    [
        pytest.param(
            Mode.SPLIT,
            seen("c1-0=READY c2-0=READY c3-0=READY", "c1-0 c2-0"),
            Health.LAUNCHING,
            Health.HEALTHY,
            "",
            id="weight 0 is not to get any",
        ),
        pytest.param(
            Mode.SPLIT,
            seen("c1-0=READY c2-0=READY c3-0=READY", "c2-0"),
            Health.LAUNCHING,
            Health.LAUNCHING,
            ROUTING,
            id="weight 30 is",
        ),
        pytest.param(
            Mode.SPLIT,
            seen("c1-0=READY c2-0=READY c3-0=STARTING", "c1-0 c2-0"),
            Health.LAUNCHING,
            Health.LAUNCHING,
            "Waiting for Churn 3 to become ready.",
            id="weight 0 must be ready",
        ),
        pytest.param(
            Mode.SPLIT,
            seen("c2-0=STARTING"),
            Health.LAUNCHING,
            Health.LAUNCHING,
            "Waiting for Churn 1, Churn 2, Churn 3 to become ready.",
            id="all are waited for",
        ),
        pytest.param(
            Mode.SPLIT,
            seen("c1-0=READY c2-0=READY c3-0=READY"),
            Health.LAUNCHING,
            Health.LAUNCHING,
            "Waiting for the router to send requests to Churn 1, Churn 2.",
            id="the router was not told yet",
        ),
        pytest.param(
            Mode.SPLIT,
            seen("c1-0=FAILED c3-0=FAILED"),
            Health.LAUNCHING,
            Health.FAILED,
            "Churn 1: It ran out of memory. Churn 3: It ran out of memory.",
            id="what failed goes before what is waited for",
        ),
        pytest.param(
            Mode.SPLIT,
            seen("c1-0=READY c2-0=STARTING c3-0=READY", "c3-0"),
            Health.LAUNCHING,
            Health.LAUNCHING,
            "Waiting for Churn 2 to become ready.",
            id="what is waited for goes before the router",
        ),
        pytest.param(
            Mode.SPLIT,
            seen("c1-0=READY c2-0=FAILED c3-0=READY", "c1-0"),
            Health.HEALTHY,
            Health.UNHEALTHY,
            "Churn 2: It ran out of memory.",
            id="one of three fails",
        ),
        pytest.param(
            Mode.SHADOW,
            seen("c1-0=READY c2-0=READY", "c1-0 > c2-0"),
            Health.LAUNCHING,
            Health.HEALTHY,
            "",
            id="champion and challenger",
        ),
        pytest.param(
            Mode.SHADOW,
            seen("c1-0=READY c2-0=READY", "c1-0"),
            Health.LAUNCHING,
            Health.LAUNCHING,
            "Waiting for the router to send requests to Churn 2.",
            id="a challenger without copies",
        ),
        pytest.param(
            Mode.SHADOW,
            seen("c1-0=READY c2-0=FAILED", "c1-0"),
            Health.HEALTHY,
            Health.UNHEALTHY,
            "Churn 2: It ran out of memory.",
            id="a challenger that fails",
        ),
    ],
)
def test_several_compositions(mode: Mode, picture: Seen, was: Health, expected: Health, sentence: str) -> None:
    phases = [U] * (3 if mode is Mode.SPLIT else 2)
    given = snapshot(rollout(*(step(number, phase) for number, phase in enumerate(phases, 1))), mode, health=was)
    decision = decide(replace(given, rollout=None), picture, NOW)
    assert (decision.health, decision.health_message) == (expected, sentence)


@pytest.mark.parametrize(
    ("cause", "sentence"),
    [
        pytest.param("", "Churn 1: it failed; the engine does not say why.", id="none"),
        pytest.param("Exit code 3", "Churn 1: Exit code 3.", id="no full stop"),
        pytest.param("Its last words: why?", "Churn 1: Its last words: why?", id="a question"),
        pytest.param("Its last words: xxx…", "Churn 1: Its last words: xxx…", id="cut off"),
    ],
)
def test_a_cause_reads_as_a_sentence(cause: str, sentence: str) -> None:
    picture = seen("c1-0=FAILED")
    picture = replace(picture, workloads={key: replace(each, cause=cause) for key, each in picture.workloads.items()})
    assert decide(snapshot(), picture, NOW).health_message == sentence


def test_a_workload_of_another_composition_does_not_stand_in() -> None:
    picture = seen("c1-0=READY")
    picture = replace(
        picture, workloads={"c1-0": replace(picture.workloads["c1-0"], composition="c2", phase=Life.READY)}
    )
    assert decide(snapshot(), picture, NOW).health is Health.UNHEALTHY


def test_a_first_start_to_its_end() -> None:
    """PENDING, LAUNCHING, and HEALTHY only once requests are answered."""
    found, given = [], snapshot(health=Health.PENDING)
    for picture in (seen(), seen("c1-0=STARTING"), seen("c1-0=READY"), seen("c1-0=READY", "c1-0")):
        decision = decide(given, picture, NOW)
        given = replace(given, health=decision.health, health_message=decision.health_message)
        found.append(decision.health)
    assert found == [Health.LAUNCHING, Health.LAUNCHING, Health.LAUNCHING, Health.HEALTHY]


@pytest.mark.parametrize("mode", [Mode.SINGLE, Mode.SHADOW])
def test_only_a_split_has_weights(mode: Mode) -> None:
    """A weight of 0 that another mode happens to hold means nothing."""
    given = snapshot(rollout(*(step(number, U) for number in (1, 2)[: len(WEIGHTS[mode])])), mode, rollout=None)
    given = replace(given, compositions=tuple(replace(each, weight=0) for each in given.compositions))
    unrouted = replace(given, health=Health.LAUNCHING)
    assert decide(unrouted, seen("c1-0=READY c2-0=READY", "c9-0"), NOW).health is Health.LAUNCHING


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.ROLLED_BACK, Status.FAILED])
def test_a_rollout_that_ends_leaves_health_to_what_serves(status: Status) -> None:
    phase = {Status.SUCCEEDED: N, Status.ROLLED_BACK: U, Status.FAILED: N}[status]
    moving = rollout(step(1, phase), status=status)
    key = "c1-0" if phase is U else "c1-1"
    assert decide(snapshot(moving), seen(f"{key}=READY", key), NOW).health is Health.HEALTHY
    assert decide(snapshot(moving), seen(f"{key}=FAILED"), NOW).health is Health.UNHEALTHY


@pytest.mark.parametrize(
    ("causes", "sentence"),
    [
        pytest.param({"c1-0": PULL}, f"Waiting for Churn 1 to become ready: {PULL}.", id="one"),
        pytest.param(
            {"c1-0": PULL, "c3-0": "No node has enough memory."},
            f"Waiting for Churn 1 to become ready: {PULL}. Waiting for Churn 3 to become ready: No node has enough "
            "memory. Waiting for Churn 2 to become ready.",
            id="several",
        ),
    ],
)
def test_what_is_in_the_way_of_starting_is_told(causes: dict[str, str], sentence: str) -> None:
    steps = [step(number, P) for number in range(1, len(causes) * 2)]
    picture = seen(" ".join(f"{each.old.key}=STARTING" for each in steps))
    known = {key: replace(each, cause=causes.get(key, "")) for key, each in picture.workloads.items()}
    mode = Mode.SPLIT if len(steps) > 1 else Mode.SINGLE
    given = replace(snapshot(rollout(*steps), mode, health=Health.LAUNCHING), rollout=None)
    decision = decide(given, replace(picture, workloads=known), NOW)
    assert (decision.health, decision.health_message) == (Health.LAUNCHING, sentence)
