"""What a turn keeps of the engine's counts, for the picture of a rollout."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from deployments.engines.contract import Counts
from deployments.models import Rollout, TrafficCount
from deployments.rollouts.noting import record_traffic
from tests.cast import Cast
from tests.factories import make_deployment, make_image, make_runtime

pytestmark = pytest.mark.django_db
NONE = Counts({}, {})


@pytest.fixture
def rollout(cast: Cast) -> Rollout:
    deployment = make_deployment(make_runtime(make_image(cast.workspace, versions="v1.0.0")))
    return Rollout.objects.create(deployment=deployment, number=1, started_by="owner")


def kept() -> list[tuple[str, int, int]]:
    return list(TrafficCount.objects.order_by("at", "workload").values_list("workload", "answered", "failed"))


def test_workloads_and_clients_are_counted_apart(rollout: Rollout) -> None:
    # The router sent again what the new scorer refused twice: its clients never knew.
    counts = Counts({"old": {200: 7, 404: 1}, "new": {200: 2, 502: 2}}, {200: 9, 404: 1})
    record_traffic(rollout.pk, counts, timezone.now())
    assert kept() == [("", 10, 0), ("new", 4, 2), ("old", 8, 0)]


def test_a_look_at_no_traffic_is_one_as_well(rollout: Rollout) -> None:
    record_traffic(rollout.pk, NONE, timezone.now())
    assert kept() == [("", 0, 0)]


def test_there_is_a_look_a_second_at_most(rollout: Rollout) -> None:
    now = timezone.now()
    for seconds in (0, 0.4, 0.9, 1.0, 1.5, 2.1):
        record_traffic(rollout.pk, NONE, now + timedelta(seconds=seconds))
    assert len(kept()) == 3
