"""Workers that are killed, stopped or doubled amid a rollout, as processes: the next one finishes, and nobody notices.

They are killed from outside, as soon as a phase shows in the database: between the record of a turn and what it asks
of the engine, or shortly after.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from deployments.actions.rollouts import abort_rollout, upgrade
from deployments.actions.waking import wake
from deployments.engines.contract import Phase as Life
from deployments.models import Composition, Deployment, Event, Lease, Rollout, RolloutStep
from deployments.planning.targets import Latest
from mlops_console.models import AuditEntry
from runtimes.models import Runtime
from tests.deployments.engines.harness import score
from tests.deployments.rollouts.nursery import Nursery, Worker
from tests.deployments.rollouts.stage import (
    PATIENCE_SECONDS,
    Callers,
    Stage,
    bad_version,
    is_healthy,
    is_over,
    reached,
    until,
    versions,
)
from tests.factories import make_version
from tests.mlops_console.machine import needs_proc

pytestmark = [pytest.mark.django_db(transaction=True), needs_proc]
OLD, NEW = "v1.0.0", "v1.1.0"
SHORT = "--lease-seconds=1"
LOOK_EVERY_SECONDS = 0.001
KILLS_MAX = 8


@dataclass
class Scene:
    """A healthy deployment, the worker that looks after it, and whoever takes over when that is killed."""

    stage: Stage
    workers: Nursery
    runtime: Runtime
    deployment: Deployment
    worker: Worker

    def upgrade(self) -> Rollout:
        """Ask for the newest version."""
        rollout = upgrade(
            actor=self.stage.owner,
            workspace="lab",
            uid=self.deployment.uid,
            targets={"*": Latest()},
            reason="A CVE.",
            now=timezone.now(),
        )
        assert rollout
        return rollout

    def abort(self, rollout: Rollout) -> None:
        """Ask for everything to be undone."""
        abort_rollout(
            actor=self.stage.owner,
            workspace="lab",
            uid=self.deployment.uid,
            number=rollout.number,
            reason="Never mind.",
            now=timezone.now(),
        )

    def kill(self) -> None:
        """End the worker without a warning; the next one is started at once."""
        self.worker.kill()
        self.worker = self.workers.worker(SHORT)

    def check(self, rollout: Rollout, version: str, outcome: str) -> None:
        """Every composition runs exactly that version, in the database, in the engine and for callers."""
        rollout.refresh_from_db()
        assert (rollout.status, set(versions(self.deployment))) == (outcome, {version})
        serving = set(Composition.objects.filter(deployment=self.deployment).values_list("workload", flat=True))
        until(lambda: self.running() == serving)
        seen = self.stage.engine.observe(self.deployment.uid)
        assert {each.version for each in seen.workloads.values()} == {version}
        assert seen.traffic
        assert seen.traffic.keys() == serving
        assert {score(self.deployment.address).headers["X-Scorer-Version"] for _ in range(4)} == {version}
        self.check_story(rollout, outcome)

    def running(self) -> set[str]:
        """The workloads that exist; all of them are ready."""
        seen = self.stage.engine.observe(self.deployment.uid).workloads.values()
        return {each.key if each.phase is Life.READY else f"{each.key} {each.phase}" for each in seen}

    def check_story(self, rollout: Rollout, outcome: str) -> None:
        """The audit trail has everything once, and each move begins where the one before it ended."""
        of_rollout = AuditEntry.objects.filter(subject=f"{self.deployment.name}/rollouts/{rollout.number}")
        assert of_rollout.filter(verb="upgrade").count() == 1
        assert [each.after["outcome"] for each in of_rollout.filter(verb="finish")] == [outcome]
        for composition in Composition.objects.filter(deployment=self.deployment).select_related("experiment"):
            runs = OLD
            for move in AuditEntry.objects.filter(verb="move", subject=self.deployment.name).order_by("pk"):
                if move.after["experiment"] == composition.experiment.display_name:
                    assert (move.before["version"], move.reason) == (runs, "A CVE.")
                    runs = move.after["version"]
            assert runs == composition.version.version
        told = Event.objects.filter(rollout=rollout, composition__isnull=False)
        sentences = list(told.values_list("composition", "sentence"))
        assert len(sentences) == len(set(sentences))


def set_up(stage: Stage, workers: Nursery, *weights: int) -> Scene:
    """A deployment on the old version, single or split, that a worker has brought up."""
    runtime = stage.runtime(OLD)
    deployment = stage.deployment(runtime, *weights)
    worker = workers.worker(SHORT)
    until(lambda: is_healthy(deployment))
    deployment.refresh_from_db()
    return Scene(stage, workers, runtime, deployment, worker)


@pytest.fixture
def scene(stage: Stage, workers: Nursery) -> Scene:
    """One composition."""
    return set_up(stage, workers)


def at(rollout: Rollout, *phases: str) -> Callable[[], bool]:
    """Whether a step is in one of these phases."""
    return lambda: reached(rollout, *phases)


@pytest.mark.parametrize("phase", ["PENDING", "STARTING", "SHIFTING", "DRAINING", "DONE"])
def test_a_worker_killed_on_the_way_forward_is_followed_by_one_that_finishes(scene: Scene, phase: str) -> None:
    make_version(scene.runtime.image, NEW)
    callers = Callers(scene.deployment.address)
    with callers.calling():
        rollout = scene.upgrade()
        until(at(rollout, phase), every=LOOK_EVERY_SECONDS)
        scene.kill()
        until(lambda: is_over(rollout))
        scene.check(rollout, NEW, "SUCCEEDED")
    callers.check([OLD, NEW])


@pytest.mark.parametrize("phase", ["UNDO_STARTING", "UNDO_SHIFTING", "UNDO_DRAINING", "UNDONE"])
def test_a_worker_killed_on_the_way_back_is_followed_by_one_that_undoes(scene: Scene, phase: str) -> None:
    make_version(scene.runtime.image, NEW)
    callers = Callers(scene.deployment.address)
    with callers.calling():
        rollout = scene.upgrade()
        until(at(rollout, "DRAINING"), every=LOOK_EVERY_SECONDS)
        scene.abort(rollout)
        until(at(rollout, phase), every=LOOK_EVERY_SECONDS)
        scene.kill()
        until(lambda: is_over(rollout))
        scene.check(rollout, OLD, "ROLLED_BACK")
    callers.check([OLD, NEW])


def has_turned(rollout: Rollout, turns: int) -> bool:
    """Whether the deployment has had so many turns, or needs no more."""
    return Lease.objects.get().epoch >= turns or is_over(rollout)


def test_killed_again_and_again_at_a_split_deployment_the_rollout_still_ends(stage: Stage, workers: Nursery) -> None:
    scene = set_up(stage, workers, 30, 70)
    make_version(scene.runtime.image, NEW)
    callers = Callers(scene.deployment.address)
    with callers.calling():
        rollout = scene.upgrade()
        for number in range(KILLS_MAX):
            turns = Lease.objects.get().epoch + 3
            # some turns into its life, and not always at the same place of one
            until(partial(has_turned, rollout, turns), every=0.003)
            time.sleep(0.007 * number)
            scene.kill()
        until(lambda: is_over(rollout))
        scene.check(rollout, NEW, "SUCCEEDED")
    callers.check([OLD, NEW])


def test_a_stopped_worker_that_wakes_after_its_lease_is_over_changes_nothing(scene: Scene) -> None:
    make_version(scene.runtime.image, NEW)
    callers = Callers(scene.deployment.address)
    with callers.calling():
        rollout = scene.upgrade()
        until(at(rollout, "SHIFTING"), every=LOOK_EVERY_SECONDS)
        sleeper = scene.worker
        sleeper.send(signal.SIGSTOP)
        scene.worker = scene.workers.worker(SHORT)
        until(lambda: is_over(rollout))
        scene.check(rollout, NEW, "SUCCEEDED")
        told = Event.objects.count(), AuditEntry.objects.count(), Deployment.objects.get().revision
        sleeper.send(signal.SIGCONT)
        epoch = Lease.objects.get().epoch
        Lease.objects.update(look_at=timezone.now())
        until(lambda: Lease.objects.get().epoch > epoch)
        time.sleep(0.5)
        scene.check(rollout, NEW, "SUCCEEDED")
        assert told == (Event.objects.count(), AuditEntry.objects.count(), Deployment.objects.get().revision)
        assert sleeper.is_alive
    callers.check([OLD, NEW])


def test_a_worker_stopped_amid_a_transaction_holds_nobody_up(scene: Scene) -> None:
    make_version(scene.runtime.image, NEW)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds_the_lease_locked(scene.worker):
        assert time.monotonic() < deadline, "it was never caught amid a transaction"
        scene.worker.send(signal.SIGCONT)
        # A turn that has nothing to write needs no transaction.
        Deployment.objects.update(health_message="Is it?")
        Lease.objects.filter(until__isnull=True).update(look_at=timezone.now())
        wake()
        time.sleep(0.002)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '5s'")
        rollout = scene.upgrade()
        cursor.execute("SET lock_timeout = 0")
    scene.workers.worker(SHORT)
    until(lambda: is_over(rollout))
    scene.check(rollout, NEW, "SUCCEEDED")


def holds_the_lease_locked(worker: Worker) -> bool:
    """Whether a worker, stopped where it is now, has locked the lease; what it had asked for is done a moment later."""
    worker.send(signal.SIGSTOP)
    time.sleep(0.02)
    with transaction.atomic():
        return not Lease.objects.select_for_update(skip_locked=True)


def test_two_workers_never_act_on_the_same_deployment(scene: Scene) -> None:
    scene.workers.worker(SHORT)
    second = scene.stage.deployment(scene.runtime, 50, 50)
    until(lambda: is_healthy(second))
    make_version(scene.runtime.image, NEW)
    callers = Callers(scene.deployment.address)
    with callers.calling():
        rollouts = [scene.upgrade()]
        both = {"workspace": "lab", "targets": {"*": Latest()}, "now": timezone.now()}
        other = upgrade(actor=scene.stage.owner, uid=second.uid, reason="A CVE.", **both)  # type: ignore[arg-type]
        assert other
        rollouts.append(other)
        until(lambda: all(is_over(each) for each in rollouts))
        scene.check(rollouts[0], NEW, "SUCCEEDED")
    callers.check([OLD, NEW])
    assert versions(second) == [NEW, NEW]
    for rollout in rollouts:
        moves = rollout.steps.count()
        assert Event.objects.filter(rollout=rollout).count() == 2 + 4 * moves
    assert AuditEntry.objects.filter(verb="move").count() == 3
    assert AuditEntry.objects.filter(verb="move").values("actor").distinct().count() in (1, 2)


def test_a_version_that_never_becomes_ready_is_undone_while_the_old_one_serves(
    scene: Scene, settings: Settings
) -> None:
    settings.READY_SECONDS = 2
    bad_version(scene.runtime, NEW)
    callers = Callers(scene.deployment.address)
    with callers.calling():
        rollout = scene.upgrade()
        until(at(rollout, "STARTING"))
        until(lambda: is_over(rollout))
        scene.check(rollout, OLD, "ROLLED_BACK")
    callers.check([OLD])
    rollout.refresh_from_db()
    assert "v1.1.0 did not become ready for Price model 1" in rollout.cause
    assert "/readyz answered 503" in rollout.cause
    deployment = Deployment.objects.get()
    assert (deployment.health, deployment.was_rolled_back) == ("HEALTHY", True)
    assert list(RolloutStep.objects.values_list("phase", flat=True)) == ["UNDONE"]
