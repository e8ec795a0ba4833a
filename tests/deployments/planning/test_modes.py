"""How many compositions a mode takes, with which weights, and what share of the requests that is."""

from __future__ import annotations

import pytest

from deployments.planning.modes import COMPOSITIONS_MAX, Mode, mode_fault, percentages

SINGLE, SPLIT, SHADOW = Mode
ONE = "A single-model deployment has one composition, not {}."
TWO = "A champion/challenger deployment has two compositions, the champion first, not {}."
SOME = "An A/B split has 2 to 20 compositions, not {}."
WEIGHTS = "Every composition of an A/B split has a weight from 0 to 100."
NONE_ABOVE = "At least one composition of an A/B split has a weight above 0."
RANGE = "A weight is a number from 0 to 100."


@pytest.mark.parametrize(
    ("mode", "weights", "fault"),
    [
        pytest.param(SINGLE, [None], "", id="single"),
        pytest.param(SINGLE, [100], "", id="single with a weight"),
        pytest.param(SINGLE, [0], "", id="single of weight 0"),
        pytest.param(SINGLE, [], ONE.format(0), id="single without any"),
        pytest.param(SINGLE, [None, None], ONE.format(2), id="single of two"),
        pytest.param(SINGLE, [101], RANGE, id="single, too heavy"),
        pytest.param(SINGLE, [-1], RANGE, id="single, below nothing"),
        pytest.param(SHADOW, [None, None], "", id="champion and challenger"),
        pytest.param(SHADOW, [100, 100], "", id="champion and challenger with weights"),
        pytest.param(SHADOW, [], TWO.format(0), id="champion/challenger without any"),
        pytest.param(SHADOW, [None], TWO.format(1), id="champion alone"),
        pytest.param(SHADOW, [None] * 3, TWO.format(3), id="two challengers"),
        pytest.param(SHADOW, [None, 101], RANGE, id="challenger, too heavy"),
        pytest.param(SPLIT, [30, 70], "", id="split"),
        pytest.param(SPLIT, [0, 100], "", id="split, one idle"),
        pytest.param(SPLIT, [1, 1, 1], "", id="split, not of a hundred"),
        pytest.param(SPLIT, [100, 100], "", id="split of two hundred"),
        pytest.param(SPLIT, [5] * COMPOSITIONS_MAX, "", id="split of the most"),
        pytest.param(SPLIT, [5] * (COMPOSITIONS_MAX + 1), SOME.format(21), id="split of one too many"),
        pytest.param(SPLIT, [100], SOME.format(1), id="split of one"),
        pytest.param(SPLIT, [], SOME.format(0), id="split of none"),
        pytest.param(SPLIT, [50, None], WEIGHTS, id="split, one without a weight"),
        pytest.param(SPLIT, [50, 101], WEIGHTS, id="split, one too heavy"),
        pytest.param(SPLIT, [50, -1], WEIGHTS, id="split, one below nothing"),
        pytest.param(SPLIT, [0, 0], NONE_ABOVE, id="split, all idle"),
    ],
)
def test_what_a_mode_takes(mode: Mode, weights: list[int | None], fault: str) -> None:
    assert mode_fault(mode, weights) == fault


@pytest.mark.parametrize(
    ("weights", "shares"),
    [
        pytest.param([100], [100.0], id="one"),
        pytest.param([30, 70], [30.0, 70.0], id="of a hundred"),
        pytest.param([1, 3], [25.0, 75.0], id="of four"),
        pytest.param([1, 1, 1], [33.33, 33.33, 33.33], id="thirds"),
        pytest.param([0, 7], [0.0, 100.0], id="one idle"),
        pytest.param([0, 0], [0.0, 0.0], id="all idle"),
        pytest.param([], [], id="none"),
    ],
)
def test_shares(weights: list[int], shares: list[float]) -> None:
    assert percentages(weights) == shares


@pytest.mark.parametrize(
    ("mode", "label"), [(SINGLE, "Single model"), (SPLIT, "A/B split"), (SHADOW, "Champion / challenger")]
)
def test_labels(mode: Mode, label: str) -> None:
    assert mode.label == label
