"""The part of a deployment's page that changes by itself, and when it has come to rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from deployments import queries
from deployments.models import Composition, Deployment, Event, Rollout, RolloutStep
from deployments.planning.modes import Mode, percentages
from deployments.rollouts.snapshot import Health
from deployments.web.drift_rows import DriftPart, drift_part
from runtimes.models import Version

ROLLOUTS_SHOWN: Final = 5
EVENTS_SHOWN: Final = 20
_SOON, _LATER = 2, 10  # seconds between two looks


@dataclass(frozen=True, kw_only=True)
class Part:
    """One composition as the page shows it; `latest` is None where Latest would not move it."""

    row: Composition
    role: str
    percent: float | None
    latest: Version | None
    step: RolloutStep | None


@dataclass(frozen=True, kw_only=True)
class Live:
    """What the page shows of a deployment, with a mark that is another one as soon as any of it differs."""

    parts: list[Part]
    rollouts: list[Rollout]
    events: list[Event]
    active: Rollout | None
    drift: DriftPart | None
    look_after: int | None
    mark: str


def live_of(deployment: Deployment, *, may_write: bool) -> Live:
    """All of it, in a constant number of queries, and a few more where it has drifted."""
    rows = list(queries.with_latest(queries.compositions_of(deployment)))
    rollouts = list(queries.rollouts_of(deployment)[:ROLLOUTS_SHOWN])
    events = list(
        Event.objects.filter(deployment=deployment)
        .select_related("rollout", "composition__experiment")
        .order_by("-pk")[:EVENTS_SHOWN]
    )
    active = next((each for each in rollouts if not each.is_over), None)
    steps = {
        each.composition_id: each
        for each in RolloutStep.objects.filter(rollout=active).select_related("before", "after").order_by("position")
    }
    return Live(
        parts=_parts(deployment, rows, steps),
        rollouts=rollouts,
        events=events,
        active=active,
        drift=drift_part(deployment, may_write=may_write, is_rolling=active is not None),
        look_after=_look_after(deployment, active),
        mark=_mark(deployment, rollouts, events, steps.values()),
    )


def _parts(deployment: Deployment, rows: list[Composition], steps: dict[int, RolloutStep]) -> list[Part]:
    ahead = {each.latest_id for each in rows if each.latest_id not in (None, each.version_id)}
    latest = {each.pk: each for each in Version.objects.filter(pk__in=ahead).select_related("image__workspace")}
    shares: list[float | None] = [None] * len(rows)
    if deployment.mode == Mode.SPLIT:
        shares = [*percentages([each.weight for each in rows])]
    roles = ("Champion", "Challenger") if deployment.mode == Mode.SHADOW else ()
    return [
        Part(
            row=row,
            role=roles[position] if position < len(roles) else "",
            percent=shares[position],
            latest=latest.get(row.latest_id or 0),
            step=steps.get(row.pk),
        )
        for position, row in enumerate(rows)
    ]


def _look_after(deployment: Deployment, active: Rollout | None) -> int | None:
    """In how many seconds something may have changed; None at rest, where only people change anything."""
    if active is not None or deployment.reapply is not None:
        return _SOON
    match Health(deployment.health):
        case Health.HEALTHY:
            return _SOON if deployment.paused else _LATER if deployment.drift or deployment.trouble else None
        case Health.STOPPED:
            return None if deployment.paused else _SOON
        case Health.UNHEALTHY | Health.FAILED:
            return _LATER
        case _:
            return _SOON


def _mark(deployment: Deployment, rollouts: list[Rollout], events: list[Event], steps: Iterable[RolloutStep]) -> str:
    seen = [
        deployment.revision,
        deployment.health,
        deployment.health_message,
        deployment.trouble,
        deployment.address,
        deployment.paused,
        deployment.drift,
        deployment.reapply_at,
        [(each.number, each.status, each.intent) for each in rollouts],
        [each.pk for each in events[:1]],
        [(each.pk, each.phase) for each in steps],
    ]
    return sha256(repr(seen).encode()).hexdigest()[:16]
