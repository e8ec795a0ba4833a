"""What the chart renders, for five sets of values, and which values it refuses."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlops_console import __version__
from tests.kubernetes.chart import (
    CASES,
    CHART,
    MINIMAL,
    ROOT,
    VALUES,
    Helm,
    Manifest,
    containers,
    environment,
    one,
    pod_specs,
)

pytestmark = pytest.mark.kubernetes
BROUGHT_ALONG = VALUES / "brought-along.yaml"


@pytest.fixture(params=CASES)
def rendered(helm: Helm, request: pytest.FixtureRequest) -> list[Manifest]:
    return helm.render(*CASES[request.param])


# -- as a whole ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_the_linter_finds_no_fault(helm: Helm, case: str) -> None:
    assert "1 chart(s) linted, 0 chart(s) failed" in helm.lint(*CASES[case])


def test_the_chart_is_of_this_version_of_the_console() -> None:
    about = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert about["appVersion"] == __version__


def test_what_is_rendered(helm: Helm) -> None:
    kinds = {case: sorted({each["kind"] for each in helm.render(*files)}) for case, files in CASES.items()}
    always = ["Deployment", "Job", "Service"]
    usual = [*always, "NetworkPolicy", "PersistentVolumeClaim", "PodDisruptionBudget"]
    everywhere = ["ClusterRole", "ClusterRoleBinding", "ServiceAccount"]
    assert kinds == {
        "minimal": sorted([*usual, *everywhere]),
        "full": sorted([*usual, *everywhere, "ConfigMap", "HTTPRoute", "Ingress", "ServiceMonitor"]),
        "one-namespace": sorted([*usual, "Role", "RoleBinding"]),
        "brought-along": sorted([*usual, *everywhere, "ConfigMap"]),
        "bare": sorted([*always, "ConfigMap"]),
    }


def test_every_object_has_the_recommended_labels(rendered: list[Manifest]) -> None:
    for each in rendered:
        labels = each["metadata"]["labels"]
        assert (
            labels.items()
            >= {
                "app.kubernetes.io/name": "mlops-console",
                "app.kubernetes.io/instance": "console",
                "app.kubernetes.io/version": __version__,
                "app.kubernetes.io/managed-by": "Helm",
                "app.kubernetes.io/part-of": "mlops-console",
                "helm.sh/chart": f"mlops-console-{__version__}",
            }.items()
        ), each["kind"]
        assert labels["app.kubernetes.io/component"] in {"web", "worker", "prepare", "metrics"}


def test_every_object_is_in_the_namespace_of_the_release_or_of_scorers(helm: Helm, rendered: list[Manifest]) -> None:
    places = {each["metadata"].get("namespace") for each in rendered if not each["kind"].startswith("Cluster")}
    assert places <= {"mlops", "scorers"}


# -- pods ----------------------------------------------------------------------------------------------------------


def test_every_container_is_locked_down(rendered: list[Manifest]) -> None:
    pods = pod_specs(rendered)
    assert set(pods) == {"console-mlops-console-web", "console-mlops-console-worker", "console-mlops-console-prepare"}
    for pod in pods.values():
        context = pod["securityContext"]
        assert (context["runAsNonRoot"], context["runAsUser"], context["runAsGroup"]) == (True, 10001, 10001)
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in containers(pod):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "runAsNonRoot": True,
                "capabilities": {"drop": ["ALL"]},
                "seccompProfile": {"type": "RuntimeDefault"},
            }
            writable = {mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
            assert writable - {"/var/lib/mlops-console/artifacts"} == {"/tmp", "/var/lib/mlops-console"}


def test_only_the_worker_talks_to_the_cluster(rendered: list[Manifest]) -> None:
    tokens = {name.rpartition("-")[2]: pod["automountServiceAccountToken"] for name, pod in pod_specs(rendered).items()}
    assert tokens == {"web": False, "worker": True, "prepare": False}


def test_no_object_holds_a_secret(rendered: list[Manifest]) -> None:
    assert "Secret" not in {each["kind"] for each in rendered}
    for pod in pod_specs(rendered).values():
        for container in containers(pod):
            for name, value in environment(container).items():
                if re.search("DATABASE_URL|SECRET|TOKEN|PASSWORD", name) and name != "KUBERNETES_PULL_SECRETS":
                    assert "secretKeyRef" in value, name
    everything = json.dumps(rendered)
    assert "not-for-the-config-map" not in everything
    assert "neither-this" not in everything


def test_web_and_worker_are_told_the_same(rendered: list[Manifest]) -> None:
    web, worker = (environment(containers(pod_specs(rendered)[f"console-mlops-console-{name}"])[0])
                   for name in ("web", "worker"))  # fmt: skip
    for own in ("WEB_WORKERS", "TZ", "HTTPS_PROXY"):
        web.pop(own, None), worker.pop(own, None)
    assert web == worker


def test_the_settings_take_what_the_chart_gives_them(rendered: list[Manifest], tmp_path: Path) -> None:
    """All of it: a variable that nobody reads would be a value without effect."""
    secret = {"SECRET_KEY": "x" * 50, "SECRET_KEY_FALLBACKS": "y" * 50, "METRICS_TOKEN": "z" * 50}
    given = environment(pod_specs(rendered)["console-mlops-console-web"]["containers"][0])
    there = {name: secret.get(name, "") if isinstance(value, dict) else value for name, value in given.items()}
    there |= {"DATABASE_URL": "postgresql://u:p@db/console", "DATA_DIR": str(tmp_path)}
    script = "import os; os.environ = Read(os.environ); import mlops_console.settings; print(*sorted(os.environ.read))"
    done = subprocess.run(
        [sys.executable, "-c", f"{_READ}{script}"], cwd=ROOT, env=there, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert there.keys() - set(done.stdout.split()) <= {"PGSSLROOTCERT", "TZ"}  # read by others


# Remembers which variables were asked for.
_READ = """
class Read(dict):
    read = set()
    def get(self, name, default=None):
        self.read.add(name)
        return super().get(name, default)
