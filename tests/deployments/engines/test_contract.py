"""What every engine promises, tested through the contract alone."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from deployments.engines.contract import Fenced, Phase, Seen, Share, Traffic, Wanted, Workload
from deployments.planning.modes import Mode
from tests.deployments.engines.harness import REQUEST, Caller, shadow, single, split
from tests.mlops_console.machine import eventually


def test_a_workload_becomes_ready_and_gets_requests(caller: Caller, deployment: str) -> None:
    """From nothing to an answer."""
    before = caller.rig.engine.observe(deployment)
    assert (before.workloads, before.traffic, before.phase("a-1")) == ({}, None, Phase.GONE)
    seen = caller.reach(single(deployment, caller.workload("a-1", "v1.2.3")))
    assert deployment in caller.rig.engine.deployments()
    answer = caller.score(seen.address)
    assert (answer.status, answer.json()["score"], answer.headers["X-Scorer-Version"]) == (200, [[7.0]], "v1.2.3")
    assert caller.ask(seen.address, "/readyz").body == b"ready"
    workload = seen.workloads["a-1"]
    assert (workload.composition, workload.version, workload.cause) == ("a", "v1.2.3", "")


def test_applying_again_changes_nothing(caller: Caller, deployment: str) -> None:
    """A worker may repeat itself, and its successor may, too."""
    wanted = single(deployment, caller.workload("a-1"))
    seen = caller.reach(wanted)
    for engine in (caller.rig.engine, caller.rig.reopen()):
        engine.apply(wanted)
        assert engine.observe(deployment) == seen


def test_a_composition_is_moved_without_a_lost_request(caller: Caller, deployment: str) -> None:
    """There step by step, as a rollout does it, and back with nothing but the old version wanted."""
    old, new = caller.workload("a-1", "v1.0.0"), caller.workload("a-2", "v2.0.0")
    seen = caller.reach(single(deployment, old))
    hammer = caller.hammer(seen.address)
    with hammer.clients():
        caller.reach(single(deployment, old, new, to="a-1"))
        if not caller.rig.rolls:  # one that does has gone ahead of the traffic that is wanted
            assert hammer.answered.keys() == {"v1.0.0"}
        caller.reach(single(deployment, old, new))
        caller.reach(single(deployment, new))
        caller.reach(single(deployment, old))
    assert hammer.failures == []
    assert hammer.answered.keys() == {"v1.0.0", "v2.0.0"}
    assert hammer.requests > caller.rig.hammered


def test_a_version_that_never_becomes_ready_changes_nothing(caller: Caller, deployment: str) -> None:
    """The old one serves, though it is not even wanted any more; the new one fails with a cause."""
    old = caller.workload("a-1", "v1.0.0")
    unfit = caller.workload("a-2", "v2.0.0", kind="neverready", ready_within_seconds=0.5)
    caller.reach(single(deployment, old))
    hammer = caller.hammer(caller.rig.engine.observe(deployment).address, most=200)
    with hammer.clients(1, 1):
        seen = caller.until(single(deployment, unfit), lambda seen: seen.phase("a-2") is Phase.FAILED)
        assert seen.serves(single(deployment, old).traffic)
        assert "0.5 s" in seen.workloads["a-2"].cause
        seen = caller.reach(single(deployment, old))
    assert hammer.failures == []
    assert seen.phase("a-2") is Phase.GONE


def test_the_old_version_stands_in_when_the_new_one_crashes(caller: Caller, deployment: str) -> None:
    """While both are wanted, requests go back by themselves; where the engine rolls, nothing is left to stand in."""
    old, crashing = caller.workload("a-1", "v1.0.0"), caller.workload("a-2", "v2.0.0", kind="crash")
    caller.reach(single(deployment, old))
    wanted = single(deployment, old, crashing)
    caller.until(wanted, lambda seen: seen.serves(wanted.traffic))
    seen = caller.until(wanted, lambda seen: seen.phase("a-2") is Phase.FAILED)
    assert seen.workloads["a-2"].cause
    if caller.rig.rolls:
        assert (seen.traffic, seen.phase("a-1")) == (None, Phase.GONE)
        assert caller.score(seen.address).status == 503
        seen = caller.reach(single(deployment, crashing, old))
    else:
        seen = caller.until(wanted, lambda seen: seen.serves(single(deployment, old).traffic))
    assert caller.score(seen.address).headers["X-Scorer-Version"] == "v1.0.0"


def test_a_dead_workload_is_seen_as_failed(caller: Caller, deployment: str) -> None:
    """Whoever ended it."""
    caller.reach(single(deployment, caller.workload("a-1")))
    caller.rig.kill(deployment, "a-1")
    assert eventually(lambda: caller.rig.engine.observe(deployment).phase("a-1") is Phase.FAILED)
    assert caller.rig.engine.observe(deployment).workloads["a-1"].cause


def test_a_split_follows_its_weights(caller: Caller, deployment: str) -> None:
    """Seventy to thirty, over kept and over new connections."""
    wanted = split(
        deployment, {"a-1": 70, "b-1": 30}, caller.workload("a-1", "v1.0.0"), caller.workload("b-1", "v2.0.0")
    )
    seen = caller.reach(wanted)
    with caller.rig.asking(seen.address) as asking:
        kept = [asking("/model/score", REQUEST) for _ in range(200)]
    answers = kept + [caller.score(seen.address) for _ in range(200)]
    versions = Counter(answer.headers["X-Scorer-Version"] for answer in answers)
    assert 260 <= versions["v1.0.0"] <= 300
    assert versions.total() == 400
    counts = caller.rig.engine.traffic_counts(deployment)
    if counts is not None:
        assert {key: codes[200] for key, codes in counts.workloads.items()} == {
            "a-1": versions["v1.0.0"],
            "b-1": versions["v2.0.0"],
        }
        assert counts.answered == {200: 400}


def test_a_split_with_one_unready_composition_goes_to_the_other(caller: Caller, deployment: str) -> None:
    """A new one is left out until it is ready."""
    good, slow = caller.workload("a-1"), caller.workload("b-1", kind="slow")
    wanted = split(deployment, {"a-1": 1, "b-1": 1}, good, slow)
    seen = caller.until(wanted, lambda seen: seen.traffic is not None)
    assert seen.serves(single(deployment, good).traffic)
    caller.rig.engine.apply(wanted)
    assert caller.score(seen.address).status == 200
    assert caller.reach(wanted).phase("b-1") is Phase.READY


def test_a_shadow_gets_copies_and_cannot_hurt(caller: Caller, deployment: str) -> None:
    """Neither while it is there nor when it dies."""
    wanted = shadow(deployment, caller.workload("a-1", "v1.0.0"), caller.workload("b-1", "v2.0.0"))
    seen = caller.reach(wanted)
    answers = [caller.score(seen.address) for _ in range(50)]
    assert eventually(lambda: caller.rig.copies(deployment, "b-1") == 50)
    caller.rig.kill(deployment, "b-1")
    answers += [caller.score(seen.address) for _ in range(50)]
    assert {(answer.status, answer.headers["X-Scorer-Version"]) for answer in answers} == {(200, "v1.0.0")}
    seen = caller.until(wanted, lambda seen: seen.serves(single(deployment, wanted.workloads[0]).traffic))
    assert caller.score(seen.address).status == 200


def test_without_a_ready_workload_requests_are_answered_503(caller: Caller, deployment: str) -> None:
    """Before the first is ready, and where traffic is to go nowhere."""
    never = caller.workload("a-1", kind="neverready")
    seen = caller.until(single(deployment, never), lambda seen: bool(seen.address))
    assert eventually(lambda: caller.score(seen.address).status == 503)
    idle = Wanted(deployment, (caller.workload("b-1"),), None)
    seen = caller.reach(idle)
    assert seen.traffic is None
    assert caller.score(seen.address).status == 503


def test_a_workload_that_drains_can_be_wanted_again(caller: Caller, deployment: str) -> None:
    """An undo may come while the old version is on its way out."""
    old, new = caller.workload("a-1", "v1.0.0"), caller.workload("a-2", "v2.0.0")
    caller.reach(single(deployment, old))
    caller.until(single(deployment, new), lambda seen: seen.phase("a-1") in {Phase.DRAINING, Phase.GONE})
    seen = caller.reach(single(deployment, old))
    assert caller.score(seen.address).headers["X-Scorer-Version"] == "v1.0.0"


def test_a_removed_deployment_leaves_nothing(caller: Caller, deployment: str) -> None:
    """Its address answers 404, and removing it once more does no harm."""
    address = caller.reach(single(deployment, caller.workload("a-1"))).address
    caller.remove(deployment)
    assert caller.score(address).status == 404
    assert caller.rig.engine.observe(deployment).workloads == {}
    caller.rig.engine.remove(deployment)


def test_a_worker_whose_epoch_is_over_changes_nothing(caller: Caller, deployment: str) -> None:
    """Neither by applying nor by removing."""
    seen = caller.reach(single(deployment, caller.workload("a-1"), epoch=7))
    with pytest.raises(Fenced, match="epoch 7"):
        caller.rig.engine.apply(single(deployment, caller.workload("a-2"), epoch=6))
    with pytest.raises(Fenced):
        caller.rig.engine.remove(deployment, epoch=6)
    assert caller.rig.engine.observe(deployment) == seen


WORKLOAD = Workload(key="a-1", composition="a", version="v1.0.0", image="scorer:1.0.0")
TO_IT = Traffic(Mode.SINGLE, (Share("a-1"),))


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda: Workload(key="../a", composition="a", version="v1.0.0", image="i"), "lower-case"),
        (lambda: Workload(key="a", composition="A", version="v1.0.0", image="i"), "lower-case"),
        (lambda: Wanted("d/1", (WORKLOAD,), TO_IT), "lower-case"),
        (lambda: Wanted("d", (WORKLOAD, WORKLOAD), TO_IT), "same key"),
        (lambda: Wanted("d", (), TO_IT), "a-1, which is not"),
        (lambda: Traffic(Mode.SPLIT, ()), "weights"),
        (lambda: Traffic(Mode.SPLIT, (Share("a", 0),)), "weights"),
        (lambda: Traffic(Mode.SPLIT, (Share("a", -1), Share("b", 1))), "weights"),
        (lambda: Traffic(Mode.SINGLE, (Share("a"), Share("b"))), "one share"),
        (lambda: Traffic(Mode.SHADOW, (Share("a"),)), "mirror"),
        (lambda: Traffic(Mode.SINGLE, (Share("a"),), "b"), "mirror"),
    ],
)
def test_contradictions_are_refused(make: Any, fault: str) -> None:
    """They never reach an engine."""
    with pytest.raises(ValueError, match=fault):
        make()


def test_traffic_is_compared_by_where_requests_go() -> None:
    """Order, weights of 0 and the name of the mode do not matter."""
    seen = Seen("d", {}, Traffic(Mode.SINGLE, (Share("a", 2),)), "")
    assert seen.serves(Traffic(Mode.SPLIT, (Share("b", 0), Share("a", 2))))
    assert not seen.serves(Traffic(Mode.SHADOW, (Share("a", 2),), "b"))
    assert not seen.serves(None)
