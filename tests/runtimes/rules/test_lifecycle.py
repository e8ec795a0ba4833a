"""States, verbs and reasons."""

from __future__ import annotations

import pytest

from runtimes.rules.lifecycle import REASON_MAX, State, StateVerb, check_reason


def test_states_are_spelled_as_on_the_wire() -> None:
    assert [state.value for state in State] == ["ACTIVE", "DEPRECATED", "DISABLED"]


def test_states_sort_by_severity_as_words_too() -> None:
    assert sorted(State) == sorted(State, key=lambda state: state.severity) == list(State)


@pytest.mark.parametrize(
    ("verb", "target"),
    [
        ("deprecate", State.DEPRECATED),
        ("disable", State.DISABLED),
        ("enable", State.ACTIVE),
        ("activate", State.ACTIVE),
    ],
)
def test_a_verb_asks_for_a_state(verb: str, target: State) -> None:
    assert StateVerb(verb).target is target


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param("CVE-2026-1234", "CVE-2026-1234", id="plain"),
        pytest.param("  why \n", "why", id="stripped"),
        pytest.param("a\n\tb", "a\n\tb", id="newline and tab inside"),
        pytest.param("a\r\nb\rc", "a\nb\nc", id="line ends of a browser"),
        pytest.param("Ünïcode ✓ 日本語", "Ünïcode ✓ 日本語", id="letters of the world"),
        pytest.param("x" * REASON_MAX, "x" * REASON_MAX, id="longest"),
        pytest.param(" " + "x" * REASON_MAX + " ", "x" * REASON_MAX, id="longest with blanks around"),
        pytest.param("x\r\n" * 499 + "xy", "x\n" * 499 + "xy", id="line ends count once"),
    ],
)
def test_a_reason_is_kept(given: str, kept: str) -> None:
    assert check_reason(given) == kept


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        pytest.param("", "must not be blank", id="empty"),
        pytest.param(" \t\r\n\u00a0 ", "must not be blank", id="blank"),
        pytest.param("x" * (REASON_MAX + 1), "has 1,001 characters; at most 1,000", id="too long"),
        pytest.param("a\x00", "a NUL character at position 2", id="NUL"),
        pytest.param("ab\x1b[31m", r"U\+001B at position 3", id="escape"),
        pytest.param("a\x7f", r"U\+007F at position 2", id="delete"),
        pytest.param("\x85a\x85", r"U\+0085 at position 1", id="C1 control"),
        pytest.param("a\ud800", r"U\+D800 at position 2", id="lone surrogate"),
        pytest.param("a\u202eb", r"U\+202E at position 2", id="text turned around"),
    ],
)
def test_a_reason_is_refused(given: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        check_reason(given)
