"""One turn of a worker: claim, observe, decide, record, apply. It may be killed after any line."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from deployments.engines.contract import Engine, EngineFault, Fenced, Workload
from deployments.rollouts import claims
from deployments.rollouts.clocks import unattended
from deployments.rollouts.decide import decide
from deployments.rollouts.heartbeat import heartbeat
from deployments.rollouts.noting import record_relief, record_traffic, record_trouble
from deployments.rollouts.reading import snapshot_of
from deployments.rollouts.recording import Overtaken, record
from deployments.rollouts.snapshot import Snapshot
from deployments.rollouts.trouble import look_in_seconds, sentence_of
from mlops_console.actor import Actor

_LOG: Final = logging.getLogger(__name__)


class Outcome(StrEnum):
    """What became of a turn."""

    DONE = "done"
    OVERTAKEN = "overtaken"
    TAKEN_OVER = "taken_over"
    ENGINE_FAULT = "engine_fault"


def turn(
    *, engine: Engine, actor: Actor, now: datetime, lease: timedelta = claims.LEASE, tells: bool = False
) -> Outcome | None:
    """Look after one deployment that is due; None where none was. `tells` is what the engine said to `listen`."""
    claim = claims.claim(actor.name, lease)
    if claim is None:
        return None
    with heartbeat(claim):
        try:
            outcome, look_in = _look_after(claim, engine, actor, now, tells=tells)
        except (claims.Lost, Fenced) as fault:
            _LOG.warning("Another worker has taken over: %s", fault)
            return Outcome.TAKEN_OVER
        except Overtaken:
            outcome, look_in = Outcome.OVERTAKEN, 0.0
    claims.release(claim, look_in)
    return outcome


def _look_after(
    claim: claims.Claim, engine: Engine, actor: Actor, now: datetime, *, tells: bool
) -> tuple[Outcome, float]:
    """One step for a claimed deployment, and after how many seconds to look again.

    Raises Lost, Fenced or Overtaken; that the engine cannot do it is written down.
    """
    found = snapshot_of(claim.deployment)
    if found is None:
        return Outcome.DONE, 0.0
    trouble = found.trouble
    snapshot = replace(found, gap=unattended(trouble.at if trouble else None, claim.late, now))
    try:
        return Outcome.DONE, _go_on(claim, engine, actor, snapshot, now, tells=tells)
    except Fenced:
        raise
    except EngineFault as fault:
        told = sentence_of(str(fault), _workloads(snapshot))
        if trouble is None or trouble.sentence != told:
            _LOG.warning("The engine cannot do its work for %s now: %s", snapshot.name, told)
        record_trouble(claim, trouble, told, snapshot.rollout, now)
        return Outcome.ENGINE_FAULT, look_in_seconds(trouble, now)


def _go_on(
    claim: claims.Claim,
    engine: Engine,
    actor: Actor,
    snapshot: Snapshot,
    now: datetime,
    *,
    tells: bool,
) -> float:
    seen = engine.observe(snapshot.name)
    decision = decide(snapshot, seen, now, tells=tells)
    if decision.is_gone:
        # Its row goes last: without it, nobody would ask for what the engine may still keep of it.
        engine.remove(snapshot.name, epoch=claim.epoch)
        if snapshot.name in engine.deployments():
            return decision.look_in_seconds
    # Recorded first: what is recorded can be applied by whoever comes next, what is not would be done unseen.
    record(claim=claim, actor=actor, snapshot=snapshot, decision=decision, address=seen.address, now=now)
    if decision.is_gone:
        return 0.0
    if decision.wanted is None:
        engine.remove(snapshot.name, epoch=claim.epoch)
    else:
        engine.apply(replace(decision.wanted, epoch=claim.epoch))
    rollout = snapshot.rollout
    if rollout is not None and (counts := engine.traffic_counts(snapshot.name)) is not None:
        record_traffic(rollout.key, counts, now)
    if snapshot.trouble is not None:
        record_relief(claim, snapshot.trouble, rollout, now)
    return decision.look_in_seconds


def _workloads(snapshot: Snapshot) -> Iterator[Workload]:
    """All that the engine was told of."""
    for composed in snapshot.compositions:
        yield composed.workload
    for step in snapshot.rollout.steps if snapshot.rollout else ():
        yield from (step.old, step.new)
