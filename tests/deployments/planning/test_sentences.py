"""What people read: why a composition stays or moves, and which button helps."""

from __future__ import annotations

import pytest

from deployments.planning import Code, Keep, Latest, Step, ToImage, ToVersion, plan
from tests.deployments.planning.worlds import (
    DISABLED,
    MOJO,
    OTHER,
    PINNED,
    changed,
    composition,
    deployment,
    image,
    runtime,
    step_of,
    world,
)

V15, V16 = f"{MOJO}/versions/v1.5.0", f"{MOJO}/versions/v1.6.0"
OTHER_TARGET = 'choose another target in "Target for Churn 1"'


@pytest.mark.parametrize(
    ("step", "sentence", "cure"),
    [
        pytest.param(
            step_of(None),
            "No target was chosen for Churn 1, so it stays on v1.5.0.",
            'To move it, choose a target in "Target for Churn 1" or in "All other experiments".',
            id="nothing asked",
        ),
        pytest.param(
            step_of(Keep()),
            "Churn 1 is to be kept as it is, so it stays on v1.5.0.",
            'To move it, choose a target in "Target for Churn 1" or in "All other experiments".',
            id="kept",
        ),
        pytest.param(
            step_of(Latest(), runs=composition(runtime=PINNED)),
            "Churn 1 runs v1.5.0 already. The runtime Pinned Runtime is pinned to v1.5.0.",
            'Nothing is left to do. To move it elsewhere, choose that in "Target for Churn 1".',
            id="there already",
        ),
        pytest.param(
            step_of(Latest(), rollout_in_progress="#12"),
            "The rollout #12 of the deployment Churn has not ended.",
            'Wait until it has, or open it under "Rollouts" and press "Abort"; then preview again.',
            id="rolling out",
        ),
        pytest.param(
            step_of(Latest(), paused=True),
            "The deployment Churn is paused, so nothing in it can be started.",
            'Press "Resume" on the page of the deployment Churn, then preview again.',
            id="paused",
        ),
        pytest.param(
            step_of(Latest(), at=world(runtimes=[runtime(state=DISABLED)])),
            "The runtime MOJO Runtime is disabled: what runs on it keeps running, but is not moved.",
            'Press "Enable" on the page of the runtime MOJO Runtime, or choose "Keep current version".',
            id="runtime",
        ),
        pytest.param(
            step_of(ToVersion(f"{MOJO}/versions/9.9.9")),
            "MOJO Scorer has no version '9.9.9'.",
            f'Look the name up under "Runtime images", or {OTHER_TARGET}.',
            id="unknown version",
        ),
        pytest.param(
            step_of(Latest(), at=changed(world(), MOJO, state=DISABLED)),
            "The runtime image MOJO Scorer is disabled, so nothing is moved to its versions.",
            f'Press "Enable" on the page of the runtime image MOJO Scorer, or {OTHER_TARGET}.',
            id="image",
        ),
        pytest.param(
            step_of(ToVersion(V16), at=changed(world(), V16, state=DISABLED)),
            "v1.6.0 of MOJO Scorer is disabled, so nothing is moved to it.",
            f'Press "Activate" at v1.6.0 on the page of the runtime image MOJO Scorer, or {OTHER_TARGET}.',
            id="version",
        ),
        pytest.param(
            step_of(Latest(), at=changed(world(runtimes=[runtime(pinned=V16)]), V16, state=DISABLED)),
            "v1.6.0 of MOJO Scorer is disabled, so nothing is moved to it. "
            "The runtime MOJO Runtime is pinned to v1.6.0.",
            f'Press "Activate" at v1.6.0 on the page of the runtime image MOJO Scorer, or {OTHER_TARGET}.',
            id="pinned version",
        ),
        pytest.param(
            step_of(ToImage(OTHER), at=world(images=[image(OTHER, {})])),
            "Other Scorer has no version that is active or deprecated.",
            'Press "Add version" on the page of the runtime image Other Scorer, '
            f'or "Activate" at one that is there, or {OTHER_TARGET}.',
            id="no version",
        ),
        pytest.param(
            plan(deployment(), world(), {"nobody": Latest()}).steps[-1],
            "The deployment Churn has no experiment 'nobody'.",
            "Leave it out, or take an ID from the page of the deployment Churn.",
            id="unknown experiment",
        ),
        pytest.param(step_of(Latest()), "v1.6.0 is the current version of MOJO Scorer.", "", id="to the current"),
        pytest.param(step_of(ToImage(OTHER)), "v2.0.0 is the current version of Other Scorer.", "", id="to an image"),
        pytest.param(step_of(ToVersion(V16)), "v1.6.0 of MOJO Scorer was chosen.", "", id="to a version"),
        pytest.param(
            step_of(Latest(), at=world(runtimes=[runtime(pinned=V16)])),
            "The runtime MOJO Runtime is pinned to v1.6.0.",
            "",
            id="to the pinned",
        ),
    ],
)
def test_what_is_told(step: Step, sentence: str, cure: str) -> None:
    assert (step.sentence, step.cure) == (sentence, cure)


def test_every_code_skips_or_blocks() -> None:
    skips = {code for code in Code if code.kind.name == "SKIP"}
    assert skips == {Code.NOT_SELECTED, Code.ALREADY_ON_TARGET}
    assert {code.kind.name for code in set(Code) - skips} == {"BLOCKED"}
    assert not any(code.kind.moves for code in Code)
