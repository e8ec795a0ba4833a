"""Ids and plain texts."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtimes.rules.names import (
    RESERVED_UIDS,
    check_description,
    check_display_name,
    check_model_type,
    check_text,
    check_uid,
    new_uid,
    quoted,
    text_fault,
)

UID = re.compile(r"^[a-z]([a-z0-9_-]{0,61}[a-z0-9])?$")


@pytest.mark.parametrize(
    "uid",
    [
        pytest.param("a", id="one letter"),
        pytest.param("h2o3-mojo_2", id="all kinds of characters"),
        pytest.param("a--__b", id="separators in a row"),
        pytest.param("a" * 63, id="63 characters"),
    ],
)
def test_an_id_is_accepted(uid: str) -> None:
    assert check_uid(uid) == uid


@pytest.mark.parametrize(
    ("uid", "fault"),
    [
        pytest.param("", "this one is empty", id="empty"),
        pytest.param("a" * 64, "has 64 characters; at most 63", id="64 characters"),
        pytest.param("a" * 1_000_000, "has 1,000,000 characters; at most 63", id="a million characters"),
        pytest.param("H2o", "'H' at position 1", id="upper-case first"),
        pytest.param("h2O", "'O' at position 3", id="upper-case inside"),
        pytest.param("1a", "'1' at position 1", id="digit first"),
        pytest.param("-a", "'-' at position 1", id="hyphen first"),
        pytest.param("_a", "'_' at position 1", id="underscore first"),
        pytest.param("a-", "'-' at position 2", id="hyphen last"),
        pytest.param("a_", "'_' at position 2", id="underscore last"),
        pytest.param("a b", "' ' at position 2", id="space"),
        pytest.param(" a", "' ' at position 1", id="space before"),
        pytest.param("a\n", r"'\\n' at position 2", id="line end"),
        pytest.param("a\x00b", r"'\\x00' at position 2", id="NUL"),
        pytest.param("aé", "'é' at position 2", id="accent"),
        pytest.param("a\u0663", "at position 2", id="digit of another script"),
        pytest.param("a/b", "'/' at position 2", id="slash"),
        pytest.param("new", "The ID new is reserved", id="reserved"),
        pytest.param("a.b", "'.' at position 2", id="dot"),
        pytest.param("-", "'-' at position 1", id="only a hyphen"),
    ],
)
def test_an_id_is_refused(uid: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault) as caught:
        check_uid(uid)
    assert len(str(caught.value)) < 300


@given(st.one_of(st.text(max_size=70), st.text("az09_-A", max_size=70)))
def test_an_id_is_what_the_pattern_says(text: str) -> None:
    sound = bool(UID.match(text)) and not text.endswith("\n") and text not in RESERVED_UIDS
    try:
        assert check_uid(text) == text
    except ValueError:
        assert not sound
    else:
        assert sound


@pytest.mark.parametrize("name", ["h2o3_mojo", "python/mlflow", "MLflow.2-x", "a", "7", "a" * 100])
def test_a_model_type_is_accepted(name: str) -> None:
    assert check_model_type(name) == name


@pytest.mark.parametrize(
    "name", ["", "a" * 101, "_a", "a/", "a b", "a\n", "a\x00b", "é", "-" * 100_000], ids=lambda name: repr(name[:5])
)
def test_a_model_type_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="1 to 100 letters, digits"):
        check_model_type(name)


@given(st.sampled_from(["r-", "ri-"]), st.binary(min_size=7, max_size=32))
def test_a_generated_id_is_an_id(prefix: str, entropy: bytes) -> None:
    uid = new_uid(prefix, entropy)
    assert re.fullmatch(prefix + "[a-z2-7]{10}", uid)
    assert check_uid(uid) == uid == new_uid(prefix, entropy)


def test_different_entropy_makes_different_ids() -> None:
    assert len({new_uid("r-", (number << 14).to_bytes(8)) for number in range(1000)}) == 1000


def test_too_little_entropy_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 7 random bytes"):
        new_uid("r-", b"123456")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param("  H2O-3 MOJO Scorer ", "H2O-3 MOJO Scorer", id="stripped"),
        pytest.param("", "", id="empty"),
        pytest.param(" \n", "", id="blank"),
        pytest.param("two\r\nlines", "two\nlines", id="lines"),
        pytest.param("Café 日本 👩‍🚀", "Café 日本 👩‍🚀", id="letters of the world"),
        pytest.param("x" * 20 + "  ", "x" * 20, id="blanks around do not count"),
    ],
)
def test_a_text_is_kept(given: str, kept: str) -> None:
    assert check_text(given, label="Name", maximum=20) == kept


@pytest.mark.parametrize(
    ("given", "options", "fault"),
    [
        pytest.param("x" * 21, {}, "Name has 21 characters; at most 20 are allowed.", id="too long"),
        pytest.param("", {"required": True}, "Name must not be blank.", id="empty though required"),
        pytest.param("\u2003", {"required": True}, "Name must not be blank.", id="blank though required"),
        pytest.param("a\x00b", {}, "Name holds a NUL character at position 2; use plain text.", id="NUL"),
        pytest.param(" a\x07", {}, "Name holds the control character U+0007 at position 3; use plain text.", id="bell"),
        pytest.param(
            "a\n\x1fb", {}, "Name holds the control character U+001F at position 3; use plain text.", id="unit"
        ),
        pytest.param(
            "a\nb", {"one_line": True}, "Name holds a line break at position 2; it is a single line.", id="line"
        ),
        pytest.param(
            "\n a\rb", {"one_line": True}, "Name holds a line break at position 4; it is a single line.", id="CR"
        ),
        pytest.param("a\tb", {"one_line": True}, "Name holds a tab at position 2; it is a single line.", id="tab"),
    ],
)
def test_a_text_is_refused(given: str, options: dict[str, bool], fault: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(fault)}$"):
        check_text(given, label="Name", maximum=20, **options)


def test_blanks_around_a_single_line_are_no_fault() -> None:
    assert check_text("\tname\r\n", label="Name", maximum=20, required=True, one_line=True) == "name"


def test_names_are_one_line_and_descriptions_may_be_more() -> None:
    assert check_display_name(" H2O-3 ") == "H2O-3"
    assert check_description(" two\r\nlines ") == "two\nlines"
    for text, fault in (("", "must not be blank"), ("two\nlines", "is a single line"), ("x" * 201, "at most 200")):
        with pytest.raises(ValueError, match=fault):
            check_display_name(text)
    with pytest.raises(ValueError, match="Description has 2,001 characters; at most 2,000"):
        check_description("x" * 2001)


@pytest.mark.parametrize(
    ("text", "one_line", "fault"),
    [
        pytest.param("", True, "", id="empty"),
        pytest.param(" " * 20, False, "", id="blanks count"),
        pytest.param(" " * 21, False, "The value has 21 characters; at most 20 are allowed.", id="too many blanks"),
        pytest.param("a\n\tb\n", False, "", id="lines"),
        pytest.param("a\x00", False, "The value holds a NUL character at position 2; use plain text.", id="NUL"),
        pytest.param(
            "a\r\n", False, "The value holds a carriage return at position 2; use plain text.", id="carriage return"
        ),
        pytest.param("a b", True, "", id="one line"),
        pytest.param("a\n", True, "The value holds a line break at position 2; it is a single line.", id="line break"),
        pytest.param("\ta", True, "The value holds a tab at position 1; it is a single line.", id="tab"),
        pytest.param("a\u2028b", True, "The value holds a line break at position 2; it is a single line.", id="U+2028"),
        pytest.param("a ", True, "The value 'a ' has blanks around it; leave them out.", id="blank behind"),
        pytest.param("\u00a0a", True, r"The value '\xa0a' has blanks around it; leave them out.", id="blank before"),
    ],
)
def test_a_verbatim_text_is_taken_as_it_is_or_refused(text: str, one_line: bool, fault: str) -> None:
    assert text_fault(text, label="The value", maximum=20, one_line=one_line) == fault


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Cf")), max_size=50))
def test_a_text_without_control_characters_is_stripped_and_nothing_else(text: str) -> None:
    assert check_text(text, label="Name", maximum=50) == text.strip()


@given(st.text(max_size=20), st.characters(categories=["Cc", "Cs"], exclude_characters="\t\r\n"), st.text(max_size=20))
def test_a_control_character_inside_is_refused(before: str, control: str, after: str) -> None:
    with pytest.raises(ValueError, match="holds"):
        check_text(f"x{before}{control}{after}x", label="Name", maximum=50)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("abc", "'abc'", id="plain"),
        pytest.param("a\x00\ud800\u202e", r"'a\x00\ud800\u202e'", id="unprintable"),
        pytest.param("x" * 60, f"'{'x' * 60}'", id="as long as may be"),
        pytest.param("x" * 61, f"'{'x' * 60}…'", id="long"),
        pytest.param([1], "'[1]'", id="no text"),
    ],
)
def test_a_quotation_is_short_and_printable(text: object, sentence: str) -> None:
    assert quoted(text) == sentence
