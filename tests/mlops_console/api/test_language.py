"""The list language: what it understands, and where it refuses what it does not."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from time import perf_counter
from typing import Any

import pytest
from h2o_mlops.options import FilterExpression, FilterOptions, SortOptions
from h2o_mlops.types import DeploymentModeType, LogicalOperatorType, OperatorType, OrderType
from hypothesis import given
from hypothesis import strategies as st

from mlops_console.api.language import (
    DEPTH_MAX,
    FILTER_MAX,
    ORDER_MAX,
    Condition,
    Every,
    Expression,
    Instant,
    Item,
    LanguageFault,
    Listed,
    Ordered,
    Some,
    Text,
    Word,
    parse_filter,
    parse_order,
    quoted,
)

RuntimeState = Enum("RuntimeState", {"ACTIVE": "ACTIVE", "DEPRECATED": "DEPRECATED"})  # as the client declares its own
TRUE = Every(())
A, B, C = (Condition(name, "=", Text(name)) for name in "abc")


def name_is(text: str) -> Condition:
    return Condition("display_name", "=", Text(text))


def name_in(*texts: str) -> Condition:
    return Condition("display_name", "in", Listed(tuple(map(Text, texts))))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        pytest.param("", TRUE, id="empty"),
        pytest.param("   ", TRUE, id="blank"),
        pytest.param("()", TRUE, id="nested empty"),
        pytest.param("( ( ) )", TRUE, id="nested empty, deeper"),
        pytest.param("display_name = 'abc'", name_is("abc"), id="text"),
        pytest.param("display_name = ''", name_is(""), id="empty text"),
        pytest.param("display_name = ' a '", name_is(" a "), id="blanks in a text"),
        pytest.param("display_name = 'a\n\tb'", name_is("a\n\tb"), id="newline and tab in a text"),
        pytest.param(r"display_name = 'a\nb\'", name_is(r"a\nb" + "\\"), id="backslashes are raw"),
        pytest.param("display_name = 'Größe 模型 🚀'", name_is("Größe 模型 🚀"), id="any letters"),
        pytest.param("display_name = 'it's'", name_is("it's"), id="quote inside"),
        pytest.param("display_name = 'it''", name_is("it'"), id="quote last"),
        pytest.param("display_name = ''it'", name_is("'it"), id="quote first"),
        pytest.param("display_name = '''", name_is("'"), id="only a quote"),
        pytest.param("display_name = ''''", name_is("''"), id="only quotes"),
        pytest.param("display_name = 'say \"it\"'", name_is('say "it"'), id="double quotes inside"),
        pytest.param("display_name = 'f('x')'", name_is("f('x')"), id="quote before a ) that closes nothing"),
        pytest.param("display_name = 'a)'", name_is("a)"), id=") inside"),
        pytest.param("(display_name = 'it's')", name_is("it's"), id="quote inside, in parentheses"),
        pytest.param("display_name = 'x AND y'", name_is("x AND y"), id="logical word inside"),
        pytest.param("display_name = 'x' and y'", name_is("x' and y"), id="small word after a quote"),
        pytest.param("display_name = 'x' ANDY'", name_is("x' ANDY"), id="longer word after a quote"),
        pytest.param("a = 'it's' AND b = 'b'", Every((Condition("a", "=", Text("it's")), B)), id="quote, then AND"),
        pytest.param("a = 'a' OR b = 'b'", Some((A, B)), id="closed by OR"),
        pytest.param("a = 'a'  AND   b = 'b'", Every((A, B)), id="blanks round AND"),
        pytest.param("state = ACTIVE", Condition("state", "=", Word("ACTIVE")), id="bare state"),
        pytest.param("state:ACT", Condition("state", ":", Word("ACT")), id="bare state contains"),
        pytest.param(
            "state = V1RuntimeState.ACTIVE", Condition("state", "=", Word("V1RuntimeState.ACTIVE")), id="enum"
        ),
        pytest.param(
            "deployment_type = 'DeploymentModeType.AB_TEST'",
            Condition("deployment_type", "=", Text("DeploymentModeType.AB_TEST")),
            id="enum that is a text",
        ),
        pytest.param("a = true", Condition("a", "=", Word("true")), id="true"),
        pytest.param("a != false", Condition("a", "!=", Word("false")), id="false"),
        pytest.param("a = -5", Condition("a", "=", Word("-5")), id="negative number"),
        pytest.param("a < 1.5", Condition("a", "<", Word("1.5")), id="fraction"),
        pytest.param("a <= 1e+20", Condition("a", "<=", Word("1e+20")), id="large number"),
        pytest.param("a > 1e-07", Condition("a", ">", Word("1e-07")), id="small number"),
        pytest.param("a >= None", Condition("a", ">=", Word("None")), id="None"),
        pytest.param(
            "create_time >= timestamp('2026-01-02T01:04:05.000678Z')",
            Condition("create_time", ">=", Instant("2026-01-02T01:04:05.000678Z")),
            id="timestamp",
        ),
        pytest.param("(a = timestamp('x') OR b = 'b')", Some((Condition("a", "=", Instant("x")), B)), id="its )"),
        pytest.param("a = timestamp ( 'x' )", Condition("a", "=", Instant("x")), id="blanks in a timestamp"),
        pytest.param("a = timestamps", Condition("a", "=", Word("timestamps")), id="no timestamp"),
        pytest.param("display_name:'abc'", Condition("display_name", ":", Text("abc")), id="contains"),
        pytest.param("display_name : 'abc'", Condition("display_name", ":", Text("abc")), id="contains, blanks"),
        pytest.param("a='a'", A, id="no blanks"),
        pytest.param("  a   =   'a'  ", A, id="many blanks"),
        pytest.param("(a = 'a')", A, id="one term in parentheses"),
        pytest.param("( a = 'a' )", A, id="blanks in parentheses"),
        pytest.param("a = 'a' AND ()", Every((A, TRUE)), id="nested empty as a term"),
        pytest.param("a = 'a' AND b = 'b' AND c = 'c'", Every((A, B, C)), id="three on a level"),
        pytest.param("a = 'a' AND (b = 'b' OR c = 'c')", Every((A, Some((B, C)))), id="nested"),
        pytest.param("(a = 'a' AND b = 'b') OR c = 'c'", Some((Every((A, B)), C)), id="nested first"),
        pytest.param("a = 'a' AND (b = 'b' AND c = 'c')", Every((A, Every((B, C)))), id="nested, the same word"),
        pytest.param("in in ['a']", Condition("in", "in", Listed((Text("a"),))), id="a field called in"),
        pytest.param("(" * DEPTH_MAX + "a = 'a'" + ")" * DEPTH_MAX, A, id="as deep as may be"),
        pytest.param("a = 'a'" + " " * (FILTER_MAX - 7), A, id="as long as may be"),
    ],
)
def test_a_filter_is_understood(text: str, meant: Expression) -> None:
    assert parse_filter(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        pytest.param("['ACTIVE', 'DEPRECATED']", [Text("ACTIVE"), Text("DEPRECATED")], id="list"),
        pytest.param(r"""['a', "it's", 'b\\s']""", [Text("a"), Text("it's"), Text(r"b\s")], id="quotes, backslash"),
        pytest.param("""['it\\'s "x"']""", [Text('it\'s "x"')], id="escaped quote"),
        pytest.param(r"['a\n\tb\xe9\u2028\U0001f680']", [Text("a\n\tbé\u2028🚀")], id="escapes"),
        pytest.param("['a\n\tb']", [Text("a\n\tb")], id="raw newline and tab"),
        pytest.param("[', ]', ')']", [Text(", ]"), Text(")")], id="punctuation in a text"),
        pytest.param("['x' AND y']".replace("' A", r"\' A"), [Text("x' AND y")], id="logical word in a text"),
        pytest.param("('a',)", [Text("a")], id="tuple of one"),
        pytest.param("('a')", [Text("a")], id="one in parentheses"),
        pytest.param("{'a'}", [Text("a")], id="set"),
        pytest.param("frozenset({'a', 'b'})", [Text("a"), Text("b")], id="frozen set"),
        pytest.param("[]", [], id="empty list"),
        pytest.param("()", [], id="empty tuple"),
        pytest.param("set()", [], id="empty set"),
        pytest.param("frozenset()", [], id="empty frozen set"),
        pytest.param("['a',]", [Text("a")], id="comma last"),
        pytest.param("[  'a'  ,'b'  ]", [Text("a"), Text("b")], id="blanks"),
        pytest.param(
            "[1, -2.5, 1e+20, None, True, ACTIVE]",
            [*map(Word, ("1", "-2.5", "1e+20", "None", "True", "ACTIVE"))],
            id="words",
        ),
        pytest.param("[<V1RuntimeState.ACTIVE: 'ACTIVE'>]", [Word("V1RuntimeState.ACTIVE")], id="enum"),
        pytest.param("""[<A.B: "it's">, <A.C: 3>]""", [Word("A.B"), Word("A.C")], id="enum with odd values"),
        pytest.param("[timestamp('x'), 'y']", [Instant("x"), Text("y")], id="timestamps"),
    ],
)
def test_a_list_is_understood(text: str, meant: list[Item]) -> None:
    condition = Condition("a", "in", Listed(tuple(meant)))
    assert parse_filter(f"a in {text}") == condition
    assert parse_filter(f"a in{text}" if text[0] in "[({" else f"a in   {text}") == condition
    assert parse_filter(f"(b = 'b' OR a in {text}) AND c = 'c'") == Every((Some((B, condition)), C))


