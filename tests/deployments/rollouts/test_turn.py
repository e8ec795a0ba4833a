"""Turns taken one by one in this process, on a real engine."""

from __future__ import annotations

import socket
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from deployments.actions.deployments import delete_deployment, pause_deployment, resume_deployment
from deployments.actions.plans import make_plan
from deployments.actions.rollouts import start_plan, upgrade
from deployments.engines.local.engine import LocalEngine
from deployments.models import Composition, Deployment, Event, Lease, Rollout, RolloutStep, TrafficCount, WorkloadSpec
from deployments.planning.targets import Latest
from deployments.rollouts.trouble import SECONDS_MIN
from deployments.rollouts.turn import Outcome, turn
from mlops_console.models import AuditEntry
from tests.deployments.engines.harness import score
from tests.deployments.rollouts.stage import WORKER, Stage, is_healthy, is_over, versions
from tests.factories import make_version
from tests.mlops_console.machine import processes_naming

pytestmark = pytest.mark.django_db


def take(stage: Stage, engine: LocalEngine | None = None) -> Outcome | None:
    """One turn."""
    return turn(engine=engine or stage.engine, actor=WORKER, now=timezone.now())


def is_gone(deployment: Deployment) -> bool:
    """Whether its row is gone."""
    return not Deployment.objects.filter(pk=deployment.pk).exists()


def test_where_nothing_is_due_there_is_nothing_to_do(stage: Stage) -> None:
    assert take(stage) is None
    stage.deployment(stage.runtime())
    Lease.objects.update(look_at=timezone.now() + timedelta(seconds=60))
    assert take(stage) is None
    assert Lease.objects.get().epoch == 0


def test_a_new_deployment_comes_up_and_is_then_left_in_peace(stage: Stage) -> None:
    deployment = stage.deployment(stage.runtime(), 30, 70)
    stage.turn_until(lambda: is_healthy(deployment))
    deployment.refresh_from_db()
    assert score(deployment.address).headers["X-Scorer-Version"] == "v1.0.0"
    lease = Lease.objects.get()
    assert (lease.holder, lease.until) == ("", None)
    assert timedelta(seconds=5) < lease.look_at - timezone.now() <= timedelta(seconds=10)
    assert take(stage) is None


def test_an_upgrade_moves_every_composition_and_tells_its_story(stage: Stage) -> None:
    runtime = stage.runtime()
    deployment = stage.deployment(runtime, 30, 70)
    stage.turn_until(lambda: is_healthy(deployment))
    make_version(runtime.image, "v1.1.0")
    rollout = upgrade(
        actor=stage.owner,
        workspace="lab",
        uid=deployment.uid,
        targets={"*": Latest()},
        reason="A CVE.",
        now=timezone.now(),
    )
    assert rollout
    stage.turn_until(lambda: is_over(rollout))
    rollout.refresh_from_db()
    assert (rollout.status, rollout.cause) == ("SUCCEEDED", "")
    assert versions(deployment) == ["v1.1.0", "v1.1.0"]
    kinds = list(Event.objects.filter(rollout=rollout).order_by("pk").values_list("kind", flat=True))
    assert kinds == ["started", *["starting", "shifting", "draining", "done"] * 2, "succeeded"]
    assert TrafficCount.objects.filter(rollout=rollout).exists()
    # What nothing refers to any more is not kept.
    serving = set(Composition.objects.values_list("workload", flat=True))
    assert set(WorkloadSpec.objects.values_list("key", flat=True)) == serving
    trail = list(AuditEntry.objects.filter(actor_kind="worker").order_by("pk").values_list("verb", "reason"))
    assert trail == [("move", "A CVE."), ("move", "A CVE."), ("finish", "A CVE.")]


def test_trouble_of_the_engine_is_told_once_it_lasts_and_once_it_is_over(stage: Stage) -> None:
    deployment = stage.deployment(stage.runtime())

    def shown() -> tuple[str, bool, list[str]]:
        row = Deployment.objects.get()
        kinds = Event.objects.filter(kind__startswith="trouble").order_by("pk").values_list("kind", flat=True)
        return row.trouble, row.trouble_at is not None, list(kinds)

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        engine = LocalEngine(stage.data_dir / "other", port)
        told = f"Port {port} on 127.0.0.1 is taken by another program."
        for expected in (("", True, []), (told, True, ["trouble"]), (told, True, ["trouble"])):
            Lease.objects.update(look_at=timezone.now() - timedelta(minutes=1))
            with CaptureQueriesContext(connection) as queries:
                assert take(stage, engine) is Outcome.ENGINE_FAULT
            assert shown() == expected
    assert not any('UPDATE "deployments_deployment"' in each["sql"] for each in queries), "nothing was new"
    assert Event.objects.get(kind="trouble").sentence == f"The engine cannot do its work now: {told}"
    stage.turn_until(lambda: is_healthy(deployment))
    assert shown() == ("", False, ["trouble", "trouble-over"])


