"""Lists longer than a page by the published client: walking, indexing, counting, sorting."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice, pairwise
from typing import Any

import pytest
from h2o_mlops.options import FilterExpression, FilterOptions, ListOptions, SortOptions
from h2o_mlops.types import OperatorType, OrderType

from tests.client.wire import Wire

ROWS, PAGE = 130, 50
MODEL_TYPES = ("h2o3_mojo", "dai_mojo_pipeline", "mlflow_zip")
OWN = FilterExpression([FilterOptions("name", "Row ", OperatorType.CONTAINS)])
UP = ListOptions(sort=SortOptions("name"), filter_expression=OWN)


@pytest.fixture(scope="module")
def names(lab: Any, image: Any) -> list[str]:
    """The names of a lot of runtimes in the lab, which no test changes, as they sort."""
    made = [f"Row {number * 37 % ROWS:03}" for number in range(ROWS)]
    for number, name in enumerate(made):
        runtime = lab.runtimes.create(name, image, MODEL_TYPES[number % 3], description=f"about {number % 7}")
        if number % 5 == 0:
            runtime.deprecate()
    return sorted(made)


def test_an_iteration_walks_all_pages(lab: Any, names: list[str]) -> None:
    assert [each.name for each in lab.runtimes.list(UP)] == names


def test_a_list_of_a_table_has_every_row_once(lab: Any, names: list[str]) -> None:
    rows = list(lab.runtimes.list(UP))
    assert [each.name for each in rows] == names
    assert len({each.uid for each in rows}) == ROWS


def test_len_is_the_count(lab: Any, names: list[str]) -> None:
    assert len(lab.runtimes.list(UP)) == lab.runtimes.count(OWN) == len(names)


@pytest.mark.parametrize("index", [0, 1, PAGE - 1, PAGE, 2 * PAGE, ROWS - 1, -1, -2, -ROWS])
def test_an_index_reaches_any_page(lab: Any, names: list[str], index: int) -> None:
    assert lab.runtimes.list(UP)[index].name == names[index]


@pytest.mark.parametrize("index", [ROWS, -ROWS - 1])
def test_an_index_past_the_end_is_an_index_error(lab: Any, names: list[str], index: int) -> None:
    with pytest.raises(IndexError):
        lab.runtimes.list(UP)[index]


def test_a_table_is_walked_twice_and_by_two_loops_at_once(lab: Any, names: list[str]) -> None:
    table = lab.runtimes.list(UP)
    pairs = [(a.name, b.name) for a, b in zip(table, islice(table, 1, None), strict=False)]
    assert pairs == list(pairwise(names))
    assert [each.name for each in table] == names


def test_show_and_repr_print_rows(lab: Any, names: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    table = lab.runtimes.list(UP)
    table.show(PAGE + 10)
    shown = capsys.readouterr().out
    assert all(name in shown for name in names[: PAGE + 10])
    assert names[PAGE + 10] not in shown
    assert names[PAGE - 1] in repr(table)
    assert names[PAGE] not in repr(table)


def test_an_empty_table_is_false_and_has_no_rows(lab: Any) -> None:
    table = lab.runtimes.list(name="nobody is called so")
    assert not table
    assert (list(table), len(table)) == ([], 0)


def test_the_default_order_is_that_of_names(lab: Any, names: list[str]) -> None:
    everything = [each.name for each in lab.runtimes.list()]
    assert everything == sorted(everything)
    assert len(everything) == lab.runtimes.count() > ROWS


@pytest.mark.parametrize("field", ["name", "description", "model_type", "state", "created_time", "last_modified_time"])
def test_every_field_of_runtimes_sorts_both_ways_over_pages(lab: Any, names: list[str], field: str) -> None:
    up = list(lab.runtimes.list(ListOptions(SortOptions(field), OWN)))
    down = list(lab.runtimes.list(ListOptions(SortOptions(field, OrderType.DESC), OWN)))
    assert [getattr(each, field) for each in up] == sorted(getattr(each, field) for each in up)
    assert [each.uid for each in down] == [each.uid for each in up][::-1]
    assert len({each.uid for each in up}) == ROWS


@pytest.mark.parametrize("field", ["name", "description", "state", "created_time", "last_modified_time"])
def test_every_field_of_images_sorts_both_ways(admin: Any, field: str) -> None:
    up = [getattr(each, field) for each in admin.runtime_images.list(ListOptions(SortOptions(field)))]
    down = [getattr(each, field) for each in admin.runtime_images.list(ListOptions(SortOptions(field, OrderType.DESC)))]
    assert up == sorted(up)
    assert down == up[::-1]


def test_several_fields_sort_each_its_own_way_over_pages(lab: Any, names: list[str]) -> None:
    sort = [SortOptions("state", OrderType.DESC), SortOptions("model_type"), SortOptions("name", OrderType.DESC)]
    rows = [(each.state, each.model_type, each.name) for each in lab.runtimes.list(ListOptions(sort, OWN))]
    wanted = sorted(sorted(sorted(rows, key=lambda row: row[2], reverse=True), key=lambda row: row[1]),
                    key=lambda row: row[0], reverse=True)  # fmt: skip
    assert rows == wanted
    assert len(rows) == ROWS


def test_a_row_that_is_made_or_removed_while_somebody_walks_disturbs_nobody(
    lab: Any, image: Any, names: list[str]
) -> None:
    walk = iter(lab.runtimes.list(UP))
    seen = [next(walk).name for _ in range(PAGE)]
    early = lab.runtimes.create("Row -", image, "h2o3_mojo")  # sorts before everything that was seen
    seen += [each.name for each in walk]
    early.delete()
    assert seen == names


def test_pages_are_fifty_rows_unless_asked_otherwise(wire: Callable[[str], Wire], lab: Any, names: list[str]) -> None:
    path = f"/api/runtime/v1/workspaces/{lab.uid}/runtimes"
    for size, rows in (({}, PAGE), ({"pageSize": 0}, PAGE), ({"pageSize": 7}, 7), ({"pageSize": 1000}, ROWS)):
        page = wire("admin").get(path, filter="display_name:'Row '", **size).json
        assert (len(page["runtimes"]), bool(page["nextPageToken"])) == (rows, rows < ROWS)


@pytest.mark.parametrize("size", ["1001", "-1", "ten", "1.5"])
def test_another_page_size_is_refused_with_what_is_allowed(wire: Callable[[str], Wire], size: str) -> None:
    reply = wire("admin").get("/api/runtime/v1/workspaces/-/runtimes", pageSize=size)
    assert reply.status == 400
    assert reply.message == f"pageSize: Give a whole number from 1 to 1000, not {size!r}."


def test_a_page_token_is_good_for_its_own_list_only(wire: Callable[[str], Wire], lab: Any, names: list[str]) -> None:
    path = f"/api/runtime/v1/workspaces/{lab.uid}/runtimes"
    query = {"filter": "display_name:'Row '", "orderBy": "display_name"}
    get = wire("admin").get
    token = get(path, **query).json["nextPageToken"]
    assert get(path, **query, pageToken=token).json["runtimes"][0]["displayName"] == names[PAGE]
    for elsewhere, changed in (
        (path, {"pageToken": token[:-1] + ("A" if token[-1] != "A" else "B")}),
        (path, {"pageToken": "x"}),
        (path, {"filter": "display_name:'Row'"}),
        (path, {"filter": ""}),
        (path, {"orderBy": "display_name desc"}),
        (path, {"orderBy": ""}),
        ("/api/runtime/v1/workspaces/-/runtimes", {}),
        (path.replace("/runtimes", "/runtimeImages"), {}),
    ):
        reply = get(elsewhere, **query | {"pageToken": token} | changed)
        assert (reply.status, reply.json["code"]) == (400, 3), changed
        assert reply.message.startswith("pageToken: This page token ")
