"""What filters by the published client find: each operator, each kind of value, nested expressions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from typing import Any

import pytest
from h2o_mlops.errors import MLOpsApiError
from h2o_mlops.options import FilterExpression, FilterOptions, ListOptions
from h2o_mlops.types import LogicalOperatorType, OperatorType

EQ, NEQ, LT, LTE = OperatorType.EQ, OperatorType.NEQ, OperatorType.LT, OperatorType.LTE
GT, GTE, IN, CONTAINS = OperatorType.GT, OperatorType.GTE, OperatorType.IN, OperatorType.CONTAINS
# Name, description, model type and state of each row.
ROWS: dict[str, tuple[str, str, str]] = {
    "alpha": ("first", "h2o3_mojo", "ACTIVE"),
    "Beta": ("second", "mlflow_zip", "DEPRECATED"),
    "it's": ("a 'quoted' word", "h2o3_mojo", "DISABLED"),
    'say "hi" \\ 100%_': ("", "mlflow_zip", "ACTIVE"),
    "a' OR 'b": ("looks like an expression", "h2o3_mojo", "ACTIVE"),
    "Ünï (x)": ("letters of all kinds", "python/mlflow", "DEPRECATED"),
}
TEXTS = sorted(ROWS)


class State(Enum):
    """An enum of a caller's own, which the client prints with its class."""

    ACTIVE = "ACTIVE"


@pytest.fixture(scope="module")
def rows(lab: Any, image: Any) -> dict[str, Any]:
    """Runtimes by name, which no test changes."""
    made = {}
    for name, (description, model_type, state) in ROWS.items():
        runtime = made[name] = lab.runtimes.create(name, image, model_type, description=description)
        if state != "ACTIVE":
            runtime.deprecate() if state == "DEPRECATED" else runtime.disable()
    return made


def found(lab: Any, rows: dict[str, Any], expression: FilterExpression) -> set[str]:
    """Which of the rows an expression finds; the count must agree with the list."""
    table = lab.runtimes.list(ListOptions(filter_expression=expression))
    hits = list(table)
    assert len(hits) == len(table) == lab.runtimes.count(expression)
    return {each.name for each in hits if each.uid in {row.uid for row in rows.values()}}


def one(field: str, value: Any, operator: OperatorType = EQ) -> FilterExpression:
    """An expression of one condition."""
    return FilterExpression([FilterOptions(field, value, operator)])


def both(*filters: Any) -> FilterExpression:
    """All of these."""
    return FilterExpression(list(filters), LogicalOperatorType.AND)


def either(*filters: Any) -> FilterExpression:
    """Any of these."""
    return FilterExpression(list(filters), LogicalOperatorType.OR)


MOJO, ZIP = FilterOptions("model_type", "h2o3_mojo"), FilterOptions("model_type", "mlflow_zip")
ACTIVE, DISABLED = FilterOptions("state", "ACTIVE"), FilterOptions("state", "DISABLED")


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        pytest.param(one("name", "alpha"), ["alpha"], id="equal"),
        pytest.param(one("name", "Alpha"), [], id="equal-minds-case"),
        pytest.param(one("name", "alpha", NEQ), [name for name in TEXTS if name != "alpha"], id="not-equal"),
        pytest.param(one("name", "a", LT), [name for name in TEXTS if name < "a"], id="less"),
        pytest.param(one("name", "Beta", LTE), [name for name in TEXTS if name <= "Beta"], id="at-most"),
        pytest.param(one("name", "Beta", GT), [name for name in TEXTS if name > "Beta"], id="more"),
        pytest.param(one("name", "Beta", GTE), [name for name in TEXTS if name >= "Beta"], id="at-least"),
        pytest.param(one("name", "ET", CONTAINS), ["Beta"], id="contains-minds-no-case"),
        pytest.param(one("description", "", EQ), ['say "hi" \\ 100%_'], id="empty-text"),
        pytest.param(one("name", "%", CONTAINS), ['say "hi" \\ 100%_'], id="percent-is-no-wildcard"),
        pytest.param(one("name", "_", CONTAINS), ['say "hi" \\ 100%_'], id="underscore-is-no-wildcard"),
        pytest.param(one("name", "\\", CONTAINS), ['say "hi" \\ 100%_'], id="backslash"),
        pytest.param(one("model_type", "python/mlflow"), ["Ünï (x)"], id="model-type"),
        pytest.param(one("model_type", "MLFLOW", CONTAINS), ["Beta", 'say "hi" \\ 100%_', "Ünï (x)"], id="in-a-type"),
        pytest.param(one("state", "DEPRECATED"), ["Beta", "Ünï (x)"], id="state"),
        pytest.param(one("state", "ACTIVE", NEQ), ["Beta", "it's", "Ünï (x)"], id="not-a-state"),
        pytest.param(one("state", "CAT", CONTAINS), ["Beta", "Ünï (x)"], id="part-of-a-state"),
        pytest.param(one("state", State.ACTIVE), ["alpha", 'say "hi" \\ 100%_', "a' OR 'b"], id="enum-member"),
        pytest.param(one("state", ["DISABLED", "DEPRECATED"], IN), ["Beta", "it's", "Ünï (x)"], id="states-in-a-list"),
        pytest.param(one("name", ["alpha", "Beta", "nobody"], IN), ["alpha", "Beta"], id="in-a-list"),
        pytest.param(one("name", ("alpha",), IN), ["alpha"], id="in-a-tuple"),
        pytest.param(one("name", {"alpha"}, IN), ["alpha"], id="in-a-set"),
        pytest.param(one("name", [], IN), [], id="in-nothing"),
        pytest.param(one("name", TEXTS, IN), TEXTS, id="in-a-list-of-any-letters"),
        *(pytest.param(one("name", name), [name], id=f"equal-{name}") for name in TEXTS if name != "a' OR 'b"),
        pytest.param(one("name", ["a' OR 'b"], IN), ["a' OR 'b"], id="in-escapes-what-equal-does-not"),
        pytest.param(both(MOJO, ACTIVE), ["alpha", "a' OR 'b"], id="and"),
        pytest.param(either(ZIP, DISABLED), ["Beta", 'say "hi" \\ 100%_', "it's"], id="or"),
        pytest.param(both(either(MOJO, ZIP), ACTIVE), ["alpha", 'say "hi" \\ 100%_', "a' OR 'b"], id="or-in-and"),
        pytest.param(either(both(MOJO, DISABLED), both(ZIP, ACTIVE)), ["it's", 'say "hi" \\ 100%_'], id="and-in-or"),
        pytest.param(
            both(either(both(MOJO, either(ACTIVE, DISABLED)), ZIP), FilterOptions("name", "t", CONTAINS)),
            ["it's", "Beta"],
            id="deeper",
        ),
        pytest.param(FilterExpression([]), TEXTS, id="empty"),
        pytest.param(both(FilterExpression([]), MOJO), ["alpha", "it's", "a' OR 'b"], id="nested-empty"),
        pytest.param(either(one("name", "it's"), one("name", "Ünï (x)")), ["it's", "Ünï (x)"], id="quotes-in-brackets"),
    ],
)
def test_a_filter_finds(lab: Any, rows: dict[str, Any], expression: FilterExpression, wanted: list[str]) -> None:
    assert found(lab, rows, expression) == set(wanted)


