"""Two layers of state: every pair of platform state, API state and verb."""

from __future__ import annotations

import pytest

from runtimes.rules.ceiling import DecisionKind, Holder, Layers, decide, platform_says
from runtimes.rules.lifecycle import State, StateVerb

EFFECTIVE = """
platform    api         effective   holder
-           ACTIVE      ACTIVE      NOBODY
-           DEPRECATED  DEPRECATED  API
-           DISABLED    DISABLED    API
ACTIVE      ACTIVE      ACTIVE      NOBODY
ACTIVE      DEPRECATED  DEPRECATED  API
ACTIVE      DISABLED    DISABLED    API
DEPRECATED  ACTIVE      DEPRECATED  PLATFORM
DEPRECATED  DEPRECATED  DEPRECATED  BOTH
DEPRECATED  DISABLED    DISABLED    API
DISABLED    ACTIVE      DISABLED    PLATFORM
DISABLED    DEPRECATED  DISABLED    PLATFORM
DISABLED    DISABLED    DISABLED    BOTH
"""
DECISIONS = """
platform    api         deprecate  disable  enable   activate
-           ACTIVE      CHANGE     CHANGE   NOOP     NOOP
-           DEPRECATED  NOOP       CHANGE   CHANGE   CHANGE
-           DISABLED    CHANGE     NOOP     CHANGE   CHANGE
ACTIVE      ACTIVE      CHANGE     CHANGE   NOOP     NOOP
ACTIVE      DEPRECATED  NOOP       CHANGE   CHANGE   CHANGE
ACTIVE      DISABLED    CHANGE     NOOP     CHANGE   CHANGE
DEPRECATED  ACTIVE      CHANGE     CHANGE   REFUSED  REFUSED
DEPRECATED  DEPRECATED  NOOP       CHANGE   REFUSED  REFUSED
DEPRECATED  DISABLED    CHANGE     NOOP     REFUSED  REFUSED
DISABLED    ACTIVE      REFUSED    CHANGE   REFUSED  REFUSED
DISABLED    DEPRECATED  REFUSED    CHANGE   REFUSED  REFUSED
DISABLED    DISABLED    REFUSED    NOOP     REFUSED  REFUSED
"""
HELD = """
api         ACTIVE  DEPRECATED  DISABLED
ACTIVE      free    free        free
DEPRECATED  held    free        free
DISABLED    held    held        free
"""


def rows(table: str) -> list[list[str]]:
    """The words of a table without its header."""
    return [line.split() for line in table.strip().splitlines()[1:]]


def header(table: str) -> list[str]:
    """The words of a table's first line."""
    return table.strip().splitlines()[0].split()


def layers_of(platform: str, api: str) -> Layers:
    """Two layers by name, `-` standing for no platform state."""
    return Layers(api=State(api), platform=None if platform == "-" else State(platform))


DECIDED = [
    pytest.param(layers_of(platform, api), StateVerb(verb), DecisionKind(kind), id=f"{platform}/{api} {verb}")
    for platform, api, *kinds in rows(DECISIONS)
    for verb, kind in zip(header(DECISIONS)[2:], kinds, strict=True)
]


def test_the_tables_hold_every_pair() -> None:
    pairs = {(platform, state.value) for platform in ("-", *State) for state in State}
    assert {tuple(row[:2]) for row in rows(EFFECTIVE)} == pairs
    assert {tuple(row[:2]) for row in rows(DECISIONS)} == pairs
    assert header(DECISIONS)[2:] == list(StateVerb)


@pytest.mark.parametrize(("platform", "api", "effective", "holder"), rows(EFFECTIVE), ids=lambda word: word.lower())
def test_the_stricter_layer_is_in_effect(platform: str, api: str, effective: str, holder: str) -> None:
    layers = layers_of(platform, api)
    assert layers.effective is State(effective)
    assert layers.holder is Holder(holder)


@pytest.mark.parametrize(("layers", "verb", "kind"), DECIDED)
def test_what_a_verb_does(layers: Layers, verb: StateVerb, kind: DecisionKind) -> None:
    decision = decide(layers, verb)
    assert decision.kind is kind
    assert decision.layers.platform is layers.platform
    assert decision.layers.api is (verb.target if kind is DecisionKind.CHANGE else layers.api)


@pytest.mark.parametrize(("layers", "verb", "kind"), DECIDED)
def test_a_verb_done_twice_is_done_once(layers: Layers, verb: StateVerb, kind: DecisionKind) -> None:
    again = decide(decide(layers, verb).layers, verb)
    assert again.kind is (DecisionKind.REFUSED if kind is DecisionKind.REFUSED else DecisionKind.NOOP)


@pytest.mark.parametrize(("layers", "verb", "kind"), DECIDED)
def test_no_verb_lifts_a_row_past_the_platform(layers: Layers, verb: StateVerb, kind: DecisionKind) -> None:
    after = decide(layers, verb).layers
    assert layers.platform is None or after.effective.severity >= layers.platform.severity


@pytest.mark.parametrize(
    ("api", "wanted", "held"),
    [
        pytest.param(State(api), State(wanted), word == "held", id=f"{api} under {wanted}")
        for api, *words in rows(HELD)
        for wanted, word in zip(header(HELD)[1:], words, strict=True)
    ],
)
@pytest.mark.parametrize("before", [None, *State])
def test_a_values_file_moves_its_own_layer_only(before: State | None, api: State, wanted: State, held: bool) -> None:
    layers, is_held = platform_says(Layers(api, before), wanted)
    assert layers == Layers(api=api, platform=wanted)
    assert is_held is held
    assert is_held is (layers.effective is not wanted)
