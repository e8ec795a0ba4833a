"""Somebody uses kubectl on what the console runs: it is left alone and shown, and then adopted or undone as asked."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import pytest
from django.utils import timezone

from deployments.actions.deployments import Wish, create_deployment
from deployments.actions.rollouts import upgrade
from deployments.engines.contract import Engine, Field
from deployments.models import Composition, Deployment, Event, Lease, Rollout, RolloutStep
from deployments.planning.modes import Mode
from deployments.planning.targets import ToVersion
from deployments.rollouts.turn import Outcome, turn
from tests.cast import Cast
from tests.deployments.engines.kubernetes.rig import KubernetesRig, rig_on
from tests.deployments.rollouts.stage import WORKER, story
from tests.deployments.web.test_deployment_page import text_of
from tests.factories import make_experiment, make_image, make_runtime, make_version
from tests.kubernetes.control_plane import ControlPlane
from tests.mlops_console.machine import eventually

pytestmark = [pytest.mark.kubernetes, pytest.mark.django_db]
OLD, NEW = "registry.example.org:5000/h2oai/scorer:1.0.0", "registry.example.org:5000/h2oai/scorer:1.1.0"
REASON: Final = "Seen on call."
PATIENCE_SECONDS: Final = 90.0


@dataclass
class Scene:
    """A deployment that runs v1.0.0 on a cluster, its worker, an operator with a browser, and somebody with kubectl."""

    cast: Cast
    plane: ControlPlane
    rig: KubernetesRig
    engine: Engine

    @property
    def row(self) -> Deployment:
        """The deployment as it is stored."""
        return Deployment.objects.get()

    @property
    def spec(self) -> Any:
        """What the cluster has of its only composition."""
        (found,) = self.plane.get("deployments", "-n", self.rig.namespace)["items"]
        return found["spec"]

    @property
    def image(self) -> str:
        """The image in the cluster."""
        (container,) = self.spec["template"]["spec"]["containers"]
        return str(container["image"])

    def kubectl(self, verb: str, *arguments: str) -> None:
        """Somebody changes its K8s Deployment."""
        (name,) = (
            each["metadata"]["name"] for each in self.plane.get("deployments", "-n", self.rig.namespace)["items"]
        )
        place = ("set", arguments[0]) if verb == "set" else (verb,)
        rest = arguments[1:] if verb == "set" else arguments
        self.plane.kubectl(*place, f"deployment/{name}", *rest, "-n", self.rig.namespace)

    def turn(self) -> Outcome | None:
        """One turn, due or not."""
        Lease.objects.update(look_at=timezone.now() - timedelta(minutes=1))
        return turn(engine=self.engine, actor=WORKER, now=timezone.now())

    def turn_until(self, holds: Callable[[], object]) -> None:
        """Take turns until something holds."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            assert time.monotonic() < deadline, (story(), self.row.drift)
            self.turn()
            time.sleep(0.05)

    def differs(self) -> dict[str, str]:
        """What the console has recorded as found, by field."""
        return {each.field: each.found for each in self.row.drift_lines}

    def settle(self) -> None:
        """Until nothing differs, all is well, and the pods are those that are wanted."""
        self.turn_until(
            lambda: (
                not self.row.drift
                and not self.row.reapply
                and self.row.health == "HEALTHY"
                and len(self.pods()) == self.count()
            )
        )

    def count(self) -> int:
        """How many pods are wanted."""
        return int(self.spec["replicas"])

    def pods(self) -> set[str]:
        """The pods that stay."""
        found = self.plane.get("pods", "-n", self.rig.namespace)["items"]
        return {each["metadata"]["uid"] for each in found if "deletionTimestamp" not in each["metadata"]}

    def page(self) -> str:
        """The page of the deployment."""
        return self.cast.client("operator").get(f"/workspaces/lab/deployments/{self.row.uid}/").content.decode()

    def decide(self, verb: str) -> None:
        """The operator reads a question and confirms it."""
        client, place = self.cast.client("operator"), f"/workspaces/lab/deployments/{self.row.uid}/{verb}/"
        found = re.search(r'name="seen" value="(\w+)"', client.get(place).content.decode())
        assert found
        answer = client.post(place, {"reason": REASON, "seen": found[1]})
        assert answer.status_code == 302, answer.content.decode()

    def start(self, version: str) -> Rollout:
        """Begin to move it."""
        name = Composition.objects.select_related("version__image__workspace").get().version.image.name
        rollout = upgrade(
            actor=self.cast.actor("operator"),
            workspace="lab",
            uid=self.row.uid,
            targets={"*": ToVersion(f"{name}/versions/{version}")},
            now=timezone.now(),
        )
        assert rollout
        return rollout

    def upgrade_to(self, version: str) -> None:
        """Move it by a rollout, as a proof that the console is in charge."""
        rollout = self.start(version)
        self.turn_until(lambda: Rollout.objects.get(pk=rollout.pk).is_over)
        assert Rollout.objects.get(pk=rollout.pk).status == "SUCCEEDED", story()


@pytest.fixture
def scene(cast: Cast, control_plane: ControlPlane) -> Iterator[Scene]:
    rig = rig_on(control_plane, f"test-drift-{secrets.token_hex(4)}")
    image = make_image(cast.workspace)
    make_version(image, "v1.0.0", reference=OLD)
    runtime = make_runtime(image)
    create_deployment(
        actor=cast.actor("operator"),
        workspace=cast.workspace,
        display_name="Churn",
        mode=Mode.SINGLE,
        wishes=[Wish(experiment=make_experiment(cast.workspace).uid, runtime=runtime.name)],
        now=timezone.now(),
    )
    make_version(image, "v1.1.0", reference=NEW)
    made = Scene(cast, control_plane, rig, rig.engine)
    made.settle()
    yield made
    rig.close()