ENDS = "comes AND or OR between blanks, or the end, not"
NOT = "NOT is not understood: say what is wanted with != or in"
NEVER = "This text never ends"


@pytest.mark.parametrize(
    ("text", "fault", "position"),
    [
        pytest.param("x" * (FILTER_MAX + 1), "The filter has 10,001 characters; at most 10,000", 10_001, id="too long"),
        pytest.param("a = 'a\x00'", "The control character U+0000 has no place here", 7, id="NUL"),
        pytest.param("a = '\r'", "The control character U+000D", 6, id="carriage return"),
        pytest.param("a = '\x9f'", "The control character U+009F", 6, id="upper control character"),
        pytest.param("a = '\ud800'", "The control character U+D800", 6, id="lone surrogate"),
        pytest.param("a\t= 'a'", r"After the field 'a' comes one of = != < <= > >= in and :, not", 2, id="tab outside"),
        pytest.param("\na = 'a'", "begins with a field, not", 1, id="newline outside"),
        pytest.param("a", "After the field 'a' comes one of", 2, id="only a field"),
        pytest.param("a b", "After the field 'a' comes one of", 3, id="no operator"),
        pytest.param(
            "a == 'a'", "After = comes a text in single quotes, a word or a timestamp, not \"= 'a'\"", 4, id="=="
        ),
        pytest.param("a ~ 'a'", "After the field 'a' comes one of", 3, id="unknown operator"),
        pytest.param("a IN ['a']", "After the field 'a' comes one of", 3, id="IN"),
        pytest.param("a not in ['a']", "After the field 'a' comes one of", 3, id="not in"),
        pytest.param(
            "a =", "After = comes a text in single quotes, a word or a timestamp, not the end", 4, id="no value"
        ),
        pytest.param("a:", "After : comes a text", 3, id="contains nothing"),
        pytest.param("a = AND b = 'b'", "After = comes a text", 5, id="no value before AND"),
        pytest.param("(a = )", "After = comes a text", 6, id="no value before )"),
        pytest.param('a = "a"', "After = comes a text in single quotes", 5, id="double quotes"),
        pytest.param("a = ['a']", "After = comes a text in single quotes", 5, id="list without in"),
        pytest.param("a = b'a'", f"Here {ENDS} \"'a'\"", 6, id="bytes"),
        pytest.param("a = 1 2", f"Here {ENDS} '2'", 7, id="trailing word"),
        pytest.param("a = 1 and b = 2", f"Here {ENDS} 'and b = 2'", 7, id="small and"),
        pytest.param("a = 1 AND(b = 2)", f"Here {ENDS} 'AND(b = 2)'", 7, id="AND without a blank"),
        pytest.param("(a = 1 b", "comes AND or OR between blanks, ) or the end, not 'b'", 8, id="trailing word inside"),
        pytest.param("a = 'a", NEVER, 5, id="text never closed"),
        pytest.param("a = 'a' b", NEVER, 5, id="text and more"),
        pytest.param("a = 'a')", NEVER, 5, id="text before a ) that closes nothing"),
        pytest.param("a = 'a' AND b = '", NEVER, 17, id="second text never closed"),
        pytest.param("a = 1)", "This ) closes nothing", 6, id=") too many"),
        pytest.param("(a = 'a')) AND b = 1", "This ) closes nothing", 10, id=") too many after a text"),
        pytest.param("(a = 1", "This ( is never closed", 1, id="( never closed"),
        pytest.param("(a = 1 AND (b = 1)", "This ( is never closed", 1, id="outer ( never closed"),
        pytest.param("a = 1 AND (", "begins with a field, not the end", 12, id="( and no more"),
        pytest.param("a = 1 AND", "begins with a field, not the end", 10, id="AND last"),
        pytest.param("a = 'a' AND ", "begins with a field, not the end", 13, id="AND last after a text"),
        pytest.param("(a = 1 OR )", "begins with a field, not ')'", 11, id="OR before )"),
        pytest.param("AND a = 1", "A condition is missing before AND", 1, id="AND first"),
        pytest.param("a = 1 AND OR b = 1", "A condition is missing before OR", 11, id="two logical words"),
        pytest.param("'a' = a", "begins with a field", 1, id="text first"),
        pytest.param(
            "a = 1 AND b = 1 OR c = 1", "AND and OR on one level are ambiguous: use parentheses", 17, id="mixed"
        ),
        pytest.param("(a = 'a' OR b = 'b' AND c = 'c')", "AND and OR on one level", 21, id="mixed inside"),
        pytest.param("NOT a = 1", NOT, 1, id="prefix NOT"),
        pytest.param("NOT (a = 1)", NOT, 1, id="prefix NOT with parentheses"),
        pytest.param("a = 1 AND NOT b = 1", NOT, 11, id="AND NOT"),
        pytest.param("a = 1 NOT b = 1", NOT, 7, id="infix NOT"),
        pytest.param("a = 'a' NOT b = 'b'", NOT, 9, id="infix NOT after a text"),
        pytest.param("a NOT in ['a']", NOT, 3, id="NOT in"),
        pytest.param("(" * 33 + "a = 1" + ")" * 33, "nested deeper than 32", 33, id="33 deep"),
        pytest.param("(" * 5_000 + ")" * 5_000, "nested deeper than 32", 33, id="5,000 deep"),
        pytest.param("a = timestamp(x)", "A timestamp is written timestamp('2026-", 5, id="timestamp without quotes"),
        pytest.param("a = timestamp('x'", "A timestamp is written", 5, id="timestamp never closed"),
        pytest.param("a = timestamp('it's')", "A timestamp is written", 5, id="timestamp with a quote"),
        pytest.param("a in 'abc'", "After in comes a list such as ['a', 'b'], not \"'abc'\"", 6, id="in a text"),
        pytest.param("a in", "After in comes a list such as ['a', 'b'], not the end", 5, id="in nothing"),
        pytest.param("a in range(0, 3)", "After in comes a list", 6, id="range"),
        pytest.param("a in ['a'", "In a list comes , or ] after a value, not the end", 10, id="list never closed"),
        pytest.param("a in ['a'}", "In a list comes , or ] after a value, not '}'", 10, id="list closed otherwise"),
        pytest.param("a in ['a' 'b']", "In a list comes , or ] after a value", 11, id="no comma"),
        pytest.param("a in {'a': 1}", "In a list comes , or } after a value", 10, id="dict"),
        pytest.param("a in [b'a']", "In a list comes , or ] after a value", 8, id="list of bytes"),
        pytest.param("a in [datetime.datetime(2026, 1, 1)]", "In a list comes , or ]", 24, id="list of datetimes"),
        pytest.param(
            "a in [,]", "In a list comes a text in quotes, a word or a timestamp, not ',]'", 7, id="only a comma"
        ),
        pytest.param("a in ['a',,]", "In a list comes a text", 11, id="two commas"),
        pytest.param("a in [['a']]", "In a list comes a text", 7, id="list in a list"),
        pytest.param("a in ['a]", "In a list comes a text", 7, id="text in a list never closed"),
        pytest.param(r"a in ['a\']", "In a list comes a text", 7, id="its quote escaped"),
        pytest.param("a in [<A.B>]", "In a list comes a text", 7, id="no enum"),
        pytest.param("a in set('a')", "After in comes a list", 10, id="set of a text"),
        pytest.param("a in set(['a']", "Here comes the ) of a set, not the end", 15, id="set never closed"),
        pytest.param(r"a in ['b', 'a\x00']", "This escape stands for no printable character", 14, id="escaped NUL"),
        pytest.param(r"a in ['\ud800']", "This escape stands for no printable", 8, id="escaped surrogate"),
        pytest.param(r"a in ['\r']", "This escape stands for no printable", 8, id="escaped carriage return"),
        pytest.param(r"a in ['\U00110000']", "This escape stands for no printable", 8, id="escape beyond Unicode"),
        pytest.param(r"a in ['\x4']", "This escape stands for no printable", 8, id="escape cut short"),
        pytest.param(r"a in ['\N{DASH}']", "This escape stands for no printable", 8, id="escape by name"),
        pytest.param("a in ['a'] b", f"Here {ENDS} 'b'", 12, id="list and more"),
        pytest.param("a = Größe", f"Here {ENDS} 'öße'", 7, id="bare letters beyond ASCII"),
        pytest.param("a = 1; DROP TABLE x", f"Here {ENDS} '; DROP", 6, id="SQL"),
    ],
)
def test_a_filter_is_refused_where_it_breaks(text: str, fault: str, position: int) -> None:
    with pytest.raises(LanguageFault) as caught:
        parse_filter(text)
    assert fault in str(caught.value)
    assert caught.value.position == position
    assert str(caught.value).endswith(f" (at position {position})")
    assert len(str(caught.value)) < 200