@pytest.mark.parametrize("field", ["created_time", "last_modified_time"])
def test_times_compare_to_the_microsecond_in_any_zone(lab: Any, rows: dict[str, Any], field: str) -> None:
    row = rows["Beta"]
    at = getattr(row, field)
    times = {name: getattr(lab.runtimes.get(each.uid), field) for name, each in rows.items()}
    far = at.astimezone(timezone(timedelta(hours=5, minutes=30)))
    for value in (at, far):
        assert found(lab, rows, one(field, value)) == {"Beta"}
        assert found(lab, rows, one(field, value, NEQ)) == set(ROWS) - {"Beta"}
        assert found(lab, rows, one(field, value, LT)) == {name for name, each in times.items() if each < at}
        assert found(lab, rows, one(field, value, LTE)) == {name for name, each in times.items() if each <= at}
        assert found(lab, rows, one(field, value, GT)) == {name for name, each in times.items() if each > at}
        assert found(lab, rows, one(field, value, GTE)) == {name for name, each in times.items() if each >= at}


def test_a_span_of_time_is_two_conditions(lab: Any, rows: dict[str, Any]) -> None:
    since = FilterOptions("created_time", rows["Beta"].created_time, GTE)
    until = FilterOptions("created_time", datetime.now(UTC) + timedelta(days=1), LT)
    assert found(lab, rows, both(since, until)) == set(ROWS) - {"alpha"}


def test_selectors_are_anded_and_an_expression_comes_on_top(lab: Any, rows: dict[str, Any]) -> None:
    assert {each.name for each in lab.runtimes.list(state="ACTIVE", model_type="mlflow_zip")} >= {'say "hi" \\ 100%_'}
    narrowed = lab.runtimes.list(ListOptions(filter_expression=either(MOJO, ZIP)), name="alpha", state="ACTIVE")
    assert [each.name for each in narrowed] == ["alpha"]
    assert lab.runtimes.count(either(MOJO, ZIP), name="Beta", state="ACTIVE") == 0


def test_an_unknown_selector_never_leaves_the_client(lab: Any) -> None:
    with pytest.raises(ValueError, match="Supported selectors are"):
        lab.runtimes.list(colour="red")


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        pytest.param(one("colour", "red"), "There is no field 'colour' here; the fields are display_name,", id="field"),
        pytest.param(one("uid", "x"), "There is no field 'uid' here", id="uid-is-no-field"),
        pytest.param(one("state", "BROKEN"), "'BROKEN' is none of", id="state"),
        pytest.param(one("state", "ACTIVE", GT), "state has no order to compare by", id="state-order"),
        pytest.param(one("created_time", "yesterday"), "'yesterday' is no instant", id="no-instant"),
        pytest.param(
            one("created_time", datetime(2026, 1, 2, tzinfo=UTC), CONTAINS), "contains nothing", id="contains-instant"
        ),
        pytest.param(
            FilterExpression([MOJO, ACTIVE], LogicalOperatorType.NOT), "NOT is not understood", id="not-between"
        ),
        pytest.param(one("name", "a' OR 'b"), "Here comes a condition", id="name-that-is-an-expression"),
        pytest.param(one("name", "a\x00b"), "NUL", id="nul"),
    ],
)
def test_a_filter_that_says_nothing_is_refused_with_what_is_allowed(
    lab: Any, expression: FilterExpression, said: str
) -> None:
    with pytest.raises(MLOpsApiError) as listing:
        lab.runtimes.list(ListOptions(filter_expression=expression))
    with pytest.raises(MLOpsApiError) as counting:
        lab.runtimes.count(expression)
    for caught in (listing, counting):
        assert caught.value.status == 400
        assert said in caught.value.server_message


def test_a_crafted_name_reaches_no_row_that_the_caller_may_not_see(lab: Any, admin: Any) -> None:
    wide = one("name", "x' OR display_name != 'x")
    names = [each._resource_name for each in lab.runtimes.list(ListOptions(filter_expression=wide))]
    assert all(name.startswith((f"workspaces/{lab.uid}/", "workspaces/global/")) for name in names)
    assert len(names) < admin.runtimes.count()
