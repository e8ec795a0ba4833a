"""What a worker does next with a deployment: a snapshot, what the engine shows and the time give the answer.

One composition moves at a time. Its phases go PENDING, STARTING (the new version beside the old), SHIFTING (traffic
to the new), DRAINING (the old is asked to stop), DONE; undoing goes UNDO_STARTING (the old version again, where it
was stopped already), UNDO_SHIFTING, UNDO_DRAINING, UNDONE. What is to exist and who gets requests follows from the
phases alone, so that a worker killed at any line leaves nothing that the next one could not go on from.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from deployments.engines.contract import Phase as Life
from deployments.engines.contract import Seen, Wanted
from deployments.rollouts.advance import Happening
from deployments.rollouts.clocks import excused
from deployments.rollouts.drift import Drifted, drifted
from deployments.rollouts.forward import advance
from deployments.rollouts.health import health_of
from deployments.rollouts.snapshot import Health, Rollout, Snapshot, Status
from deployments.rollouts.waiting import hindrance
from deployments.rollouts.wanted import nothing_of, wanted_of

SECONDS_MOVING: Final = 0.25
SECONDS_LAUNCHING: Final = 0.5
SECONDS_AT_REST: Final = 10.0
# The same where the engine tells of changes, and a look only makes up for what it did not tell.
SECONDS_TOLD: Final = 5.0
SECONDS_AT_REST_TOLD: Final = 120.0


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What becomes of a deployment: what to record, what to ask of the engine, and when to look again.

    `wanted` is None where nothing is to exist any more. `settled` are compositions that are served by another
    workload from now on, by uid with the workload's key.
    """

    wanted: Wanted | None
    rollout: Rollout | None
    health: Health
    health_message: str
    look_in_seconds: float
    settled: dict[str, str] = field(default_factory=dict)
    happenings: tuple[Happening, ...] = ()
    drift: Drifted = field(default_factory=Drifted)
    is_gone: bool = False


def decide(snapshot: Snapshot, seen: Seen, now: datetime, *, tells: bool = False) -> Decision:
    """The next step for a deployment; `tells` says that the engine tells of changes by itself."""
    decision = _decided(snapshot, seen, now)
    if _is_further(snapshot.rollout, decision.rollout) and decision.wanted == wanted_of(snapshot, snapshot.rollout):
        # Nothing new is asked of the engine, so there is nothing to wait for.
        return replace(decision, look_in_seconds=0.0)
    is_new = (decision.rollout, decision.health) != (snapshot.rollout, snapshot.health)
    if not tells or is_new or decision.wanted is None or decision.drift.reapply:
        return decision
    is_at_rest = decision.look_in_seconds >= SECONDS_AT_REST
    return replace(decision, look_in_seconds=SECONDS_AT_REST_TOLD if is_at_rest else SECONDS_TOLD)


def _decided(snapshot: Snapshot, seen: Seen, now: datetime) -> Decision:
    if snapshot.deleted:
        return _deleted(snapshot, seen)
    if snapshot.paused:
        return _paused(snapshot, seen, now)
    rollout = snapshot.rollout
    happenings: tuple[Happening, ...] = ()
    settled: dict[str, str] = {}
    if rollout is not None:
        after = advance(snapshot, excused(rollout, snapshot.gap, now), seen, now)
        rollout = replace(after.rollout, waiting=hindrance(after.rollout, seen))
        happenings = (after.happening,) if after.happening else ()
        serving = {each.uid: each.workload.key for each in snapshot.compositions}
        settled = {uid: key for uid, key in after.settled.items() if key != serving[uid]}
    health, message = health_of(snapshot, rollout, seen)
    wanted = wanted_of(snapshot, rollout)
    drift = drifted(snapshot, wanted, seen, now)
    return Decision(
        wanted=replace(wanted, reapply=drift.reapply is not None),
        rollout=rollout,
        health=health,
        health_message=message,
        look_in_seconds=SECONDS_MOVING if drift.reapply else _patience(rollout, health),
        settled=settled,
        happenings=happenings,
        drift=drift,
    )


def _is_further(before: Rollout | None, after: Rollout | None) -> bool:
    """Whether a rollout that is not over has come to another phase."""
    if before is None or after is None or after.status.is_over:
        return False
    return [step.phase for step in before.steps] != [step.phase for step in after.steps]


def _patience(rollout: Rollout | None, health: Health) -> float:
    """After how many seconds to look again; what waits for people alone is at rest."""
    if rollout is not None and not rollout.status.is_over and rollout.status is not Status.PAUSED:
        return SECONDS_MOVING
    return SECONDS_AT_REST if health in (Health.HEALTHY, Health.FAILED) else SECONDS_LAUNCHING


def _deleted(snapshot: Snapshot, seen: Seen) -> Decision:
    return Decision(
        wanted=None,
        rollout=snapshot.rollout,
        health=Health.TERMINATING,
        health_message="It was deleted.",
        look_in_seconds=SECONDS_LAUNCHING,
        is_gone=_is_empty(seen) and seen.traffic is None,
    )


def _paused(snapshot: Snapshot, seen: Seen, now: datetime) -> Decision:
    is_at_rest = _is_empty(seen)
    wanted = nothing_of(snapshot)
    drift = drifted(snapshot, wanted, seen, now)
    return Decision(
        wanted=replace(wanted, reapply=drift.reapply is not None),
        rollout=snapshot.rollout,
        health=Health.STOPPED if is_at_rest else Health.TERMINATING,
        health_message="It is paused." if is_at_rest else "It is stopping.",
        look_in_seconds=SECONDS_AT_REST if is_at_rest else SECONDS_LAUNCHING,
        drift=drift,
    )


def _is_empty(seen: Seen) -> bool:
    return all(each.phase is Life.GONE for each in seen.workloads.values())
