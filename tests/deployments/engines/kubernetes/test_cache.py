"""Watching a real API server through everything that befalls connections, servers and rights."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from lightkube.core.resource import NamespacedResource
from lightkube.generic_resource import create_namespaced_resource
from lightkube.resources.apps_v1 import Deployment as K8sDeployment
from lightkube.resources.core_v1 import ConfigMap, Pod, Service
from lightkube.types import PatchType

from deployments.engines.contract import EngineFault
from deployments.engines.kubernetes import names
from deployments.engines.kubernetes.cache import Cache
from deployments.engines.kubernetes.client import connect
from deployments.engines.kubernetes.line import Line
from deployments.engines.kubernetes.listening import meaning_of
from deployments.engines.kubernetes.pictures import KINDS, Picture
from deployments.engines.kubernetes.seen import seen_of
from deployments.engines.kubernetes.watch import Watch
from tests.deployments.engines.kubernetes.world import FOREVER, World, soon
from tests.kubernetes.proxy import FrozenProxy

pytestmark = pytest.mark.kubernetes


def has(cache: Cache, deployment: str, expected: bool = True) -> Callable[[], bool]:
    """Whether the cache knows a deployment, or does not."""
    return lambda: (deployment in cache.deployments()) is expected


def fault_of(cache: Cache) -> str:
    """What keeps a cache from telling."""
    try:
        cache.deployments()
    except EngineFault as fault:
        return str(fault)
    return ""


# -- what is there -------------------------------------------------------------------------------------------------


def test_it_shows_what_there_is_and_what_becomes_of_it(world: World) -> None:
    """From an anchor to pods that the cluster made, and back to nothing; of others' objects nothing at all."""
    world.anchor("d-1")
    world.apply(ConfigMap, "other", {names.DEPLOYMENT: "d-1"})
    cache = world.cache()
    picture = cache.picture("d-1")
    assert (picture.namespace, picture.compositions, cache.picture("d-2")) == (world.namespace, {}, Picture())
    world.service("d-1")
    world.k8s_deployment("scorer:1", "a-1")

    def runs() -> bool:
        has = cache.picture("d-1").compositions.get("a")
        pods = [*has.pods.values()] if has else []
        return bool(has and has.service and has.replica_sets and pods and pods[0].status and pods[0].status.podIP)

    soon(runs)
    world.client.delete(K8sDeployment, "d-1-a")
    world.client.delete(Service, "s")
    soon(lambda: not cache.picture("d-1").compositions)
    world.client.delete(ConfigMap, "d-1")
    soon(has(cache, "d-1", False))
    assert cache.picture("d-1") == Picture()


def test_a_write_shows_at_once(world: World) -> None:
    """Before the watch has told of it, which may be never."""
    with FrozenProxy(world.plane.port) as proxy:
        cache = world.cache(kubeconfig=world.plane.kubeconfig_through(proxy.url))
        first = world.anchor("d-1", turn="1")
        soon(has(cache, "d-1"))
        proxy.freeze()
        cache.note(world.anchor("d-1", turn="2"))
        cache.note(first)
        anchor = cache.picture("d-1").anchor
        assert anchor is not None
        assert anchor.data == {"turn": "2"}
        cache.forget(anchor)
        assert cache.deployments() == []
        cache.note(world.anchor("d-2"))
        assert cache.deployments() == ["d-2"]


def test_thousands_of_pods(world: World) -> None:
    """In pages, each in its deployment, and looked at without a request."""
    deployments = [f"d-{number}" for number in range(100)]

    def fill(mine: list[str]) -> None:
        for deployment in mine:
            for number in range(20):
                world.pod(f"{deployment}-{number}", deployment)

    threads = [threading.Thread(target=fill, args=(deployments[start::8],)) for start in range(8)]
    for thread in threads:
        thread.start()
    cache = world.cache(kubeconfig=world.account())
    cache.deployments()
    for thread in threads:
        thread.join()
    soon(lambda: sum(len(cache.picture(each).compositions["a"].pods) for each in cache.deployments()) == 2000)
    late = world.cache(kubeconfig=world.options.kubeconfig)
    assert late.deployments() == sorted(deployments)
    assert {len(late.picture(each).compositions["a"].pods) for each in deployments} == {20}
    listed = len(world.lists())
    for _ in range(10):
        for each in deployments:
            cache.picture(each)
    assert len(world.lists()) == listed


