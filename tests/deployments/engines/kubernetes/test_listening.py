"""What of a change matters to whoever looks after a deployment."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from deployments.engines.kubernetes.listening import Listening, meaning_of
from deployments.engines.kubernetes.pictures import Picture
from tests.deployments.engines.kubernetes.objects import (
    budget,
    composed,
    container,
    k8s_deployment,
    picture,
    pod,
    replica_set,
    route,
)
from tests.mlops_console.machine import eventually

TARGET, SET = k8s_deployment(progress="NewReplicaSetAvailable"), replica_set("a-1", 1)
A = composed(TARGET, SET, pod("p"))
ROUTED = route(("a", 1))
WELL = picture(A, ROUTED)


@pytest.mark.parametrize(
    "other",
    [
        Picture(),
        picture(A),
        replace(WELL, anchor=None),
        picture(replace(A, service=None), ROUTED),
        picture(replace(A, budget=budget()), ROUTED),
        picture(replace(A, deployment=None), ROUTED),
        picture(A, route(("a", 2))),
        picture(A, ROUTED, b=composed(None, routed="b")),
        picture(composed(TARGET, SET, pod("p", ready=False)), ROUTED),
        picture(composed(TARGET, SET, pod("p", containers=[container(ready=True, restarts=1)])), ROUTED),
        picture(composed(k8s_deployment("a-2", progress="NewReplicaSetAvailable"), SET, pod("p")), ROUTED),
    ],
)
def test_what_matters(other: Picture) -> None:
    """What is seen, and whether each object is there."""
    assert meaning_of(other, "d-1") != meaning_of(WELL, "d-1")


@pytest.mark.parametrize(
    "other",
    [
        picture(composed(TARGET, SET, pod("p", since=7)), ROUTED),
        picture(composed(TARGET, SET, pod("another")), ROUTED),
        picture(composed(TARGET, SET, pod("p", podIP="10.0.0.1", message="noise")), ROUTED),
        picture(composed(TARGET, SET, pod("p"), pod("over", phase="Failed")), ROUTED),
        picture(composed(k8s_deployment(progress="NewReplicaSetAvailable", written=9), SET, pod("p")), ROUTED),
        picture(composed(TARGET, replica_set("a-0"), SET, pod("p")), ROUTED),
    ],
)
def test_what_does_not(other: Picture) -> None:
    """Times, names of pods, and what is kept for going back."""
    assert meaning_of(other, "d-1") == meaning_of(WELL, "d-1")


@contextmanager
def listening(pictures: dict[str, Picture], heard: list[str]) -> Iterator[Listening]:
    """Somebody who hears of changed pictures."""
    made = Listening(lambda deployment: pictures.get(deployment, Picture()), heard.append)
    thread = threading.Thread(target=made.run, args=(list(pictures),))
    thread.start()
    try:
        yield made
    finally:
        made.stop()
        thread.join()


def test_each_change_is_told_once() -> None:
    """What is there in the beginning, then what is another than before, and what is gone."""
    pictures, heard = {"d-1": WELL, "d-2": WELL}, list[str]()
    with listening(pictures, heard) as told:
        assert eventually(lambda: sorted(heard) == ["d-1", "d-2"])
        heard.clear()
        pictures["d-1"] = picture(A)
        for _ in range(100):
            told.mark(["d-1", "d-2", "d-3"])
        pictures["d-4"] = WELL
        assert eventually(lambda: heard == ["d-1"])
        told.mark(["d-4"])
        assert eventually(lambda: heard == ["d-1", "d-4"])
        del pictures["d-1"]
        told.mark(["d-1"])
        assert eventually(lambda: heard == ["d-1", "d-4", "d-1"])
    assert set(told._told) == {"d-2", "d-4"}
