"""Variables that a scorer would start with otherwise than before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.planning import Run, VariableChange, variable_changes
from runtimes.rules.environment import MASK, TemplateFault

WORKERS = "{if GPU_COUNT >= 2}4{else}1{/if}"


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        pytest.param(Run({}), Run({}), [], id="none"),
        pytest.param(Run({"A": "1"}), Run({"A": "1"}), [], id="the same"),
        pytest.param(Run({"A": "1"}), Run({"A": "2"}), [("A", "1", "2")], id="another value"),
        pytest.param(Run({}), Run({"A": ""}), [("A", None, "")], id="set, though empty"),
        pytest.param(Run({"A": "1"}), Run({}), [("A", "1", None)], id="not set any more"),
        pytest.param(
            Run({"B": "1", "A": "1", "C": "1"}),
            Run({"C": "1", "D": "1", "A": "2"}),
            [("A", "1", "2"), ("B", "1", None), ("D", None, "1")],
            id="several, by name",
        ),
        pytest.param(Run({"A": WORKERS}, 1), Run({"A": WORKERS}, 2), [("A", "1", "4")], id="more GPUs"),
        pytest.param(Run({"A": WORKERS}, 2), Run({"A": WORKERS}, 8), [], id="more GPUs, but the same side"),
        pytest.param(Run({"A": WORKERS}, 4), Run({"A": "{GPU_COUNT}"}, 4), [], id="written otherwise, the same value"),
        pytest.param(Run({"A": "{GPU_COUNT}"}), Run({"A": "{GPU_COUNT}"}, 1), [("A", "0", "1")], id="from no GPU"),
        pytest.param(Run({"API_KEY": "s"}), Run({"API_KEY": "s"}), [], id="the same secret"),
        pytest.param(
            Run({"API_KEY": "s"}), Run({"API_KEY": "t"}), [("API_KEY", MASK, f"{MASK} (changed)")], id="another secret"
        ),
        pytest.param(Run({}), Run({"API_KEY": "s"}), [("API_KEY", None, MASK)], id="a new secret"),
        pytest.param(Run({"API_KEY": "s"}), Run({}), [("API_KEY", MASK, None)], id="a secret less"),
        pytest.param(
            Run({"MAX_TOKENS": "{GPU_COUNT}"}, 1),
            Run({"MAX_TOKENS": "{GPU_COUNT}"}, 2),
            [("MAX_TOKENS", MASK, f"{MASK} (changed)")],
            id="a secret that counts GPUs",
        ),
    ],
)
def test_what_resolves_differently(before: Run, after: Run, changes: list[tuple[str, str | None, str | None]]) -> None:
    assert variable_changes(before, after) == tuple(VariableChange(*each) for each in changes)


def test_a_broken_template_is_told() -> None:
    with pytest.raises(TemplateFault):
        variable_changes(Run({}), Run({"A": "{/if}"}))


variables = st.dictionaries(
    st.sampled_from(["A", "B", "API_TOKEN"]), st.sampled_from(["hunter2", "{GPU_COUNT}", WORKERS])
)
runs = st.builds(Run, variables, st.integers(0, 3))


@given(runs, runs)
def test_changes_are_those_of_the_way_back_and_hold_no_secret(one: Run, other: Run) -> None:
    there, back = variable_changes(one, other), variable_changes(other, one)
    assert [each.key for each in there] == [each.key for each in back]
    assert variable_changes(one, one) == ()
    assert all(each.before != each.after for each in there)
    assert not any("hunter2" in str(each) for each in there if each.key == "API_TOKEN")