# -- what befalls connections --------------------------------------------------------------------------------------


def test_a_watch_goes_on_where_its_connection_broke_off(world: World) -> None:
    """From the last version, without a list."""
    with FrozenProxy(world.plane.port) as proxy:
        cache = world.cache(kubeconfig=world.account(server=proxy.url))
        assert cache.deployments() == []
        for number in range(5):
            world.anchor(f"d-{number}")
            proxy.cut()
            world.anchor(f"e-{number}")
            soon(has(cache, f"e-{number}"))
        world.client.delete(ConfigMap, "d-0")
        proxy.cut()
        soon(has(cache, "d-0", False))
        assert len(cache.deployments()) == 9
    assert len(world.lists()) == len(KINDS)


def test_a_watch_that_falls_silent_is_noticed(world: World) -> None:
    """First it is tried anew, then there is no picture any more, and everything heals once there is an answer."""
    with FrozenProxy(world.plane.port) as proxy:
        kubeconfig = world.plane.kubeconfig_through(proxy.url)
        cache = world.cache(kubeconfig=kubeconfig, watch_seconds=1, stale_seconds=9)
        world.anchor("d-1")
        soon(has(cache, "d-1"))
        proxy.freeze()
        world.client.delete(ConfigMap, "d-1")
        silent = proxy.connections
        soon(lambda: proxy.connections > silent)
        soon(lambda: fault_of(cache))
        assert re.match(r"The cluster does not answer.* That has been so since 20\d\d-", fault_of(cache))
        assert cache.age() > 9
        proxy.cut()
        proxy.thaw()
        soon(lambda: not fault_of(cache))
        soon(has(cache, "d-1", False))


def test_the_api_server_may_be_started_again(world: World) -> None:
    """While it is away there is a picture for a while, then none."""
    cache = world.cache(watch_seconds=1, stale_seconds=9)
    world.anchor("d-1")
    soon(has(cache, "d-1"))
    with world.plane.without_api_server():
        assert cache.deployments() == ["d-1"]
        soon(lambda: fault_of(cache))
        assert "does not answer" in fault_of(cache)
    soon(lambda: not fault_of(cache))
    world.anchor("d-2")
    soon(has(cache, "d-2"))


def test_what_went_while_nobody_looked_is_gone(world: World) -> None:
    """The API server does not know the version any more from which to go on: only a list tells."""
    with FrozenProxy(world.plane.port) as proxy:
        cache = world.cache(kubeconfig=world.account(server=proxy.url))
        for name in ("d-1", "d-2"):
            world.anchor(name)
            soon(has(cache, name))
        proxy.freeze()
        proxy.cut()
        world.client.delete(ConfigMap, "d-1")
        # One that has just started has nothing of what was before.
        world.plane.restart_api_server()
        world.anchor("d-3")
        proxy.thaw()
        soon(has(cache, "d-3"))
        assert cache.deployments() == ["d-2", "d-3"]
    assert "configmaps" in world.lists()[len(KINDS) :]


def test_everything_is_listed_again_now_and_then(world: World) -> None:
    """Whatever a watch may have missed, and without telling anybody of what is as it was."""
    cache = world.cache(kubeconfig=world.account(), watch_seconds=1, resync_seconds=1)
    world.anchor("d-1")
    soon(has(cache, "d-1"))
    heard: list[str] = []
    cache.listen(heard.append)
    soon(lambda: heard)
    listed = len(world.lists())
    soon(lambda: len(world.lists()) >= listed + 3 * len(KINDS))
    assert (cache.deployments(), heard) == (["d-1"], ["d-1"])


