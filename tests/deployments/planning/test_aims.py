"""The latest version for a runtime, and whether a list says that an upgrade is available."""

from __future__ import annotations

import pytest

from deployments.planning import Latest, World, latest_of, plan, upgrade_available
from tests.deployments.planning.worlds import (
    DEPRECATED,
    DISABLED,
    MOJO,
    OTHER,
    RUNTIME,
    changed,
    composition,
    deployment,
    image,
    runtime,
    world,
)

V13, V14, V15, V16 = (f"{MOJO}/versions/v1.{minor}.0" for minor in range(3, 7))
OTHER_V15, OTHER_V20 = f"{OTHER}/versions/v1.5.0", f"{OTHER}/versions/v2.0.0"
ON_V14 = world(runtimes=[runtime(pinned=V14)])


@pytest.mark.parametrize(
    ("at", "latest"),
    [
        pytest.param(world(), V16, id="current"),
        pytest.param(ON_V14, V14, id="pinned"),
        pytest.param(world(runtimes=[runtime(image=OTHER)]), OTHER_V20, id="the runtime's image"),
        pytest.param(changed(world(), V16, state=DEPRECATED), V15, id="active before deprecated"),
        pytest.param(changed(ON_V14, V14, state=DEPRECATED), V14, id="pinned, deprecated"),
        pytest.param(changed(world(), MOJO, state=DEPRECATED), V16, id="deprecated image"),
        pytest.param(changed(world(), RUNTIME, state=DISABLED), V16, id="disabled runtime"),
        pytest.param(world(runtimes=[runtime(pinned=V13)]), None, id="pinned, disabled: nothing in its stead"),
        pytest.param(changed(world(), MOJO, state=DISABLED), None, id="disabled image"),
        pytest.param(changed(ON_V14, MOJO, state=DISABLED), None, id="disabled image of the pinned"),
        pytest.param(world(images=[image(MOJO, {"v1.5.0": DISABLED})]), None, id="no usable version"),
        pytest.param(world(images=[image(MOJO, {})]), None, id="no version"),
    ],
)
def test_the_latest_version(at: World, latest: str | None) -> None:
    found = latest_of(at.runtimes[RUNTIME], at)
    assert found == (at.version(latest) if latest else None)


@pytest.mark.parametrize(
    ("at", "runs", "available"),
    [
        pytest.param(world(), V15, True, id="higher"),
        pytest.param(world(), V16, False, id="the same"),
        pytest.param(ON_V14, V15, True, id="lower"),
        pytest.param(ON_V14, V14, False, id="the pinned"),
        pytest.param(world(), OTHER_V15, True, id="another image"),
        pytest.param(world(runtimes=[runtime(image=OTHER)]), V15, True, id="the same number of another image"),
        pytest.param(changed(world(), V16, state=DISABLED), V16, True, id="away from a disabled"),
        pytest.param(world(images=[image(MOJO, {"v1.5.0": DISABLED})]), V15, False, id="none is usable"),
        pytest.param(world(runtimes=[runtime(pinned=V13)]), V15, False, id="the pinned is disabled"),
        pytest.param(changed(world(), MOJO, state=DISABLED), V15, False, id="the image is disabled"),
        pytest.param(changed(world(), RUNTIME, state=DISABLED), V15, False, id="the runtime is disabled"),
        pytest.param(changed(world(), RUNTIME, state=DEPRECATED), V15, True, id="the runtime is deprecated"),
    ],
)
def test_an_upgrade_is_available_where_latest_would_move_it(at: World, runs: str, available: bool) -> None:
    row = composition(runs=runs)
    assert upgrade_available(row, at) is available
    assert bool(plan(deployment(row), at, {"e1": Latest()}).changes) is available
