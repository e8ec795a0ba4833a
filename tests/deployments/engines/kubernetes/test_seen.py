"""From objects to what is seen: tables of a composition's replica sets and pods."""

from __future__ import annotations

from typing import Any

import pytest

from deployments.engines.contract import Seen, Share, Traffic
from deployments.engines.kubernetes.pictures import Picture
from deployments.engines.kubernetes.seen import seen_of, silent_pods
from deployments.planning.modes import Mode
from tests.deployments.engines.kubernetes.objects import (
    anchor,
    at,
    composed,
    container,
    ended,
    k8s_deployment,
    pod,
    replica_set,
    route,
    waiting,
)
from tests.deployments.engines.kubernetes.objects import picture as pictured

ARRIVED, MOVING, TOO_LATE = "NewReplicaSetAvailable", "ReplicaSetUpdated", "ProgressDeadlineExceeded"
BAD = [waiting("ErrImagePull", "not found")]
NOT_PULLED = "The image scorer:1 cannot be pulled: not found."


def look(deployment: Any, *parts: Any, route: Any = None, said: dict[str, str] | None = None) -> Seen:
    """What is seen of a deployment with one composition."""
    return seen_of(pictured(composed(deployment, *parts), route), "d-1", "http://x/d-1", said or {})


def phases(seen: Seen) -> dict[str, str]:
    """Phase and cause by key."""
    return {key: f"{each.phase} {each.cause}".strip() for key, each in seen.workloads.items()}


