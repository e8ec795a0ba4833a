"""Two workers at one deployment, interleaved where it hurts most."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lightkube.resources.apps_v1 import Deployment as K8sDeployment
from lightkube.resources.core_v1 import ConfigMap

from deployments.engines.contract import EngineFault, Fenced, Wanted
from deployments.engines.kubernetes import names
from deployments.engines.kubernetes.engine import KubernetesEngine
from deployments.engines.kubernetes.manifests import anchors
from deployments.engines.kubernetes.steps import Step, steps_to
from tests.deployments.engines.harness import Caller, single, split
from tests.deployments.engines.kubernetes.rig import KubernetesRig
from tests.mlops_console.machine import eventually

pytestmark = pytest.mark.kubernetes


class Stopped:
    """A worker that has looked, and is stopped before it acts; it may go on as far as is asked."""

    def __init__(self, engine: KubernetesEngine, wanted: Wanted, rig: KubernetesRig) -> None:
        self._wanted = wanted
        self._writer = engine._writer
        self._picture = engine._cache.picture(wanted.deployment)
        self._plan = steps_to(wanted, self._picture, rig.options, sleeps=True)
        self._anchor = self._picture.anchor and self._picture.anchor.metadata

    def hold(self) -> None:
        """Raise the fence."""
        manifest = anchors.anchor(self._wanted, self._plan.secrets)
        self._anchor = self._writer.hold(self._wanted, self._picture.anchor, manifest)

    def go_on(self) -> list[Step]:
        """Carry out the steps; answers them."""
        assert self._anchor
        for step in self._plan.steps:
            self._writer.carry_out(step, self._anchor)
        return list(self._plan.steps)


def image(rig: KubernetesRig) -> str:
    """What the cluster was told last to run for composition a."""
    found = rig.client.get(K8sDeployment, names.object_name("d-1", "a"))
    assert found.spec is not None
    assert found.spec.template.spec is not None
    return found.spec.template.spec.containers[0].image or ""


def epoch(rig: KubernetesRig) -> int:
    """The fence."""
    return anchors.epoch_of(rig.client.get(ConfigMap, names.object_name("d-1")))


def test_a_successor_that_has_written_is_not_overwritten(own: Caller, own_rig: KubernetesRig) -> None:
    """Wherever the first worker was stopped."""
    old, new, newer = (own.workload(f"a-{n}", f"v{n}.0.0", image=own_rig.image(f"v{n}")) for n in (1, 2, 3))
    own.reach(single("d-1", old, epoch=1))
    other = own_rig.reopen()
    before_fence = Stopped(own_rig.engine, single("d-1", new, epoch=2), own_rig)
    behind_fence = Stopped(own_rig.engine, single("d-1", new, epoch=3), own_rig)
    behind_fence.hold()
    assert eventually(lambda: anchors.epoch_of(other._cache.picture("d-1").anchor) == 3)
    other.apply(single("d-1", newer, epoch=4))
    with pytest.raises(Fenced, match="epoch 4; a worker with epoch 2"):
        before_fence.hold()
    with pytest.raises(EngineFault, match=r"Deployment d-1-a-\w+ in test-\w+ has changed since it was read"):
        behind_fence.go_on()
    assert (image(own_rig), epoch(own_rig)) == (newer.image, 4)
    with pytest.raises(Fenced):
        own_rig.engine.apply(single("d-1", new, epoch=3))


def test_a_late_delete_takes_nothing_that_is_wanted_again(own: Caller, own_rig: KubernetesRig) -> None:
    """A composition that was to go has come back meanwhile."""
    a, b = own.workload("a-1"), own.workload("b-1")
    both = split("d-1", {"a-1": 1, "b-1": 1}, a, b)
    own.reach(both)
    own_rig.engine.apply(single("d-1", a, epoch=1))
    stopped = Stopped(own_rig.engine, single("d-1", a, epoch=2), own_rig)
    stopped.hold()
    own.reach(replace(both, workloads=(a, replace(b, replicas=2)), epoch=3))
    with pytest.raises(EngineFault, match="has changed since it was read"):
        stopped.go_on()
    # The second pod of what came back may still be on its way.
    assert eventually(lambda: len(own_rig.pods("d-1", "b-1")) == 2)


def test_two_that_make_the_same_deployment(own: Caller, own_rig: KubernetesRig) -> None:
    """The second learns that it is there, and goes on from there."""
    wanted = single("d-1", own.workload("a-1"), epoch=1)
    first = Stopped(own_rig.engine, wanted, own_rig)
    second = Stopped(own_rig.reopen(), replace(wanted, epoch=2), own_rig)
    first.hold()
    with pytest.raises(EngineFault, match="has appeared since it was looked for"):
        second.hold()
    first.go_on()
    own.reach(replace(wanted, epoch=2))


def test_a_status_that_changes_keeps_nobody_from_writing(own: Caller, own_rig: KubernetesRig) -> None:
    """Only what is written counts, so that a rollout under way can be turned round."""
    old, new = own.workload("a-1", image=own_rig.image("v1")), own.workload("a-2", image=own_rig.image("v2"))
    own.reach(single("d-1", old, epoch=1))
    stopped = Stopped(own_rig.engine, single("d-1", new, epoch=2), own_rig)
    stopped.hold()
    name = names.object_name("d-1", "a")
    conditions = [{"type": "Example", "status": "True", "reason": "Test", "message": ""}]
    own_rig.client.patch(K8sDeployment.Status, name, {"status": {"conditions": conditions}})
    stopped.go_on()
    assert image(own_rig) == new.image
