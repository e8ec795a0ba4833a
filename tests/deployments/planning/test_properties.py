"""What holds for every plan, whatever the world and whatever is asked; and that a large one is made at once."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from deployments.planning import (
    WILDCARD,
    Code,
    CompositionFact,
    DeploymentFact,
    Keep,
    Kind,
    Latest,
    Target,
    Targets,
    ToImage,
    ToVersion,
    World,
    differences,
    from_data,
    plan,
    to_data,
    upgrade_available,
)
from runtimes.rules.lifecycle import State
from tests.deployments.planning.worlds import (
    MOJO,
    OTHER,
    PINNED,
    RUNTIME,
    applied,
    changed,
    composition,
    image,
    runtime,
    version,
)

NUMBERS = ("v1.0.0-rc.1", "v1.0.0", "v1.9.0", "v1.10.0")
NAMES = tuple(f"{name}/versions/{number}" for name in (MOJO, OTHER) for number in NUMBERS)
EXPERIMENTS = ("a", "b", "c")
states = st.sampled_from(State)

targets_of_one: st.SearchStrategy[Target] = st.one_of(
    st.just(Latest()),
    st.just(Keep()),
    st.builds(ToVersion, st.sampled_from([*NAMES, f"{MOJO}/versions/1.9.0", f"{MOJO}/versions/v7.0.0", "?"])),
    st.builds(ToImage, st.sampled_from([MOJO, OTHER, MOJO.replace("global", "ml"), "?"])),
)
targets = st.dictionaries(st.sampled_from([*EXPERIMENTS, "nobody", WILDCARD]), targets_of_one)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Two images with four versions each, a runtime with and one without a pin, in any state."""
    images = [
        image(
            name,
            {},
            state=draw(states),
            versions=tuple(
                version(
                    name,
                    number,
                    state=draw(states),
                    architectures=draw(st.sampled_from([(), ("amd64",), ("amd64", "arm64")])),
                    readiness_probe_path=draw(st.sampled_from(["", "/a"])),
                )
                for number in NUMBERS
            ),
        )
        for name in (MOJO, OTHER)
    ]
    pinned = runtime(PINNED, state=draw(states), image=MOJO, pinned=draw(st.sampled_from(NAMES[:4])))
    return World.of(images, [runtime(state=draw(states)), pinned])


@st.composite
def deployments(draw: st.DrawFn) -> DeploymentFact:
    """Up to five compositions of three experiments."""
    rows: list[CompositionFact] = [
        composition(
            f"c{number}",
            draw(st.sampled_from(NAMES)),
            experiment_id=draw(st.sampled_from(EXPERIMENTS)),
            runtime=draw(st.sampled_from([RUNTIME, PINNED])),
        )
        for number in range(draw(st.integers(0, 5)))
    ]
    return DeploymentFact(
        name="workspaces/ml/deployments/d1",
        display_name="Churn",
        revision="1",
        paused=draw(st.sampled_from([False, False, False, True])),
        rollout_in_progress=draw(st.sampled_from([None, None, None, "#1"])),
        compositions=tuple(rows),
    )


@given(deployments(), worlds(), targets)
def test_every_composition_is_there_once_in_order(fact: DeploymentFact, at: World, asked: Targets) -> None:
    steps = plan(fact, at, asked).steps
    uids = [each.uid for each in fact.compositions]
    assert [step.composition for step in steps[: len(uids)]] == uids
    there = {each.experiment_id for each in fact.compositions}
    assert [step.experiment_id for step in steps[len(uids) :]] == sorted(set(asked) - there - {WILDCARD})
    assert len({step.key for step in steps}) == len(steps)


@given(deployments(), worlds(), targets)
def test_what_stays_says_why_and_what_to_do(fact: DeploymentFact, at: World, asked: Targets) -> None:
    made = plan(fact, at, asked)
    for step in made.steps:
        assert step.sentence
        assert step.kind.moves is (step.code is None) is not bool(step.cure)
        assert step.code is None or step.kind is step.code.kind
        assert step.kind is not Kind.SKIP or step.before == step.after
        assert (step.before is None) is (step.code is Code.UNKNOWN_EXPERIMENT)
        assert all(each.sentence for each in step.warnings)
        assert step.kind.moves or not step.warnings
    assert sum(made.counts.values()) == len(made.steps)
    assert len(made.changes) + len(made.blocked) + made.counts[Kind.SKIP] == len(made.steps)


