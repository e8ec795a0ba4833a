"""The part of a deployment's page that changes by itself, and when it has come to rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from django.db.models import F, QuerySet

from deployments import queries
from deployments.models import Composition, Deployment, Event, Rollout, RolloutStep
from deployments.planning.modes import Mode, percentages
from deployments.rollouts.snapshot import Health
from deployments.web.drift_rows import DriftPart, drift_part
from mlops_console.statements import Among, Instances
from runtimes.models import Version

COMPOSITIONS_SHOWN: Final = 50
ROLLOUTS_SHOWN: Final = 5
EVENTS_SHOWN: Final = 20
_SOON, _LATER = 2, 10  # seconds between two looks
_AHEAD: Final = Instances[Version](
    lambda pks: Version.objects.order_by().filter(Among(F("pk"), pks)).select_related("image__workspace")
)


@dataclass(frozen=True, kw_only=True)
class Part:
    """One composition as the page shows it; `latest` is None where Latest would not move it."""

    row: Composition
    role: str
    percent: float | None
    latest: Version | None
    step: RolloutStep | None


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Which page of the compositions is shown, from 1, of how many compositions."""

    number: int
    count: int

    @property
    def first(self) -> int:
        """The number of the first one, from 1."""
        return (self.number - 1) * COMPOSITIONS_SHOWN + 1

    @property
    def last(self) -> int:
        """The number of the last one."""
        return min(self.number * COMPOSITIONS_SHOWN, self.count)

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.count // COMPOSITIONS_SHOWN))

    @property
    def previous(self) -> int:
        """The page before; 0 on the first one."""
        return self.number - 1

    @property
    def next(self) -> int:
        """The page after; 0 on the last one."""
        return self.number + 1 if self.number < self.pages else 0


@dataclass(frozen=True, kw_only=True)
class Live:
    """What the page shows of a deployment, with a mark that is another one as soon as any of it differs."""

    parts: list[Part]
    cut: Cut
    rollouts: list[Rollout]
    events: list[Event]
    active: Rollout | None
    drift: DriftPart | None
    look_after: int | None
    mark: str


def live_of(deployment: Deployment, *, may_write: bool, page: str = "") -> Live:
    """All of it, of the compositions one page, in a constant number of queries, and a few more where it has drifted."""
    weights = queries.weights_of(deployment)
    cut = _cut(page, len(weights))
    rollouts = list(queries.rollouts_of(deployment)[:ROLLOUTS_SHOWN])
    events = list(
        Event.objects.filter(deployment=deployment)
        .select_related("rollout", "composition__experiment")
        .order_by("-pk")[:EVENTS_SHOWN]
    )
    active = next((each for each in rollouts if not each.is_over), None)
    steps = RolloutStep.objects.filter(rollout=active).order_by("position")
    return Live(
        parts=_parts(deployment, cut, weights, steps),
        cut=cut,
        rollouts=rollouts,
        events=events,
        active=active,
        drift=drift_part(deployment, may_write=may_write, is_rolling=active is not None),
        look_after=_look_after(deployment, active),
        mark=_mark(deployment, rollouts, events, list(steps.values_list("pk", "phase"))),
    )


def _cut(page: str, count: int) -> Cut:
    """The page that was asked for; the nearest one where there is no such page."""
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1
    return Cut(number=max(1, min(number, Cut(number=1, count=count).pages)), count=count)


def _parts(deployment: Deployment, cut: Cut, weights: list[int], steps: QuerySet[RolloutStep]) -> list[Part]:
    # Positions are counted from 0, without a gap.
    rows = queries.compositions_of(deployment, start=cut.first - 1, stop=cut.last)
    ahead = {each.latest_id for each in rows if each.latest_id not in (None, each.version_id)}
    latest = {each.pk: each for each in _AHEAD.found(pks=list(ahead))} if ahead else {}
    at_rows = steps.filter(composition__in=rows).select_related("before", "after")
    under_way = {each.composition_id: each for each in at_rows}
    shares: list[float | None] = [None] * len(weights)
    if deployment.mode == Mode.SPLIT:
        shares = [*percentages(weights)]
    roles = ("Champion", "Challenger") if deployment.mode == Mode.SHADOW else ()
    return [
        Part(
            row=row,
            role=roles[row.position] if row.position < len(roles) else "",
            percent=shares[row.position],
            latest=latest.get(row.latest_id or 0),
            step=under_way.get(row.pk),
        )
        for row in rows
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


def _mark(
    deployment: Deployment, rollouts: list[Rollout], events: list[Event], phases: Sequence[tuple[int, str]]
) -> str:
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
        phases,
    ]
    return sha256(repr(seen).encode()).hexdigest()[:16]