def test_a_moment_of_trouble_is_nobodys_concern(stage: Stage) -> None:
    deployment = stage.deployment(stage.runtime())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert take(stage, LocalEngine(stage.data_dir / "other", taken.getsockname()[1])) is Outcome.ENGINE_FAULT
    stage.turn_until(lambda: is_healthy(deployment))
    assert Deployment.objects.get().trouble_at is None
    assert not Event.objects.filter(kind__startswith="trouble").exists()


def test_what_no_engine_could_start_is_not_undone_for_being_late(stage: Stage) -> None:
    runtime = stage.runtime()
    deployment = stage.deployment(runtime)
    stage.turn_until(lambda: is_healthy(deployment))
    make_version(runtime.image, "v1.1.0")
    rollout = upgrade(
        actor=stage.owner, workspace="lab", uid=deployment.uid, targets={"*": Latest()}, now=timezone.now()
    )
    assert rollout
    # It was recorded, then the engine could not be reached for an hour.
    long_ago = timezone.now() - timedelta(hours=1)
    RolloutStep.objects.update(phase="STARTING", phase_at=long_ago)
    Rollout.objects.update(status="RUNNING")
    Deployment.objects.update(trouble="The API server does not answer.", trouble_at=long_ago)
    stage.turn_until(lambda: is_over(rollout))
    rollout.refresh_from_db()
    assert (rollout.status, rollout.cause) == ("SUCCEEDED", "")


def test_a_turn_that_finds_nothing_new_asks_the_database_four_times(stage: Stage) -> None:
    deployment = stage.deployment(stage.runtime(), 30, 70)
    stage.turn_until(lambda: is_healthy(deployment))
    Lease.objects.update(look_at=timezone.now() - timedelta(seconds=1))
    with CaptureQueriesContext(connection) as queries:
        assert take(stage) is Outcome.DONE
    assert [each["sql"].split()[0] for each in queries] == ["WITH", "SELECT", "SELECT", "UPDATE"]


def test_a_fault_of_the_engine_is_met_by_another_look(stage: Stage) -> None:
    deployment = stage.deployment(stage.runtime())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        engine = LocalEngine(stage.data_dir / "other", taken.getsockname()[1])
        assert take(stage, engine) is Outcome.ENGINE_FAULT
        lease = Lease.objects.get()
        assert (lease.holder, lease.until) == ("", None)
        assert timedelta() < lease.look_at - timezone.now() <= timedelta(seconds=SECONDS_MIN)
        assert take(stage, engine) is None
    stage.turn_until(lambda: is_healthy(deployment))


def test_a_paused_deployment_stops_and_comes_up_again(stage: Stage) -> None:
    deployment = stage.deployment(stage.runtime())
    stage.turn_until(lambda: is_healthy(deployment))
    pause_deployment(actor=stage.owner, workspace="lab", uid=deployment.uid, now=timezone.now())
    stage.turn_until(lambda: Deployment.objects.get().health == "STOPPED")
    assert not processes_naming(f"/{deployment.uid}.")
    resume_deployment(actor=stage.owner, workspace="lab", uid=deployment.uid, now=timezone.now())
    stage.turn_until(lambda: is_healthy(deployment))


def test_a_deleted_deployment_leaves_nothing_neither_here_nor_in_the_engine(stage: Stage) -> None:
    runtime = stage.runtime()
    deployment = stage.deployment(runtime)
    stage.turn_until(lambda: is_healthy(deployment))
    make_version(runtime.image, "v1.1.0")
    plan, _ = make_plan(
        actor=stage.owner, workspace="lab", uid=deployment.uid, targets={"*": Latest()}, now=timezone.now()
    )
    start_plan(
        actor=stage.owner, workspace="lab", uid=deployment.uid, plan=plan.uid, reason="Newer.", now=timezone.now()
    )
    stage.turn_until(lambda: Rollout.objects.filter(steps__phase="STARTING"))
    delete_deployment(actor=stage.owner, workspace="lab", uid=deployment.uid, now=timezone.now())
    stage.turn_until(lambda: is_gone(deployment))
    assert deployment.uid not in stage.engine.deployments()
    assert not processes_naming(f"/{deployment.uid}.")
    assert not Lease.objects.exists()
    assert take(stage) is None


def test_a_row_stays_for_as_long_as_the_engine_keeps_anything(stage: Stage) -> None:
    deployment = stage.deployment(stage.runtime())
    stage.turn_until(lambda: is_healthy(deployment))
    delete_deployment(actor=stage.owner, workspace="lab", uid=deployment.uid, now=timezone.now())

    def agrees() -> bool:
        there = deployment.uid in stage.engine.deployments()
        assert there or is_gone(deployment) or Deployment.objects.get().health == "TERMINATING"
        assert not (there and is_gone(deployment))
        return is_gone(deployment)

    stage.turn_until(agrees)


def test_what_was_deleted_before_anybody_looked_goes_as_well(stage: Stage) -> None:
    deployment = stage.deployment(stage.runtime())
    delete_deployment(actor=stage.owner, workspace="lab", uid=deployment.uid, now=timezone.now())
    stage.turn_until(lambda: is_gone(deployment))
    assert deployment.uid not in stage.engine.deployments()
