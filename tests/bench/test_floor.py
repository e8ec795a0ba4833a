"""The floor does the job that it is measured for: it shows what the console shows, and writes what it writes."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import quote

import pytest
from django.test import Client

from bench.load import Sizes, fill
from mlops_console.actions.tokens import issue_token
from mlops_console.actor import person
from mlops_console.models import AuditEntry, User
from runtimes.models import Runtime
from tests.cast import Program

pytestmark = [pytest.mark.django_db, pytest.mark.urls("bench.beside.floor.urls")]
PLACE = "retail-risk"
COUNT = re.compile(r">([\d,]+\+?) rows?(?:, newest first)?</p>")
PAGES = [
    f"/workspaces/{PLACE}/runtimes/?",
    f"/workspaces/{PLACE}/runtimes/?model_type=onnx",
    f"/workspaces/{PLACE}/runtimes/?state=DEPRECATED&managed_by=people",
    f"/workspaces/{PLACE}/runtimes/?q=credit+lim",
    f"/workspaces/{PLACE}/runtimes/?q=credit+lim&sort=state",
    f"/workspaces/{PLACE}/runtimes/?managed_by=bootstrap",
    *(
        f"/workspaces/-/runtimes/?sort={sort}"
        for sort in ("-name", "id", "model_type", "image", "version", "-state", "managed_by", "workspace", "-updated")
    ),
    f"/workspaces/{PLACE}/runtime-images/?",
    "/workspaces/-/runtime-images/?",
    f"/workspaces/{PLACE}/deployments/?",
    "/workspaces/-/deployments/?",
]


@pytest.fixture
def admin(db: None) -> User:
    """A platform admin in a small world."""
    fill(Sizes(runtimes=1_500, deployments=150, compositions=330, large=40, audit=400), 3)
    return User.objects.create_user("reader", is_platform_admin=True)


@pytest.fixture
def client(admin: User) -> Client:
    """Their browser."""
    client = Client()
    client.force_login(admin, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def api(admin: User) -> Program:
    """Their program."""
    from django.utils import timezone

    _, secret = issue_token(actor=person(admin, roles={}), user=admin, name="bench", now=timezone.now())
    return Program(secret)


def shown(client: Client, path: str) -> list[str]:
    """The rows of a page, in order: the address that each heading leads to and the words of its other cells."""
    response = client.get(path)
    assert response.status_code == 200
    text = response.content.decode()
    rows = re.findall(r"<tr>.*?</tr>", text.partition("<tbody>")[2].partition("</tbody>")[0], re.DOTALL)
    assert rows
    return [found[1] for row in rows if (found := re.search(r'<th scope="row">\s*<a href="([^"]*)"', row))]


def count(client: Client, path: str) -> str:
    found = COUNT.search(client.get(path).content.decode())
    assert found
    return found[1]


def test_the_floor_shows_the_rows_of_each_page_and_counts_them(client: Client) -> None:
    for path in PAGES:
        assert (path, shown(client, f"/floor{path}")) == (path, shown(client, path))
        assert (path, count(client, f"/floor{path}")) == (path, count(client, path))


def test_the_floor_says_how_many_a_search_finds_where_the_console_does(client: Client) -> None:
    for place in (PLACE, "-"):
        # Every fourth runtime, and so more than fit on a page.
        path = f"/workspaces/{place}/runtimes/{{}}?q=memory"
        page, floor = path.format(""), f"/floor{path.format('')}"
        assert shown(client, floor) == shown(client, page)
        assert (
            COUNT.search(client.get(page).content.decode()) is COUNT.search(client.get(floor).content.decode()) is None
        )
        counted = path.format("count.html")
        assert count(client, f"/floor{counted}") == count(client, counted)


def test_the_floor_goes_on_where_the_page_does(client: Client) -> None:
    path = f"/workspaces/{PLACE}/runtimes/?rows=50"
    following = re.search(r'rel="next"\s+href="([^"]*)"', client.get(path).content.decode())
    after = re.search(r'href="\?after=([^"]*)">Next', client.get(f"/floor{path}").content.decode())
    assert following
    assert after
    assert shown(client, f"/floor{path}&after={after[1]}") == shown(client, unescape(following[1]))


def test_the_floor_tells_what_compositions_of_deployments_run(client: Client) -> None:
    def told(path: str) -> list[tuple[str, int]]:
        text = client.get(path).content.decode()
        return [
            (row.count("Yes"), row.count("<li"))
            for row in re.findall(r"<tr>.*?</tr>", text.partition("<tbody>")[2], re.DOTALL)
        ]

    path = f"/workspaces/{PLACE}/deployments/"
    assert told(f"/floor{path}") == told(path)


def test_the_floor_shows_the_same_entries(client: Client) -> None:
    def subjects(address: str) -> list[str]:
        text = client.get(address).content.decode()
        return re.findall(r'<span class="mono">(workspaces/[^<]*)</span>\s*<span', text)

    subject = quote(AuditEntry.objects.all()[9].subject)
    for query in ("", "?verb=upgrade", "?actor=ada.berg", f"?subject={subject}"):
        path = f"/workspaces/-/audit/{query}"
        assert subjects(f"/floor{path}") == subjects(path) != []


@pytest.mark.parametrize("size", ["50", "1000"])
def test_the_floor_says_what_the_api_says(api: Program, size: str) -> None:
    for place in (PLACE, "-"):
        path = f"/api/runtime/v1/workspaces/{place}/runtimes"
        ours, floor = api.get(path, pageSize=size).json, api.get(f"/floor{path}", pageSize=size).json
        assert floor["runtimes"] == ours["runtimes"]
        assert api.get(f"/floor{path}:count").json == api.get(f"{path}:count").json
        if ours["nextPageToken"]:
            following = api.get(path, pageSize=size, pageToken=ours["nextPageToken"]).json
            behind = api.get(f"/floor{path}", pageSize=size, after=floor["nextPageToken"]).json
            assert behind["runtimes"] == following["runtimes"]


def test_the_floor_lets_nobody_in_without_a_token(client: Client) -> None:
    path = f"/floor/api/runtime/v1/workspaces/{PLACE}/runtimes"
    assert Program("mlc_wrong").get(path).json == {"runtimes": [], "nextPageToken": ""}
    assert Program("mlc_wrong").get(f"{path}:count").json == {"count": "0"}


def test_the_floor_writes_a_row_and_its_audit_entry(api: Program) -> None:
    path = f"/floor/api/runtime/v1/workspaces/{PLACE}/runtimes"
    body = {
        "displayName": "Made by hand",
        "modelType": "onnx",
        "runtimeImage": "workspaces/global/runtimeImages/onnx-scorer",
        "environmentVariables": {"LOG_LEVEL": "INFO"},
        "selector": {},
    }
    before = AuditEntry.objects.count()
    name = api.post(f"{path}:create", body).json["name"]
    runtime = Runtime.objects.get(uid=name.rpartition("/")[2])
    runtime.full_clean()
    api.post(f"{path}/{runtime.uid}:patch", {"description": "Changed."})
    api.post(f"{path}/{runtime.uid}:state", {"state": "DEPRECATED", "verb": "deprecate", "reason": "Why not."})
    runtime.refresh_from_db()
    assert (runtime.description, runtime.state, runtime.state_reason, runtime.revision) == (
        "Changed.",
        "DEPRECATED",
        "Why not.",
        3,
    )
    entries = AuditEntry.objects.order_by("pk")[before:]
    assert [entry.verb for entry in entries] == ["create", "update", "deprecate"]
    assert {entry.actor for entry in entries} == {"reader (token bench)"}
    assert {entry.subject for entry in entries} == {f"workspaces/{PLACE}/runtimes/{runtime.uid}"}
