"""What a scrape tells of rollouts, leases and deployments."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from deployments.models import Deployment, Lease, Rollout
from deployments.observing.fleet import fleet_metrics
from deployments.rollouts.snapshot import Health, Status
from mlops_console import audit
from mlops_console.actor import ActorKind, system
from mlops_console.models import AuditEntry
from tests.cast import Cast
from tests.factories import make_deployment, make_image, make_runtime
from tests.mlops_console.observing.samples import Samples, labels_of, value

pytestmark = pytest.mark.django_db
WORKER = system(ActorKind.WORKER, "worker of a test")


def told() -> Samples:
    return {(each.name, frozenset(each.labels.items())): each.value for one in fleet_metrics() for each in one.samples}


@pytest.fixture
def fleet(cast: Cast) -> list[Deployment]:
    """Ten deployments that nobody need look at."""
    runtime = make_runtime(make_image(cast.workspace, versions="v1.0.0"))
    made = [make_deployment(runtime, name=f"Deployment {number}") for number in range(10)]
    Lease.objects.update(look_at=Now() + timedelta(minutes=10))
    return made


def lease_of(deployment: Deployment, *, look_in: int, until_in: int | None = None) -> None:
    """When it is to be looked at, and until when it is held, in seconds from now."""
    until = None if until_in is None else Now() + timedelta(seconds=until_in)
    holder = "" if until_in is None else "worker"
    look_at = Now() + timedelta(seconds=look_in)
    Lease.objects.filter(deployment=deployment).update(look_at=look_at, until=until, holder=holder)


def finish(name: str, status: Status) -> None:
    """A rollout's last entry, as a turn of the worker writes it."""
    subject = audit.Subject(audit.Kind.ROLLOUT, f"workspaces/lab/deployments/{name}/rollouts/1", "lab")
    after = {"outcome": status.value, "cause": "It failed."}
    audit.record([audit.entry(actor=WORKER, verb=audit.Verb.FINISH, subject=subject, now=timezone.now(), after=after)])


def test_of_an_empty_console_everything_is_told_as_none() -> None:
    seen = told()
    assert set(seen.values()) == {0}
    assert labels_of(seen, "rollouts", "status") == {"pending", "running", "paused", "undoing"}
    assert labels_of(seen, "rollouts_finished_total", "outcome") == {"succeeded", "rolled_back", "failed"}
    assert labels_of(seen, "deployments", "health") == {health.lower() for health in Health}
    assert labels_of(seen, "leases", "state") == {"held", "lapsed"}
    assert not [name for name, _ in seen if name == "mlops_console_lease_left_seconds"]


def test_rollouts_by_how_far_they_are(fleet: list[Deployment]) -> None:
    begun = timezone.now() - timedelta(minutes=5)
    for number, status in enumerate([*Status, Status.PENDING, Status.PENDING]):
        age = timedelta(minutes=number)
        Rollout.objects.create(
            deployment=fleet[number], number=1, started_by="owner", status=status, created_at=begun - age
        )
    seen = told()
    by_status = {
        status: value(seen, "rollouts", status=status) for status in ("pending", "running", "paused", "undoing")
    }
    assert by_status == {"pending": 3, "running": 1, "paused": 1, "undoing": 1}
    assert value(seen, "rollout_oldest_pending_seconds") == pytest.approx((5 + 8) * 60, abs=50)


def test_how_rollouts_ended_outlives_their_deployments(fleet: list[Deployment]) -> None:
    for status, times in ((Status.SUCCEEDED, 3), (Status.ROLLED_BACK, 2), (Status.FAILED, 1)):
        for number in range(times):
            finish(f"{status}-{number}", status)
    # Other entries of rollouts, and the ends of others, are none of theirs.
    failed = {"outcome": Status.FAILED.value}
    rollout = audit.Subject(audit.Kind.ROLLOUT, "workspaces/lab/deployments/a/rollouts/1", "lab")
    audit.record([audit.entry(actor=WORKER, verb=audit.Verb.PAUSE, subject=rollout, now=timezone.now(), after=failed)])
    assert AuditEntry.objects.count() == 7
    Deployment.objects.filter(pk=fleet[0].pk).delete()
    seen = told()
    outcomes = {
        each: value(seen, "rollouts_finished_total", outcome=each) for each in ("succeeded", "rolled_back", "failed")
    }
    assert outcomes == {"succeeded": 3, "rolled_back": 2, "failed": 1}


