"""Somebody else at the objects of a deployment: told, let be, undone only when asked to."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from lightkube.resources.apps_v1 import Deployment as K8sDeployment
from lightkube.types import PatchType

from deployments.engines.contract import Conflict, Field, Wanted
from deployments.engines.kubernetes import names
from deployments.engines.kubernetes.client import AGENT
from deployments.engines.kubernetes.pictures import HTTPRoute
from tests.deployments.engines.harness import Caller, single, split
from tests.deployments.engines.kubernetes.rig import KubernetesRig
from tests.mlops_console.machine import eventually

pytestmark = pytest.mark.kubernetes
NAME = names.object_name("d-1", "a")
VARIABLES = {"A": "1", "C": "3"}


def kubectl(rig: KubernetesRig, *arguments: str) -> None:
    """What somebody does by hand."""
    rig.plane.kubectl("-n", rig.namespace, *arguments)


def drift(rig: KubernetesRig) -> list[tuple[Field, str, str]]:
    """What differs, as field, wanted and found."""
    return [(each.field, each.wanted, each.found) for each in rig.engine.observe("d-1").drift]


def writes(rig: KubernetesRig) -> int:
    """How often the engine has written in its namespace."""
    found = rig.plane.requests(user_agent=AGENT)
    return sum(each.namespace == rig.namespace and each.verb in ("patch", "create", "delete") for each in found)


def live(rig: KubernetesRig) -> K8sDeployment:
    """The K8s Deployment as it is."""
    return rig.client.get(K8sDeployment, NAME)


def is_known(rig: KubernetesRig) -> bool:
    """Whether the engine has seen the K8s Deployment as it is."""
    known, now = rig.engine._cache.picture("d-1").compositions["a"].deployment, live(rig)
    assert known is not None
    assert known.metadata is not None
    assert now.metadata is not None
    return known.metadata.generation == now.metadata.generation


@pytest.fixture
def there(own: Caller, own_rig: KubernetesRig) -> Wanted:
    """A deployment that is up."""
    wanted = single("d-1", own.workload("a-1", image=own_rig.image("v1"), environment=VARIABLES, replicas=2))
    own.reach(wanted)
    return wanted


CHANGES = {
    "scaled": (("scale", f"deployment/{NAME}", "--replicas=3"), (Field.REPLICAS, "2", "3")),
    "image": (
        ("set", "image", f"deployment/{NAME}", "scorer=registry.example.org/mine:1"),
        (Field.IMAGE, "registry.example.org:5000/h2oai/scorer-v1:1.0.0", "registry.example.org/mine:1"),
    ),
    "added": (("set", "env", f"deployment/{NAME}", "B=2"), (Field.OTHER, "", '{"name": "B", "value": "2"}')),
    "removed": (("set", "env", f"deployment/{NAME}", "A-"), (Field.OTHER, '{"name": "A", "value": "1"}', "")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_somebody_has_changed_is_let_be_until_asked(
    change: str, there: Wanted, own: Caller, own_rig: KubernetesRig
) -> None:
    """At rest for nothing; an upgrade is refused with what and who, and applying again undoes it, without a trace."""
    command, differs = CHANGES[change]
    before = live(own_rig).spec
    kubectl(own_rig, *command)
    assert eventually(lambda: drift(own_rig) == [differs]), own_rig.engine.observe("d-1").drift
    written = writes(own_rig)
    own_rig.engine.apply(there)
    assert writes(own_rig) == written

    upgrade = single("d-1", own.workload("a-2", image=own_rig.image("v2"), environment=VARIABLES, replicas=2))
    with pytest.raises(Conflict, match=rf"Deployment {NAME} was changed by somebody else: .* by .*adopt"):
        own_rig.engine.apply(upgrade)
    assert writes(own_rig) == written

    own_rig.engine.apply(replace(there, reapply=True))
    assert drift(own_rig) == []
    assert live(own_rig).spec == before
    own.reach(there)
    own.reach(upgrade)


def test_what_is_adopted_is_no_conflict(there: Wanted, own: Caller, own_rig: KubernetesRig) -> None:
    """Once the console wants what somebody has made of it, nor is what it wants after that."""
    kubectl(own_rig, "scale", f"deployment/{NAME}", "--replicas=3")
    assert eventually(lambda: bool(drift(own_rig)))
    (workload,) = there.workloads
    own.reach(replace(there, workloads=(replace(workload, replicas=3),)))
    assert drift(own_rig) == []
    own.reach(replace(there, workloads=(replace(workload, replicas=1),)))
    assert drift(own_rig) == []


def test_what_is_undone_by_hand_is_no_conflict(there: Wanted, own: Caller, own_rig: KubernetesRig) -> None:
    """It is as it was written, though not by us any more."""
    for image in ("registry.example.org/mine:1", own_rig.image("v1")):
        kubectl(own_rig, "set", "image", f"deployment/{NAME}", f"scorer={image}")
    assert eventually(lambda: own_rig.engine.observe("d-1").drift == () and is_known(own_rig))
    upgrade = single("d-1", own.workload("a-2", image=own_rig.image("v2"), environment=VARIABLES, replicas=2))
    own.reach(upgrade)
    assert drift(own_rig) == []


def test_applying_again_takes_only_what_was_changed(there: Wanted, own: Caller, own_rig: KubernetesRig) -> None:
    """It costs nothing where nothing was, and pods are not replaced because somebody has restarted them."""
    written = writes(own_rig)
    own_rig.engine.apply(replace(there, reapply=True))
    assert writes(own_rig) == written
    kubectl(own_rig, "label", "deployment", NAME, "team=fraud")
    kubectl(own_rig, "rollout", "restart", f"deployment/{NAME}")
    kubectl(own_rig, "scale", f"deployment/{NAME}", "--replicas=3")
    assert eventually(lambda: bool(drift(own_rig)))
    before = live(own_rig).spec
    own_rig.engine.apply(replace(there, reapply=True))
    found = live(own_rig)
    assert found.spec is not None
    assert before is not None
    assert (found.spec.replicas, found.spec.template) == (2, before.template)
    assert found.metadata
    assert (found.metadata.labels or {})["team"] == "fraud"


def test_a_route_that_somebody_has_changed(own: Caller, own_rig: KubernetesRig) -> None:
    """Is let be as well."""
    wanted = split("d-1", {"a-1": 70, "b-1": 30}, own.workload("a-1"), own.workload("b-1"))
    own.reach(wanted)
    name = names.object_name("d-1")
    change = [{"op": "replace", "path": "/spec/rules/0/backendRefs/0/weight", "value": 1}]
    own_rig.client.patch(HTTPRoute, name, change, patch_type=PatchType.JSON)
    assert eventually(lambda: bool(drift(own_rig)))
    own_rig.engine.apply(wanted)
    with pytest.raises(Conflict, match=f"HTTPRoute {name} was changed by somebody else: .* by admin"):
        own_rig.engine.apply(split("d-1", {"a-1": 50, "b-1": 50}, *wanted.workloads))
    assert own_rig.client.get(HTTPRoute, name)["spec"]["rules"][0]["backendRefs"][0]["weight"] == 1
    own_rig.engine.apply(replace(wanted, reapply=True))
    assert drift(own_rig) == []
    own.reach(wanted)


def test_a_conflict_that_only_the_cluster_sees(own: Caller, own_rig: KubernetesRig, there: Wanted) -> None:
    """Somebody is quicker than the watch."""
    manifest = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": NAME},
        "spec": {"replicas": 2},
    }
    # The same value by another manager: no drift yet, but theirs, too.
    kubectl_stdin = json.dumps(manifest)
    own_rig.plane.kubectl(
        "-n", own_rig.namespace, "apply", "--server-side", "--field-manager=autoscaler", "-f", "-", stdin=kubectl_stdin
    )
    (workload,) = there.workloads
    assert eventually(lambda: bool(own_rig.engine.observe("d-1")))
    assert drift(own_rig) == []
    with pytest.raises(Conflict, match=rf"Deployment {NAME} in test-\w+ .*\.spec\.replicas by autoscaler"):
        own_rig.engine.apply(replace(there, workloads=(replace(workload, replicas=5),)))
