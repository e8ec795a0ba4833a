"""Rollouts on a cluster by workers as processes: told by the cluster, killed, cut off from it, and told why not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from django.utils import timezone
from pytest_django import Settings

from deployments.actions.deployments import Wish, create_deployment
from deployments.actions.rollouts import upgrade
from deployments.models import Deployment, Event, Lease, Rollout, RolloutStep
from deployments.planning.modes import Mode
from deployments.planning.targets import Latest
from mlops_console.models import AuditEntry
from runtimes.models import Runtime
from tests.cast import Cast
from tests.deployments.engines.kubernetes.rig import KubernetesRig, rig_on
from tests.deployments.rollouts.nursery import Nursery, nursery
from tests.deployments.rollouts.stage import environment, is_healthy, is_over, reached, until, versions
from tests.factories import make_experiment, make_image, make_runtime, make_version
from tests.kubernetes.control_plane import ControlPlane

pytestmark = [pytest.mark.kubernetes, pytest.mark.django_db(transaction=True)]
NAMESPACE: Final = "rollouts"
SHORT: Final = "--lease-seconds=2"
SECONDS: Final = 120.0
REPOSITORY: Final = "registry.example.org:5000/h2oai/scorer"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the workers of this module share."""
    return tmp_path_factory.mktemp("rollouts")


@pytest.fixture(scope="module")
def rig(control_plane: ControlPlane) -> Iterator[KubernetesRig]:
    """The namespace of this module."""
    made = rig_on(control_plane, NAMESPACE)
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared_nursery(django_db_setup: None, control_plane: ControlPlane, data_dir: Path) -> Iterator[Nursery]:
    """Where the workers of this module come from."""
    cluster = {
        "ENGINE": "kubernetes",
        "KUBERNETES_KUBECONFIG": str(control_plane.kubeconfig),
        "KUBERNETES_NAMESPACE": NAMESPACE,
        "KUBERNETES_GATEWAY": "default/mlops",
        "KUBERNETES_ADDRESS": "http://models.example.org",
        "KUBERNETES_CONSOLE_URL": "http://console.example.org",
        "KUBERNETES_FETCH_IMAGE": "registry.example.org/mlops-console:1",
        "KUBERNETES_MIN_READY_SECONDS": "0",
        "KUBERNETES_GRACE_SECONDS": "2",
    }
    with nursery(environment(data_dir, **cluster), data_dir) as made:
        yield made


@pytest.fixture
def workers(shared_nursery: Nursery) -> Iterator[Nursery]:
    """Workers of this test, none of which outlives it."""
    yield shared_nursery
    shared_nursery.clear()


@dataclass
class Scene:
    """A deployment that runs v1.0.0 on a cluster, and its workers."""

    cast: Cast
    rig: KubernetesRig
    workers: Nursery
    runtime: Runtime
    deployment: Deployment

    def release(self, version: str, *, kind: str = "") -> None:
        """A newer version, which may be one that does not come up."""
        reference = f"{REPOSITORY}{kind}:{version.removeprefix('v')}"
        make_version(self.runtime.image, version, reference=reference)

    def upgrade(self) -> Rollout:
        """Ask for the newest version."""
        rollout = upgrade(
            actor=self.cast.actor("owner"),
            workspace="lab",
            uid=self.deployment.uid,
            targets={"*": Latest()},
            reason="A CVE.",
            now=timezone.now(),
        )
        assert rollout
        return rollout

    def ended(self, rollout: Rollout) -> Rollout:
        """The rollout once it is over."""
        until(lambda: is_over(rollout), seconds=SECONDS)
        rollout.refresh_from_db()
        return rollout

    def images(self) -> list[str]:
        """What the cluster runs."""
        return [
            container["image"]
            for pod in self.rig.plane.get("pods", "-n", NAMESPACE)["items"]
            for container in pod["spec"]["containers"]
            if "deletionTimestamp" not in pod["metadata"]
        ]


@pytest.fixture
def scene(cast: Cast, rig: KubernetesRig, workers: Nursery, settings: Settings) -> Iterator[Scene]:
    settings.READY_SECONDS = 15
    image = make_image(cast.workspace)
    make_version(image, "v1.0.0", reference=f"{REPOSITORY}:1.0.0")
    runtime = make_runtime(image)
    deployment = create_deployment(
        actor=cast.actor("owner"),
        workspace=cast.workspace,
        display_name="Prices",
        mode=Mode.SINGLE,
        wishes=[Wish(experiment=make_experiment(cast.workspace).uid, runtime=runtime.name)],
        now=timezone.now(),
    )
    workers.worker(SHORT)
    until(lambda: is_healthy(deployment), seconds=SECONDS)
    deployment.refresh_from_db()
    made = Scene(cast, rig, workers, runtime, deployment)
    yield made
    workers.clear()
    rig.plane.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")


