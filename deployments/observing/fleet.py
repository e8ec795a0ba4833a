"""What the database knows of rollouts, leases and deployments, in four queries however many there are."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db.models import Count, F, Max, Min, Q
from django.db.models.functions import Greatest, Now
from django.utils import timezone
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from deployments.models import Deployment, Lease, Rollout
from deployments.rollouts.snapshot import Health, Status
from mlops_console.audit import Kind, Verb
from mlops_console.models import AuditEntry

OVERDUE: Final = timedelta(minutes=1)
_OVER: Final = [status for status in Status if status.is_over]
_UNDER_WAY: Final = [status for status in Status if not status.is_over]


def fleet_metrics() -> list[Metric]:
    """The metrics that deployments add to a scrape."""
    return [*_rollouts(), _outcomes(), *_leases(), _healths()]


def _rollouts() -> list[Metric]:
    found = Rollout.objects.active().order_by().values_list("status").annotate(Count("pk"), Min("created_at"))
    rows = {status: (number, oldest) for status, number, oldest in found}
    under_way = GaugeMetricFamily("mlops_console_rollouts", "Rollouts that are not over.", labels=("status",))
    for status in _UNDER_WAY:
        under_way.add_metric([status.lower()], rows.get(status, (0, None))[0])
    now = timezone.now()
    waited = now - rows.get(Status.PENDING, (0, now))[1]
    oldest = GaugeMetricFamily(
        "mlops_console_rollout_oldest_pending_seconds",
        "How long the oldest rollout that no worker has begun is waiting; 0 where there is none.",
        value=max(0.0, waited.total_seconds()),
    )
    return [under_way, oldest]


def _outcomes() -> Metric:
    """Counted in the audit trail, which keeps what has become of rollouts whose deployments are gone."""
    ended = AuditEntry.objects.filter(verb=Verb.FINISH, subject_kind=Kind.ROLLOUT)
    found = dict(ended.order_by().values_list("after__outcome").annotate(Count("pk")))
    counted = CounterMetricFamily(
        "mlops_console_rollouts_finished", "Rollouts that are over, by how they ended.", labels=("outcome",)
    )
    for status in _OVER:
        counted.add_metric([status.lower()], found.get(status, 0))
    return counted


def _leases() -> list[Metric]:
    """By the database's clock, which workers go by."""
    is_free = Q(until__isnull=True) | Q(until__lt=Now())
    since = Greatest("look_at", "until")
    is_due = is_free & Q(look_at__lte=Now())
    seen = Lease.objects.annotate(since=since).aggregate(
        held=Count("pk", filter=Q(until__gte=Now())),
        lapsed=Count("pk", filter=Q(until__lt=Now())),
        left=Min(F("until") - Now()),
        due=Count("pk", filter=is_due),
        overdue=Count("pk", filter=is_due & Q(since__lt=Now() - OVERDUE)),
        waited=Max(Now() - F("since"), filter=is_due),
    )
    leases = GaugeMetricFamily(
        "mlops_console_leases",
        "Deployments that a worker holds, and those whose worker fell silent and that nobody has taken over yet.",
        labels=("state",),
    )
    leases.add_metric(["held"], seen["held"])
    leases.add_metric(["lapsed"], seen["lapsed"])
    left = GaugeMetricFamily(
        "mlops_console_lease_left_seconds",
        "How long the lease lasts whose worker was silent longest; below 0 it has lapsed. Nothing where none is held.",
    )
    if seen["left"] is not None:
        left.add_metric([], seen["left"].total_seconds())
    return [
        leases,
        left,
        GaugeMetricFamily("mlops_console_deployments_due", "Deployments that wait for a worker.", value=seen["due"]),
        GaugeMetricFamily(
            "mlops_console_deployments_overdue",
            f"Deployments that wait for a worker for more than {OVERDUE.total_seconds():.0f} seconds.",
            value=seen["overdue"],
        ),
        GaugeMetricFamily(
            "mlops_console_deployment_wait_seconds",
            "How long the deployment that waits longest for a worker does so; 0 where none does.",
            value=seen["waited"].total_seconds() if seen["waited"] else 0,
        ),
    ]


def _healths() -> Metric:
    found = dict(Deployment.objects.order_by().values_list("health").annotate(Count("pk")))
    by_health = GaugeMetricFamily(
        "mlops_console_deployments", "Deployments, by what the worker last saw of them.", labels=("health",)
    )
    for health in Health:
        by_health.add_metric([health.lower()], found.get(health, 0))
    return by_health
