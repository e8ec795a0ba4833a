"""What stands around pages, and what htmx gets that only swaps the rows of one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from mlops_console.models import Workspace
from mlops_console.web.navigation import SWITCHER_MAX
from tests.cast import Cast
from tests.factories import make_deployment, make_image, make_runtime

pytestmark = pytest.mark.django_db
ROWS = {"HX-Request": "true", "HX-Target": "rows"}
LISTS = (
    "/workspaces/lab/runtimes/?q=r0&state=ACTIVE",
    "/workspaces/-/runtimes/?rows=25",
    "/workspaces/lab/runtime-images/",
    "/workspaces/lab/experiments/",
    "/workspaces/lab/deployments/?mode=SINGLE",
    "/workspaces/lab/rollouts/",
    "/workspaces/lab/audit/?actor=nobody",
    "/workspaces/lab/members/?q=o",
    "/workspaces/lab/tokens/",
    "/workspaces/?q=lab&sort=-name",
    "/tokens/",
    "/people/",
)


def text(client: Client, path: str, **headers: str) -> str:
    """A page without what differs each time it is written: tokens of forms, and of pages, which say when."""
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"|page=[\w%-]+', "", answer.content.decode())


def crowd(workspaces: int) -> None:
    """So many workspaces more, which come after the others by name."""
    Workspace.objects.bulk_create(Workspace(uid=f"w{n}", display_name=f"W{n:03}") for n in range(workspaces))


@pytest.mark.parametrize("path", LISTS)
def test_who_swaps_rows_gets_what_the_page_shows_without_its_frame(cast: Cast, path: str) -> None:
    image = make_image(cast.workspace, versions="v1.0.0")
    for number in range(30):
        make_runtime(image, f"r{number:02}")
    make_deployment(make_runtime(image, "live"), uid="live")
    client = cast.client("admin")
    page, part = text(client, path), text(client, path, **ROWS)
    title, _, rest = part.partition("</title>")
    actions, _, content = rest.partition('<div class="actions" id="actions">')[2].partition("</div>")
    assert " ".join(title.split()) in " ".join(page.split())
    assert actions.strip() in page
    assert 'id="rows"' in content
    assert content.strip() in page
    assert not re.search('id="(menu|main|dialog|toasts)"|<body|<!DOCTYPE', part)


def test_every_list_is_a_frame_around_rows() -> None:
    lists = [file for file in Path(settings.BASE_DIR / "templates").rglob("*.html") if 'id="rows"' in file.read_text()]
    assert lists
    assert [file.name for file in lists if not file.read_text().startswith("{% extends frame %}")] == []


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="plain"),
        pytest.param({"HX-Request": "true", "HX-Target": "dialog"}, id="another target"),
        pytest.param({"HX-Request": "true", "HX-Boosted": "true"}, id="a boosted link to a page"),
        pytest.param(ROWS | {"HX-History-Restore-Request": "true"}, id="history"),
        pytest.param({"HX-Target": "rows"}, id="not by htmx"),
    ],
)
def test_everybody_else_gets_the_whole_page(cast: Cast, headers: dict[str, str]) -> None:
    page = text(cast.client("viewer"), "/workspaces/lab/runtimes/", **headers)
    assert page.lstrip().startswith("<!DOCTYPE html>")
    assert 'aria-label="Main"' in page


def test_what_goes_wrong_with_rows_is_a_whole_page(cast: Cast) -> None:
    answer = cast.client("viewer").get("/workspaces/lab/runtimes/?page=forged", headers=ROWS)
    assert answer.status_code == 400
    assert answer.content.lstrip().startswith(b"<!DOCTYPE html>")


def test_messages_wait_for_a_page_that_shows_them(cast: Cast) -> None:
    client = cast.client("admin")
    client.post("/workspaces/new/", {"display_name": "Fraud", "uid": "fraud"})
    assert "Fraud created" not in text(client, "/workspaces/lab/audit/", **ROWS)
    assert "Fraud created" in text(client, "/workspaces/lab/audit/")


def test_links_are_those_of_who_asks_and_where(cast: Cast) -> None:
    admin, viewer = cast.client("admin"), cast.client("viewer")
    for _ in range(2):  # the second time from what was kept of the first
        assert 'href="/people/"' in text(admin, "/workspaces/lab/runtimes/")
        page = text(viewer, "/workspaces/lab/runtimes/")
        assert 'href="/people/"' not in page
        assert 'href="/workspaces/lab/tokens/"' not in page
        assert '<a href="/workspaces/lab/runtimes/" aria-current="page">' in page
        assert '<a href="/workspaces/lab/runtimes/" >' in text(viewer, "/workspaces/lab/audit/")
    assert '<a href="/workspaces/lab/audit/" >' in text(viewer, "/tokens/")


def test_few_workspaces_are_a_select_and_many_a_search(cast: Cast) -> None:
    client = cast.client("admin")
    crowd(SWITCHER_MAX - Workspace.objects.count())
    page = text(client, "/workspaces/lab/audit/")
    assert '<option value="lab" selected>Lab</option>' in " ".join(page.split()).replace("\n", " ")
    assert page.count("<option value=") >= SWITCHER_MAX
    Workspace.objects.create(uid="one-more", display_name="One more")
    page = text(client, "/workspaces/lab/audit/")
    assert 'id="switcher"' in page
    assert 'href="/workspaces/switch/?next=%2Fworkspaces%2Flab%2Faudit%2F"' in page
    assert '<span class="truncate">Lab</span>' in page
    assert "One more" not in page
    # Who sees few of them still has the select.
    assert '<option value="lab"' in text(cast.client("viewer"), "/workspaces/lab/audit/")


def test_filters_are_written_for_what_was_chosen(cast: Cast) -> None:
    client, path = cast.client("viewer"), "/workspaces/lab/audit/"
    assert 'value="create" selected' not in text(client, path)
    assert 'value="create" selected' in text(client, f"{path}?verb=create")
    assert 'value="create" selected' not in text(client, path)
    assert 'value="&lt;b&gt;"' in text(client, f"{path}?subject=<b>")
    assert 'aria-invalid="true"' in text(client, f"{path}?since=yesterday")
    assert 'aria-invalid="true"' not in text(client, path)
