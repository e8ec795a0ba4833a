"""Environment variables: names, values, templates and secrets."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable
from contextlib import suppress
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtimes.rules.environment import (
    DEPTH_MAX,
    KEY_MAX,
    MASK,
    VALUE_MAX,
    VARIABLES_MAX,
    TemplateFault,
    faults,
    looks_secret,
    masked,
    masked_change,
    resolve,
    uses_template,
)

IF = "{if GPU_COUNT >= 2}"


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        pytest.param("", ("", "", ""), id="empty"),
        pytest.param("plain", ("plain", "plain", "plain"), id="plain"),
        pytest.param("{GPU_COUNT}", ("0", "1", "2"), id="count"),
        pytest.param("n={ GPU_COUNT }!", ("n=0!", "n=1!", "n=2!"), id="count with spaces inside"),
        pytest.param("{GPU_COUNT}{GPU_COUNT}", ("00", "11", "22"), id="count twice"),
        pytest.param("{if GPU_COUNT >= 2}a{else}b{/if}", ("b", "b", "a"), id="at least"),
        pytest.param("{if GPU_COUNT > 1}a{else}b{/if}", ("b", "b", "a"), id="more than"),
        pytest.param("{if GPU_COUNT == 1}a{else}b{/if}", ("b", "a", "b"), id="equal"),
        pytest.param("{if GPU_COUNT != 1}a{else}b{/if}", ("a", "b", "a"), id="unequal"),
        pytest.param("{if GPU_COUNT < 1}a{else}b{/if}", ("a", "b", "b"), id="less than"),
        pytest.param("{if GPU_COUNT <= 1}a{else}b{/if}", ("a", "a", "b"), id="at most"),
        pytest.param("{if GPU_COUNT > -1}a{/if}", ("a", "a", "a"), id="negative number"),
        pytest.param("{if GPU_COUNT>=2}a{/if}c", ("c", "c", "ac"), id="no else, no spaces"),
        pytest.param("{ if  GPU_COUNT  ==  1 }a{ else }b{ /if }", ("b", "a", "b"), id="spaces everywhere"),
        pytest.param("{if GPU_COUNT == 0}{else}b{/if}", ("", "b", "b"), id="empty branch"),
        pytest.param("{if GPU_COUNT > 0}x{if GPU_COUNT > 1}y{else}z{/if}{else}w{/if}", ("w", "xz", "xy"), id="nested"),
        pytest.param("{if GPU_COUNT > 0}a{/if}-{if GPU_COUNT > 1}b{/if}", ("-", "a-", "a-b"), id="one after the other"),
        pytest.param(
            "--tensor-parallel-size={GPU_COUNT}{if GPU_COUNT == 0} --device=cpu{/if}",
            ("--tensor-parallel-size=0 --device=cpu", "--tensor-parallel-size=1", "--tensor-parallel-size=2"),
            id="command line",
        ),
        pytest.param('{"n": {GPU_COUNT}}', ('{"n": 0}', '{"n": 1}', '{"n": 2}'), id="count in JSON"),
        pytest.param("{if GPU_COUNT > 0}a\n\tb{/if}", ("", "a\n\tb", "a\n\tb"), id="newline and tab"),
    ],
)
def test_a_template_resolves(value: str, resolved: tuple[str, str, str]) -> None:
    assert tuple(resolve(value, count) for count in range(3)) == resolved
    assert uses_template(value) is ("GPU_COUNT" in value)
    assert faults({"KEY": value}) == {}


@pytest.mark.parametrize(
    "value",
    [
        pytest.param('{"a": {"b": [1, 2]}, "if": true, "else": null}', id="JSON"),
        pytest.param('{"GPU_COUNT": 1}', id="JSON with the word"),
        pytest.param("{}", id="empty braces"),
        pytest.param("{{}}{", id="odd braces"),
        pytest.param("}{", id="turned braces"),
        pytest.param("${HOME} $(OTHER) %{x}", id="other templates"),
        pytest.param("{gpu_count} {GPU_COUNTS} {GPU} {GPU_COUNT:02d}", id="almost the tag"),
        pytest.param("{IF GPU_COUNT > 1} {ELSE} {/IF}", id="upper-case tags"),
        pytest.param("{iffy} {ifx} {elsewhere} {/ifs}", id="longer words"),
        pytest.param("if GPU_COUNT >= 2 else /if", id="no braces"),
    ],
)
def test_other_braces_are_text(value: str) -> None:
    assert resolve(value, 2) == value
    assert not uses_template(value)
    assert faults({"KEY": value}) == {}


@pytest.mark.parametrize(
    ("value", "fault", "position"),
    [
        pytest.param("ab{else}", "{else} without a {if …} before it", 3, id="else alone"),
        pytest.param("{/if}", "{/if} without a {if …} before it", 1, id="end alone"),
        pytest.param(f"{IF}a{{/if}}{{/if}}", "{/if} without a {if …} before it", 26, id="one end too many"),
        pytest.param(f"a{IF}b", "This {if …} is never closed by {/if}", 2, id="never closed"),
        pytest.param(f"{IF}{IF}{{/if}}", "This {if …} is never closed by {/if}", 1, id="outer never closed"),
        pytest.param(f"{IF}a{{else}}b", "This {if …} is never closed by {/if}", 1, id="never closed after else"),
        pytest.param(f"{IF}{{else}}{{else}}{{/if}}", "A second {else} in one condition", 26, id="second else"),
        pytest.param("x{if}y{/if}", "After {if comes GPU_COUNT", 2, id="no condition"),
        pytest.param("{if GPU_COUNT}a{/if}", "After {if comes GPU_COUNT", 1, id="no comparison"),
        pytest.param("{if GPU_COUNT => 2}a{/if}", "After {if comes GPU_COUNT", 1, id="unknown operator"),
        pytest.param("{if GPU_COUNT = 2}a{/if}", "After {if comes GPU_COUNT", 1, id="single equals sign"),
        pytest.param("{if GPU_COUNT >= two}a{/if}", "After {if comes GPU_COUNT", 1, id="no number"),
        pytest.param("{if GPU_COUNT >= 1.5}a{/if}", "After {if comes GPU_COUNT", 1, id="fraction"),
        pytest.param("{if GPU_COUNT >= \u0663}a{/if}", "After {if comes GPU_COUNT", 1, id="other digit"),
        pytest.param("{if GPU_COUNT >= 1234567890}a{/if}", "After {if comes GPU_COUNT", 1, id="ten digits"),
        pytest.param("{if 2 <= GPU_COUNT}a{/if}", "After {if comes GPU_COUNT", 1, id="turned comparison"),
        pytest.param("{if CPU_COUNT >= 2}a{/if}", "After {if comes GPU_COUNT", 1, id="other variable"),
        pytest.param("{if GPU_COUNT >= 2 {GPU_COUNT}", "After {if comes GPU_COUNT", 1, id="no closing brace"),
        pytest.param("a{if GPU_COUNT >= 2", "After {if comes GPU_COUNT", 2, id="cut short"),
        pytest.param(IF * 21 + "{/if}" * 21, f"nested deeper than {DEPTH_MAX}", 381, id="21 deep"),
        pytest.param(IF * 10_000 + "{/if}" * 10_000, "nested deeper than 20", 381, id="10,000 deep"),
    ],
)
@pytest.mark.parametrize("count", [0, 2])
def test_a_broken_template_is_refused_where_it_breaks(value: str, fault: str, position: int, count: int) -> None:
    with pytest.raises(TemplateFault) as caught:
        resolve(value, count)
    assert caught.value.position == position
    assert fault in str(caught.value)
    assert uses_template(value)
    if len(value) <= VALUE_MAX:
        assert faults({"KEY": value}) == {"KEY": f"{caught.value}."}


def test_twenty_deep_is_allowed() -> None:
    assert resolve(IF * 20 + "x" + "{/if}" * 20, 2) == "x"


OPERATORS: dict[str, Callable[[int, int], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
Written = tuple[str, Callable[[int], str]]
blanks = st.sampled_from(["", " ", "  "])
texts = st.text('{}":,01 $%\n\t=<>é', max_size=8)


def literal(text: str) -> Written:
    return text, lambda count: text


def counted(left: str, right: str) -> Written:
    return f"{{{left}GPU_COUNT{right}}}", str


def joined(parts: list[Written]) -> Written:
    return "".join(text for text, _ in parts), lambda count: "".join(mean(count) for _, mean in parts)


def conditional(blank: str, sign: str, number: int, yes: Written, no: Written | None) -> Written:
    head = f"{{{blank}if GPU_COUNT{blank}{sign}{blank}{number}{blank}}}{yes[0]}"
    tail = "" if no is None else f"{{{blank}else{blank}}}{no[0]}"

    def mean(count: int) -> str:
        if OPERATORS[sign](count, number):
            return yes[1](count)
        return no[1](count) if no else ""

    return f"{head}{tail}{{{blank}/if{blank}}}", mean


templates: st.SearchStrategy[Written] = st.recursive(
    st.one_of(texts.map(literal), st.builds(counted, blanks, blanks)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(joined),
        st.builds(conditional, blanks, st.sampled_from(list(OPERATORS)), st.integers(0, 4), inner, st.none() | inner),
    ),
    max_leaves=12,
)


@given(templates, st.integers(0, 5))
def test_what_is_written_resolves_to_what_is_meant(template: Written, count: int) -> None:
    text, mean = template
    assert resolve(text, count) == mean(count)


json_scalars = st.none() | st.booleans() | st.integers() | st.sampled_from(["if", "else", "GPU_COUNT", "/if"])
json_values = st.recursive(
    json_scalars,
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["if", "else", "GPU_COUNT", "a"]), inner),
    max_leaves=8,
)


@given(json_values, st.sampled_from([None, 1]))
def test_json_survives(value: object, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    assert resolve(text, 3) == text


@given(st.text("{}/ifelsGPU_COUNT>=12 ", max_size=60))
def test_any_text_resolves_or_is_refused(text: str) -> None:
    if faults({"KEY": text}):
        with pytest.raises(TemplateFault) as caught:
            resolve(text, 1)
        assert 1 <= caught.value.position <= len(text)
    else:
        assert uses_template(text) or resolve(text, 1) == resolve(text, 2) == text


@pytest.mark.parametrize(
    "unit",
    [
        "{",
        "{ ",
        "{if",
        "{if ",
        "{if GPU_COUNT ",
        " ",
        "{else",
        "{else}",
        "{/if",
        "{GPU_COUNT",
        "{GPU_COUNT}",
        "}",
        "9",
        IF,
    ],
)
def test_hostile_repetition_is_answered_at_once(unit: str) -> None:
    for text in (
        unit * 50_000,
        "{" + unit * 50_000,
        "{if" + unit * 50_000,
        "{if GPU_COUNT >= " + unit * 50_000,
        IF + unit * 50_000,
    ):
        start = perf_counter()
        with suppress(TemplateFault):
            resolve(text, 2)
        uses_template(text)
        assert perf_counter() - start < 2
        assert all(len(sentence) < 300 for sentence in faults({"KEY": text[:VALUE_MAX]}).values())


@pytest.mark.parametrize("key", ["A", "_", "a1", "OMP_NUM_THREADS", "x" * KEY_MAX])
def test_a_name_is_accepted(key: str) -> None:
    assert faults({key: ""}) == {}


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        pytest.param("", "x", "The variable has no name.", id="no name"),
        pytest.param("1A", "x", "'1A' is not a name of letters, digits and _", id="digit first"),
        pytest.param("A-B", "x", "'A-B' is not a name", id="hyphen"),
        pytest.param("A.B", "x", "'A.B' is not a name", id="dot"),
        pytest.param("A=B", "x", "'A=B' is not a name", id="equals sign"),
        pytest.param("A B", "x", "'A B' is not a name", id="space"),
        pytest.param("A\n", "x", r"'A\n' is not a name", id="line end"),
        pytest.param("A\x00", "x", r"'A\x00' is not a name", id="NUL in the name"),
        pytest.param("É", "x", "'É' is not a name", id="accent"),
        pytest.param("A" * (KEY_MAX + 1), "x", "The name has 257 characters; at most 256", id="long name"),
        pytest.param("A", "x" * (VALUE_MAX + 1), "The value has 32,769 characters; at most 32,768", id="long value"),
        pytest.param("A", "a\x00", "The value holds a NUL character at position 2", id="NUL"),
        pytest.param("A", "a\r\n", "The value holds a carriage return at position 2", id="carriage return"),
        pytest.param("A", "a\x1bb", "The value holds the control character U+001B at position 2", id="escape"),
        pytest.param("A", "\ud800", "The value holds the control character U+D800", id="lone surrogate"),
        pytest.param("A", "{else}", "{else} without a {if …} before it (at position 1).", id="template"),
    ],
)
def test_a_variable_is_refused_at_its_key(key: str, value: str, fault: str) -> None:
    found = faults({"GOOD": "1", key: value, "ALSO_GOOD": "2"})
    assert list(found) == [key]
    assert found[key].startswith(fault)
    assert len(found[key]) < 300


def test_every_faulty_variable_is_told() -> None:
    assert set(faults({"A B": "", "OK": "", "C": "\x00", "D": "{/if}"})) == {"A B", "C", "D"}


@pytest.mark.parametrize("count", [0, VARIABLES_MAX])
def test_up_to_500_variables_are_allowed(count: int) -> None:
    assert faults({f"V{number}": "x" for number in range(count)}) == {}


@pytest.mark.parametrize("count", [VARIABLES_MAX + 1, 10_000])
def test_more_variables_are_one_fault(count: int) -> None:
    assert faults({f"not a name {number}": "{/if}" for number in range(count)}) == {
        "": f"There are {count:,} variables; at most 500 are allowed."
    }


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        ("HF_TOKEN", True),
        ("hf_token", True),
        ("MAX_TOKENS", True),
        ("CLIENT_SECRET", True),
        ("DbPassword", True),
        ("API_KEY", True),
        ("AWS_ACCESS_KEY_ID", True),
        ("GOOGLE_APPLICATION_CREDENTIALS", True),
        ("OMP_NUM_THREADS", False),
        ("LOG_LEVEL", False),
        ("PASS", False),
    ],
)
def test_which_variables_look_secret(key: str, secret: bool) -> None:
    assert looks_secret(key) is secret
    assert masked({key: "s3cret"}) == {key: MASK if secret else "s3cret"}


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        pytest.param({"A": "1"}, {"A": "2"}, ({"A": "1"}, {"A": "2"}), id="plain"),
        pytest.param({"KEY": "1"}, {"KEY": "1"}, ({"KEY": MASK}, {"KEY": MASK}), id="secret kept"),
        pytest.param({"KEY": "1"}, {"KEY": "2"}, ({"KEY": MASK}, {"KEY": f"{MASK} (changed)"}), id="secret changed"),
        pytest.param({"KEY": "1"}, {}, ({"KEY": MASK}, {}), id="secret removed"),
        pytest.param({}, {"KEY": "1"}, ({}, {"KEY": MASK}), id="secret added"),
    ],
)
def test_a_changed_secret_shows_as_changed(
    before: dict[str, str], after: dict[str, str], shown: tuple[dict[str, str], dict[str, str]]
) -> None:
    assert masked_change(before, after) == shown


def test_masking_leaves_the_variables_alone() -> None:
    variables = {"API_KEY": "", "MODE": "fast"}
    assert masked(variables) == {"API_KEY": MASK, "MODE": "fast"}
    assert variables == {"API_KEY": "", "MODE": "fast"}
