"""What a real API server makes of the objects that are written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from lightkube.core.resource import api_info
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Pod
from lightkube.types import PatchType

from deployments.engines.contract import Download, Share, Traffic, Wanted, Workload
from deployments.engines.kubernetes import names
from deployments.engines.kubernetes.manifests.objects import noted
from deployments.engines.kubernetes.pictures import Picture
from deployments.engines.kubernetes.steps import Write, steps_to
from deployments.engines.kubernetes.writing import WRITTEN
from deployments.planning.modes import Mode
from tests.deployments.engines.harness import Caller, single
from tests.deployments.engines.kubernetes.rig import KubernetesRig
from tests.deployments.engines.kubernetes.things import AWKWARD, wanted, workload

pytestmark = pytest.mark.kubernetes

CLASSES = {api_info(each).resource.kind: each for each in WRITTEN}
VOLUMES = (
    {"id": "tmp", "type": "EMPTY_DIR", "mountPaths": ["/tmp", "/var/tmp"], "properties": {"sizeLimit": "1Gi"}},
    {"id": "memory", "type": "EMPTY_DIR", "mountPaths": ["/dev/shm"], "properties": {"medium": "Memory"}},
    {"id": "packages", "type": "EPHEMERAL", "mountPaths": ["/opt/venv"], "readOnly": True},
    {
        "id": "p" * 63,
        "type": "EPHEMERAL",
        "mountPaths": ["/data"],
        "properties": {"size": "10Gi", "storageClassName": "standard"},
    },
)
CONTEXTS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "restricted": {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "runAsUser": 1001,
        "runAsGroup": 1001,
        "seccompProfile": {"type": "RuntimeDefault"},
    },
    "root": {"runAsUser": 0},
    "powers": {"capabilities": {"add": ["SYS_ADMIN", "NET_ADMIN"]}},
    "all powers": {"capabilities": {"add": ["ALL"]}},
    "profile": {"seccompProfile": {"type": "Localhost", "localhostProfile": "profiles/scorer.json"}},
}
WORKLOADS: dict[str, Workload] = {
    "plain": workload(),
    "everything": workload(
        version="v1.0.0-rc.1+build.7",
        replicas=3,
        environment={"A": "$(B)", "LICENSE_KEY": "x", "PLAIN": "a\nb", "EMPTY": ""},
        selector={"dai_version": "1.10"},
        volumes=VOLUMES,
        resources={"requests": {"cpu": "0.5", "memory": "1.5Gi"}, "limits": {"memory": "2Gi", "nvidia.com/gpu": "2"}},
        architectures=("arm64", "amd64"),
        download=Download("https://console.example.org/artifacts/7", "t"),
        data_read_only=True,
        readiness_path="/health?deep=1",
        ready_within_seconds=0.5,
    ),
    **{name: workload(security_context=context) for name, context in CONTEXTS.items()},
}


@pytest.mark.parametrize("of", WORKLOADS)
@pytest.mark.parametrize("sleeps", [True, False])
def test_every_object_is_accepted(of: str, sleeps: bool, kubernetes_rig: KubernetesRig) -> None:
    """By a dry run of exactly what would be written."""
    options = replace(kubernetes_rig.options, namespace="default", pull_secrets=("registry",))
    other = workload("b-1")
    shadow = Wanted("d-1", (WORKLOADS[of], other), Traffic(Mode.SHADOW, (Share("a-1"),), "b-1"))
    for each in (wanted(WORKLOADS[of]), shadow, wanted(traffic=None)):
        for step in steps_to(each, Picture(), options, sleeps=sleeps).steps:
            assert isinstance(step, Write)
            kubernetes_rig.client.patch(
                CLASSES[step.manifest["kind"]],
                step.manifest["metadata"]["name"],
                noted(step.manifest, ObjectMeta(name="d-1", uid="u-1")),
                namespace="default",
                patch_type=PatchType.APPLY,
                field_manager=names.MANAGER,
                dry_run=True,
            )


@pytest.mark.parametrize("uid", AWKWARD)
def test_whatever_people_call_it_it_runs(uid: str, own: Caller, own_rig: KubernetesRig) -> None:
    """Deployments, compositions and workloads whose ids are no names of objects."""
    key = f"{uid[:61]}-1"
    of = replace(own.workload("a-1", replicas=2, environment={"TOKEN": "t"}), key=key, composition=uid)
    seen = own.reach(single(uid, of))
    assert own.score(seen.address).status == 200
    assert seen.workloads[key].composition == uid
    own.remove(uid)


def test_a_workload_has_a_namespace_of_its_workspace(own: Caller, own_rig: KubernetesRig) -> None:
    """Which is made for the first deployment in it; a pod gets what its node gives, and its labels."""
    rig = replace(own_rig, options=replace(own_rig.options, namespace=f"{own_rig.namespace}-{{workspace}}"))
    made = f"{own_rig.namespace}-team-a"
    engine = rig.reopen()
    uid = f"d{own_rig.namespace.replace('-', '')}"
    of = replace(single(uid, own.workload("a-1", "v1.0.0+build.7", architectures=("arm64",))), workspace="team-a")
    seen = own.until(of, lambda seen: seen.traffic is not None, engine=engine)
    assert seen.workloads["a-1"].version == "v1.0.0+build.7"
    (pod,) = own_rig.client.list(Pod, namespace=made)
    assert pod.spec
    assert (pod.spec.nodeName or "").startswith("arm64")
    own_rig.plane.kubectl("delete", "namespace", made, "--wait=false")
    engine.close()
