"""What a turn notes beside what it decided: how many requests were answered, and that the engine is in trouble."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from deployments.engines.contract import Counts
from deployments.models import Deployment, Event, TrafficCount
from deployments.rollouts import claims
from deployments.rollouts.advance import Happening
from deployments.rollouts.snapshot import Rollout, Trouble
from deployments.rollouts.trouble import relieved, troubled

TRAFFIC_EVERY: Final = timedelta(seconds=1)
FAILED_FROM: Final = 500


def record_trouble(
    claim: claims.Claim, before: Trouble | None, sentence: str, rollout: Rollout | None, now: datetime
) -> None:
    """Write that the engine cannot do its work for a deployment; raises Lost."""
    after, told = troubled(before, sentence, now)
    if after != before:
        _write_trouble(claim, after, told, rollout, now)


def record_relief(claim: claims.Claim, before: Trouble, rollout: Rollout | None, now: datetime) -> None:
    """Write that the engine could do its work again; raises Lost."""
    _write_trouble(claim, None, relieved(before), rollout, now)


def record_traffic(rollout: int, counts: Counts, now: datetime) -> None:
    """Keep how many requests were answered so far, once a second at most, for the picture of a rollout.

    By workload, and under no name as clients were answered: only that tells whether a request failed, as the router
    sends again what a workload refused. That row is written always, so that each look has its instant.
    """
    last = TrafficCount.objects.filter(rollout=rollout).order_by("-at").values_list("at", flat=True).first()
    if last is not None and now - last < TRAFFIC_EVERY:
        return
    TrafficCount.objects.bulk_create(
        TrafficCount(
            rollout_id=rollout,
            at=now,
            workload=workload,
            answered=sum(by_status.values()),
            failed=sum(count for status, count in by_status.items() if status >= FAILED_FROM),
        )
        for workload, by_status in {**counts.workloads, "": counts.answered}.items()
    )


@transaction.atomic
def _write_trouble(
    claim: claims.Claim, trouble: Trouble | None, told: Happening | None, rollout: Rollout | None, now: datetime
) -> None:
    claims.hold(claim)
    row = {"trouble": trouble.sentence, "trouble_at": trouble.at} if trouble else {"trouble": "", "trouble_at": None}
    Deployment.objects.filter(pk=claim.deployment).update(**row)
    if told:
        Event.objects.create(
            deployment_id=claim.deployment,
            rollout_id=rollout.key if rollout else None,
            at=now,
            kind=told.kind,
            sentence=told.sentence,
        )
