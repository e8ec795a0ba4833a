"""What is kept of what watches and writes say, in whichever order they come."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from lightkube.resources.apps_v1 import Deployment as K8sDeployment
from lightkube.resources.apps_v1 import ReplicaSet
from lightkube.resources.core_v1 import ConfigMap, Pod, Secret, Service
from lightkube.resources.policy_v1 import PodDisruptionBudget

from deployments.engines.kubernetes import names
from deployments.engines.kubernetes.pictures import HTTPRoute, Picture
from deployments.engines.kubernetes.store import Objects
from tests.deployments.engines.kubernetes.objects import (
    anchor,
    budget,
    k8s_deployment,
    made,
    metadata,
    pod,
    replica_set,
    route,
    service,
)


class Kept(Objects):
    """Objects, and of which deployments was said that they changed."""

    def __init__(self) -> None:
        self.said: list[str] = []
        super().__init__(self._note)

    def _note(self, deployments: Iterable[str]) -> None:
        self.said += sorted(deployments)

    def names(self, deployment: str = "d-1") -> set[str]:
        """The pods of a deployment."""
        return {name for each in self.picture(deployment).compositions.values() for name in each.pods}


@pytest.fixture
def kept() -> Kept:
    """Nothing yet."""
    return Kept()


def versioned(name: str, version: str, deployment: str = "d-1", **more: Any) -> Pod:
    """A pod as of some version."""
    about = metadata(name, deployment=deployment, resourceVersion=version, labels={names.KEY: "a-1"}, **more)
    found: Pod = made(Pod, {"metadata": about, "status": {"phase": version}})
    return found


def phase(kept: Kept, name: str = "p") -> str:
    """Which version of a pod is kept."""
    found = kept.picture("d-1").compositions["a"].pods[name]
    assert found.status is not None
    return found.status.phase or ""


def test_a_picture_holds_each_object_in_its_place(kept: Kept) -> None:
    """By composition, and by name where there may be several."""
    parts: dict[Any, list[Any]] = {
        ConfigMap: [anchor()],
        K8sDeployment: [k8s_deployment()],
        ReplicaSet: [replica_set("a-1"), replica_set("a-2")],
        Pod: [pod("p"), pod("q")],
        Service: [service(), service("b"), made(Service, {"metadata": metadata("nowhere", ""), "spec": {}})],
        PodDisruptionBudget: [budget("b")],
        HTTPRoute: [route(("a", 1))],
    }
    for kind, objects in parts.items():
        for each in objects:
            kept.put(kind, each)
    picture = kept.picture("d-1")
    assert (picture.namespace, picture.anchor, picture.route) == ("mlops-w", *parts[ConfigMap], *parts[HTTPRoute])
    a, b = picture.compositions["a"], picture.compositions["b"]
    assert (a.deployment, a.service, a.budget) == (parts[K8sDeployment][0], parts[Service][0], None)
    assert (set(a.replica_sets), set(a.pods)) == ({"rs-a-1", "rs-a-2"}, {"p", "q"})
    assert (b.deployment, b.service, b.budget, b.pods) == (None, parts[Service][1], parts[PodDisruptionBudget][0], {})
    assert kept.picture("d-1") is picture
    assert kept.picture("d-2") == Picture()
    assert kept.deployments() == ["d-1"]


def test_what_is_newer_stays(kept: Kept) -> None:
    """An answer to a write may come before the watch tells of the state before it, and after the one behind it."""
    for version in ("9", "10"):
        kept.put(Pod, versioned("p", version))
    kept.note(versioned("p", "12"))
    kept.put(Pod, versioned("p", "11"))
    kept.note(versioned("p", "8"))
    assert phase(kept) == "12"
    assert kept.said == ["d-1", "d-1", "d-1"]
    kept.put(Pod, versioned("p", "12"))
    kept.drop(Pod, versioned("p", "11"))
    assert len(kept.said) == 3
    kept.drop(Pod, versioned("p", "13"))
    kept.drop(Pod, versioned("p", "13"))
    assert (kept.said[3:], kept.deployments()) == (["d-1"], [])
    kept.put(Pod, versioned("p", "x1"))
    kept.put(Pod, versioned("p", "x0"))  # who knows
    assert phase(kept) == "x0"


def test_a_list_tells_what_there_is_but_for_what_was_noted_since(kept: Kept) -> None:
    """A list that was made at version 20, of which it comes to know after a write."""
    for name, version in (("gone", "5"), ("same", "6"), ("changed", "7")):
        kept.put(Pod, versioned(name, version))
    kept.note(versioned("made since", "21"))
    kept.note(versioned("written since", "22"))
    kept.said.clear()
    listed = [
        versioned("same", "6"),
        versioned("changed", "19"),
        versioned("written since", "18"),
        versioned("new", "9"),
    ]
    kept.replace(Pod, listed, "20", anew=False)
    assert kept.names() == {"same", "changed", "made since", "written since", "new"}
    assert (phase(kept, "changed"), phase(kept, "written since")) == ("19", "22")
    assert kept.said == ["d-1"]
    kept.replace(Pod, listed, "23", anew=False)
    assert kept.names() == {"same", "changed", "written since", "new"}
    kept.said.clear()
    kept.replace(Pod, [versioned("same", "6"), versioned("changed", "19"), versioned("new", "9")], "24", anew=False)
    kept.replace(Pod, [versioned("same", "6"), versioned("changed", "19"), versioned("new", "9")], "25", anew=False)
    assert kept.said == ["d-1"]


def test_a_cluster_that_was_restored_counts_from_the_beginning_again(kept: Kept) -> None:
    """Then nothing that is kept is newer."""
    for name in ("p", "q"):
        kept.put(Pod, versioned(name, "900"))
    kept.replace(Pod, [versioned("p", "20")], "30", anew=True)
    assert (kept.names(), phase(kept)) == ({"p"}, "20")


def test_an_object_may_go_over_to_another_deployment(kept: Kept) -> None:
    """By its labels, which are what counts; without them it is none of ours."""
    kept.put(Pod, versioned("p", "1"))
    kept.put(Pod, versioned("p", "2", "d-2"))
    assert (kept.names(), kept.names("d-2"), kept.said) == (set(), {"p"}, ["d-1", "d-1", "d-2"])
    stray = versioned("p", "3", "d-2")
    assert stray.metadata is not None
    stray.metadata.labels = dict(names.OURS)
    kept.put(Pod, stray)
    assert kept.deployments() == []


def test_objects_of_another_namespace_do_not_mix(kept: Kept) -> None:
    """The anchor says which one counts."""
    kept.put(ConfigMap, anchor())
    kept.put(Pod, versioned("p", "1"))
    kept.put(Pod, versioned("p", "1", namespace="elsewhere"))
    kept.put(Pod, versioned("q", "1", namespace="elsewhere"))
    assert kept.names() == {"p"}
    kept.forget(anchor())
    kept.drop(Pod, versioned("p", "2"))
    assert (kept.picture("d-1").namespace, kept.names()) == ("elsewhere", {"p", "q"})


def test_what_is_not_watched_is_not_kept(kept: Kept) -> None:
    """A Secret that was written."""
    secret = Secret.from_dict({"metadata": metadata("s")})
    kept.note(secret)
    kept.forget(secret)
    assert kept.deployments() == []


def test_pods_are_kept_without_what_nobody_reads() -> None:
    """Of a full one."""
    entries = [{"manager": "kubelet", "fieldsV1": {"f:spec": {}}}]
    found = made(Pod, {"metadata": metadata("p", managedFields=entries), "spec": {"nodeName": "n", "containers": []}})
    assert (found.metadata.managedFields, found.spec.nodeName) == (None, "n")
    entries = [{"manager": "us", "fieldsV1": {}}, {"manager": "kubelet", "subresource": "status", "fieldsV1": {}}]
    for kind in (Service, HTTPRoute):
        found = made(kind, {"metadata": metadata("s", managedFields=entries), "spec": {}})
        assert [each.manager for each in found.metadata.managedFields] == ["us"]
