"""Rollouts at any point, and pictures as an engine may give them, in few words.

Composition c1 serves the experiment Churn 1 and goes from v1.0.0 in `c1-0` to v2.0.0 in `c1-1`; where that is undone
after the old one was stopped, v1.0.0 runs again in `c1-1-again`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, Final

import pytest

from deployments.engines.contract import Phase as Life
from deployments.engines.contract import Seen, SeenWorkload, Share, Traffic, Workload
from deployments.planning.modes import Mode
from deployments.rollouts.decide import Decision, decide
from deployments.rollouts.snapshot import Composed, Health, Intent, Phase, Rollout, Snapshot, Status, Step

NOW: Final = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
OLD, NEW = "v1.0.0", "v2.0.0"
WEIGHTS: Final = {Mode.SINGLE: (100,), Mode.SPLIT: (30, 70, 0), Mode.SHADOW: (100, 100)}
FORWARD: Final = (Phase.PENDING, Phase.STARTING, Phase.SHIFTING, Phase.DRAINING, Phase.DONE)
BACK: Final = (Phase.UNDO_STARTING, Phase.UNDO_SHIFTING, Phase.UNDO_DRAINING, Phase.UNDONE)
ON_NEW: Final = (Phase.DRAINING, Phase.DONE, Phase.UNDO_STARTING)
WITHIN: Final = 300.0


def ago(seconds: float) -> datetime:
    """An instant before now."""
    return NOW - timedelta(seconds=seconds)


def workload(key: str, version: str = "") -> Workload:
    """A workload by its key, which says its composition and, but for those that are none of a step, its version."""
    return Workload(key, key.split("-")[0], version or (NEW if key.endswith("-1") else OLD), f"scorer:{key}")


def step(number: int, phase: Phase, *, since: float = 0, again: bool = False) -> Step:
    """Composition number N in a phase since some seconds ago; `again` where undoing needs the old version anew."""
    undo_key = (f"c{number}-1-again" if again else f"c{number}-0") if phase in BACK else ""
    return Step(
        position=number - 1,
        composition=f"c{number}",
        experiment=f"Churn {number}",
        phase=phase,
        phase_at=ago(since),
        old=workload(f"c{number}-0"),
        new=workload(f"c{number}-1"),
        again=workload(f"c{number}-1-again"),
        undo_key=undo_key,
    )


def serving_key(each: Step) -> str:
    """The workload that is recorded as serving a composition at a point of its way: what the router said last."""
    has_again = each.undo_key == each.again.key
    if each.phase in ON_NEW or (each.phase is Phase.UNDO_SHIFTING and has_again):
        return each.new.key
    return each.undo_key if each.phase in (Phase.UNDO_DRAINING, Phase.UNDONE) else each.old.key


def rollout(*steps: Step, **fields: Any) -> Rollout:
    """A rollout of these steps; that it is being undone shows in their phases."""
    undoing = any(each.phase in BACK for each in steps)
    status = Status.UNDOING if undoing else Status.RUNNING
    if all(each.phase is Phase.PENDING for each in steps):
        status = Status.PENDING
    cause = "It went wrong." if undoing else ""
    usual: dict[str, Any] = {"number": 7, "status": status, "intent": Intent.RUN, "cause": cause, "steps": steps}
    return Rollout(**usual | fields)


def snapshot(moving: Rollout | None = None, mode: Mode = Mode.SINGLE, **fields: Any) -> Snapshot:
    """A healthy deployment in the middle of a rollout; without one, of one composition."""
    steps = moving.steps if moving else (step(1, Phase.PENDING),)
    compositions = tuple(
        Composed(
            uid=each.composition,
            experiment=each.experiment,
            workload=workload(serving_key(each)),
            weight=WEIGHTS[mode][number],
            is_mirror=mode is Mode.SHADOW and number > 0,
        )
        for number, each in enumerate(steps)
    )
    usual: dict[str, Any] = {"name": "d1", "health": Health.HEALTHY, "compositions": compositions, "rollout": moving}
    return Snapshot(**usual | {"mode": mode} | fields)


def traffic(text: str) -> Traffic | None:
    """What a router says is in force: `c1-0:30 c2-0:70`, with a mirror `c1-0 > c2-0`, or `-` for nothing."""
    if text == "-":
        return None
    named, _, mirror = text.partition(" > ")
    shares = [each.partition(":") for each in named.split()]
    mode = Mode.SHADOW if mirror else Mode.SPLIT if len(shares) > 1 else Mode.SINGLE
    return Traffic(mode, tuple(Share(key, int(weight or 1)) for key, _, weight in shares), mirror)


def seen(text: str = "", to: str = "-", *, since: float = 0, cause: str = "It ran out of memory") -> Seen:
    """A picture: `c1-0=READY c1-1=STARTING`, each since some seconds ago, and what the router says."""
    workloads = {}
    for each in text.split():
        key, _, life = each.partition("=")
        if life != "-":
            told = cause if life == "FAILED" else ""
            made = workload(key)
            workloads[key] = SeenWorkload(key, made.composition, made.version, Life(life), ago(since), told)
    return Seen("d1", workloads, traffic(to), "http://127.0.0.1:1/d1")


def decided(
    steps: list[Step], picture: Seen, mode: Mode = Mode.SINGLE, intent: Intent = Intent.RUN, **fields: Any
) -> Decision:
    """What is decided for a rollout at a point."""
    moving = rollout(*steps, intent=intent, intent_by="alice", **fields)
    return decide(snapshot(moving, mode), picture, NOW)


def after(decision: Decision) -> tuple[Status, list[Phase]]:
    """How far a rollout is after a turn."""
    assert decision.rollout is not None
    return decision.rollout.status, [each.phase for each in decision.rollout.steps]


def told(decision: Decision) -> str:
    """The sentence of the only happening, `""` where there is none."""
    assert len(decision.happenings) <= 1
    return decision.happenings[0].sentence if decision.happenings else ""


LIVES: Final = "- STARTING READY FAILED DRAINING GONE"
AWAY: Final = "-|DRAINING|GONE"


def table(text: str) -> list[dict[str, str]]:
    """The lines of a table by column."""
    header, *found = (line.split() for line in text.strip().splitlines())
    return [dict(zip(header, line, strict=True)) for line in found]


def cases(text: str) -> list[Any]:
    """The lines of a table, each a parameter under its own words."""
    return [pytest.param(line, id=" ".join(line.values())) for line in table(text)]


def combinations(line: Mapping[str, str], **alphabets: str) -> Iterator[dict[str, str]]:
    """All that a line stands for: a cell `a|b` is one of those, `*` any word of its column, `away` not to be used."""
    cells = [
        alphabets[name].split() if cell == "*" else cell.replace("away", AWAY).split("|") for name, cell in line.items()
    ]
    for words in product(*cells):
        yield dict(zip(line, words, strict=True))
