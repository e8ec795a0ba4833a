"""Taking a deployment away."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ConfigMap, Pod
from lightkube.types import CascadeType, PatchType

from deployments.engines.contract import EngineFault, Fenced
from deployments.engines.kubernetes import names
from tests.deployments.engines.harness import Caller, single, split
from tests.deployments.engines.kubernetes.rig import KubernetesRig
from tests.mlops_console.machine import eventually

pytestmark = pytest.mark.kubernetes

NOBODYS = ("ConfigMap kube-root-ca.crt", "ServiceAccount default")  # every namespace has them


def things(rig: KubernetesRig) -> set[str]:
    """All that is in the rig's namespace, of every kind that the cluster knows."""
    kinds = rig.plane.kubectl("api-resources", "--namespaced", "--verbs=list", "-o", "name").split()
    found = rig.plane.get(",".join(each for each in kinds if not each.startswith("events")), "-n", rig.namespace)
    return {f"{each['kind']} {each['metadata']['name']}" for each in found["items"]} - set(NOBODYS)


def anchors(rig: KubernetesRig) -> set[str]:
    """What identifies the anchors of the deployment."""
    found = rig.client.list(ConfigMap, labels={names.DEPLOYMENT: "d-1"})
    return {each.metadata.uid or "" for each in found if each.metadata}


def test_nothing_is_left(own: Caller, own_rig: KubernetesRig) -> None:
    """Of any kind; what else is in the namespace stays."""
    own_rig.plane.kubectl("create", "namespace", own_rig.namespace)
    own_rig.plane.kubectl("create", "configmap", "somebodys", "-n", own_rig.namespace)
    hiding = own.workload("a-1", replicas=2, environment={"TOKEN": "t"})
    own.reach(split("d-1", {"a-1": 1, "b-1": 1}, hiding, own.workload("b-1")))
    assert {each.partition(" ")[0] for each in things(own_rig)} == {
        "ConfigMap", "Deployment", "Endpoints", "EndpointSlice", "HTTPRoute", "Pod", "PodDisruptionBudget",
        "ReplicaSet", "Secret", "Service",
    }  # fmt: skip
    own.remove("d-1")
    assert list(own_rig.engine.deployments()) == []
    assert things(own_rig) == {"ConfigMap somebodys"}


def test_a_deployment_is_there_as_long_as_one_of_its_pods_is(own: Caller, own_rig: KubernetesRig) -> None:
    """And cannot be brought back meanwhile."""
    wanted = single("d-1", own.workload("a-1"))
    own.reach(wanted)
    (pod,) = own_rig.pods("d-1", "a-1")
    assert pod.metadata
    name = pod.metadata.name or ""
    hold: dict[str, Any] = {"metadata": {"finalizers": ["example.org/busy"]}}
    own_rig.client.patch(Pod, name, hold, patch_type=PatchType.MERGE)
    assert eventually(lambda: _removing(own_rig) and _is_ending(own_rig.pods("d-1", "a-1")))
    for _ in range(3):
        own_rig.engine.remove("d-1")
        assert "d-1" in own_rig.engine.deployments()
    with pytest.raises(EngineFault, match="still being removed"):
        own_rig.engine.apply(wanted)
    own_rig.client.patch(Pod, name, {"metadata": {"finalizers": None}}, patch_type=PatchType.MERGE)
    own.remove("d-1")
    assert things(own_rig) == set()


def _removing(rig: KubernetesRig, epoch: int = 0) -> bool:
    """Another step towards the end."""
    rig.engine.remove("d-1", epoch=epoch)
    return True


def _is_ending(pods: list[Pod]) -> bool:
    return all(each.metadata is not None and each.metadata.deletionTimestamp is not None for each in pods)


def test_what_has_lost_its_anchor_is_found_and_removed(own: Caller, own_rig: KubernetesRig) -> None:
    """Though it belongs to nobody any more."""
    own.reach(single("d-1", own.workload("a-1", environment={"TOKEN": "t"})))
    own_rig.client.delete(ConfigMap, names.object_name("d-1"), cascade=CascadeType.ORPHAN)
    assert "d-1" in own_rig.engine.deployments()
    own.remove("d-1")
    assert things(own_rig) == set()


def test_what_has_lost_its_anchor_gets_another(own: Caller, own_rig: KubernetesRig) -> None:
    """Without a pod being replaced, and then goes with it."""
    wanted = single("d-1", own.workload("a-1", environment={"TOKEN": "t"}))
    own.reach(wanted)
    pods = [each.metadata and each.metadata.uid for each in own_rig.pods("d-1", "a-1")]
    (old,) = anchors(own_rig)
    own_rig.client.delete(ConfigMap, names.object_name("d-1"), cascade=CascadeType.ORPHAN)

    def has_another() -> bool:
        with suppress(EngineFault):  # while the old one goes
            own_rig.engine.apply(wanted)
        return bool(anchors(own_rig) - {old})

    assert eventually(has_another)
    own.reach(wanted)
    assert [each.metadata and each.metadata.uid for each in own_rig.pods("d-1", "a-1")] == pods
    own.remove("d-1")
    assert things(own_rig) == set()


def test_what_no_watch_tells_is_looked_for(own_rig: KubernetesRig) -> None:
    """What lacks the label that watches select by keeps its deployment from being forgotten, and goes."""
    own_rig.plane.kubectl("create", "namespace", own_rig.namespace)
    metadata = ObjectMeta(name="left", labels={names.DEPLOYMENT: "d-1"}, finalizers=["example.org/busy"])
    own_rig.client.create(ConfigMap(metadata=metadata))
    assert list(own_rig.engine.deployments()) == []
    for _ in range(2):
        own_rig.engine.remove("d-1")
        assert list(own_rig.engine.deployments()) == ["d-1"]
    own_rig.client.patch(ConfigMap, "left", {"metadata": {"finalizers": None}}, patch_type=PatchType.MERGE)
    assert eventually(lambda: _removing(own_rig) and not list(own_rig.engine.deployments()))
    assert things(own_rig) == set()


def test_removing_what_never_was(own_rig: KubernetesRig) -> None:
    """Does no harm."""
    own_rig.engine.remove("d-1")
    assert list(own_rig.engine.deployments()) == []


def test_a_worker_whose_epoch_is_over_removes_nothing(own: Caller, own_rig: KubernetesRig) -> None:
    """Its successor does."""
    own.reach(single("d-1", own.workload("a-1"), epoch=7))
    with pytest.raises(Fenced, match="epoch 7"):
        own_rig.engine.remove("d-1", epoch=6)
    assert own_rig.engine.observe("d-1").address
    assert eventually(lambda: _removing(own_rig, 8) and not list(own_rig.engine.deployments()))
    assert things(own_rig) == set()


def test_a_note_of_secrets_is_json(own: Caller, own_rig: KubernetesRig) -> None:
    """People who look at the anchor can read it."""
    own.reach(single("d-1", own.workload("a-1", environment={"TOKEN": "t"})))
    anchor = own_rig.client.get(ConfigMap, names.object_name("d-1"))
    assert json.loads((anchor.data or {})["secrets"]) == [names.object_name("d-1", "a-1")]
