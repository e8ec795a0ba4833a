"""Selectors: their form and what they match."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from runtimes.rules.selectors import ENTRIES_MAX, KEY_MAX, VALUE_MAX, Absent, faults, matches, parse_key

METADATA = {"team": "fraud", "tier": "", "a?b": "1", "c&d": "2", "100%": "3"}


@pytest.mark.parametrize(
    ("key", "name", "absent"),
    [
        pytest.param("team", "team", Absent.FAIL, id="plain"),
        pytest.param("team?absent=match", "team", Absent.MATCH, id="match"),
        pytest.param("team?absent=require", "team", Absent.REQUIRE, id="require"),
        pytest.param("a%3Fb", "a?b", Absent.FAIL, id="question mark"),
        pytest.param("a%3fb", "a?b", Absent.FAIL, id="question mark in lower case"),
        pytest.param("c%26d", "c&d", Absent.FAIL, id="ampersand"),
        pytest.param("a%3Fabsent=match", "a?absent=match", Absent.FAIL, id="literal suffix"),
        pytest.param("a%3Fb?absent=match", "a?b", Absent.MATCH, id="question mark and suffix"),
        pytest.param("100%", "100%", Absent.FAIL, id="percent sign"),
        pytest.param("a%20b%25", "a%20b%25", Absent.FAIL, id="other escapes stay"),
        pytest.param("%253F", "%253F", Absent.FAIL, id="decoded once"),
        pytest.param("k8s.io/name", "k8s.io/name", Absent.FAIL, id="dots and slashes"),
    ],
)
def test_a_key_falls_into_name_and_rule(key: str, name: str, absent: Absent) -> None:
    assert parse_key(key) == (name, absent)
    assert faults({key: "x"}) == {}


def written(name: str) -> str:
    """A metadata key as a selector spells it."""
    return name.replace("?", "%3F").replace("&", "%26")


@given(
    st.one_of(st.text(max_size=30), st.text("?&%326Ffab=", max_size=30)),
    st.sampled_from([("", Absent.FAIL), ("?absent=match", Absent.MATCH), ("?absent=require", Absent.REQUIRE)]),
)
def test_what_is_written_is_read_again(name: str, suffix: tuple[str, Absent]) -> None:
    assume(name.strip() and not any(escape in name.upper() for escape in ("%3F", "%26")))
    assert parse_key(written(name) + suffix[0]) == (name, suffix[1])


@given(st.text("ab?&", min_size=1, max_size=8), st.text("xy", max_size=3), st.text("xy", max_size=3))
def test_an_escaped_key_matches_its_metadata(name: str, wanted: str, held: str) -> None:
    assert matches({written(name): wanted}, {name: held}).ok is (wanted == held)


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        pytest.param("", "x", "The key is blank.", id="empty key"),
        pytest.param("  ", "x", "The key is blank.", id="blank key"),
        pytest.param("?absent=match", "x", "The key is blank.", id="suffix only"),
        pytest.param("a?", "x", "only absent=match or absent=require is allowed, not ''", id="empty suffix"),
        pytest.param("a?absent=maybe", "x", "not 'absent=maybe'; write a literal ? as %3F", id="unknown suffix"),
        pytest.param("a?present=match", "x", "not 'present=match'", id="unknown option"),
        pytest.param("a?ABSENT=match", "x", "not 'ABSENT=match'", id="upper-case suffix"),
        pytest.param("a?absent=match&absent=require", "x", "not 'absent=match&absent", id="two options"),
        pytest.param("a?absent=match?absent=match", "x", "not 'absent=match?absent=", id="two suffixes"),
        pytest.param("a?absent=match ", "x", "not 'absent=match '", id="blank after the suffix"),
        pytest.param("a?" + "b" * 100_000, "x", "only absent=match", id="endless suffix"),
        pytest.param("k" * (KEY_MAX + 1), "x", "The key has 254 characters; at most 253", id="long key"),
        pytest.param("k\x00", "x", "The key holds a NUL character at position 2", id="NUL in the key"),
        pytest.param("k\nl", "x", "The key holds a line break at position 2; it is a single line", id="two lines"),
        pytest.param(" k", "x", "The key ' k' has blanks around it", id="blank before the key"),
        pytest.param("k\x1b", "x", "The key holds the control character U+001B", id="escape in the key"),
        pytest.param("k", "v" * (VALUE_MAX + 1), "The value has 1,025 characters; at most 1,024", id="long value"),
        pytest.param("k", "\x00", "The value holds a NUL character at position 1", id="NUL in the value"),
        pytest.param("k?absent=require", "\x7f", "The value holds the control", id="ignored value"),
        pytest.param("good?absent=match", "x", "'good' asks for the same key", id="key asked for twice"),
    ],
)
def test_an_entry_is_refused_at_its_key(key: str, value: str, fault: str) -> None:
    found = faults({"good": "1", key: value})
    assert list(found) == [key]
    assert fault in found[key]
    assert len(found[key]) < 300


@pytest.mark.parametrize(
    "selector",
    [
        pytest.param({}, id="empty"),
        pytest.param({"k" * KEY_MAX: "v" * VALUE_MAX}, id="longest"),
        pytest.param({"k" * KEY_MAX + "?absent=require": ""}, id="longest with suffix"),
        pytest.param({"%3F" * KEY_MAX: ""}, id="escapes count once"),
        pytest.param({f"k{number}": "" for number in range(ENTRIES_MAX)}, id="100 entries"),
    ],
)
def test_a_selector_is_accepted(selector: dict[str, str]) -> None:
    assert faults(selector) == {}


@pytest.mark.parametrize("count", [ENTRIES_MAX + 1, 10_000])
def test_more_entries_are_one_fault(count: int) -> None:
    assert faults({f"k{number}?bad": "" for number in range(count)}) == {
        "": f"The selector has {count:,} entries; at most 100 are allowed."
    }


@pytest.mark.parametrize(
    ("selector", "reason"),
    [
        pytest.param({}, "", id="empty matches all"),
        pytest.param({"team": "fraud"}, "", id="equal"),
        pytest.param({"team": "fraud", "tier": ""}, "", id="all equal"),
        pytest.param({"team": "risk"}, "'team' is 'fraud'; 'risk' is asked for", id="other value"),
        pytest.param({"team": "Fraud"}, "'team' is 'fraud'; 'Fraud' is asked for", id="other case"),
        pytest.param({"team": "fraud", "tier": "1"}, "'tier' is ''; '1' is asked for", id="one of two"),
        pytest.param({"owner": "me"}, "the experiment has no 'owner'; 'me' is asked for", id="missing"),
        pytest.param({"owner": ""}, "the experiment has no 'owner'; '' is asked for", id="missing is not empty"),
        pytest.param({"owner?absent=match": "me"}, "", id="missing may match"),
        pytest.param({"team?absent=match": "fraud"}, "", id="present and equal"),
        pytest.param({"team?absent=match": "risk"}, "'team' is 'fraud'; 'risk' is asked for", id="present, other"),
        pytest.param({"owner?absent=require": "me"}, "", id="missing as required"),
        pytest.param({"team?absent=require": "fraud"}, "has 'team', which must be absent", id="must be missing"),
        pytest.param({"team?absent=require": "risk"}, "has 'team', which must be absent", id="value does not count"),
        pytest.param({"tier?absent=require": ""}, "has 'tier', which must be absent", id="empty is not missing"),
        pytest.param({"a%3Fb": "1", "c%26d": "2", "100%": "3"}, "", id="escaped keys"),
    ],
)
def test_what_a_selector_matches(selector: dict[str, str], reason: str) -> None:
    match = matches(selector, METADATA)
    assert match.ok is (reason == "")
    assert match.reason.endswith(reason)
    assert bool(match.reason) is not match.ok


def test_a_long_value_is_told_briefly() -> None:
    assert len(matches({"k": "v" * VALUE_MAX}, {"k": "w" * VALUE_MAX}).reason) < 200
