"""What moves a composition, and where it need not be moved."""

from __future__ import annotations

from typing import Final

import pytest

from deployments.planning import (
    Code,
    CompositionFact,
    Keep,
    Kind,
    Latest,
    Target,
    ToImage,
    ToVersion,
    World,
)
from tests.deployments.planning.worlds import (
    ACTIVE,
    DEPRECATED,
    DISABLED,
    MOJO,
    OTHER,
    PINNED,
    RUNTIME,
    changed,
    composition,
    image,
    runtime,
    step_of,
    world,
)

V13, V14, V15, V16 = (f"{MOJO}/versions/v1.{minor}.0" for minor in range(3, 7))
OTHER_V15, OTHER_V20 = f"{OTHER}/versions/v1.5.0", f"{OTHER}/versions/v2.0.0"
MOJO_OF_ML: Final = "workspaces/ml/runtimeImages/mojo"


def on(version: str, runs_on: str = RUNTIME) -> CompositionFact:
    return composition(runs=version, runtime=runs_on)


@pytest.mark.parametrize(
    ("target", "runs", "at", "kind", "after"),
    [
        pytest.param(Latest(), on(V15), world(), Kind.UPGRADE, V16, id="latest, up"),
        pytest.param(Latest(), on(V16, PINNED), world(), Kind.ROLLBACK, V15, id="latest, down to the pinned"),
        pytest.param(Latest(), on(V14, PINNED), world(), Kind.UPGRADE, V15, id="latest, up to the pinned only"),
        pytest.param(
            Latest(), on(V16), changed(world(), V16, state=DISABLED), Kind.ROLLBACK, V15, id="latest, from a disabled"
        ),
        pytest.param(
            Latest(), on(V16), changed(world(), V16, state=DEPRECATED), Kind.ROLLBACK, V15, id="latest, from deprecated"
        ),
        pytest.param(Latest(), on(OTHER_V20), world(), Kind.SWITCH, V16, id="latest, back to the runtime's image"),
        pytest.param(Latest(), on(OTHER_V20, PINNED), world(), Kind.SWITCH, V15, id="latest, back to the pinned"),
        pytest.param(
            Latest(),
            on(V15),
            world(runtimes=[runtime(image=OTHER)]),
            Kind.SWITCH,
            OTHER_V20,
            id="latest, the runtime was re-pointed",
        ),
        pytest.param(
            Latest(),
            on(f"{MOJO}/versions/v1.9.0"),
            world(images=[image(MOJO, {"v1.9.0": ACTIVE, "v1.10.0": ACTIVE})]),
            Kind.UPGRADE,
            f"{MOJO}/versions/v1.10.0",
            id="numbers, not words",
        ),
        pytest.param(
            Latest(),
            on(f"{MOJO}/versions/v1.9.0-rc.1"),
            world(images=[image(MOJO, {"v1.9.0": ACTIVE, "v1.9.0-rc.1": ACTIVE})]),
            Kind.UPGRADE,
            f"{MOJO}/versions/v1.9.0",
            id="from a pre-release to its release",
        ),
        pytest.param(
            Latest(),
            on(f"{MOJO}/versions/v1.0.0"),
            world(images=[image(MOJO, {"v1.0.0": DISABLED, "v1.1.0": DEPRECATED})]),
            Kind.UPGRADE,
            f"{MOJO}/versions/v1.1.0",
            id="latest, a deprecated where none is active",
        ),
        pytest.param(ToVersion(V16), on(V15), world(), Kind.UPGRADE, V16, id="version, up"),
        pytest.param(ToVersion(V14), on(V15), world(), Kind.ROLLBACK, V14, id="version, down"),
        pytest.param(ToVersion(V16), on(V15, PINNED), world(), Kind.UPGRADE, V16, id="version, past the pin"),
        pytest.param(ToVersion(OTHER_V20), on(V15), world(), Kind.SWITCH, OTHER_V20, id="version of another image"),
        pytest.param(
            ToVersion(OTHER_V15), on(V15), world(), Kind.SWITCH, OTHER_V15, id="the same number in another image"
        ),
        pytest.param(
            ToVersion(f"{MOJO}/versions/1.6.0"), on(V15), world(), Kind.UPGRADE, V16, id="version without its v"
        ),
        pytest.param(
            ToVersion(V16.replace("global", "ml")), on(V15), world(), Kind.UPGRADE, V16, id="version, inherited image"
        ),
        pytest.param(
            ToVersion(V14),
            on(V15),
            changed(world(), V14, state=DEPRECATED),
            Kind.ROLLBACK,
            V14,
            id="version, deprecated",
        ),
        pytest.param(ToImage(OTHER), on(V15), world(), Kind.SWITCH, OTHER_V20, id="another image"),
        pytest.param(ToImage(MOJO), on(V15, PINNED), world(), Kind.UPGRADE, V16, id="the image, past the pin"),
        pytest.param(ToImage(MOJO), on(OTHER_V15), world(), Kind.SWITCH, V16, id="back to the image"),
        pytest.param(ToImage(MOJO_OF_ML), on(V15), world(), Kind.UPGRADE, V16, id="an inherited image"),
        pytest.param(
            ToImage(MOJO_OF_ML),
            on(V15),
            world(images=[image(MOJO_OF_ML, {"v1.5.0": ACTIVE})]),
            Kind.SWITCH,
            f"{MOJO_OF_ML}/versions/v1.5.0",
            id="an image of its own before the inherited",
        ),
        pytest.param(
            Latest(), on(V15), changed(world(), RUNTIME, state=DEPRECATED), Kind.UPGRADE, V16, id="deprecated runtime"
        ),
        pytest.param(
            Latest(), on(V15), changed(world(), MOJO, state=DEPRECATED), Kind.UPGRADE, V16, id="deprecated image"
        ),
    ],
)
def test_a_composition_moves(target: Target, runs: CompositionFact, at: World, kind: Kind, after: str) -> None:
    step = step_of(target, runs=runs, at=at)
    assert (step.kind, step.code, step.cure) == (kind, None, "")
    assert step.before == at.version(runs.version)
    assert step.after == at.version(after)
    assert step.after.number in step.sentence
    assert (step.composition, step.experiment_id, step.experiment_name) == ("c1", "e1", "Churn 1")
    assert step.runtime == runs.runtime


