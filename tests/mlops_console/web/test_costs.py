"""A list costs the same number of queries at 10 rows and at 10,000."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from mlops_console.models import AuditEntry, Membership, User, Workspace
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def make_people(cast: Cast, start: int, end: int) -> None:
    User.objects.bulk_create(User(username=f"user{number:05}", password="!") for number in range(start, end))


def make_workspaces(cast: Cast, start: int, end: int) -> None:
    Workspace.objects.bulk_create(
        Workspace(uid=f"w{number:05}", display_name=f"Workspace {number}") for number in range(start, end)
    )


def make_members(cast: Cast, start: int, end: int) -> None:
    make_people(cast, start, end)
    crowd = User.objects.filter(username__startswith="user", memberships__isnull=True)
    Membership.objects.bulk_create(Membership(workspace=cast.workspace, user=user, role="VIEWER") for user in crowd)


def make_entries(cast: Cast, start: int, end: int) -> None:
    AuditEntry.objects.bulk_create(
        AuditEntry(
            actor_kind="person",
            actor="owner",
            verb="create",
            subject_kind="runtime",
            subject=f"workspaces/lab/runtimes/r-{number}",
            workspace="lab",
            after={"display_name": f"R {number}"},
        )
        for number in range(start, end)
    )


def cost(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


@pytest.mark.parametrize(
    ("path", "make"),
    [
        ("/people/", make_people),
        ("/workspaces/", make_workspaces),
        ("/workspaces/lab/members/", make_members),
        ("/workspaces/lab/audit/", make_entries),
        ("/workspaces/-/audit/", make_entries),
    ],
    ids=["people", "workspaces", "members", "audit", "audit of all"],
)
def test_more_rows_cost_no_more_queries(cast: Cast, path: str, make: Callable[[Cast, int, int], None]) -> None:
    client = cast.client("admin")
    make(cast, 0, 10)
    few = cost(client, f"{path}?rows=250")
    make(cast, 10, 10_000)
    assert cost(client, f"{path}?rows=250") == few
    assert few < 20