def test_a_cluster_that_was_restored_is_taken_as_it_is(world: World) -> None:
    """Its versions begin before those that are known."""
    shelf = Shelf()
    watch = Watch(
        ConfigMap,
        Line(partial(connect, world.options)),
        shelf,
        lambda: None,
        namespace=world.namespace,
        seconds=1,
        resync_seconds=1,
    )
    with running(watch):
        soon(lambda: len(shelf.was_anew) >= 2)
        assert set(shelf.was_anew) == {False}
        watch._version = str(10**15)
        soon(lambda: True in shelf.was_anew)
        soon(lambda: shelf.was_anew[-1] is False)
    watch._line.close()


# -- what a cluster may lack ---------------------------------------------------------------------------------------


def test_missing_rights_are_named_and_heal(world: World) -> None:
    """Who may not watch is told what, and by whom."""
    world.anchor("d-1")
    cache = world.cache(kubeconfig=world.account(rights=False))
    told = fault_of(cache)
    assert re.match(r"The console may not watch \w+\. \w+\S* is forbidden: User \"system:serviceaccount:", told)
    world.permit()
    soon(lambda: not fault_of(cache))
    assert cache.deployments() == ["d-1"]


def test_a_kind_that_is_not_installed_is_named_and_heals(world: World) -> None:
    """As without the Gateway API."""
    kind: Any = create_namespaced_resource("late.example.org", "v1", "Late", "lates")
    shelf = Shelf()
    watch = Watch(
        kind,
        Line(partial(connect, world.options)),
        shelf,
        lambda: None,
        namespace=world.namespace,
        seconds=1,
        resync_seconds=FOREVER,
    )
    with running(watch):
        soon(lambda: watch.fault)
        assert watch.fault == "The cluster knows no Late of late.example.org/v1: it is not installed."
        schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
        spec = {
            "group": "late.example.org",
            "scope": "Namespaced",
            "names": {"plural": "lates", "kind": "Late"},
            "versions": [version],
        }
        definition = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "spec": spec}
        crd = json.dumps(definition | {"metadata": {"name": "lates.late.example.org"}})
        world.plane.kubectl("create", "-f", "-", stdin=crd)
        try:
            soon(lambda: watch.is_synced and not watch.fault)
            made = {
                "apiVersion": "late.example.org/v1",
                "kind": "Late",
                "metadata": {"name": "l", "labels": names.OURS},
            }
            soon(lambda: "Late" in world.plane.kubectl("api-resources", "--api-group=late.example.org"))
            world.plane.kubectl("create", "-n", world.namespace, "-f", "-", stdin=json.dumps(made))
            soon(lambda: shelf.names == {"l"})
        finally:
            world.plane.kubectl("delete", "crd", "lates.late.example.org")
        soon(lambda: not shelf.names)
    watch._line.close()


def test_without_an_api_server_it_says_so_from_the_beginning(world: World, tmp_path: Path) -> None:
    """With nothing behind the address, and with no address."""
    with FrozenProxy(world.plane.port) as proxy:
        closed = world.plane.kubeconfig_through(proxy.url)
    assert re.match(r"The cluster does not answer: .*refused", fault_of(world.cache(kubeconfig=closed, sync_seconds=1)))
    nowhere = world.cache(kubeconfig=tmp_path / "none")
    assert fault_of(nowhere).startswith("How to reach the cluster is not known: ")
    nowhere.close()
    assert fault_of(nowhere) == "The connection to the cluster is closed."


def test_closing_ends_every_thread(world: World) -> None:
    """Also those that wait for a server that has nothing to say."""
    before = set(threading.enumerate())
    cache = world.cache()
    cache.listen(lambda _: None)
    assert cache.deployments() == []
    mine = set(threading.enumerate()) - before
    assert len([each for each in mine if each.name.startswith("kubernetes-")]) == len(KINDS) + 1
    cache.close()
    assert not [each for each in mine if each.is_alive()]


# -- listening -----------------------------------------------------------------------------------------------------