@pytest.mark.parametrize(
    ("look_in", "until_in", "held", "lapsed", "due", "overdue", "waited"),
    [
        pytest.param(600, None, 0, 0, 0, 0, 0, id="at rest"),
        pytest.param(-10, None, 0, 0, 1, 0, 10, id="due"),
        pytest.param(-100, None, 0, 0, 1, 1, 100, id="overdue"),
        pytest.param(600, 10, 1, 0, 0, 0, 0, id="held"),
        pytest.param(-100, 10, 1, 0, 0, 0, 0, id="held, and asked for long ago"),
        pytest.param(-10, -10, 0, 1, 1, 0, 10, id="its worker fell silent"),
        pytest.param(-200, -10, 0, 1, 1, 0, 10, id="asked for long ago, its worker fell silent just now"),
        pytest.param(-100, -100, 0, 1, 1, 1, 100, id="its worker fell silent long ago"),
        pytest.param(600, -100, 0, 1, 0, 0, 0, id="its worker fell silent, and nothing is to be done"),
    ],
)
def test_leases_and_what_waits(
    fleet: list[Deployment],
    look_in: int,
    until_in: int | None,
    held: int,
    lapsed: int,
    due: int,
    overdue: int,
    waited: int,
) -> None:
    lease_of(fleet[0], look_in=look_in, until_in=until_in)
    seen = told()
    assert value(seen, "leases", state="held") == held
    assert value(seen, "leases", state="lapsed") == lapsed
    assert value(seen, "deployments_due") == due
    assert value(seen, "deployments_overdue") == overdue
    assert value(seen, "deployment_wait_seconds") == pytest.approx(waited, abs=50)
    if until_in is not None:
        assert value(seen, "lease_left_seconds") == pytest.approx(until_in, abs=50)


def test_of_several_the_worst_is_told(fleet: list[Deployment]) -> None:
    for number in range(1, 4):
        lease_of(fleet[number], look_in=-200 * number)
        lease_of(fleet[number + 4], look_in=600, until_in=200 * number)
    seen = told()
    assert (value(seen, "deployments_due"), value(seen, "leases", state="held")) == (3, 3)
    assert value(seen, "deployment_wait_seconds") == pytest.approx(600, abs=50)
    assert value(seen, "lease_left_seconds") == pytest.approx(200, abs=50)


def test_deployments_by_their_health(fleet: list[Deployment]) -> None:
    for deployment, health in zip(fleet, [*Health, Health.HEALTHY], strict=False):
        Deployment.objects.filter(pk=deployment.pk).update(health=health)
    seen = told()
    assert value(seen, "deployments", health="healthy") == 2
    assert value(seen, "deployments", health="pending") == 3
    assert value(seen, "deployments", health="terminating") == 1


def test_labels_hold_nothing_that_people_chose_and_rows_cost_nothing(fleet: list[Deployment]) -> None:
    with CaptureQueriesContext(connection) as few:
        before = told()
    runtime = fleet[0].compositions.get().runtime
    for number in range(30):
        make_deployment(runtime, name=f"Another {number}")
        Rollout.objects.create(deployment=fleet[0], number=number + 1, status="FAILED", started_by=f"user{number}")
        finish(f"another-{number}", Status.FAILED)
    with CaptureQueriesContext(connection) as many:
        after = told()
    assert before.keys() == after.keys()
    assert len(few) == len(many) == 4