def test_positions_lead_back_to_the_text() -> None:
    found = parse_filter("a = 'x' AND (bc in [1, 'y'] OR d:timestamp('z'))")
    assert isinstance(found, Every)
    first, rest = found.terms
    assert isinstance(first, Condition)
    assert isinstance(rest, Some)
    second, third = rest.terms
    assert isinstance(second, Condition)
    assert isinstance(second.value, Listed)
    assert isinstance(third, Condition)
    assert [each.position for each in (first, second, third)] == [1, 14, 32]
    assert [first.value.position, second.value.position, third.value.position] == [5, 20, 34]
    assert [item.position for item in second.value.items] == [21, 24]


def rendered(*terms: Any, joined_by: LogicalOperatorType = LogicalOperatorType.AND) -> str:
    text: str = FilterExpression(list(terms), joined_by)._to_string({"name": "display_name"})
    return text


INSTANT = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=timezone(timedelta(hours=2)))
NAME_IS_A = FilterOptions("name", "a")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        pytest.param(rendered(), TRUE, id="empty"),
        pytest.param(rendered(NAME_IS_A, FilterExpression([])), Every((name_is("a"), TRUE)), id="nested empty"),
        pytest.param(rendered(FilterOptions("name", "it's")), name_is("it's"), id="text"),
        pytest.param(rendered(FilterOptions("name", "a\\\n'")), name_is("a\\\n'"), id="raw text"),
        pytest.param(rendered(FilterOptions("state", "ACTIVE")), Condition("state", "=", Word("ACTIVE")), id="state"),
        pytest.param(
            rendered(FilterOptions("state", "ACT", OperatorType.CONTAINS)),
            Condition("state", ":", Word("ACT")),
            id="part",
        ),
        pytest.param(
            rendered(FilterOptions("state", RuntimeState["ACTIVE"])),
            Condition("state", "=", Word("RuntimeState.ACTIVE")),
            id="enum",
        ),
        pytest.param(
            rendered(FilterOptions("deployment_type", DeploymentModeType.AB_TEST, OperatorType.NEQ)),
            Condition("deployment_type", "!=", Text("DeploymentModeType.AB_TEST")),
            id="enum that is a text",
        ),
        pytest.param(rendered(FilterOptions("a", True)), Condition("a", "=", Word("true")), id="true"),
        pytest.param(rendered(FilterOptions("a", -5)), Condition("a", "=", Word("-5")), id="number"),
        pytest.param(rendered(FilterOptions("a", 1e20)), Condition("a", "=", Word("1e+20")), id="large number"),
        pytest.param(rendered(FilterOptions("a", -math.inf)), Condition("a", "=", Word("-inf")), id="endless"),
        pytest.param(rendered(FilterOptions("a", None)), Condition("a", "=", Word("None")), id="None"),
        pytest.param(
            rendered(FilterOptions("create_time", INSTANT, OperatorType.GTE)),
            Condition("create_time", ">=", Instant("2026-01-02T01:04:05.000678Z")),
            id="datetime",
        ),
        pytest.param(
            rendered(FilterOptions("name", ["a", "it's", "b\\s"], OperatorType.IN)),
            name_in("a", "it's", "b\\s"),
            id="list",
        ),
        pytest.param(rendered(FilterOptions("name", ("a",), OperatorType.IN)), name_in("a"), id="tuple"),
        pytest.param(rendered(FilterOptions("name", {"a"}, OperatorType.IN)), name_in("a"), id="set"),
        pytest.param(rendered(FilterOptions("name", set(), OperatorType.IN)), name_in(), id="empty set"),
        pytest.param(rendered(FilterOptions("name", frozenset("a"), OperatorType.IN)), name_in("a"), id="frozen set"),
        pytest.param(
            rendered(FilterOptions("state", list(RuntimeState), OperatorType.IN)),
            Condition("state", "in", Listed((Word("RuntimeState.ACTIVE"), Word("RuntimeState.DEPRECATED")))),
            id="list of enums",
        ),
        pytest.param(
            rendered(FilterOptions("mode", list(DeploymentModeType)[:1], OperatorType.IN)),
            Condition("mode", "in", Listed((Word("DeploymentModeType.SINGLE_MODEL"),))),
            id="list of enums that are texts",
        ),
        pytest.param(
            rendered(NAME_IS_A, FilterExpression([NAME_IS_A, FilterOptions("name", "b)")], LogicalOperatorType.OR)),
            Every((name_is("a"), Some((name_is("a"), name_is("b)"))))),
            id="selector and expression",
        ),
        pytest.param(rendered(NAME_IS_A, joined_by=LogicalOperatorType.NOT), name_is("a"), id="NOT of one vanishes"),
    ],
)
def test_what_the_client_renders_is_understood(text: str, meant: Expression) -> None:
    assert parse_filter(text) == meant


