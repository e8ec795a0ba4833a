"""What the picture that an engine gives says about a workload."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from deployments.engines.contract import Phase as Life
from deployments.engines.contract import Seen, Workload
from deployments.rollouts.snapshot import Composed, Snapshot, Step
from deployments.rollouts.wanted import answers, composed_of

ROUTED_WITHIN: Final = timedelta(minutes=10)


def unfit(workload: Workload, seen: Seen, now: datetime, since: datetime | None = None) -> str:
    """Why a workload will not become ready, as a sentence, or `""` while it is or still may.

    Its time runs from when the engine began to start it, so that the engine's own verdict, which knows more, comes
    first; where it has not begun, from `since`, or not at all: what nobody has tried has not failed.
    """
    found = seen.workloads.get(workload.key)
    begun = since
    if found is not None:
        if found.phase is Life.READY:
            return ""
        if found.phase is Life.FAILED:
            return sentence(found.cause) or "the engine does not say why."
        if found.phase is Life.STARTING:
            begun = found.since
    if begun is None or not overdue(workload, begun, now):
        return ""
    told = f" {sentence(found.cause)}" if found is not None and found.cause else ""
    return f"it was not ready within {workload.ready_within_seconds:g} seconds.{told}"


def overdue(workload: Workload, since: datetime, now: datetime) -> bool:
    """Whether a workload has had longer than it may take to become ready."""
    return now - since > timedelta(seconds=workload.ready_within_seconds)


def unconfirmed(workload: Workload, seen: Seen, since: datetime, now: datetime) -> str:
    """Why to wait no longer for the router to send requests to a workload that is ready, as a sentence, or `""`."""
    if seen.phase(workload.key) is not Life.READY or now - since <= ROUTED_WITHIN:
        return ""
    within = f"{ROUTED_WITHIN.total_seconds() / 60:g} minutes"
    return f"the router did not say so within {within}.{f' {sentence(seen.router)}' if seen.router else ''}"


def serves(snapshot: Snapshot, step: Step, workload: Workload, seen: Seen) -> bool:
    """Whether the router itself says that, of a step's workloads, this one alone gets the requests that there are.

    A silent router says nothing, unless there is nothing that it could say: with no composition ready that answers
    requests, there are none to move, and none to copy.
    """
    if seen.phase(workload.key) is not Life.READY:
        return False
    if seen.traffic is None:
        return not any(answers(snapshot, each) and ready_of(each, seen) for each in snapshot.compositions)
    keys = seen.traffic.keys()
    composed = composed_of(snapshot, step)
    is_left_out = not composed.is_mirror and not answers(snapshot, composed)
    others = {step.old.key, step.new.key, step.again.key} - {workload.key}
    return keys.isdisjoint(others) and (workload.key in keys or is_left_out)


def ready_of(composed: Composed, seen: Seen) -> set[str]:
    """The keys of a composition's workloads that are ready; whichever it is serves, as engines promise."""
    found = seen.workloads.values()
    return {each.key for each in found if each.composition == composed.uid and each.phase is Life.READY}


def sentence(text: str) -> str:
    """A text that another sentence may follow."""
    text = text.strip()
    return text if not text or text.endswith((".", "!", "?", "…")) else f"{text}."
