"""Time that does not count: what nobody could look after, or no engine could start, was not late meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from deployments.rollouts.snapshot import Phase, Rollout, Step

NOTICED: Final = timedelta(seconds=15)
_UNTIMED: Final = (Phase.PENDING, Phase.DONE, Phase.UNDONE)


def unattended(trouble_at: datetime | None, late: timedelta, now: datetime) -> timedelta:
    """For how long until now nobody looked after a deployment, or the engine could not do its work; 0 if not for long.

    `late` is how long it had been due.
    """
    gap = max(late, now - trouble_at) if trouble_at else late
    return gap if gap > NOTICED else timedelta()


def excused(rollout: Rollout, gap: timedelta, now: datetime) -> Rollout:
    """A rollout whose steps under way have their time as if there had been no gap."""
    if not gap or rollout.status.is_over:
        return rollout
    return replace(rollout, steps=tuple(_excused(step, gap, now) for step in rollout.steps))


def _excused(step: Step, gap: timedelta, now: datetime) -> Step:
    return step if step.phase in _UNTIMED else replace(step, phase_at=min(now, step.phase_at + gap))
