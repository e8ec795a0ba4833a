"""Plans of PostgreSQL at 20,000 runtimes: lists follow an index, and never read or sort the whole table."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from bench.load import Sizes, fill
from mlops_console.actor import ActorKind, system
from mlops_console.keyset import Order, Page, capped_count, page
from mlops_console.queries import Scope, scope_for
from mlops_console.web import lists
from runtimes import fleet
from runtimes.api.fields import BY_NAME
from runtimes.listing import RuntimeRow, runtime_rows
from runtimes.models import Runtime
from runtimes.models.search import words_query
from runtimes.orders import RUNTIME_ORDERS
from runtimes.queries import RuntimeFilter, held_rows, runtime_source, runtimes_in

pytestmark = pytest.mark.django_db
ADMIN = system(ActorKind.COMMAND, "reader")
TABLE = "runtimes_runtime"
FILTERS = {
    "all": RuntimeFilter(),
    "of a state": RuntimeFilter(state="DEPRECATED"),
    "of a model type": RuntimeFilter(model_type="h2o3_mojo"),
}
SORTS = ("name", "model_type", "state", "updated", "-name", "-updated")
OTHER_SORTS = [f"{way}{sort}" for sort in ("id", "image", "version", "managed_by", "workspace") for way in ("", "-")]
FEW = 800  # of 20,000 in all, 4,000 in the large workspace, and 250 in `global`, which may all be looked at
COMMON, RARE = "memory", "nosuchword"


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def plans(ask: Callable[[], object], how: str = "FORMAT JSON") -> list[list[dict[str, Any]]]:
    """The nodes of the plan of each statement that was made."""
    with CaptureQueriesContext(connection) as queries:
        ask()
    found = []
    with connection.cursor() as cursor:
        for each in queries.captured_queries:
            cursor.execute(f"EXPLAIN ({how}) {each['sql']}")
            (told,) = cursor.fetchone()
            found.append(list(nodes((told if isinstance(told, list) else json.loads(told))[0]["Plan"])))
    return found


def _reads_all(node: dict[str, Any]) -> bool:
    return bool(node["Node Type"] == "Seq Scan" and node["Relation Name"] == TABLE)


def faults(ask: Callable[[], object]) -> list[str]:
    """Where a plan of a list of runtimes reads its table from end to end, or sorts anything."""
    return [
        str(node["Node Type"])
        for each in plans(ask)
        for node in each
        if _reads_all(node) or node["Node Type"] == "Sort"
    ]


def rows_read(ask: Callable[[], object]) -> float:
    """How many runtimes are read, in their table or in an index that says it all."""
    read = 0.0
    for each in plans(ask, "ANALYZE, FORMAT JSON"):
        for node in each:
            if node.get("Relation Name") == TABLE:
                read += node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
    return read


@pytest.fixture
def scopes(db: None) -> list[Scope]:
    """A large workspace with what it inherits, a small one, and all of them."""
    fill(Sizes(runtimes=20_000, deployments=20, compositions=40, large=2), 3)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        # What VACUUM would note, which this transaction cannot run.
        cursor.execute("UPDATE pg_class SET relallvisible = relpages WHERE relname = %s", [TABLE])
    return [scope_for(ADMIN, uid) for uid in ("retail-risk", "service-labs", "-")]


def cut(scope: Scope, narrow: RuntimeFilter, order: Order, token: str) -> Page[RuntimeRow]:
    return page(runtime_source(scope, narrow), order=order, size=50, token=token, read=runtime_rows)


def test_every_page_of_a_list_follows_an_index(scopes: list[Scope]) -> None:
    found = {}
    for scope in scopes:
        for words, narrow in FILTERS.items():
            for sort in SORTS if narrow == RuntimeFilter() else ("name", "-name"):
                order = Order(RUNTIME_ORDERS[sort.removeprefix("-")], descending=sort.startswith("-"))
                first = cut(scope, narrow, order, "")
                deep = cut(scope, narrow, order, first.next).next if first.next else ""
                for place, token in (("first", ""), ("deep", deep), ("last", first.last)):
                    asked = partial(cut, scope, narrow, order, token)
                    found[f"{scope.uid} {words} by {sort}, {place}"] = faults(asked)
    assert {where: each for where, each in found.items() if each} == {}


def test_a_page_of_any_other_order_reads_few_rows(scopes: list[Scope]) -> None:
    found = {}
    for sort in OTHER_SORTS:
        order = Order(RUNTIME_ORDERS[sort.removeprefix("-")], descending=sort.startswith("-"))
        for scope in scopes:
            first = cut(scope, RuntimeFilter(), order, "")
            deep = cut(scope, RuntimeFilter(), order, cut(scope, RuntimeFilter(), order, first.next).next)
            for place, token in (("first", ""), ("deep", deep.next), ("back", deep.previous), ("last", first.last)):
                asked = partial(cut, scope, RuntimeFilter(), order, token)
                found[f"{scope.uid} by {sort}, {place}"] = rows_read(asked)
    assert {where: each for where, each in found.items() if each > FEW} == {}


def test_lists_of_programs_sort_only_those_of_one_name(scopes: list[Scope]) -> None:
    for scope in scopes:
        rows = runtime_source(scope)
        asked = partial(page, rows.queryset, order=BY_NAME, size=50, parts=rows.parts, read=runtime_rows)
        assert not any(_reads_all(node) for each in plans(asked) for node in each)
        # A workspace of a few hundred may be sorted; all of them may not.
        assert not scope.is_all or faults(asked) == []


@pytest.mark.parametrize("word", [COMMON, RARE])
def test_the_newest_with_a_word_in_them_are_found_by_an_index(scopes: list[Scope], word: str) -> None:
    query = lists.read(RequestFactory().get("/", {"q": word}), RUNTIME_ORDERS, "name", searched=True)
    for scope in scopes:
        rows = runtime_source(scope, RuntimeFilter(words=words_query(word)))
        found = plans(partial(lists.context, rows, query, "", read=runtime_rows, count_url="/count"))
        assert [node for each in found for node in each if _reads_all(node)] == []


def test_a_workspace_is_counted_in_an_index_alone(scopes: list[Scope]) -> None:
    for scope in scopes[:2]:
        rows = runtimes_in(scope)
        for count in (rows.count, partial(capped_count, runtime_source(scope, RuntimeFilter()))):
            ((*_, scan),) = plans(count)
            assert scan["Node Type"] == "Index Only Scan"


def test_the_overview_reads_no_runtime_in_vain(scopes: list[Scope]) -> None:
    assert faults(lambda: fleet.stranded_keys(ADMIN, 1_001)) == []
    assert "Seq Scan" not in faults(lambda: list(held_rows(5)))
    (tally,) = plans(lambda: fleet.tally(Runtime.objects.all(), ADMIN))
    assert tally[-1]["Node Type"] == "Index Only Scan"


def test_rows_that_a_values_file_manages_have_an_index_of_their_own(scopes: list[Scope]) -> None:
    asked = partial(cut, scopes[-1], RuntimeFilter(managed_by_bootstrap=True), Order(("display_name",)), "")
    assert faults(asked) == []