@given(deployments(), worlds(), targets)
def test_nothing_moves_to_what_may_not_be_used(fact: DeploymentFact, at: World, asked: Targets) -> None:
    for step in plan(fact, at, asked).changes:
        assert step.after is not None
        assert step.after != step.before
        used = (step.after.state, at.images[step.after.image].state, at.runtimes[step.runtime].state)
        assert State.DISABLED not in used
        warned = any(each.code == "deprecated-target" for each in step.warnings)
        assert warned is (State.DEPRECATED in used)


@given(deployments(), worlds(), targets)
def test_after_a_plan_was_carried_out_nothing_is_left_but_what_was_blocked(
    fact: DeploymentFact, at: World, asked: Targets
) -> None:
    made = plan(fact, at, asked)
    again = plan(applied(fact, made), at, asked)
    assert again.changes == ()
    assert again.blocked == made.blocked
    assert again.is_noop is not bool(made.blocked)
    assert {each.new.code for each in differences(made, again) if each.new} <= {Code.ALREADY_ON_TARGET}


@given(deployments(), worlds(), targets)
def test_a_plan_survives_being_stored(fact: DeploymentFact, at: World, asked: Targets) -> None:
    made = plan(fact, at, asked)
    assert from_data(json.loads(json.dumps(to_data(made)))) == made


@st.composite
def worlds_apart(draw: st.DrawFn) -> tuple[World, World]:
    """A world before and after one row of it changed."""
    at = draw(worlds())
    name = draw(st.sampled_from([*NAMES, MOJO, OTHER, RUNTIME, PINNED]))
    fields: dict[str, st.SearchStrategy[object]] = {"state": states}
    if name in at.runtimes:
        fields |= {"pinned": st.sampled_from([None, *NAMES[:4]]), "image": st.sampled_from([MOJO, OTHER])}
    elif name not in at.images:
        fields |= {"readiness_probe_path": st.just("/b"), "architectures": st.just(("arm64",))}
        fields |= {"reference": st.just("mirror/scorer:1")}
    field = draw(st.sampled_from(sorted(fields)))
    return at, changed(at, name, **{field: draw(fields[field])})


@given(deployments(), worlds_apart(), targets)
def test_where_the_fingerprint_stays_what_is_done_stays(
    fact: DeploymentFact, apart: tuple[World, World], asked: Targets
) -> None:
    old, new = (plan(fact, at, asked) for at in apart)
    if old.fingerprint == new.fingerprint:
        # But for the facts about what is kept, which nobody does anything with.
        assert {each.new.code for each in differences(old, new) if each.new} <= {Code.NOT_SELECTED}


@given(deployments(), worlds(), targets)
def test_the_order_of_targets_is_nothing(fact: DeploymentFact, at: World, asked: Targets) -> None:
    assert plan(fact, at, {key: asked[key] for key in reversed(list(asked))}) == plan(fact, at, asked)


@given(deployments(), worlds())
def test_a_list_says_that_an_upgrade_is_available_where_latest_would_move_it(fact: DeploymentFact, at: World) -> None:
    idle = replace(fact, paused=False, rollout_in_progress=None)
    steps = plan(idle, at, {WILDCARD: Latest()}).steps
    assert [step.kind.moves for step in steps] == [upgrade_available(each, at) for each in idle.compositions]


def test_ten_thousand_compositions_are_planned() -> None:
    """Among as many experiments, 200 runtimes and 200 images of 100 versions each, half of the targets by name."""
    count, families = 10_000, 200
    numbers = {f"v1.{minor}.0": State.ACTIVE for minor in range(100)}
    names = [f"workspaces/global/runtimeImages/i{number}" for number in range(families)]
    at = World.of(
        (image(name, numbers) for name in names),
        (runtime(f"r{number}", image=names[number]) for number in range(families)),
    )
    fact = DeploymentFact(
        name="workspaces/ml/deployments/d1",
        display_name="Churn",
        revision="1",
        compositions=tuple(
            composition(f"c{n}", f"{names[n % families]}/versions/v1.{n % 90}.0", runtime=f"r{n % families}")
            for n in range(count)
        ),
    )
    asked: dict[str, Target] = {f"e{n}": ToImage(names[(n + 1) % families]) for n in range(0, count, 2)}
    asked |= {f"nobody{n}": Latest() for n in range(count)} | {WILDCARD: Latest()}
    made = plan(fact, at, asked)
    back = from_data(json.loads(json.dumps(to_data(made))))
    again = plan(fact, at, asked)
    found = differences(back, again)
    available = [upgrade_available(each, at) for each in fact.compositions]
    assert made.counts == dict.fromkeys(Kind, 0) | {Kind.UPGRADE: 5_000, Kind.SWITCH: 5_000, Kind.BLOCKED: count}
    assert found == ()
    assert all(available)
