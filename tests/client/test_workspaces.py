"""Workspaces by the published client."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from h2o_mlops.errors import MLOpsApiError, MLOpsAuthError, MLOpsConflictError, MLOpsNotFoundError
from h2o_mlops.options import FilterExpression, FilterOptions, ListOptions, OnDemandOptions, SortOptions
from h2o_mlops.types import OperatorType, OrderType


@pytest.fixture
def workspace(admin: Any) -> Iterator[Any]:
    """A workspace that is there for one test."""
    made = admin.workspaces.create(name="Spare", description="For one test.", annotations={"team": "a", "empty": ""})
    yield made
    made.delete()


def test_create_answers_all_that_a_workspace_is(admin: Any, workspace: Any) -> None:
    assert re.fullmatch(r"[a-z0-9-]+", workspace.uid)
    assert (workspace.name, workspace.description) == ("Spare", "For one test.")
    assert workspace.annotations == {"team": "a", "empty": ""}
    assert isinstance(workspace.created_time, datetime)
    assert workspace.created_time.tzinfo
    assert workspace.last_modified_time == workspace.created_time
    assert workspace.creator.username == workspace.last_modified_by.username == "admin"
    assert "Spare" in repr(workspace)
    assert workspace.uid in str(workspace)
    again = admin.workspaces.get(workspace.uid)
    assert (again.name, again.created_time, again.annotations) == (
        workspace.name, workspace.created_time, workspace.annotations,
    )  # fmt: skip


def test_a_name_is_all_that_create_needs(admin: Any) -> None:
    made = admin.workspaces.create(name="Bare")
    assert (made.description, made.annotations) == ("", {})
    made.delete()


def test_global_was_made_by_the_console(admin: Any) -> None:
    place = admin.workspaces.get("global")
    assert place.creator.username == place.last_modified_by.username == "system"


def test_update_changes_what_it_is_given(admin: Any, workspace: Any) -> None:
    workspace.update(name="Renamed", description="Other.")
    assert (workspace.name, workspace.description, workspace.annotations["team"]) == ("Renamed", "Other.", "a")
    assert workspace.last_modified_time > workspace.created_time
    workspace.update(annotations={"team": "b"})
    workspace.update(description=None)
    found = admin.workspaces.get(workspace.uid)
    assert (found.name, found.description, found.annotations) == ("Renamed", "", {"team": "b"})


def test_update_without_arguments_changes_nothing(admin: Any, workspace: Any) -> None:
    workspace.update()
    assert admin.workspaces.get(workspace.uid).last_modified_time == workspace.created_time


def test_the_defaults_that_the_client_keeps_in_annotations_work(workspace: Any) -> None:
    assert (workspace.default_schedule, workspace.default_on_demand) == (None, None)
    workspace.set_default_schedule(preset="office-hours")
    workspace.set_default_on_demand(idle_timeout=timedelta(minutes=5))
    workspace._refresh()
    assert workspace.default_schedule == "office-hours"
    assert workspace.default_on_demand == OnDemandOptions(idle_timeout=timedelta(minutes=5))
    workspace.clear_default_schedule()
    workspace.clear_default_on_demand()
    assert workspace.annotations == {"team": "a", "empty": ""}


def test_list_and_count_see_the_same(admin: Any, workspace: Any) -> None:
    table = admin.workspaces.list()
    uids = [each.uid for each in table]
    assert {"global", "credit-risk", "customer-insights", workspace.uid} <= set(uids)
    assert len(uids) == len(set(uids)) == len(table) == admin.workspaces.count()
    assert "credit-risk" in repr(table)


def test_members_list_their_own_and_global(client: Callable[[str], Any]) -> None:
    assert {each.uid for each in client("viewer").workspaces.list()} == {"credit-risk", "global"}
    assert client("stranger").workspaces.count() == 2


def test_lists_are_narrowed_and_sorted(admin: Any, workspace: Any) -> None:
    assert [each.uid for each in admin.workspaces.list(name="Spare")] == [workspace.uid]
    assert admin.workspaces.count(name="Spare", description="none") == 0
    since = FilterExpression([FilterOptions("created_time", workspace.created_time, OperatorType.GTE)])
    assert admin.workspaces.count(since) == len(admin.workspaces.list(ListOptions(filter_expression=since))) == 1
    part = FilterExpression([FilterOptions("description", "FOR ONE", OperatorType.CONTAINS)])
    assert admin.workspaces.list(ListOptions(filter_expression=part))[0].uid == workspace.uid


@pytest.mark.parametrize("field", ["name", "description", "created_time", "last_modified_time"])
def test_every_field_sorts_both_ways(admin: Any, workspace: Any, field: str) -> None:
    up = [getattr(each, field) for each in admin.workspaces.list(ListOptions(sort=SortOptions(field)))]
    down = [getattr(each, field) for each in admin.workspaces.list(ListOptions(SortOptions(field, OrderType.DESC)))]
    assert up == sorted(up)
    assert down == up[::-1]


def test_a_deleted_workspace_is_gone(admin: Any) -> None:
    made = admin.workspaces.create(name="Brief")
    made.delete()
    with pytest.raises(MLOpsNotFoundError) as caught:
        admin.workspaces.get(made.uid)
    assert made.uid in caught.value.server_message


def test_a_workspace_that_holds_something_stays(admin: Any, workspace: Any) -> None:
    image = workspace.runtime_images.create("Scorer", "x/y:1.0.0")
    with pytest.raises(MLOpsConflictError) as caught:
        workspace.delete()
    assert caught.value.server_message == f"Workspace {workspace.uid} still holds runtime images; delete them first."
    image.delete()


def test_global_stays(admin: Any) -> None:
    with pytest.raises(MLOpsConflictError, match="global workspace cannot be deleted"):
        admin.workspaces.get("global").delete()


def test_only_platform_admins_create_workspaces(client: Callable[[str], Any]) -> None:
    with pytest.raises(MLOpsAuthError) as caught:
        client("operator").workspaces.create(name="Mine")
    assert "create workspaces" in caught.value.server_message


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_members_who_are_no_admins_change_no_workspace(client: Callable[[str], Any], verb: str) -> None:
    workspace = client("operator").workspaces.get("credit-risk")
    with pytest.raises(MLOpsAuthError, match=f"{'change' if verb == 'update' else 'delete'} workspaces"):
        workspace.update(name="Ours") if verb == "update" else workspace.delete()


def test_strangers_find_no_workspace(client: Callable[[str], Any]) -> None:
    with pytest.raises(MLOpsNotFoundError):
        client("stranger").workspaces.get("credit-risk")


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 201], ids=["empty", "blank", "two-lines", "long"])
def test_a_name_that_is_none_is_refused_with_what_is_allowed(admin: Any, name: str) -> None:
    with pytest.raises(MLOpsApiError) as caught:
        admin.workspaces.create(name=name)
    assert caught.value.status == 400
    assert caught.value.server_message.startswith("displayName: ")
    assert "1 to 200 printable characters" in caught.value.server_message
