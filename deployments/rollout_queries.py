"""Reading plans and rollouts; the same for pages and API."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Case, Count, F, FloatField, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Extract, Floor

from deployments.models import (
    ACTIVE,
    Composition,
    Deployment,
    Event,
    Plan,
    Rollout,
    RolloutStep,
    TrafficCount,
)
from deployments.rollouts.snapshot import Phase
from mlops_console.actor import Actor
from mlops_console.errors import Missing
from mlops_console.queries import Scope, scope_for
from runtimes.models.search import matching

UNDER_WAY: Final = "UNDER_WAY"
# A rollout's key tells its age; that is how all but the newest are found.
ROLLOUT_ORDERS: Final[dict[str, tuple[str, ...]]] = {
    "started": (),
    "deployment": ("deployment__display_name",),
    "status": ("status",),
    "workspace": ("deployment__workspace__display_name",),
}
_LOOKS_MAX: Final = 240
_SETTLED: Final = (Phase.DONE.value, Phase.UNDONE.value)


@dataclass(frozen=True)
class RolloutFilter:
    """What a list of rollouts narrows by; an empty value does not narrow. UNDER_WAY are all that are not over."""

    search: str = ""
    status: str = ""

    def apply(self, rows: QuerySet[Rollout]) -> QuerySet[Rollout]:
        """Narrow rollouts; the search is for their deployments."""
        if self.status:
            rows = rows.filter(status__in=ACTIVE if self.status == UNDER_WAY else [self.status])
        if self.search:
            rows = rows.filter(deployment__in=matching(Deployment.objects.order_by(), self.search))
        return rows


def rollouts_in(scope: Scope, narrow: RolloutFilter = RolloutFilter()) -> QuerySet[Rollout]:
    """The rollouts of a scope, each with its number of steps and how many of them have come to an end."""
    rows = Rollout.objects.filter(scope.rows("deployment__workspace"), deployment__deleted_at__isnull=True)
    return (
        narrow.apply(rows)
        .select_related("deployment__workspace")
        .annotate(step_count=_counted(Q()), settled_count=_counted(Q(phase__in=_SETTLED)))
    )


def find_rollout_by_key(actor: Actor, workspace: str, key: int) -> Rollout:
    """One rollout of a workspace by its key; raises Missing or NotAllowed."""
    found = rollouts_in(scope_for(actor, workspace)).filter(pk=key).first()
    if found is None:
        raise Missing(f"There is no rollout {key} in workspace {workspace}.")
    return found


def active_rollout(deployment: Deployment) -> Rollout | None:
    """The rollout of a deployment that is not over, if there is one."""
    return Rollout.objects.active().filter(deployment=deployment).first()


def find_plan(deployment: Deployment, uid: str) -> Plan | None:
    """A plan of a deployment as it was kept."""
    return Plan.objects.filter(deployment=deployment, uid=uid).first()


def steps_of(rollout: Rollout, *, under_way_first: bool = False) -> QuerySet[RolloutStep]:
    """The steps of a rollout in order, or first those under way, then those to come, then those at their end."""
    order = Case(
        When(phase__in=_SETTLED, then=Value(2)),
        When(phase=Phase.PENDING.value, then=Value(1)),
        default=Value(0),
        output_field=IntegerField(),
    )
    rows = RolloutStep.objects.filter(rollout=rollout)
    rows = rows.select_related("composition__experiment", "before__image", "after__image")
    return rows.annotate(rank=order).order_by("rank", "position") if under_way_first else rows.order_by("position")


def compositions_shifted(rollout: Rollout) -> set[int]:
    """The keys of the compositions of a rollout whose traffic has begun to move."""
    rows = Event.objects.filter(rollout=rollout, kind="shifting", composition__isnull=False).order_by()
    return set(rows.values_list("composition_id", flat=True))


def phase_counts(rollout: Rollout) -> dict[str, int]:
    """How many steps of a rollout are in each phase."""
    rows = RolloutStep.objects.filter(rollout=rollout).order_by().values_list("phase")
    return dict(rows.annotate(count=Count("pk")))


def latest_events(rollout: Rollout, limit: int) -> list[Event]:
    """What happened last in a rollout, newest first."""
    rows = Event.objects.filter(rollout=rollout).select_related("composition__experiment")
    return list(rows.order_by("-pk")[:limit])


def latest_change(rollout: Rollout) -> tuple[int, int]:
    """The keys of the last event and of the last look at the traffic: as long as both stay, there is nothing new."""
    events = Event.objects.filter(rollout=rollout).order_by("-pk").values_list("pk", flat=True)
    looks = TrafficCount.objects.filter(rollout=rollout).order_by("-at", "-pk").values_list("pk", flat=True)
    return events.first() or 0, looks.first() or 0


def traffic_of(rollout: Rollout) -> list[TrafficCount]:
    """What the counters said during a rollout; of a long one no more than so many looks, the last of each while."""
    looks = TrafficCount.objects.filter(rollout=rollout)
    first = looks.order_by("at").values_list("at", flat=True).first()
    last = looks.order_by("-at").values_list("at", flat=True).first()
    if first is None or last is None:
        return []
    seconds = (last - first).total_seconds() / _LOOKS_MAX
    if seconds <= 1:
        return list(looks.order_by("at"))
    return [*looks.filter(at=first), *_thinned(looks.filter(at__gt=first), first, seconds)]


def versions_serving(deployment: Deployment) -> Iterable[Composition]:
    """The compositions of a deployment with the version that each runs now."""
    return Composition.objects.filter(deployment=deployment).select_related("version__image").order_by("position")


def _thinned(looks: QuerySet[TrafficCount], first: datetime, seconds: float) -> Iterable[TrafficCount]:
    age = Extract(F("at") - Value(first), "epoch", output_field=FloatField())
    rows = looks.annotate(part=Floor(age / seconds, output_field=IntegerField()))
    return rows.order_by("workload", "part", "-at").distinct("workload", "part")


def _counted(condition: Q) -> Coalesce:
    """The number of a rollout's steps under a condition, as a subquery: it is asked for the rows of one page only."""
    rows = RolloutStep.objects.filter(condition, rollout=OuterRef("pk")).order_by().values("rollout")
    return Coalesce(Subquery(rows.annotate(count=Count("pk")).values("count"), output_field=IntegerField()), 0)
