"""A rollout on its way back: what it moved returns to the version it had, last moved first."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from deployments.engines.contract import Phase as Life
from deployments.engines.contract import Seen
from deployments.rollouts.advance import Advance, Happening, moved
from deployments.rollouts.signs import overdue, serves, unconfirmed, unfit
from deployments.rollouts.snapshot import Phase, Rollout, Snapshot, Status, Step
from deployments.rollouts.wanted import back_of, composed_of

_UNMOVED = (Phase.PENDING, Phase.STARTING)


def turn_round(rollout: Rollout, cause: str, now: datetime) -> Advance:
    """From now on go back; the composition that was on its way does so at once, those before it in their turn."""
    back = [f"{step.experiment} to {step.old.version}" for step in rollout.steps if step.phase not in _UNMOVED]
    told = f"Going back: {', '.join(back)}." if back else "No composition had moved."
    steps = tuple(_turned(step, now) for step in rollout.steps)
    undoing = replace(rollout, status=Status.UNDOING, cause=cause, steps=steps)
    return Advance(undoing, Happening("undo", f"{cause} {told}"))


def _turned(step: Step, now: datetime) -> Step:
    match step.phase:
        case Phase.STARTING:
            # Nothing was moved yet: the new version only has to go.
            return replace(step, phase=Phase.UNDO_DRAINING, phase_at=now, undo_key=step.old.key)
        case Phase.SHIFTING:
            return replace(step, phase=Phase.UNDO_SHIFTING, phase_at=now, undo_key=step.old.key)
        case Phase.DRAINING:
            # The old version stops, and what stops cannot be called back: it is started anew, under its own name.
            return replace(step, phase=Phase.UNDO_STARTING, phase_at=now, undo_key=step.again.key)
    return step


def undo(snapshot: Snapshot, rollout: Rollout, seen: Seen, now: datetime) -> Advance:
    """A rollout one step further back."""
    begun = (each for each in reversed(rollout.steps) if each.phase not in (Phase.PENDING, Phase.UNDONE))
    step = next(begun, None)
    if step is None:
        done = Happening("rolled-back", f"{rollout.cause} Everything runs as before.")
        return Advance(replace(rollout, status=Status.ROLLED_BACK), done)
    name, old, new = step.experiment, step.old.version, step.new.version
    back = back_of(step)
    match step.phase:
        case Phase.DONE:
            told = f"{old} starts again beside {new} for {name}."
            return moved(rollout, step, Phase.UNDO_STARTING, now, told, undo_key=step.again.key)
        case Phase.UNDO_STARTING if seen.phase(back.key) is Life.READY:
            told = f"{old} is ready again; traffic of {name} moves back to it."
            return moved(rollout, step, Phase.UNDO_SHIFTING, now, told)
        case Phase.UNDO_SHIFTING if serves(snapshot, step, back, seen):
            after = moved(rollout, step, Phase.UNDO_DRAINING, now, f"All traffic of {name} goes to {old} again.")
            return replace(after, settled={step.composition: back.key})
        case Phase.UNDO_DRAINING if seen.phase(step.new.key) is Life.GONE:
            return moved(rollout, step, Phase.UNDONE, now, f"{name} runs {old} as before; {new} is stopped.")
    if step.phase is Phase.UNDO_SHIFTING and (fault := unconfirmed(back, seen, step.phase_at, now)):
        return _give_up(snapshot, rollout, step, seen, now, f"traffic of {name} did not move back to {old}: {fault}")
    # What has been up before is given time to come up again.
    if step.phase is not Phase.UNDO_STARTING and not overdue(back, step.phase_at, now):
        return Advance(rollout)
    fault = unfit(back, seen, now)
    # The new version is about to be gone, or the router about to say that it stands in.
    will_tell = step.phase is Phase.UNDO_DRAINING or seen.phase(step.new.key) is Life.READY
    if not fault or (will_tell and not _is_on_new(snapshot, step, seen)):
        return Advance(rollout)
    return _give_up(snapshot, rollout, step, seen, now, f"{old} did not become ready again for {name}: {fault}")


def _is_on_new(snapshot: Snapshot, step: Step, seen: Seen) -> bool:
    """Whether the new version serves, as far as the router has said."""
    return composed_of(snapshot, step).workload.key == step.new.key or serves(snapshot, step, step.new, seen)


def _give_up(snapshot: Snapshot, rollout: Rollout, step: Step, seen: Seen, now: datetime, lost: str) -> Advance:
    """Where the old version cannot be had again, what serves now stays, and a person has to look."""
    on_new = _is_on_new(snapshot, step, seen)
    after = replace(step, phase=Phase.DONE if on_new else Phase.UNDONE, phase_at=now)
    steps = tuple(after if each is step else each for each in rollout.steps)
    stay = [f"{each.experiment} stays on {each.new.version}" for each in steps if each.phase is Phase.DONE]
    if not on_new:
        stay.append(f"{step.experiment} stays on {step.old.version}")
    cause = f"{rollout.cause} Then {lost} {', '.join(stay)}."
    failed = replace(rollout, status=Status.FAILED, cause=cause, steps=steps)
    settled = {step.composition: step.new.key} if on_new else {}
    return Advance(failed, Happening("failed", cause, step.composition), settled)
