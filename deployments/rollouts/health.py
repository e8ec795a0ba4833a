"""How a deployment is, in a word and a sentence."""

from __future__ import annotations

from deployments.engines.contract import Phase as Life
from deployments.engines.contract import Seen
from deployments.rollouts.signs import ready_of, sentence
from deployments.rollouts.snapshot import Composed, Health, Rollout, Snapshot
from deployments.rollouts.wanted import answers, workloads_of


def health_of(snapshot: Snapshot, rollout: Rollout | None, seen: Seen) -> tuple[Health, str]:
    """The health of a deployment that is to run.

    Whichever version of a composition is ready serves it, so that one which fails beside it concerns the rollout only.
    What was never up is LAUNCHING or FAILED; only what was can be UNHEALTHY.
    """
    failed, hindered, waiting, unrouted = [], [], [], []
    for each in snapshot.compositions:
        ready = ready_of(each, seen)
        serving = seen.workloads.get(workloads_of(each, rollout)[0].key)
        if ready and not _is_routed(snapshot, each, ready, seen):
            unrouted.append(each.experiment)
        elif not ready and serving is not None and serving.phase is Life.FAILED:
            failed.append(f"{each.experiment}: {sentence(serving.cause) or 'it failed; the engine does not say why.'}")
        elif not ready and serving is not None and serving.cause:
            hindered.append(f"Waiting for {each.experiment} to become ready: {sentence(serving.cause)}")
        elif not ready:
            waiting.append(each.experiment)
    was_up = snapshot.health in (Health.HEALTHY, Health.UNHEALTHY)
    if failed:
        return Health.UNHEALTHY if was_up else Health.FAILED, " ".join(failed)
    not_up = Health.UNHEALTHY if was_up else Health.LAUNCHING
    if waiting:
        hindered.append(f"Waiting for {', '.join(waiting)} to become ready.")
    if hindered:
        return not_up, " ".join(hindered)
    if unrouted:
        told = f" {sentence(seen.router)}" if seen.router else ""
        return not_up, f"Waiting for the router to send requests to {', '.join(unrouted)}.{told}"
    return Health.HEALTHY, ""


def _is_routed(snapshot: Snapshot, composed: Composed, ready: set[str], seen: Seen) -> bool:
    """Whether requests reach what is ready of a composition, if it is to get any.

    Of a deployment that is healthy, a silent router says nothing new; before, it has not been told yet.
    """
    if not composed.is_mirror and not answers(snapshot, composed):
        return True
    if seen.traffic is None:
        return snapshot.health is Health.HEALTHY
    return not ready.isdisjoint(seen.traffic.keys())
