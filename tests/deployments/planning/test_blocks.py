"""What keeps a composition from moving, and which cause is told of several."""

from __future__ import annotations

from itertools import combinations
from typing import Any, Final

import pytest

from deployments.planning import (
    Code,
    Keep,
    Kind,
    Latest,
    Step,
    Target,
    ToImage,
    ToVersion,
    World,
    plan,
)
from tests.deployments.planning.worlds import (
    ACTIVE,
    DISABLED,
    FOREIGN,
    MOJO,
    OTHER,
    RUNTIME,
    changed,
    composition,
    deployment,
    image,
    runtime,
    step_of,
    world,
)

V13, V15, V16 = (f"{MOJO}/versions/v1.{minor}.0" for minor in (3, 5, 6))
OTHER_V15, OTHER_V20 = f"{OTHER}/versions/v1.5.0", f"{OTHER}/versions/v2.0.0"
NO_VERSION: Final = image(MOJO, {"v1.5.0": DISABLED, "v1.3.0": DISABLED})


@pytest.mark.parametrize(
    ("target", "at", "code", "after", "said"),
    [
        pytest.param(ToVersion(V13), world(), Code.VERSION_DISABLED, V13, "v1.3.0 of MOJO Scorer", id="version"),
        pytest.param(
            Latest(),
            world(runtimes=[runtime(pinned=V13)]),
            Code.VERSION_DISABLED,
            V13,
            "The runtime MOJO Runtime is pinned to v1.3.0.",
            id="pinned to a disabled version",
        ),
        pytest.param(
            ToImage(OTHER),
            changed(world(), OTHER, state=DISABLED),
            Code.IMAGE_DISABLED,
            OTHER_V20,
            "Other Scorer is disabled",
            id="image",
        ),
        pytest.param(
            Latest(), changed(world(), MOJO, state=DISABLED), Code.IMAGE_DISABLED, V16, "MOJO Scorer", id="own image"
        ),
        pytest.param(
            ToVersion(V16), changed(world(), MOJO, state=DISABLED), Code.IMAGE_DISABLED, V16, "MOJO", id="its image"
        ),
        pytest.param(
            Latest(),
            world(runtimes=[runtime(state=DISABLED)]),
            Code.RUNTIME_DISABLED,
            V16,
            "MOJO Runtime is disabled",
            id="runtime",
        ),
        pytest.param(
            ToImage(OTHER),
            world(images=[image(OTHER, {})]),
            Code.NO_USABLE_VERSION,
            None,
            "Other Scorer has no version",
            id="image without versions",
        ),
        pytest.param(
            ToImage(OTHER),
            world(images=[image(OTHER, {"v1.0.0": DISABLED})]),
            Code.NO_USABLE_VERSION,
            None,
            "Other Scorer has no version",
            id="image with disabled versions only",
        ),
        pytest.param(
            Latest(),
            world(images=[NO_VERSION]),
            Code.NO_USABLE_VERSION,
            None,
            "MOJO Scorer has no version",
            id="latest of disabled versions, one of them running",
        ),
        pytest.param(
            ToVersion(f"{MOJO}/versions/v7.0.0"),
            world(),
            Code.UNKNOWN_VERSION,
            None,
            "MOJO Scorer has no version 'v7.0.0'",
            id="no such number",
        ),
        pytest.param(
            ToVersion(f"{MOJO}/versions/latest"),
            world(),
            Code.UNKNOWN_VERSION,
            None,
            "MOJO Scorer has no version 'latest'",
            id="no number",
        ),
        pytest.param(
            ToVersion("workspaces/global/runtimeImages/none/versions/v1.0.0"),
            world(),
            Code.UNKNOWN_VERSION,
            None,
            "There is no runtime image 'workspaces/global/runtimeImages/none'",
            id="no such image of a version",
        ),
        pytest.param(
            ToImage("workspaces/ml/runtimeImages/none"),
            world(),
            Code.UNKNOWN_VERSION,
            None,
            "There is no runtime image 'workspaces/ml/runtimeImages/none'",
            id="no such image",
        ),
        pytest.param(ToVersion(MOJO), world(), Code.UNKNOWN_VERSION, None, "names no version", id="an image"),
        pytest.param(ToImage(V16), world(), Code.UNKNOWN_VERSION, None, "no runtime image", id="version as an image"),
        pytest.param(ToVersion("1.6.0"), world(), Code.UNKNOWN_VERSION, None, "'1.6.0' names no version", id="bare"),
        pytest.param(ToVersion(""), world(), Code.UNKNOWN_VERSION, None, "'' names no version", id="empty"),
        pytest.param(
            ToVersion("mojo/versions/v1.6.0"), world(), Code.UNKNOWN_VERSION, None, "no runtime image", id="half a name"
        ),
        pytest.param(
            ToVersion(f"{V16}/"), world(), Code.UNKNOWN_VERSION, None, "has no version 'v1.6.0/'", id="a slash too many"
        ),
        pytest.param(ToVersion("x" * 100_000), world(), Code.UNKNOWN_VERSION, None, "names no version", id="long"),
        pytest.param(
            ToImage(FOREIGN),
            world(),
            Code.UNKNOWN_VERSION,
            None,
            "this deployment may use",
            id="foreign image",
        ),
        pytest.param(
            ToVersion(f"{FOREIGN}/versions/v9.0.0"),
            world(),
            Code.UNKNOWN_VERSION,
            None,
            "this deployment may use",
            id="foreign version",
        ),
        pytest.param(
            ToVersion(V16.replace("global", "sales")),
            world(),
            Code.UNKNOWN_VERSION,
            None,
            "this deployment may use",
            id="inherited by another tenant",
        ),
        pytest.param(
            ToVersion(V16.replace("global", "-")), world(), Code.UNKNOWN_VERSION, None, "may use", id="all workspaces"
        ),
    ],
)
def test_a_composition_is_blocked(target: Target, at: World, code: Code, after: str | None, said: str) -> None:
    step = step_of(target, at=at)
    assert (step.kind, step.code, step.warnings) == (Kind.BLOCKED, code, ())
    assert step.before == at.version(V15)
    assert step.after == (at.version(after) if after else None)
    assert said in step.sentence
    assert len(step.sentence) < 300


