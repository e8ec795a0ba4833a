"""Variables that a scorer would start with otherwise than before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.planning import VariableChange, variable_changes
from runtimes.rules.environment import MASK

Variables = dict[str, str]


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        pytest.param({}, {}, [], id="none"),
        pytest.param({"A": "1"}, {"A": "1"}, [], id="the same"),
        pytest.param({"A": "1"}, {"A": "2"}, [("A", "1", "2")], id="another value"),
        pytest.param({}, {"A": ""}, [("A", None, "")], id="set, though empty"),
        pytest.param({"A": "1"}, {}, [("A", "1", None)], id="not set any more"),
        pytest.param(
            {"B": "1", "A": "1", "C": "1"},
            {"C": "1", "D": "1", "A": "2"},
            [("A", "1", "2"), ("B", "1", None), ("D", None, "1")],
            id="several, by name",
        ),
        pytest.param({"API_KEY": "s"}, {"API_KEY": "s"}, [], id="the same secret"),
        pytest.param({"API_KEY": "s"}, {"API_KEY": "t"}, [("API_KEY", MASK, f"{MASK} (changed)")], id="another secret"),
        pytest.param({}, {"API_KEY": "s"}, [("API_KEY", None, MASK)], id="a new secret"),
        pytest.param({"API_KEY": "s"}, {}, [("API_KEY", MASK, None)], id="a secret less"),
    ],
)
def test_what_differs(before: Variables, after: Variables, changes: list[tuple[str, str | None, str | None]]) -> None:
    assert variable_changes(before, after) == tuple(VariableChange(*each) for each in changes)


variables = st.dictionaries(st.sampled_from(["A", "B", "API_TOKEN"]), st.sampled_from(["hunter2", "1", ""]))


@given(variables, variables)
def test_changes_are_those_of_the_way_back_and_hold_no_secret(one: Variables, other: Variables) -> None:
    there, back = variable_changes(one, other), variable_changes(other, one)
    assert [each.key for each in there] == [each.key for each in back]
    assert variable_changes(one, one) == ()
    assert all(each.before != each.after for each in there)
    assert not any("hunter2" in str(each) for each in there if each.key == "API_TOKEN")
