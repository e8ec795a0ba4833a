"""What a rollout waits for, where an engine says that something is in the way."""

from __future__ import annotations

from deployments.engines.contract import Phase as Life
from deployments.engines.contract import Seen, Workload
from deployments.rollouts.signs import sentence
from deployments.rollouts.snapshot import Phase, Rollout, Step
from deployments.rollouts.wanted import back_of


def hindrance(rollout: Rollout, seen: Seen) -> str:
    """What is in the way of the composition that is under way, as a sentence, or `""`."""
    if rollout.status.is_over:
        return ""
    return next((told for step in rollout.steps if (told := _of(step, seen))), "")


def _of(step: Step, seen: Seen) -> str:
    match step.phase:
        case Phase.STARTING:
            return _not_ready(step, step.new, seen)
        case Phase.UNDO_STARTING:
            return _not_ready(step, back_of(step), seen)
        case Phase.SHIFTING:
            return _not_routed(step, step.new, seen)
        case Phase.UNDO_SHIFTING:
            return _not_routed(step, back_of(step), seen)
    return ""


def _not_ready(step: Step, workload: Workload, seen: Seen) -> str:
    found = seen.workloads.get(workload.key)
    if found is None or found.phase is not Life.STARTING or not found.cause:
        return ""
    return f"Waiting for {workload.version} of {step.experiment} to become ready: {sentence(found.cause)}"


def _not_routed(step: Step, workload: Workload, seen: Seen) -> str:
    if not seen.router:
        return ""
    return f"Waiting for traffic of {step.experiment} to move to {workload.version}: {sentence(seen.router)}"