def test_the_client_s_not_between_two_is_refused() -> None:
    with pytest.raises(LanguageFault, match=NOT):
        parse_filter(rendered(NAME_IS_A, NAME_IS_A, joined_by=LogicalOperatorType.NOT))


printable = st.characters(exclude_categories=("Cc", "Cs"), include_characters="\n\t")
# A text that itself goes on as if it had ended means something else; no reader could tell.
raw_texts = (st.text(printable, max_size=8) | st.text("a' )AND\\", max_size=12)).filter(
    lambda text: not re.search(r"' *\)|' +(?:AND|OR|NOT) ", text)
)
listed_texts = st.text(printable, max_size=6) | st.text("a'\"\\ ,])AND\n", max_size=8)
words = st.from_regex(r"[A-Za-z0-9_.+-]{1,8}", fullmatch=True).filter(lambda word: word not in ("AND", "OR", "NOT"))
fields = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
instants = st.datetimes(timezones=st.just(UTC)).map(lambda instant: Instant(f"{instant:%Y-%m-%dT%H:%M:%S.%f}Z"))
values = st.builds(Text, raw_texts) | st.builds(Word, words) | instants
items = st.builds(Text, listed_texts) | st.builds(Word, words) | instants
conditions = st.builds(Condition, fields, st.sampled_from(["=", "!=", "<", "<=", ">", ">=", ":"]), values) | st.builds(
    Condition, fields, st.just("in"), st.builds(Listed, st.lists(items, max_size=5).map(tuple))
)