"""


def test_settings_follow_from_the_values(helm: Helm) -> None:
    def told(*files: Path) -> dict[str, Any]:
        return environment(containers(pod_specs(helm.render(*files))["console-mlops-console-web"])[0])

    few = told(MINIMAL)
    assert few["SECRET_KEY_FALLBACKS"]["secretKeyRef"] == {
        "name": "console", "key": "SECRET_KEY_FALLBACKS", "optional": True,
    }  # fmt: skip
    assert few["DATABASE_URL"] == {"secretKeyRef": {"name": "console", "key": "DATABASE_URL"}}
    assert few["SECRET_KEY"] == {"secretKeyRef": {"name": "console", "key": "SECRET_KEY"}}
    assert few["ALLOWED_HOSTS"] == "localhost,127.0.0.1,console-mlops-console-web.mlops.svc"
    assert few["KUBERNETES_CONSOLE_URL"] == "http://console-mlops-console-web.mlops.svc"
    assert few["KUBERNETES_NAMESPACE"] == "mlops-{workspace}"
    assert few["KUBERNETES_CREATE_NAMESPACES"] == "true"
    assert few["KUBERNETES_FETCH_IMAGE"] == f"mlops-console:{__version__}"
    full = told(VALUES / "full.yaml")
    assert full["DATABASE_URL"] == {"secretKeyRef": {"name": "postgres", "key": "uri"}}
    assert full["SECRET_KEY"] == {"secretKeyRef": {"name": "console", "key": "secret-key"}}
    assert full["METRICS_TOKEN"] == {"secretKeyRef": {"name": "console-metrics", "key": "METRICS_TOKEN"}}
    assert full["ALLOWED_HOSTS"] == "console.example.org,mlops.example.org,console.internal.example.org"
    assert full["KUBERNETES_CONSOLE_URL"] == "http://console.internal.example.org:8080"
    assert full["KUBERNETES_PULL_SECRETS"] == "mirror,other"
    # Whoever names one namespace has made it: the worker has no right to.
    assert told(VALUES / "one-namespace.yaml")["KUBERNETES_CREATE_NAMESPACES"] == "false"


@pytest.mark.parametrize(
    ("image", "reference"),
    [
        ({}, f"mlops-console:{__version__}"),
        ({"registry": "r.example.org:5000"}, f"r.example.org:5000/mlops-console:{__version__}"),
        ({"registry": "r.example.org", "repository": "a/b", "tag": "2.0.0"}, "r.example.org/a/b:2.0.0"),
        ({"registry": "r.example.org", "repository": "q.example.org/a/b"}, f"q.example.org/a/b:{__version__}"),
        ({"registry": "r.example.org", "repository": "localhost/b"}, f"localhost/b:{__version__}"),
        ({"tag": "2.0.0", "digest": "sha256:" + "a" * 64}, "mlops-console@sha256:" + "a" * 64),
    ],
)
def test_the_image_follows_the_rule_of_scorers(helm: Helm, image: dict[str, str], reference: str) -> None:
    pods = pod_specs(helm.render(MINIMAL, BROUGHT_ALONG, given={"image": {"registry": "", **image}}))
    assert {container["image"] for pod in pods.values() for container in containers(pod)} == {reference}


def test_on_addresses_of_ipv6(helm: Helm) -> None:
    pods = pod_specs(helm.render(VALUES / "full.yaml"))
    assert "[::]:8000" in pods["console-mlops-console-web"]["containers"][0]["args"]
    assert pods["console-mlops-console-worker"]["containers"][0]["args"][-1] == "::"


def test_a_volume_that_goes_to_one_node_is_never_wanted_by_two(helm: Helm) -> None:
    values = {"web": {"replicas": 1}, "artifacts": {"accessMode": "ReadWriteOnce"}}
    web = one(helm.render(MINIMAL, given=values), "Deployment", "-web")
    assert web["spec"]["strategy"] == {"type": "Recreate"}


def test_a_cluster_that_chooses_users_itself_is_let_to(helm: Helm) -> None:
    given = {"podSecurityContext": {"runAsUser": None, "runAsGroup": None, "fsGroup": None}}
    for pod in pod_specs(helm.render(MINIMAL, given=given)).values():
        assert pod["securityContext"].keys() == {"runAsNonRoot", "fsGroupChangePolicy", "seccompProfile"}


def test_a_claim_that_exists_is_used_and_not_made(helm: Helm) -> None:
    rendered = helm.render(MINIMAL, given={"artifacts": {"existingClaim": "models"}})
    assert "PersistentVolumeClaim" not in {each["kind"] for each in rendered}
    volumes = pod_specs(rendered)["console-mlops-console-web"]["volumes"]
    assert {"name": "artifacts", "persistentVolumeClaim": {"claimName": "models"}} in volumes
