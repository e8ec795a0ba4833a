"""What a turn makes of a rollout, and what there is to tell about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from deployments.rollouts.snapshot import Phase, Rollout, Step


@dataclass(frozen=True)
class Happening:
    """Something for the time line; `composition` is its uid, or `""` where it concerns all of them."""

    kind: str
    sentence: str
    composition: str = ""


@dataclass(frozen=True)
class Advance:
    """A rollout as it is after a turn; `settled` is the key of the workload that serves a composition from now on."""

    rollout: Rollout
    happening: Happening | None = None
    settled: Mapping[str, str] = field(default_factory=dict)


def moved(rollout: Rollout, step: Step, phase: Phase, now: datetime, sentence: str, **fields: Any) -> Advance:
    """One composition goes into its next phase."""
    after = replace(step, phase=phase, phase_at=now, **fields)
    steps = tuple(after if each is step else each for each in rollout.steps)
    happening = Happening(phase.value.lower().replace("_", "-"), sentence, step.composition)
    return Advance(replace(rollout, steps=steps), happening)
