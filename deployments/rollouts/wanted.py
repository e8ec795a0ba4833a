"""What is to exist of a deployment and who gets its requests: both follow from the phases of its rollout alone."""

from __future__ import annotations

from deployments.engines.contract import Share, Traffic, Wanted, Workload
from deployments.planning.modes import Mode
from deployments.rollouts.snapshot import Composed, Phase, Rollout, Snapshot, Step


def wanted_of(snapshot: Snapshot, rollout: Rollout | None) -> Wanted:
    """What to ask of the engine for a deployment that is to run."""
    workloads: list[Workload] = []
    shares: list[Share] = []
    mirror = ""
    for each in snapshot.compositions:
        serving, present = workloads_of(each, rollout)
        workloads += present
        if each.is_mirror:
            mirror = serving.key
        else:
            shares.append(Share(serving.key, each.weight if snapshot.mode is Mode.SPLIT else 1))
    traffic = Traffic(snapshot.mode, tuple(shares), mirror)
    return Wanted(snapshot.name, tuple(workloads), traffic, title=snapshot.title, workspace=snapshot.workspace)


def nothing_of(snapshot: Snapshot) -> Wanted:
    """What to ask of the engine for a deployment that is not to run."""
    return Wanted(snapshot.name, (), None, title=snapshot.title, workspace=snapshot.workspace)


def workloads_of(composed: Composed, rollout: Rollout | None) -> tuple[Workload, tuple[Workload, ...]]:
    """The workload that is to get a composition's requests, and all that are to exist, last the one it is going to."""
    steps = rollout.steps if rollout else ()
    step = next((each for each in steps if each.composition == composed.uid), None)
    if step is None:
        return composed.workload, (composed.workload,)
    match step.phase:
        case Phase.PENDING:
            return step.old, (step.old,)
        case Phase.STARTING:
            return step.old, (step.old, step.new)
        case Phase.SHIFTING:
            return step.new, (step.old, step.new)
        case Phase.DRAINING | Phase.DONE:
            return step.new, (step.new,)
        case Phase.UNDO_STARTING:
            return step.new, (step.new, back_of(step))
        case Phase.UNDO_SHIFTING:
            return back_of(step), (step.new, back_of(step))
        case Phase.UNDO_DRAINING | Phase.UNDONE:
            return back_of(step), (back_of(step),)


def back_of(step: Step) -> Workload:
    """The workload that serves once a step is undone: the old one, or where that was stopped, the one in its place."""
    return step.old if step.undo_key == step.old.key else step.again


def composed_of(snapshot: Snapshot, step: Step) -> Composed:
    """The composition that a step moves."""
    return next(each for each in snapshot.compositions if each.uid == step.composition)


def answers(snapshot: Snapshot, composed: Composed) -> bool:
    """Whether a composition is to answer any request."""
    return not composed.is_mirror and (snapshot.mode is not Mode.SPLIT or composed.weight > 0)
