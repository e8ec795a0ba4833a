"""What a turn writes down: only under its lease, never what people wrote, and with an audit entry for each change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection, transaction
from django.utils import timezone

from deployments.actions.deployments import locked_deployment, look_now
from deployments.actions.rollouts import abort_rollout, upgrade
from deployments.engines.contract import Counts
from deployments.models import Composition, Deployment, Event, Lease, Rollout, RolloutStep, TrafficCount
from deployments.planning.targets import Latest
from deployments.rollouts import claims
from deployments.rollouts.advance import Happening
from deployments.rollouts.claims import Claim, Lost
from deployments.rollouts.decide import Decision
from deployments.rollouts.noting import TRAFFIC_EVERY, record_traffic
from deployments.rollouts.reading import snapshot_of
from deployments.rollouts.recording import Overtaken, record
from deployments.rollouts.snapshot import Health, Phase, Snapshot, Status
from deployments.rollouts.snapshot import Rollout as Fact
from mlops_console.access import Right
from mlops_console.models import AuditEntry
from tests.cast import Cast
from tests.deployments.rollouts.stage import WORKER
from tests.factories import make_deployment, make_experiment, make_image, make_runtime, make_version

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "http://127.0.0.1:1/d"


@dataclass
class Case:
    """A deployment of two compositions in the first rollout of its life, claimed by this worker."""

    cast: Cast
    deployment: Deployment
    claim: Claim
    snapshot: Snapshot

    @property
    def fact(self) -> Fact:
        """The rollout as the turn saw it."""
        assert self.snapshot.rollout
        return self.snapshot.rollout

    @property
    def rollout(self) -> Rollout:
        """The rollout as it is stored."""
        return Rollout.objects.get()

    def step(self, phase: Phase, position: int = 0, undo_key: str = "") -> Fact:
        """The rollout with one step in a phase."""
        steps = tuple(
            replace(each, phase=phase, phase_at=timezone.now(), undo_key=undo_key)
            if each.position == position
            else each
            for each in self.fact.steps
        )
        return replace(self.fact, status=Status.RUNNING, steps=steps)

    def record(self, rollout: Fact | None = None, **fields: object) -> None:
        """Write down a decision."""
        said: dict[str, object] = {"health": Health.HEALTHY, "health_message": "", "look_in_seconds": 1.0}
        decision = Decision(wanted=None, rollout=rollout or self.fact, **said | fields)  # type: ignore[arg-type]
        record(
            claim=self.claim,
            actor=WORKER,
            snapshot=self.snapshot,
            decision=decision,
            address=ADDRESS,
            now=timezone.now(),
        )


@pytest.fixture
def case(cast: Cast) -> Case:
    """A rollout that nobody has looked at yet."""
    runtime = make_runtime(make_image(cast.workspace, versions="v1.0.0"))
    deployment = make_deployment(runtime, make_experiment(cast.workspace, "A"), make_experiment(cast.workspace, "B"))
    make_version(runtime.image, "v1.1.0")
    upgrade(
        actor=cast.actor("owner"),
        workspace="lab",
        uid=deployment.uid,
        targets={"*": Latest()},
        reason="A CVE.",
        now=timezone.now(),
    )
    claim = claims.claim("w")
    assert claim
    found = snapshot_of(deployment.pk)
    assert found
    return Case(cast, deployment, claim, found)


def everything() -> list[object]:
    """All that a turn may write."""
    return [
        list(model.objects.order_by("pk").values())
        for model in (Deployment, Composition, Rollout, RolloutStep, Event, AuditEntry)
    ]


def test_a_worker_that_lost_its_lease_writes_nothing(case: Case) -> None:
    Lease.objects.update(until=timezone.now() - timedelta(minutes=9), look_at=timezone.now() - timedelta(minutes=9))
    assert claims.claim("another")
    before = everything()
    with pytest.raises(Lost):
        case.record(case.step(Phase.DONE), settled={case.fact.steps[0].composition: case.fact.steps[0].new.key})
    assert everything() == before


def test_a_deployment_that_another_has_removed_is_lost(case: Case) -> None:
    Rollout.objects.all().delete()
    Deployment.objects.all().delete()
    with pytest.raises(Lost):
        case.record()


def test_a_step_is_stored_with_what_happened_and_the_rollout_has_begun(case: Case) -> None:
    composition = case.fact.steps[1].composition
    told = Happening("starting", "v1.1.0 starts beside v1.0.0 for B.", composition)
    case.record(case.step(Phase.STARTING, 1), happenings=(told,))
    assert list(RolloutStep.objects.order_by("position").values_list("phase", flat=True)) == ["PENDING", "STARTING"]
    event = Event.objects.latest("pk")
    assert (event.kind, event.sentence, event.rollout) == ("starting", told.sentence, case.rollout)
    assert event.composition
    assert event.composition.uid == composition
    assert (case.rollout.status, case.rollout.ended_at) == ("RUNNING", None)
    began = case.rollout.started_at
    assert began
    case.record(case.step(Phase.SHIFTING, 1))
    assert case.rollout.started_at == began


def test_a_turn_that_people_have_overtaken_writes_nothing(case: Case) -> None:
    abort_rollout(
        actor=case.cast.actor("operator"),
        workspace="lab",
        uid=case.deployment.uid,
        number=1,
        now=timezone.now(),
        reason="No.",
    )
    with pytest.raises(Overtaken):
        case.record(case.step(Phase.STARTING))
    row = case.rollout
    assert (row.intent, row.intent_by, row.intent_reason, row.status) == ("ABORT", "operator", "No.", "PENDING")
    Deployment.objects.update(paused=True)
    with pytest.raises(Overtaken):
        case.record(health=Health.UNHEALTHY, health_message="It is down.")
    Deployment.objects.update(paused=False, deleted_at=timezone.now())
    with pytest.raises(Overtaken):
        case.record(health=Health.UNHEALTHY, health_message="It is down.")
    assert Deployment.objects.get().health_message == ""


def test_what_people_called_it_meanwhile_stays(case: Case) -> None:
    Deployment.objects.update(display_name="Renamed")
    case.record(health=Health.UNHEALTHY, health_message="It is down.")
    deployment = Deployment.objects.get()
    assert deployment.display_name == "Renamed"
    assert (deployment.health, deployment.health_message, deployment.address) == ("UNHEALTHY", "It is down.", ADDRESS)


@pytest.mark.parametrize(
    ("forward", "before", "after"),
    [
        pytest.param(True, "v1.0.0", "v1.1.0", id="to-the-new-version"),
        pytest.param(False, "v1.1.0", "v1.0.0", id="back"),
    ],
)
def test_a_composition_that_is_settled_runs_the_other_version_and_that_is_audited(
    case: Case, forward: bool, before: str, after: str
) -> None:
    step = case.fact.steps[0]
    revision = Deployment.objects.get().revision
    key = step.new.key if forward else step.again.key
    case.record(case.step(Phase.DRAINING, undo_key="" if forward else key), settled={step.composition: key})
    composition = Composition.objects.get(uid=step.composition)
    assert (composition.version.version, composition.workload) == (after, key)
    assert Deployment.objects.get().revision == revision + 1
    entry = AuditEntry.objects.get(verb="move")
    assert (entry.actor_kind, entry.actor, entry.reason) == ("worker", WORKER.name, "A CVE.")
    assert (entry.subject, entry.workspace) == (case.deployment.name, "lab")
    assert entry.before == {"experiment": "A", "version": before}
    assert entry.after == {"experiment": "A", "version": after}


@pytest.mark.parametrize(
    ("status", "cause", "rolled_back"),
    [
        pytest.param(Status.SUCCEEDED, "", False, id="succeeded"),
        pytest.param(Status.ROLLED_BACK, "v1.1.0 did not become ready.", True, id="rolled-back"),
        pytest.param(Status.FAILED, "Neither became ready.", False, id="failed"),
    ],
)
def test_the_end_of_a_rollout_is_audited_once(case: Case, status: Status, cause: str, rolled_back: bool) -> None:
    case.record(replace(case.fact, status=status, cause=cause))
    row = case.rollout
    assert (row.status, row.cause) == (status, cause)
    assert row.ended_at
    assert Deployment.objects.get().was_rolled_back is rolled_back
    entry = AuditEntry.objects.get(verb="finish")
    assert entry.subject == f"{case.deployment.name}/rollouts/1"
    assert entry.after == {"outcome": status} | ({"cause": cause} if cause else {})
    found = snapshot_of(case.deployment.pk)
    assert found
    assert found.rollout is None


def test_where_nothing_changes_nothing_is_written(case: Case) -> None:
    case.record()
    before, found = everything(), snapshot_of(case.deployment.pk)
    assert found
    case.snapshot = found
    case.record()
    assert everything() == before


def test_a_person_and_the_worker_do_not_wait_for_each_other_for_ever(case: Case) -> None:
    faults: list[Exception] = []

    def work() -> None:
        try:
            case.record(case.step(Phase.STARTING))
        except Exception as fault:  # noqa: BLE001 - told by the test
            faults.append(fault)
        finally:
            connection.close()

    worker = Thread(target=work)
    with transaction.atomic():
        row = locked_deployment(case.cast.actor("owner"), "lab", case.deployment.uid, Right.WRITE)
        worker.start()
        worker.join(0.5)
        assert worker.is_alive()
        look_now(row, timezone.now())
    worker.join()
    assert not faults
    assert RolloutStep.objects.filter(phase="STARTING").exists()


def test_traffic_is_kept_once_a_second_at_most(case: Case) -> None:
    now = timezone.now()
    counts = Counts({"a-0": {200: 7, 502: 1}, "b-0": {200: 2}}, {200: 9})
    record_traffic(case.rollout.pk, counts, now)
    record_traffic(case.rollout.pk, counts, now + TRAFFIC_EVERY / 2)
    rows = TrafficCount.objects.order_by("workload").values_list("workload", "answered", "failed")
    assert list(rows) == [("", 9, 0), ("a-0", 8, 1), ("b-0", 2, 0)]
    record_traffic(case.rollout.pk, counts, now + TRAFFIC_EVERY)
    assert TrafficCount.objects.count() == 6
