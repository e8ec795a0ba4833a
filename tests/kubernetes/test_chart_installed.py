"""The chart on a control plane: the API server takes every object, and a release lives its whole life."""

from __future__ import annotations

import copy
import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.kubernetes.chart import CASES, CATALOGUE, CHART, MINIMAL, Helm, Manifest, one
from tests.kubernetes.control_plane import ControlPlane

pytestmark = pytest.mark.kubernetes
HERE = "chart-installed"
CONSOLE = "console-mlops-console"
WORKER = f"system:serviceaccount:{HERE}:{CONSOLE}-worker"
# kwok runs no container, so the image may be called anything; nor does anybody provide volumes.
SMALL: dict[str, Any] = {
    "artifacts": {"existingClaim": "models"},
    "engine": {"namespace": f"{HERE}-{{workspace}}"},
    "foreign": {"key": 1},
}


# -- every object --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def places(control_plane: ControlPlane) -> ControlPlane:
    """Where the objects of all cases have a place, in namespaces that warn of pods which are not locked down."""
    control_plane.kubectl("apply", "-f", str(Path(__file__).parent / "crds"))
    for name in ("mlops", "scorers"):
        control_plane.kubectl("create", "namespace", name)
        control_plane.kubectl("label", "namespace", name, "pod-security.kubernetes.io/warn=restricted")
    return control_plane


def dry_run(plane: ControlPlane, manifests: list[Manifest]) -> str:
    """What the API server says to them; an unknown field fails, and so does what it warns of."""
    flags = ("--dry-run=server", "--validate=strict", "--warnings-as-errors")
    return plane.kubectl("apply", *flags, "-f", "-", stdin=yaml.safe_dump_all(manifests))


@pytest.mark.parametrize("case", CASES)
def test_the_api_server_takes_every_object(places: ControlPlane, helm: Helm, case: str) -> None:
    rendered = helm.render(*CASES[case])
    assert dry_run(places, rendered).count("created (server dry run)") == len(rendered)


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        ((), {"replicaz": 1}, "unknown field"),
        (("template", "spec", "securityContext"), {"runAsNonRoot": False}, "would violate PodSecurity"),
        (("template", "spec", "containers", 0, "ports", 0), {"containerPort": 70000}, "Invalid value"),
    ],
)
def test_it_would_not_take_anything(
    places: ControlPlane, helm: Helm, path: tuple[str | int, ...], value: dict[str, Any], complaint: str
) -> None:
    web = copy.deepcopy(one(helm.render(MINIMAL), "Deployment", "-web"))
    part = web["spec"]
    for step in path:
        part = part[step]
    part.update(value)
    with pytest.raises(subprocess.CalledProcessError) as refusal:
        dry_run(places, [web])
    assert complaint in refusal.value.stderr


# -- a release -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def release(control_plane: ControlPlane) -> Iterator[ControlPlane]:
    """A release that was installed, with what it needs beforehand."""
    control_plane.kubectl("create", "namespace", HERE)
    secret = {"DATABASE_URL": "postgresql://console@db/console", "SECRET_KEY": "x" * 50}
    given = [f"--from-literal={key}={value}" for key, value in secret.items()]
    control_plane.kubectl("create", "secret", "generic", "console", "-n", HERE, *given)
    control_plane.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(_volume()))
    upgrade(control_plane)
    yield control_plane
    control_plane.kubectl("delete", "namespace", HERE, "--wait=false")


def _volume() -> list[Manifest]:
    size = {"storage": "1Gi"}
    shared = {"accessModes": ["ReadWriteMany"], "storageClassName": ""}
    return [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": HERE},
            "spec": {"capacity": size, "hostPath": {"path": "/none"}, **shared},
        },
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "models", "namespace": HERE},
            "spec": {"resources": {"requests": size}, "volumeName": HERE, **shared},
        },
    ]


def upgrade(plane: ControlPlane, given: dict[str, Any] | None = None) -> str:
    """Install or upgrade with the demo's catalogue, and wait; what helm and its notes say."""
    values = [f"--values={MINIMAL}", f"--values={CATALOGUE}", "--values=-"]
    arguments = ["upgrade", "--install", "console", str(CHART), "-n", HERE, *values, "--wait", "--timeout=100s"]
    return plane.helm(*arguments, stdin=yaml.safe_dump({**SMALL, **(given or {})}))


def prepared(plane: ControlPlane) -> int:
    """How often the database was prepared."""
    asked = plane.requests(user="admin")
    return Counter((each.verb, each.resource, each.namespace) for each in asked)["create", "jobs", HERE]


def images(plane: ControlPlane) -> set[str]:
    """What the release's pods are to run."""
    found = plane.get("deployments", "-n", HERE)["items"]
    return {container["image"] for each in found for container in each["spec"]["template"]["spec"]["containers"]}


def test_an_installed_release_is_up_and_has_cleared_its_hooks_away(release: ControlPlane) -> None:
    deployments = release.get("deployments", "-n", HERE)["items"]
    ready = {each["metadata"]["name"]: each["status"].get("readyReplicas") for each in deployments}
    assert ready == {f"{CONSOLE}-web": 2, f"{CONSOLE}-worker": 2}
    assert release.get("jobs", "-n", HERE)["items"] == []
    assert [each["metadata"]["name"] for each in release.get("configmaps", "-n", HERE)["items"]] == ["kube-root-ca.crt"]