def is_at_rest() -> bool:
    """Whether nobody is to look for longer than any test waits."""
    return Lease.objects.filter(until=None, look_at__gt=timezone.now() + timedelta(seconds=100)).exists()


def test_an_upgrade_is_carried_out_and_the_worker_is_told_by_the_cluster(scene: Scene) -> None:
    until(is_at_rest, seconds=SECONDS)
    scene.release("v1.1.0")
    rollout = scene.ended(scene.upgrade())
    assert (rollout.status, rollout.cause) == ("SUCCEEDED", "")
    assert versions(scene.deployment) == ["v1.1.0"]
    assert scene.images() == [f"{REPOSITORY}:1.1.0"]
    # What happens in the cluster is seen long before anybody would look by himself.
    until(is_at_rest, seconds=SECONDS)
    scene.rig.plane.kubectl("scale", "deployment", "--all", "--replicas=0", "-n", NAMESPACE)
    until(lambda: Deployment.objects.get().health == "UNHEALTHY", seconds=SECONDS)
    assert "scaled to 0 replicas" in Deployment.objects.get().health_message


def test_a_version_that_does_not_come_up_says_why_meanwhile_and_is_undone(scene: Scene) -> None:
    scene.release("v1.1.0", kind="-badimage")
    rollout = scene.upgrade()
    until(lambda: "Waiting for v1.1.0 of Churn to become ready:" in Rollout.objects.get().waiting, seconds=SECONDS)
    assert "scorer-badimage:1.1.0" in Rollout.objects.get().waiting
    rollout = scene.ended(rollout)
    assert (rollout.status, rollout.waiting) == ("ROLLED_BACK", "")
    assert "v1.1.0 did not become ready for Churn" in rollout.cause
    assert "scorer-badimage:1.1.0" in rollout.cause
    assert versions(scene.deployment) == ["v1.0.0"]
    until(lambda: scene.images() == [f"{REPOSITORY}:1.0.0"], seconds=SECONDS)
    assert is_healthy(scene.deployment)


@pytest.mark.parametrize("phase", ["STARTING", "SHIFTING", "DRAINING"])
def test_a_killed_worker_is_followed_by_one_that_finishes(scene: Scene, phase: str) -> None:
    scene.release("v1.1.0", kind="-slow-2")
    rollout = scene.upgrade()
    until(lambda: reached(rollout, phase) or is_over(rollout), seconds=SECONDS, every=0.001)
    scene.workers.clear()
    scene.workers.worker(SHORT)
    rollout = scene.ended(rollout)
    assert (rollout.status, rollout.cause) == ("SUCCEEDED", "")
    assert AuditEntry.objects.filter(verb="move").count() == AuditEntry.objects.filter(verb="finish").count() == 1
    until(lambda: scene.images() == [f"{REPOSITORY}-slow-2:1.1.0"], seconds=SECONDS)


def test_of_two_workers_that_both_hear_each_turn_is_one_ones(scene: Scene) -> None:
    scene.workers.worker(SHORT)
    scene.release("v1.1.0")
    rollout = scene.ended(scene.upgrade())
    assert rollout.status == "SUCCEEDED"
    kinds = list(Event.objects.filter(rollout=rollout).order_by("pk").values_list("kind", flat=True))
    assert kinds == ["started", "starting", "shifting", "draining", "done", "succeeded"]


def test_while_the_api_server_is_away_that_is_told_and_nothing_is_undone(scene: Scene) -> None:
    scene.release("v1.1.0")
    with scene.rig.plane.without_api_server():
        rollout = scene.upgrade()
        until(lambda: Deployment.objects.get().trouble, seconds=SECONDS)
        # It had been recorded that it starts, and was cut off for longer than that may take.
        RolloutStep.objects.update(phase="STARTING", phase_at=timezone.now() - timedelta(hours=1))
        Rollout.objects.update(status="RUNNING")
        Deployment.objects.update(trouble_at=timezone.now() - timedelta(hours=1))
    rollout = scene.ended(rollout)
    assert (rollout.status, rollout.cause) == ("SUCCEEDED", "")
    until(lambda: not Deployment.objects.get().trouble, seconds=SECONDS)
    kinds = Event.objects.filter(kind__startswith="trouble").order_by("pk").values_list("kind", "rollout")
    assert list(kinds) == [("trouble", rollout.pk), ("trouble-over", rollout.pk)]
