"""Warnings about a move, each with the cases beside it that call for none."""

from __future__ import annotations

from typing import Any

import pytest

from deployments.planning import CautionCode, CompositionFact, Keep, Latest, Target, ToImage, ToVersion, World, plan
from runtimes.rules.lifecycle import State
from tests.deployments.planning.worlds import (
    ACTIVE,
    DEPRECATED,
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

V14, V15, V16 = (f"{MOJO}/versions/v1.{minor}.0" for minor in (4, 5, 6))
OTHER_V15 = f"{OTHER}/versions/v1.5.0"
ON_OTHER = composition(runs=OTHER_V15)


def warned(target: Target, at: World, runs: CompositionFact | None = None, **fields: Any) -> dict[CautionCode, str]:
    """The sentences about the only composition of a deployment by their codes."""
    step = plan(deployment(runs or composition(), **fields), at, {"e1": target}).steps[0]
    told = {each.code: each.sentence for each in step.warnings}
    assert len(told) == len(step.warnings)
    return told


def with_versions(before: dict[str, Any], after: dict[str, Any]) -> World:
    """A world in which v1.5.0, which runs, and v1.6.0, the latest, have these fields."""
    return changed(changed(world(), V15, **before), V16, **after)


def of_arches(before: tuple[str, ...], after: tuple[str, ...]) -> World:
    return with_versions({"architectures": before}, {"architectures": after})


def of_paths(before: str, after: str) -> World:
    return with_versions({"readiness_probe_path": before}, {"readiness_probe_path": after})


DEPRECATED_V16 = changed(world(), V16, state=DEPRECATED)


@pytest.mark.parametrize(
    ("target", "at", "runs", "code", "sentence"),
    [
        pytest.param(
            ToVersion(V16),
            DEPRECATED_V16,
            composition(),
            CautionCode.DEPRECATED_TARGET,
            "Deprecated, that is usable but on the way out: v1.6.0.",
            id="deprecated version",
        ),
        pytest.param(
            Latest(),
            changed(world(), MOJO, state=DEPRECATED),
            composition(),
            CautionCode.DEPRECATED_TARGET,
            "Deprecated, that is usable but on the way out: the runtime image MOJO Scorer.",
            id="deprecated image",
        ),
        pytest.param(
            Latest(),
            changed(world(), RUNTIME, state=DEPRECATED),
            composition(),
            CautionCode.DEPRECATED_TARGET,
            "Deprecated, that is usable but on the way out: the runtime MOJO Runtime.",
            id="deprecated runtime",
        ),
        pytest.param(
            ToVersion(V16),
            changed(changed(DEPRECATED_V16, MOJO, state=DEPRECATED), RUNTIME, state=DEPRECATED),
            composition(),
            CautionCode.DEPRECATED_TARGET,
            "Deprecated, that is usable but on the way out: "
            "v1.6.0, the runtime image MOJO Scorer, the runtime MOJO Runtime.",
            id="all deprecated",
        ),
        pytest.param(
            ToVersion(V14),
            world(),
            composition(),
            CautionCode.DOWNGRADE,
            "v1.4.0 is lower than v1.5.0, which runs now.",
            id="lower version",
        ),
        pytest.param(
            ToImage(OTHER),
            world(),
            composition(),
            CautionCode.IMAGE_NOT_OF_RUNTIME,
            "Other Scorer is not the image of the runtime MOJO Runtime, which is MOJO Scorer.",
            id="another image",
        ),
        pytest.param(
            ToImage(OTHER),
            world(),
            ON_OTHER,
            CautionCode.IMAGE_NOT_OF_RUNTIME,
            "Other Scorer is not the image of the runtime MOJO Runtime, which is MOJO Scorer.",
            id="a newer version of another image",
        ),
        pytest.param(
            ToVersion(V16),
            world(runtimes=[runtime(image=OTHER)]),
            composition(),
            CautionCode.IMAGE_NOT_OF_RUNTIME,
            "MOJO Scorer is not the image of the runtime MOJO Runtime, which is Other Scorer.",
            id="the image that the runtime was on",
        ),
        pytest.param(
            Latest(),
            of_arches(("amd64", "arm64"), ("amd64",)),
            composition(),
            CautionCode.ARCHITECTURE_NARROWED,
            "v1.6.0 runs on amd64 only, v1.5.0 on amd64 and arm64.",
            id="one architecture less",
        ),
        pytest.param(
            Latest(),
            of_arches(("amd64",), ("arm64", "s390x")),
            composition(),
            CautionCode.ARCHITECTURE_NARROWED,
            "v1.6.0 runs on arm64 and s390x only, v1.5.0 on amd64.",
            id="more architectures, but not the one",
        ),
        pytest.param(
            Latest(),
            of_arches((), ("amd64",)),
            composition(),
            CautionCode.ARCHITECTURE_NARROWED,
            "v1.6.0 runs on amd64 only, v1.5.0 on any architecture.",
            id="from any to one",
        ),
        pytest.param(
            Latest(),
            of_paths("", "/health"),
            composition(),
            CautionCode.PROBE_PATH_CHANGED,
            "v1.6.0 is asked at /health whether it is ready, v1.5.0 at /readyz.",
            id="from the default path",
        ),
        pytest.param(
            Latest(),
            of_paths("/health", ""),
            composition(),
            CautionCode.PROBE_PATH_CHANGED,
            "v1.6.0 is asked at /readyz whether it is ready, v1.5.0 at /health.",
            id="to the default path",
        ),
    ],
)
def test_a_move_is_warned_of(
    target: Target, at: World, runs: CompositionFact, code: CautionCode, sentence: str
) -> None:
    assert warned(target, at, runs) == {code: sentence}


@pytest.mark.parametrize(
    ("target", "at", "runs"),
    [
        pytest.param(Latest(), world(), composition(), id="an upgrade"),
        pytest.param(Latest(), changed(world(), V15, state=DEPRECATED), composition(), id="away from a deprecated"),
        pytest.param(Latest(), changed(world(), V14, state=DEPRECATED), composition(), id="another is deprecated"),
        pytest.param(Latest(), world(), ON_OTHER, id="back to the runtime's image"),
        pytest.param(Latest(), changed(world(), OTHER, state=DEPRECATED), ON_OTHER, id="away from a deprecated image"),
        pytest.param(
            Latest(),
            world(images=[image(MOJO, {"v0.1.0": ACTIVE, "v1.5.0": State.DISABLED})]),
            ON_OTHER,
            id="a lower number of another image",
        ),
        pytest.param(Latest(), of_arches(("amd64",), ("amd64", "arm64")), composition(), id="one architecture more"),
        pytest.param(Latest(), of_arches(("arm64", "amd64"), ("amd64", "arm64")), composition(), id="turned round"),
        pytest.param(Latest(), of_arches(("amd64", "arm64"), ()), composition(), id="to any architecture"),
        pytest.param(Latest(), of_paths("", "/readyz"), composition(), id="the default path, written out"),
        pytest.param(Latest(), of_paths("/a", "/a"), composition(), id="the same path"),
    ],
)
def test_a_move_is_warned_of_nothing(target: Target, at: World, runs: CompositionFact) -> None:
    assert warned(target, at, runs) == {}


def test_all_warnings_come_at_once() -> None:
    at = with_versions({"readiness_probe_path": "/old"}, {"architectures": ("amd64",), "state": DEPRECATED})
    at = changed(changed(at, RUNTIME, image=OTHER), V14, architectures=("amd64",), state=DEPRECATED)
    assert list(warned(ToVersion(V14), at)) == list(CautionCode)


@pytest.mark.parametrize(
    ("target", "fields"),
    [
        pytest.param(Keep(), {}, id="kept"),
        pytest.param(ToVersion(V15), {}, id="there already"),
        pytest.param(ToVersion(V14), {"paused": True}, id="paused"),
    ],
)
def test_what_stays_is_not_warned_of(target: Target, fields: dict[str, Any]) -> None:
    at = changed(changed(world(), MOJO, state=DEPRECATED), V15, state=DEPRECATED)
    assert warned(target, at, **fields) == {}
