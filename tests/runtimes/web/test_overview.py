"""The first page: the fleet at a glance."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mlops_console import audit
from mlops_console.models import Membership, Workspace
from runtimes.models import Runtime
from tests.cast import Cast
from tests.factories import make_image, make_runtime

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DEPRECATED: dict[str, Any] = {"api_state": "DEPRECATED"}
DISABLED: dict[str, Any] = {"api_state": "DISABLED"}


def make_fleet(cast: Cast) -> None:
    shared = make_image(cast.everyone, "mojo", versions="v1.0.0")
    make_runtime(shared, "mojo")
    make_runtime(shared, "old-mojo", **DEPRECATED)
    own = make_image(cast.workspace, "own", versions="v1.0.0")
    make_runtime(own, "own")
    make_runtime(own, "off", **DISABLED)
    other = make_image(cast.other, "other", versions="v1.0.0", **DEPRECATED)
    make_runtime(other, "other")


def counts(of: dict[str, Any]) -> list[int]:
    return [each["count"] for each in of["counts"]]


@pytest.mark.parametrize(
    ("role", "runtimes", "images", "scope"),
    [
        ("admin", [3, 1, 1], [2, 1, 0], "-"),
        ("viewer", [2, 1, 1], [2, 0, 0], "lab"),
        ("stranger", [2, 1, 0], [1, 1, 0], "elsewhere"),
    ],
)
def test_the_numbers_are_those_of_the_list_behind_them(
    cast: Cast, role: str, runtimes: list[int], images: list[int], scope: str
) -> None:
    make_fleet(cast)
    client = cast.client(role)
    page = client.get("/")
    stats = page.context["stats"]
    assert [counts(each) for each in stats] == [runtimes, images]
    assert stats[0]["url"] == f"/workspaces/{scope}/runtimes/"
    for each in (count for stat in stats for count in stat["counts"]):
        assert len(client.get(each["url"]).context["page"].rows) == each["count"]
    for row in page.context["tallies"]:
        for each in (*row["runtimes"], *row["images"]):
            assert len(client.get(each["url"]).context["page"].rows) == each["count"]


def test_several_workspaces_have_no_one_list(cast: Cast) -> None:
    make_fleet(cast)
    Membership.objects.create(workspace=cast.other, user=cast.viewer, role="VIEWER")
    page = cast.client("viewer").get("/")
    assert [each["url"] for each in page.context["stats"]] == ["", ""]
    assert counts(page.context["stats"][0]) == [3, 1, 1]
    assert {row["workspace"].uid for row in page.context["tallies"]} == {"lab", "elsewhere", "global"}


def test_an_empty_console_says_what_to_do(cast: Cast) -> None:
    page = cast.client("viewer").get("/")
    assert page.status_code == 200
    assert b"Nothing can run yet" in page.content


def concerns(cast: Cast, role: str) -> dict[str, list[str]]:
    page = cast.client(role).get("/")
    assert page.status_code == 200
    return {each["title"]: [item["label"] for item in each["items"]] for each in page.context["attention"]}


def test_nothing_wants_attention_where_all_is_well(cast: Cast) -> None:
    make_runtime(make_image(cast.workspace, versions="v1.0.0"))
    assert concerns(cast, "viewer") == {}


def test_what_wants_attention_is_named(cast: Cast) -> None:
    held = make_image(cast.everyone, "held", versions="v1.0.0", platform_state="ACTIVE", **DEPRECATED)
    make_runtime(held, "tight", platform_state="ACTIVE", **DISABLED)
    make_image(cast.workspace, "bare")
    gone = make_image(cast.workspace, "gone", versions="v1.0.0", **DISABLED)
    make_runtime(gone, "stranded")
    fine = make_image(cast.workspace, "fine", versions="v1.0.0 v1.1.0")
    old = fine.versions.get(version="v1.0.0")
    old.api_state = "DISABLED"
    old.save(update_fields=["api_state"])
    make_runtime(fine, "pinned", pinned_version=old)
    make_runtime(fine, "latest")
    assert concerns(cast, "viewer") == {
        "Held below the platform's state": ["Held", "Tight"],
        "Images without a usable version": ["Bare"],
        "Runtimes on something disabled": ["Pinned", "Stranded"],
    }
    assert set(concerns(cast, "stranger")) == {"Held below the platform's state"}


def test_long_lists_of_concerns_are_cut(cast: Cast) -> None:
    for number in range(8):
        make_image(cast.workspace, f"bare-{number}")
    concern = cast.client("viewer").get("/").context["attention"][0]
    assert (concern["count"], len(concern["items"]), concern["more"]) == (8, 5, 3)


def test_people_see_the_changes_of_their_workspaces(cast: Cast) -> None:
    for workspace in ("lab", "elsewhere", "global", ""):
        subject = audit.Subject(audit.Kind.RUNTIME, f"in {workspace or 'no'} workspace", workspace)
        audit.record([audit.entry(actor=cast.actor("admin"), verb=audit.Verb.CREATE, subject=subject, now=NOW)])
    seen = {
        role: {entry.workspace for entry in cast.client(role).get("/").context["entries"]}
        for role in ("admin", "viewer", "stranger")
    }
    assert seen == {
        "admin": {"lab", "elsewhere", "global", ""},
        "viewer": {"lab", "global"},
        "stranger": {"elsewhere", "global"},
    }


def test_more_rows_and_workspaces_cost_no_more_queries(cast: Cast) -> None:
    client = cast.client("admin")

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/").status_code == 200
        return len(queries)

    image = make_image(cast.workspace, versions="v1.0.0")
    make_image(cast.workspace, "bare")
    first = make_runtime(image, "r")
    few = cost()
    Workspace.objects.bulk_create(Workspace(uid=f"w{number}", display_name=f"W {number}") for number in range(100))
    Runtime.objects.bulk_create(
        Runtime(
            workspace=cast.workspace,
            uid=f"r{number}",
            display_name=f"R {number}",
            model_type=first.model_type,
            image=image,
        )
        for number in range(10_000)
    )
    assert cost() == few
    assert few < 25
