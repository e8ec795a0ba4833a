"""Turns taken one by one in this process, on a real engine."""

from __future__ import annotations

import socket
from datetime import timedelta

import pytest
from django.utils import timezone

from deployments.actions.deployments import delete_deployment, pause_deployment, resume_deployment
from deployments.actions.plans import make_plan
from deployments.actions.rollouts import start_plan, upgrade
from deployments.engines.local.engine import LocalEngine
from deployments.models import Deployment, Event, Lease, Rollout, TrafficCount
from deployments.planning.targets import Latest
from deployments.rollouts.turn import SECONDS_AFTER_A_FAULT, turn
from mlops_console.models import AuditEntry
from tests.deployments.engines.harness import score
from tests.deployments.rollouts.stage import WORKER, Stage, is_healthy, is_over, versions
from tests.factories import make_version
from tests.mlops_console.machine import processes_naming

pytestmark = pytest.mark.django_db


def take(stage: Stage, engine: LocalEngine | None = None) -> bool:
    """One turn."""
    return turn(engine=engine or stage.engine, actor=WORKER, now=timezone.now())


def is_gone(deployment: Deployment) -> bool:
    """Whether its row is gone."""
    return not Deployment.objects.filter(pk=deployment.pk).exists()


def test_where_nothing_is_due_there_is_nothing_to_do(stage: Stage) -> None:
    assert take(stage) is False
    stage.deployment(stage.runtime())
    Lease.objects.update(look_at=timezone.now() + timedelta(seconds=60))
    assert take(stage) is False
    assert Lease.objects.get().epoch == 0


def test_a_new_deployment_comes_up_and_is_then_left_in_peace(stage: Stage) -> None:
    deployment = stage.deployment(stage.runtime(), 30, 70)
    stage.turn_until(lambda: is_healthy(deployment))
    deployment.refresh_from_db()
    assert score(deployment.address).headers["X-Scorer-Version"] == "v1.0.0"
    lease = Lease.objects.get()
    assert (lease.holder, lease.until) == ("", None)
    assert timedelta(seconds=5) < lease.look_at - timezone.now() <= timedelta(seconds=10)
    assert take(stage) is False


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
    trail = list(AuditEntry.objects.filter(actor_kind="worker").order_by("pk").values_list("verb", "reason"))
    assert trail == [("move", "A CVE."), ("move", "A CVE."), ("finish", "A CVE.")]


def test_a_fault_of_the_engine_is_met_by_another_look(stage: Stage) -> None:
    deployment = stage.deployment(stage.runtime())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        engine = LocalEngine(stage.data_dir / "other", taken.getsockname()[1])
        assert take(stage, engine) is True
        lease = Lease.objects.get()
        assert (lease.holder, lease.until) == ("", None)
        assert timedelta() < lease.look_at - timezone.now() <= timedelta(seconds=SECONDS_AFTER_A_FAULT)
        assert take(stage, engine) is False
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
    assert take(stage) is False


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