ONE, TWO = replica_set("a-1", 1), replica_set("a-1", 2)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        # to the first version
        ([k8s_deployment(generation=(1, 0))], {"a-1": "STARTING"}),
        ([k8s_deployment(progress=MOVING), replica_set()], {"a-1": "STARTING"}),
        ([k8s_deployment(progress=MOVING), replica_set(), pod("p", ready=False)], {"a-1": "STARTING"}),
        ([k8s_deployment(progress=MOVING), replica_set(), pod("p")], {"a-1": "STARTING"}),  # not for long enough
        ([k8s_deployment(progress=MOVING), ONE, pod("p", ready=False)], {"a-1": "STARTING"}),  # of two tellers one
        ([k8s_deployment(progress=MOVING), ONE, pod("p")], {"a-1": "READY"}),
        ([k8s_deployment(progress=ARRIVED), ONE, pod("p")], {"a-1": "READY"}),
        ([k8s_deployment(replicas=2, progress=MOVING), ONE, pod("p"), pod("q", ready=False)], {"a-1": "STARTING"}),
        ([k8s_deployment(replicas=2, progress=MOVING), TWO, pod("p"), pod("q")], {"a-1": "READY"}),
        (
            [k8s_deployment(progress=MOVING), replica_set(), pod("p", ready=False, containers=BAD)],
            {"a-1": f"STARTING {NOT_PULLED}"},
        ),
        # and no further
        (
            [k8s_deployment(progress=TOO_LATE), replica_set(), pod("p", ready=False, containers=BAD)],
            {"a-1": f"FAILED The scorer was not ready within 300 s. {NOT_PULLED}"},
        ),
        (
            [k8s_deployment(progress=TOO_LATE, within="0.5"), replica_set(), pod("p", ready=False)],
            {"a-1": "FAILED The scorer was not ready within 0.5 s. Nothing in the cluster says why."},
        ),
        ([k8s_deployment(progress=TOO_LATE, generation=(2, 1)), replica_set(), pod("p", ready=False)],
         {"a-1": "STARTING"}),  # said of what was written before
        ([k8s_deployment(progress=TOO_LATE), ONE, pod("p")], {"a-1": "READY"}),  # after all
        ([k8s_deployment(replicas=2, paused=True)], {"a-1": "STARTING Somebody has paused the K8s Deployment."}),
        (
            [k8s_deployment(progress=MOVING), replica_set(refused='pods "x-" is forbidden: exceeded quota: q')],
            {"a-1": "STARTING The cluster refuses to make its pods: exceeded quota: q."},
        ),
        # once it has arrived
        ([k8s_deployment(replicas=2, progress=ARRIVED), ONE, pod("p"), pod("q", ready=False)], {"a-1": "READY"}),
        ([k8s_deployment(replicas=3, progress=ARRIVED, generation=(2, 1)), ONE, pod("p")], {"a-1": "READY"}),  # scaled
        ([k8s_deployment(progress=ARRIVED), replica_set("a-1", wanted=1), pod("p", ready=False)], {"a-1": "STARTING"}),
        ([k8s_deployment(progress=ARRIVED), replica_set("a-1", wanted=1)], {"a-1": "STARTING"}),  # between two pods
        (
            [k8s_deployment(progress=ARRIVED), replica_set("a-1", wanted=1), pod("p", ending=5)],
            {"a-1": "STARTING"},
        ),
        (
            [
                k8s_deployment(progress=ARRIVED),
                replica_set("a-1", wanted=1),
                pod("p", ready=False, containers=[container(state=ended(1), restarts=3)]),
            ],
            {"a-1": "FAILED The container crashed 4 times, last with exit code 1."},
        ),
        ([k8s_deployment(replicas=0, progress=ARRIVED), replica_set()], {"a-1": "FAILED It is scaled to 0 replicas."}),
        # its pods restarted by hand: two replica sets of one key
        (
            [
                k8s_deployment(progress=MOVING),
                ONE,
                replica_set("a-1", wanted=1, name="other"),
                pod("p"),
                pod("q", ready=False),
            ],
            {"a-1": "READY"},
        ),
        # from one version to the next
        ([k8s_deployment("a-2", progress=ARRIVED, generation=(2, 1)), ONE, pod("p")],
         {"a-2": "STARTING", "a-1": "READY"}),
        (
            [k8s_deployment("a-2", progress=MOVING), ONE, replica_set("a-2", wanted=1), pod("p"),
             pod("q", "a-2", ready=False, containers=BAD)],
            {"a-2": f"STARTING {NOT_PULLED}", "a-1": "READY"},
        ),
        (
            [k8s_deployment("a-2", progress=MOVING), ONE, replica_set("a-2", 1), pod("p"), pod("q", "a-2")],
            {"a-2": "READY", "a-1": "READY"},
        ),
        (
            [k8s_deployment("a-2", progress=MOVING), replica_set(), replica_set("a-2", 1), pod("p", ending=3),
             pod("q", "a-2")],
            {"a-2": "READY", "a-1": "DRAINING"},
        ),
        (
            [k8s_deployment("a-2", progress=ARRIVED), replica_set(), replica_set("a-2", 1), pod("q", "a-2")],
            {"a-2": "READY"},
        ),
        (
            [k8s_deployment("a-2", progress=MOVING), replica_set("a-1", wanted=1), replica_set("a-2", wanted=1),
             pod("p", ready=False, containers=BAD), pod("q", "a-2", ready=False)],
            {"a-2": "STARTING", "a-1": f"FAILED {NOT_PULLED}"},
        ),
        (
            [k8s_deployment("a-2", progress=MOVING), replica_set("a-1", wanted=1), replica_set("a-2", wanted=1),
             pod("p", ready=False), pod("q", "a-2", ready=False)],
            {"a-2": "STARTING", "a-1": "STARTING"},
        ),
        # and back
        (
            [k8s_deployment("a-1", progress=TOO_LATE, message='ReplicaSet "rs-a-2" has timed out progressing.'),
             replica_set("a-1", 1), replica_set("a-2", wanted=1), pod("p"), pod("q", "a-2", ready=False)],
            {"a-1": "READY", "a-2": "STARTING"},
        ),
        (
            [k8s_deployment("a-1", 2, progress=TOO_LATE, message='ReplicaSet "rs-a-2" has timed out progressing.'),
             replica_set("a-1", 1), replica_set("a-2", wanted=0), pod("p"), pod("q", "a-2", ready=False)],
            {"a-1": "STARTING", "a-2": "DRAINING"},  # what was said of the other is not said of this one
        ),
        (
            [k8s_deployment("a-1", progress=TOO_LATE, message='ReplicaSet "rs-a-1" has timed out progressing.'),
             replica_set("a-1", wanted=1), replica_set("a-2")],
            {"a-1": "FAILED The scorer was not ready within 300 s. Nothing in the cluster says why."},
        ),
        # to its end
        ([k8s_deployment(progress=ARRIVED, ending=True), ONE, pod("p")], {"a-1": "READY"}),
        ([None, pod("p", ending=5)], {"a-1": "DRAINING"}),
        ([None, replica_set("a-1")], {}),
        ([None, pod("p", ready=False, phase="Failed", reason="Evicted")], {}),  # over, and waits to be tidied away
    ],
)  # fmt: skip
def test_phases(parts: list[Any], expected: dict[str, str]) -> None:
    """What a composition is going to, and what it is leaving."""
    assert phases(look(*parts)) == expected


