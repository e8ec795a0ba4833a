"""What clusters say, in words for people."""

from __future__ import annotations

from typing import Any

import pytest

from deployments.engines.kubernetes import causes
from deployments.engines.kubernetes.runs import runs_of
from tests.deployments.engines.kubernetes.objects import (
    composed,
    container,
    ended,
    k8s_deployment,
    pod,
    replica_set,
    waiting,
)

RESOLVE = 'failed to pull and unpack image "scorer:1": failed to resolve reference "scorer:1": '
LOOPS: dict[str, Any] = {"state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}}}
UNSCHEDULABLE = {
    "type": "PodScheduled",
    "status": "False",
    "reason": "Unschedulable",
    "message": "0/2 nodes are available: 2 Insufficient memory.",
}


@pytest.mark.parametrize(
    ("status", "told"),
    [
        # nothing wrong, or not yet
        ({}, ""),
        ({"containers": [waiting("ContainerCreating")]}, ""),
        ({"containers": [waiting("PodInitializing")]}, ""),
        ({"initContainerStatuses": [container("fetch", state=ended(0, "Completed"))]}, ""),
        # no node
        ({"conditions": [UNSCHEDULABLE]}, "No node fits: 0/2 nodes are available: 2 Insufficient memory."),
        (
            {"conditions": [{**UNSCHEDULABLE, "reason": "SchedulingGated", "message": "waiting for gates"}]},
            "No node: waiting for gates.",
        ),
        # no image
        ({"containers": [waiting("ErrImagePull", RESOLVE + "scorer:1: not found")]},
         "The image scorer:1 cannot be pulled: not found."),
        (
            {"containers": [waiting("ImagePullBackOff", 'Back-off pulling image "scorer:1": ErrImagePull: rpc error: '
                                    "code = NotFound desc = " + RESOLVE + "scorer:1: not found")]},
            "The image scorer:1 cannot be pulled: not found.",
        ),
        ({"containers": [waiting("ImagePullBackOff", 'Back-off pulling image "scorer:1"')]},
         "The image scorer:1 cannot be pulled."),
        (
            {"containers": [waiting("ErrImagePull", RESOLVE + "pull access denied, repository does not exist or may "
                                    "require authorization: server message: insufficient_scope: no")]},
            "The image scorer:1 cannot be pulled: pull access denied, repository does not exist or may require "
            "authorization: server message: insufficient_scope: no.",
        ),
        ({"containers": [waiting("InvalidImageName", 'couldn\'t parse image name "scorer:1"')]},
         "The image scorer:1 cannot be pulled: couldn't parse image name \"scorer:1\"."),
        # no container
        ({"containers": [waiting("CreateContainerConfigError", 'secret "d-1-a-1" not found')]},
         'The container cannot be started: secret "d-1-a-1" not found.'),
        ({"containers": [container(ready=True), waiting("RunContainerError", name="proxy")]},
         "The container proxy cannot be started: RunContainerError."),
        (
            {"initContainerStatuses": [container("fetch", restarts=1, state=ended(1, message="404 at\n  http://x"))]},
            "The init container fetch crashed 2 times, last with exit code 1; its last words: 404 at http://x.",
        ),
        # it crashes
        ({"containers": [container(state=ended(3))]}, "The container crashed with exit code 3."),
        ({"containers": [container(state=ended(0, "Completed"))]},
         "The container ended by itself with exit code 0."),
        ({"containers": [container(restarts=3, lastState=ended(137, "OOMKilled"), **LOOPS)]},
         "The container crashed 4 times, last with exit code 137 (out of memory)."),
        ({"containers": [container(restarts=1, lastState=ended(137), **LOOPS)]},
         "The container crashed 2 times, last with exit code 137 (killed)."),
        ({"containers": [container(restarts=2, **LOOPS)]}, "The container crashed 3 times."),
        ({"containers": [container(restarts=2, lastState=ended(127))]},  # it runs once more
         "The container crashed 2 times, last with exit code 127 (no such program)."),
        ({"containers": [container(ready=True, restarts=2, lastState=ended(1))]}, "Its node node-1 does not answer."),
        # its node
        ({"containers": [container(ready=True)]}, "Its node node-1 does not answer."),
    ],
)  # fmt: skip
def test_pods(status: dict[str, Any], told: str) -> None:
    """From conditions, and from what containers wait for or ended with."""
    assert causes.of_a_pod(pod("p", ready=False, **status)) == told


def test_a_gate_is_named_where_all_containers_are_ready() -> None:
    """What a load balancer's readiness gate says."""
    gated = pod("p", ready=False, containers=[container(ready=True)])
    assert gated.status is not None
    assert gated.status.conditions is not None
    gated.status.conditions[0].message = 'the status of pod readiness gate "lb" is not "True"'
    assert causes.of_a_pod(gated) == 'It is not ready: the status of pod readiness gate "lb" is not "True".'


def test_events_come_before_a_crash_that_is_over_and_after_one_that_is_not() -> None:
    """What is wrong now counts."""
    again = pod("p", ready=False, containers=[container(restarts=1, lastState=ended(1))])
    assert causes.of_a_pod(again, "/readyz answered 503.") == "/readyz answered 503."
    down = pod("p", ready=False, containers=[container(restarts=1, state=ended(1))])
    assert causes.of_a_pod(down, "/readyz answered 503.") == "The container crashed 2 times, last with exit code 1."


def test_long_words_are_cut() -> None:
    """The end of a log, the beginning of a message."""
    words = "x" * 400 + " end"
    told = causes.of_a_pod(pod("p", ready=False, containers=[container(state=ended(1, message=words))]))
    assert told.endswith("x end.")
    assert len(told) < 400
    told = causes.of_a_pod(pod("p", ready=False, containers=[waiting("CreateContainerError", words)]))
    assert told.endswith("x…")
    assert len(told) < 400


QUOTA = 'pods "d-1-a-7f-" is forbidden: exceeded quota: small, requested: pods=1, used: pods=3, limited: pods=3'
REFUSED = (
    "The cluster refuses to make its pods: exceeded quota: small, requested: pods=1, used: pods=3, limited: pods=3."
)
CRASHED = pod("p", ready=False, containers=[container(state=ended(1))])
FINE = pod("q", ready=False, made_at=-1)


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ([], ""),
        ([FINE, CRASHED], "The container crashed with exit code 1."),
        ([pod("p", ready=False, ending=3, containers=[container(state=ended(1))])], ""),  # it is to end anyway
        ([replica_set(refused=QUOTA)], REFUSED),
        ([replica_set(refused=QUOTA), CRASHED], "The container crashed with exit code 1."),
        (
            [pod("p", ready=False, phase="Failed", reason="Evicted", message="The node was low on resource: memory.")],
            "The last pod is over (Evicted): The node was low on resource: memory.",
        ),
        ([pod("p", ready=False, phase="Failed", reason="Evicted"), CRASHED], "The container crashed with exit code 1."),
    ],
)
def test_workloads(parts: list[Any], told: str) -> None:
    """The first pod that has something to say, else who makes them."""
    found = composed(k8s_deployment(), *parts)
    assert causes.in_the_way(found, runs_of(found)["a-1"], {}) == told