def test_the_database_is_prepared_before_anything_of_the_release_is_there(release: ControlPlane) -> None:
    writes = [each for each in release.requests(user="admin") if each.namespace == HERE and each.verb == "create"]
    made = [each.resource for each in writes if each.name.startswith(CONSOLE) or each.resource == "jobs"]
    assert made.index("configmaps") < made.index("jobs") < made.index("serviceaccounts") < made.index("deployments")


def test_every_upgrade_and_rollback_prepares_once(release: ControlPlane) -> None:
    before = prepared(release)
    notes = upgrade(release, {"config": {"deployer": {"composition": {"runtimes": {}}}}, "hosts": ["c.example.org"]})
    assert prepared(release) == before + 1
    assert "Keys of the values that this chart does not know, and has left alone: foreign" in notes
    release.helm("rollback", "console", "1", "-n", HERE, "--wait", "--timeout=100s")
    assert prepared(release) == before + 2


def test_what_cannot_be_prepared_changes_nothing(release: ControlPlane) -> None:
    upgrade(release)
    before = images(release)
    broken = {"image": {"repository": "console-badimage"}, "prepare": {"activeDeadlineSeconds": 5}}
    with pytest.raises(subprocess.CalledProcessError) as failure:
        upgrade(release, broken)
    assert "pre-upgrade hooks failed" in failure.value.stderr
    assert images(release) == before
    # The Job stays, for whoever looks for the cause, and the next upgrade clears it away.
    assert len(release.get("jobs", "-n", HERE)["items"]) == 1
    upgrade(release)
    assert release.get("jobs", "-n", HERE)["items"] == []


def test_uninstalled_it_leaves_nothing_but_the_models(control_plane: ControlPlane) -> None:
    place = f"{HERE}-gone"
    control_plane.kubectl("create", "namespace", place)
    control_plane.helm("install", "console", str(CHART), "-n", place, f"--values={MINIMAL}", "--timeout=100s")
    control_plane.helm("uninstall", "console", "-n", place, "--wait", "--timeout=100s")
    ours = ("-l", "app.kubernetes.io/instance=console,app.kubernetes.io/name=mlops-console")
    kinds = "deployments,jobs,services,configmaps,serviceaccounts,poddisruptionbudgets,networkpolicies,pvc"
    left = control_plane.get(kinds, "-n", place, *ours)["items"]
    assert [(each["kind"], each["metadata"]["name"]) for each in left] == [
        ("PersistentVolumeClaim", "console-mlops-console-artifacts")
    ]
    roles = control_plane.get("clusterroles,clusterrolebindings", *ours)["items"]
    assert [each for each in roles if each["metadata"]["name"].startswith(f"{place}-")] == []


# -- what the accounts may -----------------------------------------------------------------------------------------


def may(plane: ControlPlane, who: str, *what: str) -> bool:
    try:
        return plane.kubectl("auth", "can-i", *what, f"--as={who}").strip() == "yes"
    except subprocess.CalledProcessError as answer:
        if answer.stdout.strip() == "no":
            return False
        raise


@pytest.mark.parametrize(
    "what",
    [
        ("patch", "deployments.apps", "-n", "mlops-any"),
        ("watch", "httproutes.gateway.networking.k8s.io", "-A"),
        ("create", "secrets", "-n", "mlops-any"),
        ("create", "namespaces"),
        ("list", "events", "-n", "mlops-any"),
    ],
    ids=" ".join,
)
def test_the_worker_may(release: ControlPlane, what: tuple[str, ...]) -> None:
    assert may(release, WORKER, *what)


@pytest.mark.parametrize(
    "what",
    [
        ("get", "secrets", "-A"),
        ("list", "secrets", "-A"),
        ("watch", "secrets", "-A"),
        ("create", "pods", "-A"),
        ("create", "pods", "--subresource=exec", "-A"),
        ("get", "pods", "--subresource=log", "-A"),
        ("delete", "pods", "-A"),
        ("get", "pods", "-A"),
        ("delete", "namespaces"),
        ("list", "nodes"),
        ("create", "roles.rbac.authorization.k8s.io", "-A"),
        ("create", "daemonsets.apps", "-A"),
        ("update", "deployments.apps", "-A"),
        ("deletecollection", "configmaps", "-A"),
    ],
    ids=" ".join,
)
def test_the_worker_may_not(release: ControlPlane, what: tuple[str, ...]) -> None:
    assert not may(release, WORKER, *what)


def test_the_web_account_may_nothing_of_its_own(release: ControlPlane) -> None:
    def rules(who: str) -> Any:
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectRulesReview",
            "spec": {"namespace": HERE},
        }
        said = release.kubectl(
            "create", "--validate=false", "-f", "-", "-o", "json", f"--as={who}", stdin=json.dumps(review)
        )
        return json.loads(said)["status"]["resourceRules"]

    nobody = f"system:serviceaccount:{HERE}:default"
    assert rules(f"system:serviceaccount:{HERE}:{CONSOLE}-web") == rules(nobody)
    assert rules(WORKER) != rules(nobody)


def test_in_one_namespace_the_worker_may_nothing_elsewhere(control_plane: ControlPlane, helm: Helm) -> None:
    place = f"{HERE}-one"
    control_plane.kubectl("create", "namespace", place)
    rules = helm.render(MINIMAL, given={"engine": {"namespace": place}}, only=["rbac.yaml"])
    control_plane.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(rules))
    worker = f"system:serviceaccount:mlops:{CONSOLE}-worker"
    for what in (("patch", "deployments.apps"), ("watch", "pods"), ("create", "secrets")):
        assert may(control_plane, worker, *what, "-n", place), what
        assert not may(control_plane, worker, *what, "-n", "default"), what
    assert not may(control_plane, worker, "create", "namespaces")