def test_listeners_hear_what_matters(world: World) -> None:
    """Each change that somebody would act on, and no other; first of all of what there is."""
    world.anchor("d-1")
    world.service("d-1")
    cache = world.cache()
    heard: list[str] = []
    cache.listen(heard.append)
    soon(lambda: heard == ["d-1"])
    marks = count()

    def rings(change: Callable[[], object]) -> None:
        heard.clear()
        change()
        soon(lambda: "d-1" in heard)

    def is_noise(kind: Any, written: Any) -> None:
        place = (written.metadata.namespace, written.metadata.name)
        kept = cache._objects._by_place[kind]
        soon(lambda: int(kept[place].metadata.resourceVersion) >= int(written.metadata.resourceVersion))
        heard.clear()
        (listening,) = cache._listening
        soon(lambda: not listening._marked)
        world.anchor(mark := f"mark-{next(marks)}")  # whatever was being told when the last mark was taken is told now
        soon(lambda: mark in heard)
        assert "d-1" not in heard

    def annotated(kind: type[NamespacedResource], name: str) -> Any:
        change = {"metadata": {"annotations": {"somebody": "was here"}, "labels": {"more": "yes"}}}
        return world.client.patch(kind, name, change, patch_type=PatchType.MERGE)

    rings(lambda: world.k8s_deployment("scorer:1", "a-1"))
    (pod,) = soon_settled(cache, "a-1")
    patch = partial(world.client.patch, Pod.Status, pod, patch_type=PatchType.STRATEGIC)
    is_noise(K8sDeployment, annotated(K8sDeployment, "d-1-a"))
    is_noise(Pod, annotated(Pod, pod))
    is_noise(Service, annotated(Service, "s"))
    is_noise(ConfigMap, world.anchor("d-1", turn="2"))
    is_noise(Pod, patch({"status": {"message": "noise"}}))
    rings(lambda: world.client.delete(Service, "s"))
    rings(lambda: world.service("d-1"))
    rings(lambda: world.k8s_deployment("scorer:2", "a-2"))
    soon_settled(cache, "a-2")
    rings(lambda: world.plane.kubectl("scale", "deploy/d-1-a", "--replicas=3", "-n", world.namespace))
    rings(lambda: world.client.delete(K8sDeployment, "d-1-a"))


def soon_settled(cache: Cache, key: str) -> list[str]:
    """Wait until a composition has arrived at a workload, and that was told; answers its pods."""
    (listening,) = cache._listening

    def settled() -> bool:
        picture = cache.picture("d-1")
        deployment = picture.compositions["a"].deployment
        conditions = (deployment.status.conditions if deployment and deployment.status else None) or ()
        has_arrived = "NewReplicaSetAvailable" in {each.reason for each in conditions}
        is_told = listening._told.get("d-1") == meaning_of(picture, "d-1")
        return has_arrived and is_told and seen_of(picture, "d-1", "").workloads.keys() == {key}

    soon(settled)
    return list(cache.picture("d-1").compositions["a"].pods)


def test_a_listener_that_fails_is_told_again(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Its fault is logged, and nothing is lost."""
    cache = world.cache()
    heard: list[str] = []

    def listener(deployment: str) -> None:
        heard.append(deployment)
        if len(heard) == 1:
            raise RuntimeError("no database")

    cache.listen(listener)
    assert cache.deployments() == []
    world.anchor("d-1")
    soon(lambda: heard == ["d-1", "d-1"])
    assert "no database" in caplog.text
    world.client.delete(ConfigMap, "d-1")
    soon(lambda: len(heard) == 3)


class Shelf:
    """What a watch tells, by name."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.was_anew: list[bool] = []

    def replace(self, kind: Any, found: list[Any], version: str, *, anew: bool) -> None:
        """All there is."""
        self.names = {each.metadata.name for each in found}
        self.was_anew.append(anew)

    def put(self, kind: Any, found: Any) -> None:
        """One more."""
        self.names.add(found.metadata.name)

    def drop(self, kind: Any, found: Any) -> None:
        """One less."""
        self.names.discard(found.metadata.name)


@contextmanager
def running(watch: Watch) -> Iterator[None]:
    """A watch on a thread."""
    thread = threading.Thread(target=watch.run)
    thread.start()
    try:
        yield
    finally:
        watch.stop()
        thread.join()