def several(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, min_size=2, max_size=4).map(tuple)


expressions: st.SearchStrategy[Expression] = st.recursive(
    conditions | st.just(TRUE),
    lambda inner: st.builds(Every, several(inner)) | st.builds(Some, several(inner)),
    max_leaves=12,
)


def written(meant: Any, blank: str) -> str:
    match meant:
        case Every(terms) | Some(terms):
            joint = f"{blank} {'AND' if isinstance(meant, Every) else 'OR'} {blank}"
            return joint.join(
                written(term, blank) if isinstance(term, Condition) else f"({blank}{written(term, blank)}{blank})"
                for term in terms
            )
        case Condition(name, operator, Listed(items=found)):
            brackets = ("[]", "()", "{}")[len(found) % 3]
            texts = (repr(item.text) if isinstance(item, Text) else written(item, blank) for item in found)
            return f"{name} in {blank}{brackets[0]}{f'{blank}, {blank}'.join(texts)}{brackets[1]}"
        case Condition(name, ":", value):
            return f"{name}:{written(value, blank)}"
        case Condition(name, operator, value):
            return f"{name} {blank}{operator} {blank}{written(value, blank)}"
        case Instant(text):
            return f"timestamp('{text}')"
        case Text(text):
            return f"'{text}'"
    assert isinstance(meant, Word)
    return meant.text