@pytest.mark.parametrize(
    ("fields", "code", "said"),
    [
        pytest.param({"paused": True}, Code.DEPLOYMENT_PAUSED, "The deployment Churn is paused", id="paused"),
        pytest.param({"rollout_in_progress": "#3"}, Code.ROLLOUT_IN_PROGRESS, "The rollout #3 of", id="rolling out"),
    ],
)
def test_a_deployment_holds_all_that_would_move(fields: dict[str, object], code: Code, said: str) -> None:
    made = plan(
        deployment(composition("c1"), composition("c2"), composition("c3", V16), composition("c4"), **fields),
        world(),
        {"e1": Latest(), "e2": ToVersion("?"), "e3": Latest(), "e4": Keep(), "e5": Latest()},
    )
    assert [step.code for step in made.steps] == [
        code,
        code,
        Code.ALREADY_ON_TARGET,
        Code.NOT_SELECTED,
        Code.UNKNOWN_EXPERIMENT,
    ]
    assert said in made.steps[0].sentence
    assert made.steps[0].after == world().version(V16)


# From the cause that is told before all others to the last.
PRECEDENCE: Final = (
    Code.ROLLOUT_IN_PROGRESS,
    Code.DEPLOYMENT_PAUSED,
    Code.RUNTIME_DISABLED,
    Code.UNKNOWN_VERSION,
    Code.IMAGE_DISABLED,
    Code.VERSION_DISABLED,
    Code.NO_USABLE_VERSION,
)
# What is asked of an image all of whose versions are disabled where one of the last two is wanted.
ASKED: Final[dict[Code, Target]] = {
    Code.UNKNOWN_VERSION: ToVersion(f"{OTHER}/versions/v7.0.0"),
    Code.VERSION_DISABLED: ToVersion(OTHER_V15),
    Code.NO_USABLE_VERSION: ToImage(OTHER),
}


def caused(*codes: Code) -> Step:
    """What is told where all these causes are given at once; of `ASKED` there can be one."""
    asked = [target for code, target in ASKED.items() if code in codes]
    states = dict.fromkeys(("v2.0.0", "v1.5.0"), DISABLED if asked else ACTIVE)
    return step_of(
        asked[0] if asked else ToVersion(OTHER_V20),
        at=world(
            images=[image(OTHER, states, state=DISABLED if Code.IMAGE_DISABLED in codes else ACTIVE)],
            runtimes=[runtime(state=DISABLED if Code.RUNTIME_DISABLED in codes else ACTIVE)],
        ),
        paused=Code.DEPLOYMENT_PAUSED in codes,
        rollout_in_progress="#3" if Code.ROLLOUT_IN_PROGRESS in codes else None,
    )


@pytest.mark.parametrize("code", PRECEDENCE)
def test_each_cause_alone_is_told(code: Code) -> None:
    assert caused(code).code is code


def test_without_a_cause_it_moves() -> None:
    assert caused().kind is Kind.SWITCH


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(first, second, id=f"{first} before {second}")
        for first, second in combinations(PRECEDENCE, 2)
        if not {first, second} <= ASKED.keys()
    ],
)
def test_of_two_causes_the_wider_is_told(first: Code, second: Code) -> None:
    assert caused(first, second).code is first


@pytest.mark.parametrize("fields", [{}, {"paused": True}, {"rollout_in_progress": "#3"}], ids=str)
@pytest.mark.parametrize("disabled", [RUNTIME, MOJO, V15])
@pytest.mark.parametrize(
    ("target", "code"),
    [
        pytest.param(None, Code.NOT_SELECTED, id="nothing asked"),
        pytest.param(Keep(), Code.NOT_SELECTED, id="kept"),
        pytest.param(ToVersion(V15), Code.ALREADY_ON_TARGET, id="there already"),
    ],
)
def test_what_is_skipped_is_never_blocked(
    target: Target | None, code: Code, disabled: str, fields: dict[str, Any]
) -> None:
    step = step_of(target, at=changed(world(), disabled, state=DISABLED), **fields)
    assert (step.kind, step.code) == (Kind.SKIP, code)


@pytest.mark.parametrize("runs", [V13, V15, V16, OTHER_V20])
def test_what_is_kept_is_kept_on_its_target_and_off_it(runs: str) -> None:
    assert step_of(Keep(), runs=composition(runs=runs)).code is Code.NOT_SELECTED
