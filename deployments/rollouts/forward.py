"""A rollout on its way forward: one composition after the other starts, gets traffic, and drains what it had."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from deployments.engines.contract import Phase as Life
from deployments.engines.contract import Seen
from deployments.rollouts.advance import Advance, Happening, moved
from deployments.rollouts.signs import sentence, serves, unconfirmed, unfit
from deployments.rollouts.snapshot import Intent, Phase, Rollout, Snapshot, Status, Step
from deployments.rollouts.undo import turn_round, undo


def advance(snapshot: Snapshot, rollout: Rollout, seen: Seen, now: datetime) -> Advance:
    """A rollout one step further, forwards or back: at most one composition changes its phase in a turn."""
    if rollout.status.is_over:
        return Advance(rollout)
    if rollout.status is Status.UNDOING:
        return undo(snapshot, rollout, seen, now)
    if rollout.intent is Intent.ABORT:
        return turn_round(rollout, _aborted(rollout), now)
    # A version that fails is not let stay because its traffic has moved already: most fail on real requests.
    if cause := next((fault for step in rollout.steps if (fault := _fault(snapshot, step, seen, now))), ""):
        return turn_round(rollout, cause, now)
    step = next((each for each in rollout.steps if each.phase is not Phase.DONE), None)
    if step is not None and step.phase is not Phase.PENDING:
        return _further(snapshot, rollout, step, seen, now)
    if step is not None and rollout.intent is Intent.PAUSE:
        return _paused(rollout)
    if not all(seen.phase(each.new.key) is Life.READY for each in rollout.steps if each.phase is Phase.DONE):
        return Advance(rollout)
    if step is None:
        done = Happening("succeeded", "Every composition of this rollout runs the version that was asked for.")
        return Advance(replace(rollout, status=Status.SUCCEEDED), done)
    running = replace(rollout, status=Status.RUNNING)
    told = f"{step.new.version} starts beside {step.old.version} for {step.experiment}."
    return moved(running, step, Phase.STARTING, now, told)


def _further(snapshot: Snapshot, rollout: Rollout, step: Step, seen: Seen, now: datetime) -> Advance:
    """One composition that is on its way."""
    name, old, new = step.experiment, step.old.version, step.new.version
    is_ready = seen.phase(step.new.key) is Life.READY
    match step.phase:
        case Phase.STARTING if is_ready:
            return moved(rollout, step, Phase.SHIFTING, now, f"{new} is ready; traffic of {name} moves to it.")
        case Phase.SHIFTING if serves(snapshot, step, step.new, seen):
            told = f"All traffic of {name} goes to {new}; {old} finishes the requests it has."
            after = moved(rollout, step, Phase.DRAINING, now, told)
            return replace(after, settled={step.composition: step.new.key})
        case Phase.DRAINING if is_ready and seen.phase(step.old.key) is Life.GONE:
            return moved(rollout, step, Phase.DONE, now, f"{name} runs {new}; {old} is stopped.")
    return Advance(rollout)


def _fault(snapshot: Snapshot, step: Step, seen: Seen, now: datetime) -> str:
    """Why a composition cannot stay on its new version, or `""`."""
    name, version = step.experiment, step.new.version
    match step.phase:
        case Phase.PENDING:
            return ""
        case Phase.STARTING:
            how, fault = f"{version} did not become ready for {name}", unfit(step.new, seen, now, step.phase_at)
        case Phase.SHIFTING:
            how, fault = f"{version} failed while traffic of {name} moved to it", unfit(step.new, seen, now)
            if not fault and not serves(snapshot, step, step.new, seen):
                how = f"Traffic of {name} did not move to {version}"
                fault = unconfirmed(step.new, seen, step.phase_at, now)
        case _:
            how, fault = f"{version} failed after traffic of {name} had moved to it", unfit(step.new, seen, now)
    return f"{how}: {fault}" if fault else ""


def _paused(rollout: Rollout) -> Advance:
    if rollout.status is Status.PAUSED:
        return Advance(rollout)
    told = Happening("paused", f"Paused by {rollout.intent_by}: no further composition begins until it is resumed.")
    return Advance(replace(rollout, status=Status.PAUSED), told)


def _aborted(rollout: Rollout) -> str:
    why = f": {rollout.intent_reason}" if rollout.intent_reason else ""
    return sentence(f"Aborted by {rollout.intent_by}{why}")