def test_what_runs_is_named() -> None:
    """The version as the console writes it, and how often containers were started again."""
    seen = look(
        k8s_deployment(replicas=2, progress=ARRIVED),
        TWO,
        pod("p", containers=[container(ready=True, restarts=2), container("proxy", ready=True, restarts=1)]),
        pod("q", containers=[container(ready=True, restarts=4)]),
    ).workloads["a-1"]
    assert (seen.key, seen.composition, seen.version, seen.restarts) == ("a-1", "a", "v1.0.0", 7)


@pytest.mark.parametrize(
    ("parts", "key", "minutes"),
    [
        ([k8s_deployment(progress=ARRIVED), TWO, pod("p", since=3), pod("q", since=4)], "a-1", 3),
        ([k8s_deployment(generation=(1, 0), written=7)], "a-1", 7),
        # the cluster's time runs from the last progress, too
        ([k8s_deployment(progress=MOVING, progressed=8, written=7), replica_set()], "a-1", 8),
        ([k8s_deployment(progress=ARRIVED, progressed=2, written=7, generation=(2, 1))], "a-1", 7),
        ([k8s_deployment(progress=TOO_LATE, progressed=9), replica_set(), pod("p", ready=False)], "a-1", 9),
        (
            [k8s_deployment(progress=ARRIVED), replica_set(), pod("p", ready=False, since=6, containers=BAD)],
            "a-1",
            6,
        ),
        ([k8s_deployment("a-2"), pod("p", ending=5), pod("q", ending=4)], "a-1", 4),
        ([k8s_deployment("a-2"), ONE, pod("p", since=3, ready=False, containers=BAD)], "a-1", 3),
    ],
)
def test_since_when(parts: list[Any], key: str, minutes: float) -> None:
    """By the cluster's own clock."""
    assert look(*parts).workloads[key].since == at(minutes)


def test_events_speak_for_silent_pods() -> None:
    """And only for those."""
    parts = [k8s_deployment(progress=TOO_LATE), replica_set("a-1", wanted=1), pod("p", ready=False)]
    seen = look(*parts, said={"p": "/readyz answered 503.", "q": "no."})
    assert seen.workloads["a-1"].cause == "The scorer was not ready within 300 s. /readyz answered 503."
    shown = pictured(composed(*parts))
    assert list(silent_pods(shown, seen)) == [(parts[2], "/readyz", True)]
    told = pictured(composed(*parts[:2], pod("p", ready=False, containers=BAD)))
    assert list(silent_pods(told, seen_of(told, "d-1", ""))) == []
    ready = pictured(composed(k8s_deployment(progress=ARRIVED), ONE, pod("p")))
    assert list(silent_pods(ready, seen_of(ready, "d-1", ""))) == []


def test_nothing_is_seen_of_nothing() -> None:
    """A deployment that does not exist, and one of which only the anchor does."""
    assert seen_of(Picture(), "d-9", "") == Seen("d-9", {}, None, "")
    assert seen_of(Picture("w", anchor()), "d-1", "http://x/d-1") == Seen("d-1", {}, None, "http://x/d-1")