@given(expressions, st.sampled_from(["", " ", "   "]))
def test_what_is_written_is_what_is_understood(meant: Expression, blank: str) -> None:
    text = written(meant, blank)
    assert parse_filter(text) == meant
    assert parse_filter(f"({text})") == meant


alphabet = st.lists(
    st.sampled_from(
        [
            "'",
            '"',
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            ",",
            " ",
            "\\",
            "<",
            ">",
            "=",
            "!=",
            ":",
            "in ",
            "a",
            "a = ",
            "1",
            "\n",
            " AND ",
            " OR ",
            " NOT ",
            "timestamp(",
            "set(",
            "'it's'",
            "['a']",
            r"\x00",
            r"\u2028",
            "state",
            "\x00",
            "é",
        ]
    ),
    max_size=40,
).map("".join)


@given(st.text(max_size=60) | alphabet)
def test_any_text_is_understood_or_refused(text: str) -> None:
    for parse in (parse_filter, parse_order):
        try:
            parse(text)
        except LanguageFault as fault:
            assert 1 <= fault.position <= len(text) + 1  # noqa: PT017 most texts are refused, a few are not
            assert len(str(fault)) < 400  # noqa: PT017


@pytest.mark.parametrize(
    "repeated",
    [
        "'",
        '"',
        "(",
        ")",
        "[",
        "]",
        " ",
        "  '",
        "' '",
        "')",
        "' )",
        "' AND",
        "' AND ",
        "' OR '",
        "(a = 'a' AND ",
        "\\",
        "\\'",
        "a = 'a' AND ",
        "a = '",
        "(a = '",
        "a in [",
        "a in ['",
        "timestamp(",
        "timestamp('",
        "<A",
        "<A: '",
        ",",
        "a,",
        "a ",
        "a desc",
        "NOT ",
        "set(",
        "1",
        ".",
        "in ",
        "a in ['a'] OR ",
    ],
)
def test_hostile_repetition_is_answered_at_once(repeated: str) -> None:
    for text in (
        repeated * 100_000,
        *(start + repeated * 4_990 for start in ("", "a = '", "(a = '", "a in ['", "a in [<A: '")),
    ):
        for length in (FILTER_MAX, len(text)):
            start = perf_counter()
            for parse in (parse_filter, parse_order):
                with suppress(LanguageFault):
                    parse(text[:length])
            assert perf_counter() - start < 1


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        pytest.param("", [], id="empty"),
        pytest.param("  ", [], id="blank"),
        pytest.param("display_name", [Ordered("display_name")], id="one"),
        pytest.param("display_name desc", [Ordered("display_name", descending=True)], id="one, down"),
        pytest.param("display_name asc", [Ordered("display_name")], id="one, up"),
        pytest.param("a desc, b, c desc", [Ordered("a", True), Ordered("b"), Ordered("c", True)], id="three"),
        pytest.param("  a   desc  ,b  ,  c", [Ordered("a", True), Ordered("b"), Ordered("c")], id="blanks"),
        pytest.param("desc desc", [Ordered("desc", True)], id="a field called desc"),
        pytest.param(", ".join("abcdefghij"), [*map(Ordered, "abcdefghij")], id="as many as may be"),
        pytest.param(SortOptions("name")._to_string({"name": "display_name"}), [Ordered("display_name")], id="client"),
        pytest.param(SortOptions("name", OrderType.DESC)._to_string({}), [Ordered("name", True)], id="client, down"),
    ],
)
def test_an_order_is_understood(text: str, meant: list[Ordered]) -> None:
    assert parse_order(text) == tuple(meant)


