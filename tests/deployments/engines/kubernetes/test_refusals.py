"""What a cluster does not let the console do, and that it says so in words for people."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deployments.engines.contract import Conflict, Download, EngineFault
from deployments.engines.kubernetes import names
from deployments.engines.kubernetes.engine import KubernetesEngine
from deployments.engines.kubernetes.options import Options
from tests.deployments.engines.harness import Caller, single
from tests.deployments.engines.kubernetes.rig import KubernetesRig
from tests.kubernetes.control_plane import ControlPlane

pytestmark = pytest.mark.kubernetes

READING = {
    "": ["configmaps", "services", "pods"],
    "apps": ["deployments", "replicasets"],
    "policy": ["poddisruptionbudgets"],
    "gateway.networking.k8s.io": ["httproutes"],
}

EVERYTHING = [f"{kind}.{group}".rstrip(".") for group, kinds in READING.items() for kind in kinds]


def allow(rig: KubernetesRig, writing: dict[str, list[str]]) -> Path:
    """The kubeconfig of a service account that may look at everything, and write only this."""
    rules: list[dict[str, Any]] = [
        {"apiGroups": [group], "resources": kinds, "verbs": ["get", "list", "watch"]}
        for group, kinds in READING.items()
    ]
    verbs = ["create", "patch", "delete"]
    rules += [{"apiGroups": [group], "resources": kinds, "verbs": verbs} for group, kinds in writing.items()]
    metadata = {"name": "console", "namespace": rig.namespace}
    subject = {"kind": "ServiceAccount", **metadata}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "console"}
    rbac = "rbac.authorization.k8s.io/v1"
    for each in (
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": rig.namespace}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        {"apiVersion": rbac, "kind": "Role", "metadata": metadata, "rules": rules},
        {"apiVersion": rbac, "kind": "RoleBinding", "metadata": metadata, "roleRef": role, "subjects": [subject]},
    ):
        rig.plane.kubectl("apply", "-f", "-", stdin=json.dumps(each))
    return rig.plane.kubeconfig_for(rig.namespace, "console")


def test_a_right_that_is_missing_is_named(own: Caller, own_rig: KubernetesRig) -> None:
    """With verb, kind and namespace; what was written before stays, and is gone on from."""
    account = allow(own_rig, {"": ["configmaps", "services"]})
    engine = own_rig.reopen(kubeconfig=account)
    wanted = single("d-1", own.workload("a-1"))
    with pytest.raises(
        EngineFault, match=r"may not write Deployment .*cannot patch resource \"deployments\".*test-"
    ) as caught:
        engine.apply(wanted)
    assert "Bearer" not in str(caught.value)
    allow(own_rig, {"": ["configmaps", "services"], **{group: kinds for group, kinds in READING.items() if group}})
    own.until(wanted, lambda seen: bool(seen.traffic), engine=engine)


def test_a_right_to_look_that_is_missing_is_named(own_rig: KubernetesRig) -> None:
    """Nothing can be done without."""
    own_rig.plane.kubectl("create", "namespace", own_rig.namespace)
    own_rig.plane.kubectl("-n", own_rig.namespace, "create", "serviceaccount", "console")
    account = own_rig.plane.kubeconfig_for(own_rig.namespace, "console")
    engine = KubernetesEngine(replace(own_rig.options, kubeconfig=account))
    try:
        with pytest.raises(EngineFault, match=r"cannot list resource"):
            engine.observe("d-1")
    finally:
        engine.close()


def test_a_namespace_is_made_only_if_allowed(own: Caller, own_rig: KubernetesRig) -> None:
    """It is labelled; else the fault says what to do."""
    wanted = single("d-1", own.workload("a-1"))
    with pytest.raises(EngineFault, match=rf"no namespace {own_rig.namespace}.*make it first"):
        own_rig.reopen(create_namespaces=False).apply(wanted)
    own_rig.engine.apply(wanted)
    found = own_rig.plane.get("namespace", own_rig.namespace)["metadata"]
    assert found["labels"]["app.kubernetes.io/managed-by"] == "mlops-console"


def test_a_namespace_that_may_not_be_made_is_named(own: Caller, own_rig: KubernetesRig) -> None:
    """By the right that is missing."""
    role = "mlops-console-but-namespaces"
    own_rig.plane.kubectl("create", "namespace", own_rig.namespace)
    own_rig.plane.kubectl("-n", own_rig.namespace, "create", "serviceaccount", "console")
    own_rig.plane.kubectl(
        "create", "clusterrole", f"{own_rig.namespace}-{role}", "--verb=get,list,watch,create",
        f"--resource={','.join(EVERYTHING)}",
    )  # fmt: skip
    own_rig.plane.kubectl(
        "create", "clusterrolebinding", f"{own_rig.namespace}-{role}", f"--clusterrole={own_rig.namespace}-{role}",
        f"--serviceaccount={own_rig.namespace}:console",
    )  # fmt: skip
    account = own_rig.plane.kubeconfig_for(own_rig.namespace, "console")
    engine = own_rig.reopen(kubeconfig=account, namespace=f"{own_rig.namespace}-{{workspace}}")
    with pytest.raises(EngineFault, match=r"may not create Namespace test-\w+-global.*cannot create resource"):
        engine.apply(replace(single(own_rig.namespace, own.workload("a-1")), workspace="global"))
    assert own_rig.namespace not in engine.deployments()


def test_a_quota_that_is_used_up_is_named(own: Caller, own_rig: KubernetesRig) -> None:
    """And goes on once there is room."""
    own_rig.plane.kubectl("create", "namespace", own_rig.namespace)
    own_rig.plane.kubectl("-n", own_rig.namespace, "create", "quota", "few", "--hard=count/deployments.apps=0")
    wanted = single("d-1", own.workload("a-1"))
    with pytest.raises(EngineFault, match=r"a quota is used up.*few.*count/deployments.apps"):
        own_rig.engine.apply(wanted)
    own_rig.plane.kubectl("-n", own_rig.namespace, "delete", "quota", "few")
    own.reach(wanted)


def test_what_the_cluster_calls_invalid_is_said(own: Caller, own_rig: KubernetesRig) -> None:
    """In its words."""
    wrong = own.workload("a-1", resources={"requests": {"cpu": "2"}, "limits": {"cpu": "1"}})
    with pytest.raises(EngineFault, match=r"Cannot write Deployment .*must be less than or equal to cpu limit"):
        own_rig.engine.apply(single("d-1", wrong))
    own.reach(single("d-1", own.workload("a-2")))


def test_without_an_image_to_fetch_with_nothing_is_tried(own: Caller, own_rig: KubernetesRig) -> None:
    """The setting is named."""
    engine = own_rig.reopen(fetch_image="")
    with pytest.raises(EngineFault, match="KUBERNETES_FETCH_IMAGE"):
        engine.apply(single("d-1", own.workload("a-1", download=Download("http://console/7", "t"))))
    assert list(engine.deployments()) == []


def test_a_secret_that_was_left_behind_is_replaced(own: Caller, own_rig: KubernetesRig) -> None:
    """By a worker that was killed before it went on, when the token was another."""

    def workload(token: str) -> Any:
        return own.workload("a-1", download=Download("http://console/7", token))

    own_rig.plane.kubectl("create", "namespace", own_rig.namespace)
    own_rig.plane.kubectl("-n", own_rig.namespace, "create", "quota", "few", "--hard=count/deployments.apps=0")
    with pytest.raises(EngineFault, match="quota"):
        own_rig.engine.apply(single("d-1", workload("one")))
    own_rig.plane.kubectl("-n", own_rig.namespace, "delete", "quota", "few")
    own.reach(single("d-1", workload("another")))
    (secret,) = own_rig.plane.get("secrets", "-n", own_rig.namespace)["items"]
    assert secret["data"] == {"artifact-token": "YW5vdGhlcg=="}


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (None, "not found"),
        ("{", "not known"),
        ("clusters: []\ncontexts: []\nusers: []\n", "context"),
        ("7", "not known"),
    ],
)
def test_a_kubeconfig_that_is_of_no_use(tmp_path: Path, content: str | None, fault: str) -> None:
    """Missing, broken, or without a cluster."""
    path = tmp_path / "kubeconfig"
    if content is not None:
        path.write_text(content)
    engine = KubernetesEngine(Options(kubeconfig=path))
    with pytest.raises(EngineFault, match=fault):
        engine.observe("d-1")
    engine.close()


def test_a_context_that_is_not_there(control_plane: ControlPlane) -> None:
    """By its name."""
    engine = KubernetesEngine(Options(kubeconfig=control_plane.kubeconfig, context="production"))
    with pytest.raises(EngineFault, match="production"):
        engine.observe("d-1")
    engine.close()


def test_a_cluster_that_cannot_be_reached(tmp_path: Path, control_plane: ControlPlane) -> None:
    """By its address; nothing of the credentials is said."""
    config = json.loads(control_plane.kubectl("config", "view", "--raw", "-o", "json"))
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(config))
    engine = KubernetesEngine(Options(kubeconfig=path))
    with pytest.raises(EngineFault) as caught:
        engine.observe("d-1")
    assert config["users"][0]["user"]["token"] not in str(caught.value)
    engine.close()


def test_what_is_not_the_consoles_is_let_be(own: Caller, own_rig: KubernetesRig) -> None:
    """Somebody has a Service of the same name."""
    name = names.object_name("d-1", "a")
    own_rig.plane.kubectl("create", "namespace", own_rig.namespace)
    own_rig.plane.kubectl("-n", own_rig.namespace, "create", "service", "clusterip", name, "--tcp=8080:9090")
    with pytest.raises(
        Conflict, match=rf"Service {name} in test-\w+ was changed by somebody else: .* by kubectl-create"
    ):
        own_rig.engine.apply(single("d-1", own.workload("a-1")))
    assert own_rig.plane.get("service", name, "-n", own_rig.namespace)["spec"]["ports"][0]["targetPort"] == 9090
