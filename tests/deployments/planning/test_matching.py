"""Which runtimes take an experiment, on which version, and why the others do not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.planning import World, latest_of
from deployments.planning.matching import Candidate, Match, match, match_one
from tests.deployments.planning.test_properties import worlds
from tests.deployments.planning.worlds import (
    ACTIVE,
    DEPRECATED,
    DISABLED,
    MOJO,
    OTHER,
    PINNED,
    RUNTIME,
    changed,
    image,
    runtime,
    world,
)

V13, V14, V15, V16 = (f"{MOJO}/versions/v1.{minor}.0" for minor in range(3, 7))
OUT: Final = "Deprecated, that is usable but on the way out: "


def candidate(at: World, name: str = RUNTIME, **fields: Any) -> Candidate:
    """A runtime of a world, for MOJOs of any experiment."""
    usual: dict[str, Any] = {"runtime": at.runtimes[name], "model_type": "mojo", "selector": {}}
    return Candidate(**usual | fields)


def answer(at: World, name: str = RUNTIME, *, model_type: str = "mojo", **fields: Any) -> Match:
    """The answer of a runtime for an experiment of team red."""
    return match_one(candidate(at, name, **fields), at, model_type, {"team": "red"})


@pytest.mark.parametrize(
    ("at", "name", "version", "warning"),
    [
        pytest.param(world(), RUNTIME, V16, "", id="the current version"),
        pytest.param(world(), PINNED, V15, "", id="the pinned version"),
        pytest.param(
            changed(world(runtimes=[runtime(PINNED, image=OTHER, pinned=V14)]), OTHER, state=DISABLED),
            PINNED,
            V14,
            "",
            id="pinned to another image",
        ),
        pytest.param(changed(world(), V16, state=DISABLED), RUNTIME, V15, "", id="the highest that is active"),
        pytest.param(changed(world(), V16, state=DEPRECATED), RUNTIME, V15, "", id="active before deprecated"),
        pytest.param(
            world(images=[image(MOJO, {"v1.6.0": DEPRECATED})]),
            RUNTIME,
            V16,
            f"{OUT}version v1.6.0.",
            id="a deprecated version",
        ),
        pytest.param(
            changed(world(), V15, state=DEPRECATED), PINNED, V15, f"{OUT}version v1.5.0.", id="pinned, deprecated"
        ),
        pytest.param(
            changed(world(), MOJO, state=DEPRECATED),
            RUNTIME,
            V16,
            f"{OUT}the runtime image MOJO Scorer.",
            id="a deprecated image",
        ),
        pytest.param(
            changed(world(), RUNTIME, state=DEPRECATED), RUNTIME, V16, f"{OUT}the runtime.", id="a deprecated runtime"
        ),
        pytest.param(
            changed(changed(changed(world(), V15, state=DEPRECATED), MOJO, state=DEPRECATED), PINNED, state=DEPRECATED),
            PINNED,
            V15,
            f"{OUT}the runtime, the runtime image MOJO Scorer, version v1.5.0.",
            id="all deprecated",
        ),
    ],
)
def test_a_runtime_takes_an_experiment(at: World, name: str, version: str, warning: str) -> None:
    found = answer(at, name)
    assert found == Match(candidate=candidate(at, name), version=at.version(version), warning=warning)
    assert found.ok


NO_VERSION: Final = world(images=[image(MOJO, {"v1.6.0": DISABLED})])
TYPE: Final = "It is for the model type mojo; the experiment's is python."
SELECTOR: Final = "Its selector does not match: 'team' is 'red'; 'blue' is asked for."
ABSENT: Final = "Its selector does not match: the experiment has no 'unit'; 'a' is asked for."
PRESENT: Final = "Its selector does not match: the experiment has 'team', which must be absent."
IMAGE: Final = "Its runtime image MOJO Scorer is disabled."
VERSION: Final = "It is pinned to v1.5.0 of MOJO Scorer, which is disabled."
NONE: Final = "Its runtime image MOJO Scorer has no version that is active or deprecated."
ALL_DISABLED: Final = changed(
    changed(changed(world(), V15, state=DISABLED), MOJO, state=DISABLED), PINNED, state=DISABLED
)
BLUE: Final = {"selector": {"team": "blue"}}


@pytest.mark.parametrize(
    ("at", "name", "fields", "why_not"),
    [
        pytest.param(world(), RUNTIME, {"model_type": "python"}, TYPE, id="another model type"),
        pytest.param(changed(world(), RUNTIME, state=DISABLED), RUNTIME, {}, "It is disabled.", id="disabled"),
        pytest.param(world(), RUNTIME, BLUE, SELECTOR, id="another value"),
        pytest.param(world(), RUNTIME, {"selector": {"unit": "a"}}, ABSENT, id="a missing key"),
        pytest.param(world(), RUNTIME, {"selector": {"team?absent=require": ""}}, PRESENT, id="a key too many"),
        pytest.param(changed(world(), MOJO, state=DISABLED), RUNTIME, {}, IMAGE, id="a disabled image"),
        pytest.param(changed(world(), MOJO, state=DISABLED), PINNED, {}, IMAGE, id="the image of the pinned version"),
        pytest.param(NO_VERSION, RUNTIME, {}, NONE, id="only disabled versions"),
        pytest.param(world(images=[image(MOJO, {})]), RUNTIME, {}, NONE, id="no version at all"),
        pytest.param(changed(world(), V15, state=DISABLED), PINNED, {}, VERSION, id="pinned to a disabled version"),
        pytest.param(ALL_DISABLED, PINNED, {"model_type": "python", **BLUE}, TYPE, id="the model type is told first"),
        pytest.param(ALL_DISABLED, PINNED, BLUE, "It is disabled.", id="then that it is disabled"),
        pytest.param(changed(ALL_DISABLED, PINNED, state=ACTIVE), PINNED, BLUE, SELECTOR, id="then the selector"),
        pytest.param(changed(ALL_DISABLED, PINNED, state=ACTIVE), PINNED, {}, IMAGE, id="then the image"),
    ],
)
def test_a_runtime_does_not_take_an_experiment(at: World, name: str, fields: dict[str, Any], why_not: str) -> None:
    found = answer(at, name, **fields)
    assert found.why_not == why_not
    assert (found.ok, found.version, found.warning) == (False, None, "")


@pytest.mark.parametrize("model_type", ["", "mojo"])
def test_an_experiment_without_a_model_type_is_taken_by_any(model_type: str) -> None:
    assert answer(world(), model_type=model_type).ok


@pytest.mark.parametrize(
    "selector",
    [
        pytest.param({}, id="empty"),
        pytest.param({"team": "red"}, id="equal"),
        pytest.param({"unit?absent=match": "a"}, id="may be missing"),
        pytest.param({"unit?absent=require": "a"}, id="must be missing"),
    ],
)
def test_a_selector_that_matches(selector: dict[str, str]) -> None:
    assert answer(world(), selector=selector).ok


def test_those_that_take_it_come_first_each_in_the_order_given() -> None:
    at = world(runtimes=[runtime("d", state=DISABLED), runtime("o", state=DEPRECATED)])
    given_order = [
        candidate(at, "d"),
        candidate(at, PINNED),
        candidate(at, RUNTIME, model_type="python"),
        candidate(at, "o"),
        candidate(at, RUNTIME),
    ]
    found = match(iter(given_order), at, "mojo", {})
    expected = [given_order[number] for number in (1, 3, 4, 0, 2)]
    assert [each.candidate for each in found] == expected
    assert [each.ok for each in found] == [True, True, True, False, False]
    assert found == [match_one(each, at, "mojo", {}) for each in expected]


def test_without_candidates_there_is_no_answer() -> None:
    assert match([], world(), "mojo", {}) == []


@pytest.mark.parametrize(
    "at",
    [
        pytest.param(replace(world(), images={}), id="no image"),
        pytest.param(world(images=[image(MOJO, {})]), id="not the pinned version"),
    ],
)
def test_a_world_that_was_not_read_in_full_is_no_world(at: World) -> None:
    with pytest.raises(KeyError):
        answer(at, PINNED)


@given(worlds(), st.sampled_from([RUNTIME, PINNED]))
def test_an_experiment_begins_on_the_version_that_latest_leads_to(at: World, name: str) -> None:
    """So that an upgrade to the latest has nothing to do on what was just made."""
    found = answer(at, name)
    latest = latest_of(at.runtimes[name], at)
    assert found.version == (None if at.runtimes[name].state is DISABLED else latest)
    assert found.ok is (found.version is not None) is not bool(found.why_not)
    states = () if latest is None else (at.runtimes[name].state, at.images[latest.image].state, latest.state)
    assert bool(found.warning) is (found.ok and DEPRECATED in states)