@pytest.mark.parametrize(
    ("reason", "message", "told"),
    [
        ("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", "/ready answered 503."),
        ("Unhealthy", "Startup probe failed: HTTP probe failed with statuscode: 404", "/ready answered 404."),
        (
            "Unhealthy",
            'Readiness probe failed: Get "http://10.1.0.7:8080/readyz": dial tcp 10.1.0.7:8080: connect: connection '
            "refused",
            "/readyz does not answer: connection refused.",
        ),
        (
            "Unhealthy",
            'Readiness probe failed: Get "http://10.1.0.7:8080/readyz": context deadline exceeded (Client.Timeout '
            "exceeded while awaiting headers)",
            "/readyz did not answer in time.",
        ),
        ("Unhealthy", "Readiness probe failed: boom", "The readiness probe failed: boom."),
        ("Unhealthy", "Readiness probe errored and resulted in unknown state: rpc error: x",
         "The readiness probe failed: rpc error: x."),
        ("FailedMount", 'MountVolume.SetUp failed for volume "m": secret "s" not found',
         'Failed mount: MountVolume.SetUp failed for volume "m": secret "s" not found.'),
        ("FailedCreatePodSandBox", "no IP", "Failed create pod sand box: no IP."),
    ],
)  # fmt: skip
def test_events(reason: str, message: str, told: str) -> None:
    """Probes in a few words, all else as it stands."""
    assert causes.of_an_event(reason, message, "/ready") == told


def test_an_event_without_a_path() -> None:
    """A workload that is on its way out may have had another."""
    message = "Readiness probe failed: HTTP probe failed with statuscode: 503"
    assert causes.of_an_event("Unhealthy", message) == "The readiness path answered 503."
