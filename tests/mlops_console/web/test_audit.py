"""The page of the audit trail and its export."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.http import StreamingHttpResponse

from mlops_console import audit
from mlops_console.actor import Actor, program
from mlops_console.models import AuditEntry, Token
from tests.cast import Cast

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PAGE = "/workspaces/lab/audit/"


def write(cast: Cast, count: int = 1, workspace: str = "lab", reason: str = "", *, actor: Actor | None = None) -> None:
    audit.record(
        audit.entry(
            actor=actor or cast.actor("operator"),
            verb=audit.Verb.DISABLE if number % 2 else audit.Verb.ENABLE,
            subject=audit.Subject(audit.Kind.RUNTIME, f"workspaces/{workspace}/runtimes/r-{number}", workspace),
            now=NOW + timedelta(hours=number),
            reason=reason,
            before={"state": "ACTIVE"},
            after={"state": "DISABLED"},
        )
        for number in range(count)
    )


def export(cast: Cast, role: str, path: str) -> list[list[str]]:
    answer = cast.client(role).get(path)
    assert isinstance(answer, StreamingHttpResponse)
    assert answer["Content-Type"].startswith("text/csv")
    return list(csv.reader(StringIO(answer.getvalue().decode())))


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        ("viewer", PAGE, 200),
        ("operator", PAGE, 200),
        ("stranger", PAGE, 404),
        ("viewer", "/workspaces/global/audit/", 200),
        ("owner", "/workspaces/-/audit/", 403),
        ("admin", "/workspaces/-/audit/", 200),
        ("admin", "/workspaces/nowhere/audit/", 404),
    ],
)
def test_members_read_the_trail_of_their_workspace(cast: Cast, role: str, path: str, status: int) -> None:
    assert cast.client(role).get(path).status_code == status
    assert cast.client(role).get(f"{path}export.csv").status_code == status


def test_the_newest_comes_first_page_by_page(cast: Cast) -> None:
    write(cast, 60)
    client = cast.client("viewer")
    first = client.get(PAGE, {"rows": "25"})
    second = client.get(PAGE, {"rows": "25", "page": first.context["page"].next})
    found = [row.subject.rpartition("-")[2] for page in (first, second) for row in page.context["page"].rows]
    assert found == [str(number) for number in range(59, 9, -1)]
    again = client.get(PAGE, {"rows": "25", "page": second.context["page"].previous})
    assert [row.pk for row in again.context["page"].rows] == [row.pk for row in first.context["page"].rows]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"verb": "disable"}, 3),
        ({"actor": "nobody"}, 0),
        ({"subject": "r-1"}, 1),
        ({"subject": "workspaces/lab/runtimes/r-1"}, 1),
        ({"subject": "workspaces/lab/runtimes"}, 6),
        ({"subject": "workspaces/lab/run"}, 0),
        ({"subject": "workspaces/lab/runtimes/r_1"}, 0),
        ({"subject": "r_1"}, 0),
        ({"subject": "r%"}, 0),
        ({"subject": "\\"}, 0),
        ({"since": "2026-11-25"}, 0),
        ({"since": "2026-11-24", "until": "2026-11-24"}, 6),
        ({"verb": "explode"}, 6),
        ({"since": "yesterday"}, 6),
    ],
)
def test_filters_narrow_and_rubbish_does_not(cast: Cast, query: dict[str, str], found: int) -> None:
    write(cast, 6)
    page = cast.client("viewer").get(PAGE, query)
    assert page.status_code == 200
    assert len(page.context["page"].rows) == found
    assert (
        len(export(cast, "viewer", f"{PAGE}export.csv?{'&'.join(f'{k}={v}' for k, v in query.items())}")) == found + 1
    )


@pytest.mark.parametrize("number", [2, 12])
def test_a_person_stands_for_all_of_their_tokens(cast: Cast, number: int) -> None:
    tokens = [Token.objects.create(user=cast.operator, name=f"t-{n}", digest=f"{n}") for n in range(number)]
    write(cast, 30)
    for position, token in enumerate(tokens):
        write(cast, 2, actor=program(token, roles={}), reason=f"token {position}")
    write(cast, 3, actor=cast.actor("owner"))
    write(cast, 10, reason="last")
    found: list[str] = []
    client, following = cast.client("viewer"), ""
    while following or not found:
        page = client.get(PAGE, {"actor": "operator", "rows": "25", "page": following})
        assert page.context["count"] == 40 + 2 * number
        found += [row.reason for row in page.context["page"].rows]
        following = page.context["page"].next
    by_tokens = [f"token {position}" for position in reversed(range(number)) for _ in range(2)]
    assert found == ["last"] * 10 + by_tokens + [""] * 30


def test_what_changed_is_asked_for_when_an_entry_is_opened(cast: Cast) -> None:
    write(cast, reason="CVE-2026-1")
    entry = AuditEntry.objects.get()
    client = cast.client("viewer")
    page = client.get(PAGE).content.decode()
    assert "Every change in Lab, as it was made" in page
    assert "CVE-2026-1" in page
    assert "DISABLED" not in page
    address = f"{PAGE}{entry.pk}/"
    assert f'<details hx-get="{address}"' in page
    assert f'<a href="{address}"' in page, "the way without JavaScript"
    part = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<del>ACTIVE</del>" in part
    assert "<ins>DISABLED</ins>" in part
    assert "<html" not in part
    whole = client.get(address).content.decode()
    for text in ("<html", "CVE-2026-1", entry.subject, "operator", "<del>ACTIVE</del>", "<ins>DISABLED</ins>"):
        assert text in whole


@pytest.mark.parametrize("htmx", [{}, {"HX-Request": "true"}], ids=["page", "part"])
@pytest.mark.parametrize(
    ("role", "workspace", "status"),
    [
        ("viewer", "lab", 200),
        ("admin", "-", 200),
        ("owner", "-", 403),
        ("stranger", "lab", 404),
        ("stranger", "global", 404),
        ("admin", "global", 404),
    ],
)
def test_an_entry_is_reached_through_its_workspace(
    cast: Cast, role: str, workspace: str, status: int, htmx: dict[str, str]
) -> None:
    write(cast)
    path = f"/workspaces/{workspace}/audit/{AuditEntry.objects.get().pk}/"
    assert cast.client(role).get(path, headers=htmx).status_code == status


@pytest.mark.parametrize("number", ["0", "9" * 30])
def test_there_is_no_such_entry(cast: Cast, number: str) -> None:
    assert cast.client("viewer").get(f"{PAGE}{number}/").status_code == 404


@pytest.mark.parametrize(
    ("changed", "shown"), [({}, False), ({"before": {"a": 1}}, True), ({"after": {"a": None}}, True)]
)
def test_only_what_changed_can_be_opened(cast: Cast, changed: dict[str, Any], shown: bool) -> None:
    subject = audit.Subject(audit.Kind.RUNTIME, "workspaces/lab/runtimes/r", "lab")
    audit.record(
        [audit.entry(actor=cast.actor("operator"), verb=audit.Verb.UPDATE, subject=subject, now=NOW, **changed)]
    )
    assert ("<details hx-get" in cast.client("viewer").get(PAGE).content.decode()) is shown


def test_what_people_typed_is_no_markup(cast: Cast) -> None:
    write(cast, reason="<b>&amp;</b>")
    client = cast.client("viewer")
    for path in (PAGE, f"{PAGE}{AuditEntry.objects.get().pk}/"):
        page = client.get(path).content.decode()
        assert "<b>&amp;" not in page
        assert "&lt;b&gt;&amp;amp;&lt;/b&gt;" in page


@pytest.mark.parametrize("token", ["x", "é", "eyJ:1:2"])
def test_an_edited_page_token_is_a_bad_request(cast: Cast, token: str) -> None:
    assert cast.client("viewer").get(PAGE, {"page": token}).status_code == 400


def test_a_page_token_of_another_filter_is_a_bad_request(cast: Cast) -> None:
    write(cast, 60)
    client = cast.client("viewer")
    token = client.get(PAGE, {"rows": "25"}).context["page"].next
    assert client.get(PAGE, {"rows": "25", "page": token, "verb": "enable"}).status_code == 400


def test_the_export_holds_every_entry_of_the_scope(cast: Cast) -> None:
    write(cast, 60)
    write(cast, 2, workspace="elsewhere")
    lab = export(cast, "viewer", f"{PAGE}export.csv")
    assert lab[0][:4] == ["time", "actor", "actor kind", "verb"]
    assert len(lab) == 61
    assert len(export(cast, "admin", "/workspaces/-/audit/export.csv")) == 63


def test_the_link_to_the_export_keeps_the_filter(cast: Cast) -> None:
    client = cast.client("viewer")
    assert f'href="{PAGE}export.csv"' in client.get(PAGE).content.decode()
    narrowed = client.get(PAGE, {"verb": "disable", "actor": "a&b"}).content.decode()
    assert f'href="{PAGE}export.csv?verb=disable&amp;actor=a%26b"' in narrowed


@pytest.mark.parametrize("reason", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_of_the_export_is_a_formula(cast: Cast, reason: str) -> None:
    write(cast, reason=reason)
    cells = export(cast, "viewer", f"{PAGE}export.csv")[1]
    assert f"'{reason}" in cells
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)


def test_reading_the_trail_leaves_none(cast: Cast) -> None:
    cast.client("viewer").get(PAGE)
    export(cast, "viewer", f"{PAGE}export.csv")
    assert not AuditEntry.objects.exists()
