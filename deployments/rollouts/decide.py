"""What a worker does next with a deployment: a snapshot, what the engine shows and the time give the answer.

One composition moves at a time. Its phases go PENDING, STARTING (the new version beside the old), SHIFTING (traffic
to the new), DRAINING (the old is asked to stop), DONE; undoing goes UNDO_STARTING (the old version again, where it
was stopped already), UNDO_SHIFTING, UNDO_DRAINING, UNDONE. What is to exist and who gets requests follows from the
phases alone, so that a worker killed at any line leaves nothing that the next one could not go on from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from deployments.engines.contract import Phase as Life
from deployments.engines.contract import Seen, Wanted
from deployments.rollouts.advance import Happening
from deployments.rollouts.forward import advance
from deployments.rollouts.health import health_of
from deployments.rollouts.snapshot import Health, Rollout, Snapshot, Status
from deployments.rollouts.wanted import wanted_of

SECONDS_MOVING: Final = 0.25
SECONDS_LAUNCHING: Final = 0.5
SECONDS_AT_REST: Final = 10.0


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
    is_gone: bool = False


def decide(snapshot: Snapshot, seen: Seen, now: datetime) -> Decision:
    """The next step for a deployment."""
    if snapshot.deleted:
        return _deleted(snapshot, seen)
    if snapshot.paused:
        return _paused(snapshot, seen)
    rollout = snapshot.rollout
    happenings: tuple[Happening, ...] = ()
    settled: dict[str, str] = {}
    if rollout is not None:
        after = advance(snapshot, rollout, seen, now)
        rollout = after.rollout
        happenings = (after.happening,) if after.happening else ()
        serving = {each.uid: each.workload.key for each in snapshot.compositions}
        settled = {uid: key for uid, key in after.settled.items() if key != serving[uid]}
    health, message = health_of(snapshot, rollout, seen)
    return Decision(
        wanted=wanted_of(snapshot, rollout),
        rollout=rollout,
        health=health,
        health_message=message,
        look_in_seconds=_patience(rollout, health),
        settled=settled,
        happenings=happenings,
    )


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


def _paused(snapshot: Snapshot, seen: Seen) -> Decision:
    is_at_rest = _is_empty(seen)
    return Decision(
        wanted=Wanted(snapshot.name, (), None),
        rollout=snapshot.rollout,
        health=Health.STOPPED if is_at_rest else Health.TERMINATING,
        health_message="It is paused." if is_at_rest else "It is stopping.",
        look_in_seconds=SECONDS_AT_REST if is_at_rest else SECONDS_LAUNCHING,
    )


def _is_empty(seen: Seen) -> bool:
    return all(each.phase is Life.GONE for each in seen.workloads.values())
