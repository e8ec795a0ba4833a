"""A whole plan: whom a target meets, what is told at the end, and what it amounts to."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from deployments.planning import (
    WILDCARD,
    Code,
    DeploymentFact,
    Keep,
    Kind,
    Latest,
    Plan,
    Target,
    Targets,
    ToImage,
    ToVersion,
    World,
    plan,
)
from tests.deployments.planning.worlds import (
    ACTIVE,
    MOJO,
    OTHER,
    applied,
    composition,
    deployment,
    image,
    world,
)

V13, V14, V15, V16 = (f"{MOJO}/versions/v1.{minor}.0" for minor in range(3, 7))


MANY: Final = deployment(
    composition("c1", experiment_id="a"),
    composition("c2", V14, experiment_id="b"),
    composition("c3", V16, experiment_id="a"),
    composition("c4", V14, experiment_id="c"),
)


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        pytest.param({}, "not-selected not-selected not-selected not-selected", id="nothing asked"),
        pytest.param({WILDCARD: Latest()}, "v1.6.0 v1.6.0 already-on-target v1.6.0", id="all"),
        pytest.param(
            {WILDCARD: Keep()}, "not-selected not-selected not-selected not-selected", id="wildcard that keeps"
        ),
        pytest.param({"a": Latest()}, "v1.6.0 not-selected already-on-target not-selected", id="one, in two places"),
        pytest.param({"a": ToVersion(V14)}, "v1.4.0 not-selected v1.4.0 not-selected", id="one, both down"),
        pytest.param({"b": ToVersion(V15), WILDCARD: Latest()}, "v1.6.0 v1.5.0 already-on-target v1.6.0", id="others"),
        pytest.param({WILDCARD: Latest(), "b": ToVersion(V15)}, "v1.6.0 v1.5.0 already-on-target v1.6.0", id="turned"),
        pytest.param(
            {WILDCARD: Latest(), "a": Keep()}, "not-selected v1.6.0 not-selected v1.6.0", id="all but one, kept"
        ),
        pytest.param(
            {"a": Latest(), "b": Latest(), "c": Latest(), WILDCARD: ToImage("?")},
            "v1.6.0 v1.6.0 already-on-target v1.6.0",
            id="a wildcard that meets nobody",
        ),
        pytest.param(
            {WILDCARD: ToVersion("?"), "c": Latest()},
            "unknown-version unknown-version unknown-version v1.6.0",
            id="a wildcard that leads nowhere",
        ),
        pytest.param(
            {"z": Latest(), "b": Latest(), "y": Latest()},
            "not-selected v1.6.0 not-selected not-selected unknown-experiment unknown-experiment",
            id="two that are not there",
        ),
    ],
)
def test_whom_a_target_meets(targets: Targets, expected: str) -> None:
    made = plan(MANY, world(), targets)
    told = [step.code or (step.after.number if step.after else "") for step in made.steps]
    assert told == expected.split()
    assert [step.composition for step in made.steps[:4]] == ["c1", "c2", "c3", "c4"]
    assert made.targets == targets


@pytest.mark.parametrize("target", [Latest(), Keep(), ToVersion(V16), ToImage("?")], ids=repr)
@pytest.mark.parametrize("wildcard", [None, Latest(), Keep()], ids=repr)
def test_an_experiment_that_is_not_there_is_told_whatever_was_asked(target: Target, wildcard: Target | None) -> None:
    made = plan(MANY, world(), {"nobody\n": target} | ({} if wildcard is None else {WILDCARD: wildcard}))
    last = made.steps[-1]
    assert (last.kind, last.code) == (Kind.BLOCKED, Code.UNKNOWN_EXPERIMENT)
    assert (last.composition, last.experiment_id, last.experiment_name, last.runtime) == ("", "nobody\n", "", "")
    assert (last.before, last.after, last.warnings) == (None, None, ())
    assert "The deployment Churn has no experiment 'nobody\\n'." in last.sentence
    assert len(made.steps) == 5


def test_experiments_that_are_not_there_come_last_by_id() -> None:
    made = plan(MANY, world(), dict.fromkeys(["z", "x", WILDCARD, "y"], Latest()))
    assert [step.experiment_id for step in made.steps] == ["a", "b", "a", "c", "x", "y", "z"]


def test_a_deployment_without_compositions() -> None:
    empty = replace(deployment(), compositions=())
    assert plan(empty, world(), {WILDCARD: Latest()}).is_noop
    assert [step.code for step in plan(empty, world(), {"e1": Latest()}).steps] == [Code.UNKNOWN_EXPERIMENT]


def made_of(*targets: Target | None, runs: DeploymentFact | None = None) -> Plan:
    compositions = [composition(f"c{number}") for number in range(len(targets))]
    asked = {f"e{number}": target for number, target in enumerate(targets) if target is not None}
    return plan(runs or deployment(*compositions), world(), asked)


@pytest.mark.parametrize(
    ("targets", "counts", "noop"),
    [
        pytest.param([None], {Kind.SKIP: 1}, True, id="nothing asked"),
        pytest.param([None, Keep(), ToVersion(V15)], {Kind.SKIP: 3}, True, id="all skipped"),
        pytest.param([ToVersion(V13)], {Kind.BLOCKED: 1}, False, id="all blocked"),
        pytest.param([ToVersion(V13), None], {Kind.BLOCKED: 1, Kind.SKIP: 1}, False, id="skipped and blocked"),
        pytest.param([Latest(), Keep()], {Kind.UPGRADE: 1, Kind.SKIP: 1}, False, id="one moves"),
        pytest.param(
            [ToImage(OTHER), Latest(), ToVersion(V14), Latest(), Keep(), ToImage("?")],
            dict.fromkeys(Kind, 1) | {Kind.UPGRADE: 2},
            False,
            id="all kinds",
        ),
    ],
)
def test_what_a_plan_amounts_to(targets: list[Target | None], counts: dict[Kind, int], noop: bool) -> None:
    made = made_of(*targets)
    assert made.counts == dict.fromkeys(Kind, 0) | counts
    assert list(made.counts) == list(Kind)
    assert made.is_noop is noop
    assert list(made.changes) == [step for step in made.steps if step.kind.name in ("UPGRADE", "ROLLBACK", "SWITCH")]
    assert list(made.blocked) == [step for step in made.steps if step.kind is Kind.BLOCKED]


def test_a_plan_knows_its_deployment_and_keeps_its_own_targets() -> None:
    targets: dict[str, Target] = {"e1": Latest()}
    made = plan(deployment(), world(), targets)
    targets.clear()
    assert made.deployment == deployment().name
    assert made.targets == {"e1": Latest()}


def test_a_plan_carried_out_leaves_nothing_to_do() -> None:
    targets: Targets = {WILDCARD: Latest(), "c": ToImage(OTHER)}
    made = plan(MANY, world(), targets)
    assert not made.is_noop
    assert plan(applied(MANY, made), world(), targets).is_noop


@pytest.mark.parametrize(
    "at",
    [
        pytest.param(replace(world(), runtimes={}), id="no runtime"),
        pytest.param(replace(world(), images={}), id="no image"),
        pytest.param(world(images=[image(MOJO, {"v1.6.0": ACTIVE})]), id="not the version that runs"),
    ],
)
def test_a_world_that_was_not_read_in_full_is_no_world(at: World) -> None:
    with pytest.raises(KeyError):
        plan(deployment(), at, {WILDCARD: Latest()})
