"""What a plan's fingerprint moves with, and what it does not."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, TypeAlias

import pytest

from deployments.planning import (
    WILDCARD,
    DeploymentFact,
    Keep,
    Latest,
    Plan,
    Target,
    ToImage,
    ToVersion,
    World,
    plan,
)
from tests.deployments.planning.worlds import (
    ACTIVE,
    DEPLOYMENT,
    DEPRECATED,
    DISABLED,
    FOREIGN,
    MOJO,
    OTHER,
    PINNED,
    RUNTIME,
    changed,
    composition,
    deployment,
    image,
    runtime,
    version,
    world,
)

V13, V14, V15, V16 = (f"{MOJO}/versions/v1.{minor}.0" for minor in range(3, 7))
OTHER_V15, OTHER_V20 = f"{OTHER}/versions/v1.5.0", f"{OTHER}/versions/v2.0.0"
SPARE: Final = "workspaces/ml/runtimes/spare"

# c1 goes to the current version, c2 to the pinned, c3 to another image, c4 to a version by name; c5 is kept.
ROWS: Final = (
    composition("c1", V15),
    composition("c2", V14, runtime=PINNED),
    composition("c3", V15),
    composition("c4", V15),
    composition("c5", f"{MOJO}/versions/v1.2.0", runtime=SPARE),
)
FACT: Final = deployment(*ROWS)
AT: Final = world(
    images=[image(MOJO, {"v1.6.0": ACTIVE, "v1.5.0": ACTIVE, "v1.4.0": ACTIVE, "v1.3.0": DISABLED, "v1.2.0": ACTIVE})],
    runtimes=[runtime(SPARE)],
)
TARGETS: Final[dict[str, Target]] = {
    WILDCARD: Latest(),
    "e3": ToImage(OTHER),
    "e4": ToVersion(OTHER_V15),
    "e5": Keep(),
    "e9": Latest(),
}
Scene: TypeAlias = tuple[DeploymentFact, World, dict[str, Target]]
Change: TypeAlias = Callable[[DeploymentFact, World, dict[str, Target]], Scene]


def made(scene: Scene) -> Plan:
    return plan(*scene)


def deployed(**fields: Any) -> Change:
    return lambda fact, at, targets: (replace(fact, **fields), at, targets)


def composed(index: int, **fields: Any) -> Change:
    return deployed(compositions=(*ROWS[:index], replace(ROWS[index], **fields), *ROWS[index + 1 :]))


def turned(name: str, **fields: Any) -> Change:
    return lambda fact, at, targets: (fact, changed(at, name, **fields), targets)


def aimed(**targets: Target) -> Change:
    return lambda fact, at, before: (fact, at, before | targets)


def added(name: str, number: str) -> Change:
    """Another version of an image."""
    versions = (*AT.images[name].versions, version(name, number))
    return turned(name, versions=versions)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(deployed(name=f"{DEPLOYMENT}2"), id="another deployment"),
        pytest.param(deployed(revision="8"), id="the deployment's revision"),
        pytest.param(deployed(paused=True), id="paused"),
        pytest.param(deployed(rollout_in_progress="#1"), id="a rollout"),
        pytest.param(deployed(rollout_in_progress=""), id="a rollout without a name"),
        pytest.param(deployed(compositions=ROWS[:4]), id="a composition less"),
        pytest.param(deployed(compositions=(*ROWS, composition("c6"))), id="a composition more"),
        pytest.param(deployed(compositions=ROWS[::-1]), id="the order of compositions"),
        pytest.param(composed(0, uid="c0"), id="another composition"),
        pytest.param(composed(0, experiment_id="e0"), id="its experiment"),
        pytest.param(composed(0, version=V14), id="its version"),
        pytest.param(composed(0, version=V16), id="it is there already"),
        pytest.param(composed(0, runtime=SPARE), id="its runtime"),
        pytest.param(composed(4, version=V15), id="the version of one that is kept"),
        pytest.param(composed(4, runtime=RUNTIME), id="the runtime of one that is kept"),
        pytest.param(turned(RUNTIME, state=DEPRECATED), id="the runtime's state"),
        pytest.param(turned(RUNTIME, state=DISABLED), id="the runtime is disabled"),
        pytest.param(turned(RUNTIME, image=OTHER), id="the runtime's image"),
        pytest.param(turned(RUNTIME, pinned=V14), id="a pin"),
        pytest.param(turned(RUNTIME, pinned=V16), id="a pin to what is current"),
        pytest.param(turned(PINNED, pinned=V15.replace("5", "6")), id="another pin"),
        pytest.param(turned(PINNED, pinned=None), id="a pin less"),
        pytest.param(turned(MOJO, state=DEPRECATED), id="the state of the runtime's image"),
        pytest.param(turned(OTHER, state=DISABLED), id="the state of an image that is asked for"),
        pytest.param(added(MOJO, "v1.7.0"), id="a new current version"),
        pytest.param(added(OTHER, "v2.1.0"), id="a new current version of an image that is asked for"),
        pytest.param(turned(V16, state=DISABLED), id="the current version is disabled"),
        pytest.param(turned(V16, state=DEPRECATED), id="the current version is deprecated"),
        pytest.param(turned(OTHER_V15, state=DEPRECATED), id="the state of a version that is asked for"),
        pytest.param(turned(OTHER_V15, state=DISABLED), id="a version that is asked for is disabled"),
        pytest.param(turned(V15, state=DEPRECATED), id="the state of what runs"),
        pytest.param(turned(V16, reference="mirror/mojo:1.6.0"), id="the reference of a target"),
        pytest.param(turned(V14, reference="mirror/mojo:1.4.0"), id="the reference of what runs"),
        pytest.param(turned(V16, readiness_probe_path="/health"), id="the probe path of a target"),
        pytest.param(turned(V14, readiness_probe_path="/health"), id="the probe path of what runs"),
        pytest.param(turned(V16, architectures=("amd64",)), id="the architectures of a target"),
        pytest.param(turned(V14, architectures=("amd64",)), id="the architectures of what runs"),
        pytest.param(aimed(e1=Latest()), id="the same target by name"),
        pytest.param(aimed(e1=Keep()), id="a target less"),
        pytest.param(aimed(e3=ToVersion(OTHER_V20)), id="the same version by another way"),
        pytest.param(aimed(e4=ToVersion(OTHER_V20)), id="another version"),
        pytest.param(aimed(e8=Latest()), id="another experiment that is not there"),
        pytest.param(aimed(e5=Latest()), id="one more is moved"),
    ],
)
def test_the_fingerprint_moves_with(change: Change) -> None:
    assert made(change(FACT, AT, TARGETS)).fingerprint != made((FACT, AT, TARGETS)).fingerprint


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda fact, at, targets: (fact, at, dict(reversed(targets.items()))), id="the order of targets"),
        pytest.param(
            lambda fact, at, targets: (
                fact,
                World(images=dict(reversed(at.images.items())), runtimes=dict(reversed(at.runtimes.items()))),
                targets,
            ),
            id="the order of the world",
        ),
        pytest.param(turned(MOJO, versions=AT.images[MOJO].versions[::-1]), id="the order of versions"),
        pytest.param(deployed(display_name="Renamed"), id="the deployment's name for people"),
        pytest.param(composed(0, experiment_name="Renamed"), id="an experiment's name for people"),
        pytest.param(turned(RUNTIME, display_name="Renamed"), id="the runtime's name for people"),
        pytest.param(turned(MOJO, display_name="Renamed"), id="an image's name for people"),
        pytest.param(turned(FOREIGN, state=DISABLED), id="an image that nobody uses"),
        pytest.param(
            lambda fact, at, targets: (fact, replace(at, runtimes=at.runtimes | {"r": runtime("r")}), targets),
            id="one more runtime",
        ),
        pytest.param(
            lambda fact, at, targets: (fact, replace(at, images=at.images | {"i": image("i", {})}), targets),
            id="one more image",
        ),
        pytest.param(added(MOJO, "v1.5.9"), id="a version below the current one"),
        pytest.param(turned(V13, state=ACTIVE), id="the state of a version below the current one"),
        pytest.param(turned(V13, reference="mirror/mojo:1.3.0"), id="the reference of a version that nobody runs"),
        pytest.param(turned(f"{MOJO}/versions/v1.2.0", state=DISABLED), id="the state of what is kept"),
        pytest.param(turned(SPARE, state=DISABLED), id="the state of the runtime of what is kept"),
        pytest.param(turned(V16, readiness_probe_path="/readyz"), id="the default path, written out"),
    ],
)
def test_the_fingerprint_stays_with(change: Change) -> None:
    assert made(change(FACT, AT, TARGETS)).fingerprint == made((FACT, AT, TARGETS)).fingerprint


def test_the_order_of_architectures_is_nothing() -> None:
    one, other = (
        plan(FACT, changed(AT, V16, architectures=each), TARGETS) for each in (("amd64", "arm64"), ("arm64", "amd64"))
    )
    assert one.fingerprint == other.fingerprint


def test_the_image_of_the_runtime_is_told_whatever_the_target() -> None:
    fact, targets = deployment(), {"e1": ToVersion(V14)}
    assert plan(fact, changed(AT, RUNTIME, image=OTHER), targets).fingerprint != plan(fact, AT, targets).fingerprint


def test_a_pin_is_nothing_to_a_target_that_names_its_version() -> None:
    fact, targets = deployment(), {"e1": ToVersion(V14)}
    assert plan(fact, changed(AT, RUNTIME, pinned=V15), targets).fingerprint == plan(fact, AT, targets).fingerprint


def test_a_new_version_is_nothing_to_a_target_that_names_its_version() -> None:
    fact, targets = deployment(), {"e1": ToVersion(V14)}
    newer = world(images=[image(MOJO, {"v1.7.0": ACTIVE, "v1.5.0": ACTIVE, "v1.4.0": ACTIVE})])
    assert plan(fact, newer, targets).fingerprint == plan(fact, world(), targets).fingerprint


def test_an_unknown_version_that_turns_up_is_told() -> None:
    fact, targets = deployment(), {"e1": ToVersion(f"{MOJO}/versions/v7.0.0")}
    newer = changed(AT, MOJO, versions=(*AT.images[MOJO].versions, version(MOJO, "v7.0.0")))
    assert plan(fact, newer, targets).fingerprint != plan(fact, AT, targets).fingerprint


def test_a_fingerprint_is_the_same_tomorrow() -> None:
    """Stored plans hold theirs: whoever changes what goes into it makes every one of them stale."""
    fingerprint = made((FACT, AT, TARGETS)).fingerprint
    assert re.fullmatch("[0-9a-f]{64}", fingerprint)
    assert fingerprint == "5e2924e558c69525a544fc491bb7d8113dd4a6f371d48189b26914a206ce0db6"
