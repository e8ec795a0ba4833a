"""One turn of a worker: claim, observe, decide, record, apply. It may be killed after any line."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from deployments.engines.contract import Engine, EngineFault, Fenced
from deployments.rollouts import claims
from deployments.rollouts.decide import decide
from deployments.rollouts.reading import snapshot_of
from deployments.rollouts.recording import Overtaken, record, record_traffic
from mlops_console.actor import Actor

_LOG: Final = logging.getLogger(__name__)
SECONDS_AFTER_A_FAULT: Final = 2.0


def turn(*, engine: Engine, actor: Actor, now: datetime, lease: timedelta = claims.LEASE) -> bool:
    """Look after one deployment that is due; False where none was."""
    claim = claims.claim(actor.name, lease)
    if claim is None:
        return False
    with claims.heartbeat(claim):
        try:
            look_in = _look_after(claim, engine, actor, now)
        except (claims.Lost, Fenced) as fault:
            _LOG.warning("Another worker has taken over: %s", fault)
            return True
        except Overtaken:
            look_in = 0.0
        except EngineFault as fault:
            _LOG.warning("The engine cannot do its work now: %s", fault)
            look_in = SECONDS_AFTER_A_FAULT
    claims.release(claim, look_in)
    return True


def _look_after(claim: claims.Claim, engine: Engine, actor: Actor, now: datetime) -> float:
    """One step for a claimed deployment; answers after how many seconds to look again. Raises Lost or EngineFault."""
    found = snapshot_of(claim.deployment)
    if found is None:
        return 0.0
    snapshot, rollout = found
    seen = engine.observe(snapshot.name)
    decision = decide(snapshot, seen, now)
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
    if rollout is not None:
        record_traffic(rollout, engine.traffic_counts(snapshot.name), now)
    return decision.look_in_seconds
