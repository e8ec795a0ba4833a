"""The role that the chart gives to workers: enough for all that the engine does, and no verb more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest
import yaml

from deployments.engines.contract import Download, EngineFault, Phase, Share, Traffic, Wanted, Workload
from deployments.engines.kubernetes.engine import KubernetesEngine
from deployments.engines.kubernetes.options import Options
from deployments.planning.modes import Mode
from tests.kubernetes.chart import MINIMAL, Helm, Manifest, granted
from tests.kubernetes.control_plane import ControlPlane
from tests.mlops_console.machine import eventually

pytestmark = pytest.mark.kubernetes
SECONDS = 60
GROUPS = {
    "deployments": "apps/",
    "replicasets": "apps/",
    "poddisruptionbudgets": "policy/",
    "httproutes": "gateway.networking.k8s.io/",
}


def set_up(plane: ControlPlane, place: str, namespace: str) -> tuple[KubernetesEngine, list[Manifest]]:
    """An engine with the rights of the chart's worker, and the objects that give them."""
    helm = Helm(plane.binaries["helm"])
    plane.kubectl("create", "namespace", place)
    files = ["rbac.yaml", "accounts.yaml"]
    rights = helm.render(MINIMAL, given={"engine": {"namespace": namespace}}, namespace=place, only=files)
    plane.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(rights))
    kubeconfig = plane.kubeconfig_for(place, "console-mlops-console-worker")
    return KubernetesEngine(Options(kubeconfig=kubeconfig, namespace=namespace, fetch_image="console")), rights


def used(plane: ControlPlane, namespace: str) -> set[tuple[str, str]]:
    """The verbs that its worker used; the API server refused none of them."""
    found = plane.requests(user=f"system:serviceaccount:{namespace}:console-mlops-console-worker")
    assert [str(each) for each in found if each.code in {401, 403}] == []
    return {
        (each.verb, f"{GROUPS.get(each.resource, '')}{each.resource}") for each in found if "/" not in each.resource
    }


def workload(composition: str, tag: str, image: str = "h2oai/rest-scorer", replicas: int = 2) -> Workload:
    """A composition that has something to hide and a model to fetch."""
    return Workload(
        key=f"{composition}-{tag.replace('.', '-')}",
        composition=composition,
        version=f"v{tag}",
        image=f"{image}:{tag}",
        environment={"API_TOKEN": "hidden", "PLAIN": "seen"},
        replicas=replicas,
        download=Download("http://console/model", "token"),
    )


def wanted(name: str, *workloads: Workload, reapply: bool = False) -> Wanted:
    """A deployment whose compositions get the same number of requests."""
    shares = tuple(Share(each.key) for each in workloads)
    traffic = Traffic(Mode.SPLIT if len(shares) > 1 else Mode.SINGLE, shares)
    return Wanted(name, workloads, traffic, epoch=1, reapply=reapply, title=name, workspace="lab")


def reach(engine: KubernetesEngine, goal: Wanted) -> None:
    """Apply until the cluster has arrived, as a worker does: what is in its way now need not be so the next time."""
    keys = {each.key for each in goal.workloads}

    def is_there() -> bool:
        with suppress(EngineFault):
            engine.apply(goal)
        seen = engine.observe(goal.deployment)
        is_ready = all(seen.phase(key) is Phase.READY for key in keys)
        return is_ready and seen.workloads.keys() == keys and not (goal.reapply and seen.drift)

    assert eventually(is_there, seconds=SECONDS), engine.observe(goal.deployment)


def take_away(engine: KubernetesEngine, name: str) -> None:
    """Remove until nothing is left."""

    def is_gone() -> bool:
        with suppress(EngineFault):
            engine.remove(name, epoch=1)
        return name not in engine.deployments()

    assert eventually(is_gone, seconds=SECONDS)


@pytest.fixture
def closing() -> Iterator[list[KubernetesEngine]]:
    engines: list[KubernetesEngine] = []
    yield engines
    for each in engines:
        each.close()


@pytest.mark.parametrize(("place", "namespace"), [("role-of-each", "role-{workspace}"), ("role-of-one", "role-one")])
def test_everything_can_be_done_with_it_and_nothing_more(
    control_plane: ControlPlane, closing: list[KubernetesEngine], place: str, namespace: str
) -> None:
    if "{workspace}" not in namespace:
        control_plane.kubectl("create", "namespace", namespace)
    engine, rights = set_up(control_plane, place, namespace)
    closing.append(engine)
    name, there = f"{place}-d", ("-n", namespace.replace("{workspace}", "lab"))
    reach(engine, wanted(name, workload("a", "1.0.0"), workload("b", "1.0.0")))

    first = wanted(name, workload("a", "1.0.0"))
    reach(engine, first)
    second = wanted(name, workload("a", "1.1.0", replicas=1))
    reach(engine, second)

    (found,) = control_plane.get("deployments", *there)["items"]
    scaled = json.dumps({"spec": {"replicas": 3}})
    control_plane.kubectl("patch", "deployment", found["metadata"]["name"], *there, "-p", scaled)
    assert eventually(lambda: engine.observe(name).drift, seconds=SECONDS)
    reach(engine, replace(second, reapply=True))

    engine.apply(wanted(name, workload("a", "1.2.0", "h2oai/rest-scorer-neverready", 1)))

    def has_asked_for_events() -> bool:
        engine.observe(name)
        return ("list", "events") in used(control_plane, place)

    assert eventually(has_asked_for_events, seconds=SECONDS)
    take_away(engine, name)

    did, may = used(control_plane, place), granted(rights)
    assert did <= may
    # Of what is granted and was not used, each has its reason.
    others = {("update", "configmaps/finalizers")}  # asked for by other clusters than this one
    created = {("create", resource) for verb, resource in may if verb == "patch"}  # in the log it is a patch
    raced = {("get", resource) for verb, resource in may if verb == "patch"}  # only of what others change meanwhile
    assert may - did <= others | created | raced