@pytest.mark.parametrize(
    ("text", "fault", "position"),
    [
        pytest.param("x" * (FILTER_MAX + 1), "The order has 10,001 characters; at most 10,000", 10_001, id="too long"),
        pytest.param("a\x00", "The control character U+0000 has no place here", 2, id="NUL"),
        pytest.param("a,", "Here comes a field and then nothing, asc or desc, not ''", 3, id="comma last"),
        pytest.param(",a", "Here comes a field", 1, id="comma first"),
        pytest.param("a, , b", "Here comes a field", 4, id="two commas"),
        pytest.param("a DESC", "Here comes a field and then nothing, asc or desc, not 'a DESC'", 1, id="DESC"),
        pytest.param("a,  b down", "asc or desc, not '  b down'", 5, id="another word"),
        pytest.param("a desc asc", "Here comes a field", 1, id="both ways"),
        pytest.param("-a'", "Here comes a field", 1, id="quote"),
        pytest.param("a\tdesc", "Here comes a field", 1, id="tab"),
        pytest.param("é", "Here comes a field", 1, id="letter beyond ASCII"),
        pytest.param("a, b, a desc", "The field 'a' is named twice", 7, id="twice"),
        pytest.param(", ".join("abcdefghijk"), f"At most {ORDER_MAX} fields are taken", 31, id="too many"),
    ],
)
def test_an_order_is_refused_where_it_breaks(text: str, fault: str, position: int) -> None:
    with pytest.raises(LanguageFault) as caught:
        parse_order(text)
    assert fault in str(caught.value)
    assert caught.value.position == position


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a", "'a'"), ("it's", '"it\'s"'), ("\x00", r"'\x00'"), ("x" * 60, f"'{'x' * 60}'"), ("x" * 61, f"'{'x' * 60}…'")],
)
def test_a_text_is_quoted_for_a_sentence(text: str, shown: str) -> None:
    assert quoted(text) == shown