def kinds() -> list[str]:
    """What the time line says about drift and its end."""
    return [each for each in Event.objects.order_by("pk").values_list("kind", flat=True) if each != "created"]


def test_what_somebody_changed_is_left_alone_shown_and_adopted(scene: Scene) -> None:
    scene.kubectl("set", "image", f"scorer={NEW}")
    scene.kubectl("scale", "--replicas=3")
    scene.turn_until(lambda: len(scene.row.drift) == 2)
    for _ in range(5):
        assert scene.turn() is Outcome.DONE
    assert (scene.image, scene.count()) == (NEW, 3)
    assert scene.differs() == {Field.IMAGE: NEW, Field.REPLICAS: "3"}
    assert {each.by for each in scene.row.drift_lines} >= {"kubectl-set"}
    page = scene.page()
    assert 'Can be adopted as <b class="num">v1.1.0</b>.' in page
    assert 'Can be adopted as <b class="num">3 replicas</b>.' in page
    scene.decide("adopt")
    scene.settle()
    assert (scene.image, scene.count()) == (NEW, 3)
    composition = Composition.objects.select_related("version").get()
    assert composition.version.version == "v1.1.0"
    assert composition.options["kubernetesResourceSpec"]["replicas"] == 3
    assert kinds()[-2:] == ["adopted", "reapplied"]
    scene.upgrade_to("v1.0.0")
    assert (scene.image, scene.count()) == (OLD, 3)
    assert scene.row.drift == []


def test_replicas_are_adopted_without_a_restart(scene: Scene) -> None:
    scene.kubectl("scale", "--replicas=3")
    scene.turn_until(lambda: scene.differs() and len(scene.pods()) == 3)
    before = scene.pods()
    scene.decide("adopt")
    scene.settle()
    for _ in range(5):
        assert scene.turn() is Outcome.DONE
    assert scene.pods() == before
    scene.kubectl("scale", "--replicas=2")
    scene.turn_until(scene.differs)
    assert [(each.wanted, each.found) for each in scene.row.drift_lines] == [("3", "2")]


def test_what_somebody_changed_is_undone_even_where_a_worker_is_killed_at_it(scene: Scene) -> None:
    scene.kubectl("set", "image", f"scorer={NEW}")
    scene.kubectl("scale", "--replicas=0")
    scene.kubectl("set", "env", "ADDED=1")
    scene.turn_until(lambda: len(scene.row.drift) == 3)
    page = scene.page()
    assert "Cannot be adopted." in page
    assert f"/workspaces/lab/deployments/{scene.row.uid}/adopt/" not in page
    scene.decide("reapply")
    assert (scene.image, scene.count()) == (NEW, 0)
    # Another worker, to which the first one has left nothing but what is recorded.
    scene.engine.close()
    scene.engine = scene.rig.reopen()
    scene.settle()
    assert (scene.image, scene.count()) == (OLD, 1)
    (container,) = scene.spec["template"]["spec"]["containers"]
    assert "ADDED" not in {each["name"] for each in container.get("env", ())}
    assert scene.row.reapply is None
    assert kinds()[-1] == "reapplied"
    scene.upgrade_to("v1.1.0")
    assert scene.image == NEW


def test_a_rollout_goes_on_once_what_was_changed_under_it_is_undone(scene: Scene) -> None:
    image = Composition.objects.select_related("version__image").get().version.image
    make_version(image, "v2.0.0", reference="registry.example.org:5000/h2oai/scorer-slow-5:2.0.0")
    rollout = scene.start("v2.0.0")
    scene.turn_until(lambda: RolloutStep.objects.get(rollout=rollout).phase == "STARTING")
    scene.turn_until(lambda: scene.image.endswith(":2.0.0"))
    scene.kubectl("set", "image", "scorer=registry.example.org/mine:1")
    scene.turn_until(scene.differs)
    assert "Until the rollout has ended it can only be re-applied" in text_of(scene.page())
    scene.decide("reapply")
    scene.turn_until(lambda: Rollout.objects.get().is_over)
    assert Rollout.objects.get().status == "SUCCEEDED", story()
    scene.settle()
    assert scene.image.endswith("scorer-slow-5:2.0.0")


def test_what_was_changed_after_it_was_shown_is_not_undone(scene: Scene) -> None:
    scene.kubectl("scale", "--replicas=3")
    scene.turn_until(scene.differs)
    scene.decide("reapply")
    scene.kubectl("scale", "--replicas=5")
    uid = scene.row.uid
    assert eventually(
        lambda: [each.found for each in scene.engine.observe(uid).drift] == ["5"], seconds=PATIENCE_SECONDS
    )
    scene.turn()
    assert scene.row.reapply is None
    for _ in range(5):
        assert scene.turn() is Outcome.DONE
    assert (scene.count(), scene.differs()) == (5, {Field.REPLICAS: "5"})
    assert kinds() == ["drifted", "want-reapply", "drift-changed", "reapply-stopped"]
    scene.decide("reapply")
    scene.settle()
    assert scene.count() == 1
