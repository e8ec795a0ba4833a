"""Queries that are written once: what they answer is what the queryset would."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Concat, Upper
from pytest_django import DjangoAssertNumQueries

from mlops_console.models import User, Workspace
from mlops_console.statements import Among, Instances, Statement

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, 12, 30, 0, 15, tzinfo=UTC)


@pytest.fixture
def workspaces(db: None) -> dict[str, Workspace]:
    made = [
        Workspace(uid="lab", display_name="100% lab", annotations={"cost": ["a", 1]}, created_at=AT),
        Workspace(uid="risk", display_name="O'Risk", annotations={}, created_at=AT),
        Workspace(uid="sales", display_name="Sales %s", annotations={}, created_at=AT),
    ]
    return {each.uid: each for each in Workspace.objects.bulk_create(made)}


def test_a_statement_is_written_once_and_run_with_each_value(workspaces: dict[str, Workspace]) -> None:
    written = []

    def write(name: Value) -> QuerySet[Workspace, tuple[Any, ...]]:
        written.append(name)
        return Workspace.objects.order_by().filter(display_name=name).values_list("uid")

    named = Statement(write)
    found = {each.uid: list(named.rows(name=each.display_name)) for each in workspaces.values()}
    assert found == {uid: [(uid,)] for uid in workspaces}
    assert list(named.rows(name="' OR '1'='1")) == []
    assert len(written) == 1


def test_values_are_those_that_a_queryset_answers(workspaces: dict[str, Workspace]) -> None:
    columns = [each.attname for each in Workspace._meta.concrete_fields]
    one = Statement(lambda uid: Workspace.objects.filter(uid=uid).values_list(*columns))
    (row,) = one.rows(uid="lab")
    assert tuple(row) == Workspace.objects.values_list(*columns).get(uid="lab")
    assert dict(zip(columns, row, strict=True))["created_at"].utcoffset() == AT.utcoffset()


@pytest.mark.parametrize("uids", [[], ["lab"], ["lab", "sales", "nosuch"]])
def test_a_list_may_be_of_any_length(workspaces: dict[str, Workspace], uids: list[str]) -> None:
    keys = [workspaces[uid].pk if uid in workspaces else 0 for uid in uids]
    among = Statement(lambda keys: Workspace.objects.filter(Among(F("pk"), keys)).values_list("uid"))
    assert {uid for (uid,) in among.rows(keys=keys)} == set(uids) & set(workspaces)
    assert among.count(keys=keys) == len(set(uids) & set(workspaces))


def test_what_is_no_value_stays_as_it_was_written(workspaces: dict[str, Workspace]) -> None:
    loud = Statement(
        lambda uid: Workspace.objects.filter(Q(uid=uid) | Q(display_name__contains="%")).values_list(
            Concat(F("uid"), Value("! 100%"))
        )
    )
    assert {text for (text,) in loud.rows(uid="risk")} == {"lab! 100%", "risk! 100%", "sales! 100%"}


def test_names_are_given_where_a_function_takes_any(workspaces: dict[str, Workspace]) -> None:
    any_of = Statement(lambda **slots: Workspace.objects.filter(**slots).values_list("uid"), ["uid", "display_name"])
    assert list(any_of.rows(uid="risk", display_name="O'Risk")) == [("risk",)]
    assert list(any_of.rows(uid="lab", display_name="O'Risk")) == []


def test_instances_are_those_of_the_queryset(
    workspaces: dict[str, Workspace], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    user = User.objects.create(username="ada", preferences={"dark": True})
    Workspace.objects.filter(uid="risk").update(creator=user)

    def write(uid: Any) -> QuerySet[Workspace]:
        rows = Workspace.objects.select_related("creator", "updater").defer("description", "creator__email")
        return rows.annotate(loud=Upper("uid")).filter(uid=uid).select_for_update(of=("self",))

    kept = Instances[Workspace](write)
    for uid in ("lab", "risk"):
        [found], expected = kept.found(uid=uid), write(uid).get()
        assert found == expected
        with django_assert_num_queries(0):
            for field in ("display_name", "annotations", "created_at", "creator", "updater", "loud"):
                assert getattr(found, field) == getattr(expected, field)
        assert found.get_deferred_fields() == expected.get_deferred_fields() == {"description"}
    assert found.creator is not None
    assert (found.creator.preferences, found.creator.get_deferred_fields()) == ({"dark": True}, {"email"})
    assert kept.found(uid="nosuch") == []


def test_a_value_that_is_missing_is_an_error() -> None:
    with pytest.raises(KeyError, match="uid"):
        Statement(lambda uid: Workspace.objects.filter(uid=uid).values_list("uid")).rows(name="lab")
