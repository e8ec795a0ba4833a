"""What people do with kubectl behind the engine's back, on a real API server."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from deployments.engines.contract import Drift, Field, Wanted
from deployments.engines.kubernetes.names import object_name
from tests.deployments.engines.harness import Caller, single
from tests.deployments.engines.kubernetes.rig import KubernetesRig
from tests.mlops_console.machine import eventually

pytestmark = pytest.mark.kubernetes


@dataclass
class Case:
    """A deployment that is as it was wanted, and who changes it."""

    rig: KubernetesRig
    caller: Caller
    wanted: Wanted

    @property
    def k8s_deployment(self) -> str:
        """The name of what runs its composition, as of its Service."""
        return object_name(self.wanted.deployment, "a")

    def kubectl(self, *arguments: str, stdin: str | None = None) -> None:
        """Do something by hand; `NAME` stands for the K8s Deployment."""
        named = [each.replace("NAME", self.k8s_deployment) for each in arguments]
        self.rig.plane.kubectl("-n", self.rig.namespace, *named, stdin=stdin)

    def drift(self) -> list[tuple[Field, str, str, str, str]]:
        """What differs, without where that is not known before."""
        return [self.line(each) for each in self.rig.engine.observe(self.wanted.deployment).drift]

    def line(self, drift: Drift) -> tuple[Field, str, str, str, str]:
        """One line of it."""
        assert drift.composition == "a"
        return drift.field, drift.where.replace(self.k8s_deployment, "NAME"), drift.wanted, drift.found, drift.by


@pytest.fixture
def case(kubernetes_rig: KubernetesRig, model: object, deployment: str) -> Case:
    """One composition with what has a place in lists that the cluster keeps by keys, and amounts it writes its way."""
    caller = Caller(kubernetes_rig, model)  # type: ignore[arg-type]
    volumes = [{"id": "scratch", "type": "EMPTY_DIR", "mountPaths": ["/scratch", "/more"]}]
    resources = {"limits": {"cpu": "1000m", "memory": "1024Mi"}, "requests": {"cpu": "0.5"}}
    workload = caller.workload("a-1", environment={"A": "1"}, volumes=volumes, resources=resources)
    wanted = single(deployment, workload)
    caller.reach(wanted)
    return Case(kubernetes_rig, caller, wanted)


IMAGE = "registry.example.org:5000/h2oai/scorer:1.0.0"
SCORER = "Deployment NAME, container scorer"
PATCH = ("patch", "deploy/NAME", "--type=json", "-p")
PROBE = "/spec/template/spec/containers/0/readinessProbe"
FORCED = ("apply", "--server-side", "--force-conflicts", "--field-manager=argocd", "-f", "-")


@pytest.mark.parametrize(
    ("commands", "expected"),
    [
        ([("scale", "deploy/NAME", "--replicas=3")],
         [(Field.REPLICAS, "Deployment NAME, replicas", "1", "3", "kubectl")]),
        ([("set", "image", "deploy/NAME", "scorer=other/scorer:9")],
         [(Field.IMAGE, f"{SCORER}, image", IMAGE, "other/scorer:9", "kubectl-set")]),
        ([("set", "env", "deploy/NAME", "A=2", "B=3")],
         [(Field.OTHER, f"{SCORER}, variable A, value", "1", "2", "kubectl-set"),
          (Field.OTHER, f"{SCORER}, variable B", "", '{"name": "B", "value": "3"}', "kubectl-set")]),
        ([("set", "env", "deploy/NAME", "A-")],
         [(Field.OTHER, f"{SCORER}, variable A", '{"name": "A", "value": "1"}', "", "")]),
        ([("set", "resources", "deploy/NAME", "--limits=memory=2Gi", "-c=scorer")],
         [(Field.OTHER, f"{SCORER}, resources.limits.memory", "1024Mi", "2Gi", "kubectl-set")]),
        ([(*PATCH, json.dumps([{"op": "replace", "path": f"{PROBE}/httpGet/path", "value": "/other"}]))],
         [(Field.OTHER, f"{SCORER}, readinessProbe.httpGet.path", "/readyz", "/other", "kubectl-patch")]),
        ([("rollout", "pause", "deploy/NAME")],
         [(Field.OTHER, "Deployment NAME, paused", "", "true", "kubectl-rollout")]),
        ([("patch", "service/NAME", "-p", '{"spec": {"type": "NodePort"}}')],
         [(Field.OTHER, "Service NAME, externalTrafficPolicy", "", "Cluster", "kubectl-patch"),
          (Field.OTHER, "Service NAME, type", "ClusterIP", "NodePort", "kubectl-patch")]),
    ],
)  # fmt: skip
def test_a_change_is_seen_with_who_made_it(
    case: Case, commands: list[tuple[str, ...]], expected: list[tuple[Field, str, str, str, str]]
) -> None:
    """And stays as it is, though what is wanted is applied again and again."""
    assert case.drift() == []
    for command in commands:
        case.kubectl(*command)
    assert eventually(lambda: case.drift() == expected, seconds=60), case.drift()
    case.rig.engine.apply(case.wanted)
    assert case.drift() == expected


def test_another_tool_that_forces_its_way_is_named(case: Case) -> None:
    """As one that applies what is in a repository."""
    about = {"name": case.k8s_deployment, "namespace": case.rig.namespace}
    manifest = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": about, "spec": {"replicas": 4}}
    case.kubectl(*FORCED, stdin=json.dumps(manifest))
    expected = [(Field.REPLICAS, "Deployment NAME, replicas", "1", "4", "argocd")]
    assert eventually(lambda: case.drift() == expected, seconds=60), case.drift()


@pytest.mark.parametrize(
    "command",
    [
        ("rollout", "restart", "deploy/NAME"),
        ("annotate", "deploy/NAME", "owner=me"),
        ("label", "service/NAME", "team=x"),
        ("scale", "deploy/NAME", "--replicas=1"),
    ],
)
def test_what_changes_nothing_of_what_was_written_is_no_drift(case: Case, command: tuple[str, ...]) -> None:
    """Told from not having been seen yet by a change that is one."""
    case.kubectl(*command)
    case.kubectl("set", "image", "deploy/NAME", "scorer=other/scorer:9")
    image = (Field.IMAGE, f"{SCORER}, image", IMAGE, "other/scorer:9", "kubectl-set")
    assert eventually(case.drift, seconds=60)
    assert case.drift() == [image]
