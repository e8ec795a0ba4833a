"""What keeps an engine from its work: told once it lasts, once, and without secrets."""

from __future__ import annotations

import pytest

from deployments.engines.contract import Workload
from deployments.rollouts.advance import Happening
from deployments.rollouts.snapshot import Trouble
from deployments.rollouts.trouble import look_in_seconds, relieved, sentence_of, troubled
from tests.deployments.rollouts.pictures import NOW, ago

REFUSED = "The API server refuses to create Deployment d-1: pods are forbidden."
TOLD = Happening("trouble", f"The engine cannot do its work now: {REFUSED}")


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        pytest.param(None, Trouble("", NOW), None, id="the first fault may be a moment's"),
        pytest.param(Trouble("", ago(2)), Trouble(REFUSED, ago(2)), TOLD, id="the second is told"),
        pytest.param(Trouble(REFUSED, ago(9)), Trouble(REFUSED, ago(9)), None, id="once"),
        pytest.param(Trouble("Another.", ago(9)), Trouble(REFUSED, ago(9)), None, id="also where it becomes another"),
    ],
)
def test_one_more_fault(before: Trouble | None, after: Trouble, told: Happening | None) -> None:
    assert troubled(before, REFUSED, NOW) == (after, told)


def test_the_end_is_told_if_the_beginning_was() -> None:
    assert relieved(Trouble("", ago(2))) is None
    assert relieved(Trouble(REFUSED, ago(2))) == Happening("trouble-over", "The engine can do its work again.")


@pytest.mark.parametrize(
    ("since", "seconds"),
    [(None, 2), (0, 2), (8, 2), (20, 5), (40, 10), (9999, 10)],
)
def test_the_longer_it_lasts_the_less_often_it_is_tried(since: float | None, seconds: float) -> None:
    assert look_in_seconds(None if since is None else Trouble("", ago(since)), NOW) == seconds


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        pytest.param(REFUSED, REFUSED, id="plain"),
        pytest.param('env[0].value: Invalid value: "hunter2hunter2"', 'env[0].value: Invalid value: "…"', id="a value"),
        pytest.param("It said hunter2 and hunter2hunter2", "It said … and …", id="one within another"),
        pytest.param("Authorization: Bearer abc.def", "Authorization: Bearer …", id="a token that nobody knows of"),
        pytest.param("x" * 2000, "x" * 1000, id="no novel"),
        pytest.param("THREADS is 4", "THREADS is 4", id="what is no secret"),
    ],
)
def test_a_fault_is_shown_without_secrets(fault: str, told: str) -> None:
    variables = {"API_TOKEN": "hunter2", "DB_PASSWORD": "hunter2hunter2", "THREADS": "4", "KEY": "4"}
    assert sentence_of(fault, [Workload("a-0", "a", "v1.0.0", "s:1", environment=variables)]) == told