# -- traffic -------------------------------------------------------------------------------------------------------

SETTLED = composed(k8s_deployment(progress=ARRIVED), ONE, pod("p"))
OTHER = composed(k8s_deployment("b-1", progress=ARRIVED), replica_set("b-1", 1), pod("q", "b-1"), routed="b")
UNREADY = composed(k8s_deployment("b-1"), pod("q", "b-1", ready=False), routed="b")
ROLLING = composed(k8s_deployment("a-2", progress=MOVING), ONE, replica_set("a-2", 1), pod("p"), pod("q", "a-2"))
ROLLED = composed(k8s_deployment("a-2", progress=MOVING), replica_set("a-2", 1), pod("p", ending=3), pod("q", "a-2"))


def accepted(*conditions: dict[str, Any], gateway: str = "gateway") -> dict[str, Any]:
    """What a gateway says about a route."""
    return {"parentRef": {"name": gateway}, "conditions": list(conditions)}


YES = {"type": "Accepted", "status": "True", "observedGeneration": 3}
NO = {"type": "Accepted", "status": "False", "reason": "NotAllowedByListeners", "message": "no listener fits."}
LOST = {"type": "ResolvedRefs", "status": "False", "reason": "BackendNotFound"}
OLD = {"type": "Accepted", "status": "True", "observedGeneration": 2}
A = Traffic(Mode.SINGLE, (Share("a-1"),))


@pytest.mark.parametrize(
    ("picture", "traffic", "router"),
    [
        (pictured(SETTLED), None, ""),
        (pictured(SETTLED, route(("a", 1))), A, ""),
        (pictured(SETTLED, route(("a", 0))), None, ""),
        (pictured(SETTLED, route(("gone", 1))), None, ""),
        (pictured(composed(k8s_deployment(progress=ARRIVED), ONE, pod("p"), routed=""), route(("a", 1))), None, ""),
        (pictured(composed(k8s_deployment(), pod("p", ready=False)), route(("a", 1))), None, ""),
        # the version that is on its way out answers for as long as it has a pod
        (pictured(ROLLING, route(("a", 1))), A, ""),
        (pictured(ROLLED, route(("a", 1))), Traffic(Mode.SINGLE, (Share("a-2"),)), ""),
        (
            pictured(SETTLED, route(("a", 70), ("b", 30)), b=OTHER),
            Traffic(Mode.SPLIT, (Share("a-1", 70), Share("b-1", 30))),
            "",
        ),
        (pictured(SETTLED, route(("a", 1), ("b", 1)), b=UNREADY), A, ""),
        (pictured(SETTLED, route(("a", 1), mirror="b"), b=OTHER), Traffic(Mode.SHADOW, (Share("a-1"),), "b-1"), ""),
        (pictured(SETTLED, route(("a", 1), mirror="b"), b=UNREADY), A, ""),
        (pictured(UNREADY, route(("a", 1), mirror="b"), b=OTHER), None, ""),
        # as the gateway says
        (pictured(SETTLED, route(("a", 1), parents=[accepted(YES)])), A, ""),
        (pictured(SETTLED, route(("a", 1), parents=[accepted(NO, gateway="a former one")])), A, ""),
        (pictured(SETTLED, route(("a", 1), parents=[accepted(NO), accepted(YES)])), A, ""),
        (
            pictured(SETTLED, route(("a", 1), parents=[accepted(NO)])),
            None,
            "The gateway does not accept the route: no listener fits.",
        ),
        (
            pictured(SETTLED, route(("a", 1), parents=[accepted(YES, LOST)])),
            None,
            "The gateway cannot follow the route: BackendNotFound.",
        ),
        (
            pictured(SETTLED, route(("a", 1), parents=[accepted(OLD)])),
            None,
            "The gateway has not followed the route's last change yet.",
        ),
    ],
)
def test_traffic(picture: Picture, traffic: Traffic | None, router: str) -> None:
    """Where requests go, or why nobody knows."""
    seen = seen_of(picture, "d-1", "")
    assert (seen.traffic, seen.router) == (traffic, router)