@pytest.mark.parametrize(
    ("target", "runs", "at", "code"),
    [
        pytest.param(None, on(V15), world(), Code.NOT_SELECTED, id="nothing asked"),
        pytest.param(Keep(), on(V15), world(), Code.NOT_SELECTED, id="to be kept"),
        pytest.param(Latest(), on(V16), world(), Code.ALREADY_ON_TARGET, id="latest"),
        pytest.param(Latest(), on(V15, PINNED), world(), Code.ALREADY_ON_TARGET, id="latest, pinned"),
        pytest.param(ToVersion(V15), on(V15), world(), Code.ALREADY_ON_TARGET, id="version"),
        pytest.param(
            ToVersion(f"{MOJO}/versions/1.5.0"), on(V15), world(), Code.ALREADY_ON_TARGET, id="version without its v"
        ),
        pytest.param(
            ToVersion(V15.replace("global", "ml")), on(V15), world(), Code.ALREADY_ON_TARGET, id="version, inherited"
        ),
        pytest.param(ToImage(MOJO), on(V16), world(), Code.ALREADY_ON_TARGET, id="image"),
        pytest.param(ToVersion(V13), on(V13), world(), Code.ALREADY_ON_TARGET, id="version, disabled"),
    ],
)
def test_a_composition_is_skipped(target: Target | None, runs: CompositionFact, at: World, code: Code) -> None:
    step = step_of(target, runs=runs, at=at)
    assert (step.kind, step.code, step.warnings) == (Kind.SKIP, code, ())
    assert step.before == step.after == at.version(runs.version)
