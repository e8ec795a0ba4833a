"""How much the engine asks of a cluster."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from itertools import pairwise

import pytest

from deployments.engines.contract import Seen, Wanted
from deployments.engines.kubernetes.cache import Cache
from deployments.engines.kubernetes.client import AGENT, connect
from deployments.engines.kubernetes.manifests import anchors
from deployments.engines.kubernetes.steps import steps_to
from deployments.engines.kubernetes.writing import Writer
from tests.deployments.engines.harness import Caller, single, split
from tests.deployments.engines.kubernetes.rig import KubernetesRig
from tests.kubernetes.audit import Request
from tests.kubernetes.proxy import FrozenProxy

pytestmark = pytest.mark.kubernetes


def asked(rig: KubernetesRig) -> list[Request]:
    """Everything that the engine has asked about its namespace, but for what its watches do."""
    found = rig.plane.requests(user_agent=AGENT)
    return [
        each for each in found if each.verb not in ("watch", "list") and rig.namespace in (each.namespace, each.name)
    ]


def written(requests: list[Request]) -> list[str]:
    """What was not refused: a write is where its object's status has just changed, and is then tried again."""
    return [f"{each.verb} {each.resource}" for each in requests if each.verb != "get" and each.code < 300]


def moved(caller: Caller, *wishes: Wanted, epoch: int = 1) -> Seen:
    """Go through what a rollout wants, one epoch after the other, as a worker that claims the deployment anew."""
    for number, wanted in enumerate(wishes):
        seen = caller.reach(replace(wanted, epoch=epoch + number))
    return seen


def test_at_rest_nothing_is_asked(own: Caller, own_rig: KubernetesRig) -> None:
    """Under whatever epoch, by whichever worker."""
    wanted = single("d-1", own.workload("a-1", replicas=2, environment={"TOKEN": "t"}))
    moved(own, wanted)
    before = asked(own_rig)
    for engine in (own_rig.engine, own_rig.reopen()):
        for epoch in (1, 2, 7):
            engine.apply(replace(wanted, epoch=epoch))
            engine.observe("d-1")
    assert asked(own_rig) == before


def test_what_was_written_is_known_at_once(own: Caller, own_rig: KubernetesRig) -> None:
    """Watches that are behind do not make a turn write it again."""
    wanted = single("d-1", own.workload("a-1", replicas=2))
    with FrozenProxy(own_rig.plane.port) as proxy:
        behind = replace(own_rig.options, kubeconfig=own_rig.plane.kubeconfig_through(proxy.url))
        cache = Cache(lambda: connect(behind), behind)
        assert cache.picture("d-1").is_empty
        proxy.freeze()
        with closing(connect(own_rig.options)) as cluster:
            writer = Writer(cluster, cache, own_rig.options)
            plan = steps_to(wanted, cache.picture("d-1"), own_rig.options, sleeps=True)
            anchor = writer.hold(wanted, None, anchors.anchor(wanted, plan.secrets))
            for step in plan.steps:
                writer.carry_out(step, anchor)
        assert len(plan.steps) == 4
        assert steps_to(wanted, cache.picture("d-1"), own_rig.options, sleeps=True).steps == ()
        proxy.thaw()
        cache.close()


def test_what_a_deployment_costs(own: Caller, own_rig: KubernetesRig) -> None:
    """To make it and to upgrade it."""
    old, new = own.workload("a-1", "v1.0.0"), own.workload("a-2", "v2.0.0")
    moved(own, single("d-1", old))
    made = asked(own_rig)
    assert (made[0].verb, made[0].code) == ("create", 404)
    assert written(made) == [
        "create namespaces",
        "create configmaps",
        "patch services",
        "patch deployments",
        "patch httproutes",
    ]
    moved(own, single("d-1", old, new, to="a-1"), single("d-1", old, new), single("d-1", new), epoch=2)
    upgraded = asked(own_rig)[len(made) :]
    assert written(upgraded) == ["patch configmaps", "patch deployments"]
    assert len(upgraded) <= 6


def test_what_an_upgrade_with_secrets_costs(own: Caller, own_rig: KubernetesRig) -> None:
    """Also in the long run, in which old ones go."""
    workloads = [own.workload(f"a-{n}", f"v{n}.0.0", environment={"TOKEN": "t"}) for n in range(1, 8)]
    moved(own, single("d-1", workloads[0]))
    before = len(asked(own_rig))
    for number, (old, new) in enumerate(pairwise(workloads)):
        wishes = single("d-1", old, new, to=old.key), single("d-1", old, new), single("d-1", new), single("d-1", new)
        moved(own, *wishes, epoch=2 + 4 * number)
    found, upgrades = asked(own_rig)[before:], len(workloads) - 1
    assert len(written(found)) / upgrades <= 5
    assert len(found) / upgrades <= 9


def test_what_a_split_costs(own: Caller, own_rig: KubernetesRig) -> None:
    """Its route is written when a composition becomes ready, and not while one is upgraded."""
    a, b = own.workload("a-1"), own.workload("b-1")
    weights = {"a-1": 70, "b-1": 30}
    moved(own, split("d-1", weights, a, b))
    before = asked(own_rig)
    assert written(before).count("patch httproutes") <= 3
    new = own.workload("a-2", "v2.0.0")
    moved(own, split("d-1", weights, a, new, b), split("d-1", {"a-2": 70, "b-1": 30}, new, b), epoch=2)
    assert written(asked(own_rig)[len(before) :]) == ["patch configmaps", "patch deployments"]
