"""The pages of workspaces, used as a browser without JavaScript uses them."""

from __future__ import annotations

import re

import pytest

from mlops_console.models import Workspace
from tests.cast import Cast
from tests.factories import make_deployment, make_image, make_runtime

pytestmark = pytest.mark.django_db


def test_people_find_their_workspaces(cast: Cast) -> None:
    page = cast.client("viewer").get("/workspaces/")
    assert [row.uid for row in page.context["page"].rows] == ["global", "lab"]
    assert b"Elsewhere" not in page.content
    assert b"New workspace" not in page.content


def test_a_search_narrows_by_name_and_id(cast: Cast) -> None:
    client = cast.client("admin")
    for text, found in (("ELSE", ["elsewhere"]), ("lab", ["lab"]), ("no such", [])):
        page = client.get("/workspaces/", {"q": text})
        assert [row.uid for row in page.context["page"].rows] == found


def test_a_workspace_is_made_edited_and_deleted(cast: Cast) -> None:
    client = cast.client("admin")
    form = client.get("/workspaces/new/")
    assert b"Create workspace" in form.content
    made = client.post(
        "/workspaces/new/", {"display_name": "Fraud", "uid": "fraud", "description": "Cards"}, follow=True
    )
    assert made.redirect_chain == [("/workspaces/fraud/", 302)]
    assert b"Workspace Fraud created" in made.content
    edited = client.post("/workspaces/fraud/edit/", {"display_name": "Fraud desk", "description": ""}, follow=True)
    assert edited.redirect_chain == [("/workspaces/fraud/", 302)]
    assert b"Fraud desk" in edited.content
    asked = client.get("/workspaces/fraud/delete/")
    assert asked.status_code == 200
    assert Workspace.objects.filter(uid="fraud").exists()
    gone = client.post("/workspaces/fraud/delete/", follow=True)
    assert gone.redirect_chain == [("/workspaces/", 302)]
    assert b"deleted" in gone.content
    assert not Workspace.objects.filter(uid="fraud").exists()


@pytest.mark.parametrize(
    ("values", "field", "status"),
    [
        ({"display_name": ""}, "display_name", 422),
        ({"uid": "Fraud!"}, "uid", 422),
        ({"uid": "x" * 64}, "uid", 422),
        ({"description": "\x00"}, "description", 422),
        ({"uid": "lab"}, None, 409),
    ],
)
def test_a_faulty_form_comes_back_as_it_was_typed(
    cast: Cast, values: dict[str, str], field: str | None, status: int
) -> None:
    typed = {"display_name": "Fraud", "uid": "fraud", "description": "Cards"} | values
    page = cast.client("admin").post("/workspaces/new/", typed)
    assert page.status_code == status
    assert b'role="alert"' in page.content
    assert (field in page.context["form"].errors) is (field is not None)
    if field != "display_name":
        assert b'value="Fraud"' in page.content
    assert Workspace.objects.count() == 3


def test_the_id_is_locked_and_a_smuggled_one_ignored(cast: Cast) -> None:
    client = cast.client("owner")
    assert client.get("/workspaces/lab/edit/").context["form"].fields["uid"].disabled
    client.post("/workspaces/lab/edit/", {"display_name": "Lab", "uid": "stolen"})
    assert Workspace.objects.filter(uid="lab").exists()


def test_what_a_workspace_holds_is_counted_and_keeps_it(cast: Cast) -> None:
    make_deployment(make_runtime(make_image(cast.workspace, versions="v1.0.0")))
    client = cast.client("owner")
    detail = client.get("/workspaces/lab/")
    held = {each["label"]: each["count"] for each in detail.context["holdings"] if each["count"]}
    assert held == {"runtime images": 1, "runtimes": 1, "experiments": 1, "deployments": 1}
    for kind in ("runtimes", "runtime-images", "experiments", "deployments"):
        assert f'href="/workspaces/lab/{kind}/"'.encode() in detail.content
    asked = client.get("/workspaces/lab/delete/")
    assert b"1 runtime images" in asked.content
    refused = client.post("/workspaces/lab/delete/")
    assert refused.status_code == 409
    assert b'role="alert"' in refused.content
    assert b"still holds" in refused.content
    assert Workspace.objects.filter(uid="lab").exists()


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        ("owner", "/workspaces/new/", 403),
        ("owner", "/workspaces/lab/edit/", 200),
        ("owner", "/workspaces/global/edit/", 403),
        ("operator", "/workspaces/lab/edit/", 403),
        ("viewer", "/workspaces/lab/", 200),
        ("viewer", "/workspaces/global/", 200),
        ("viewer", "/workspaces/lab/delete/", 403),
        ("stranger", "/workspaces/lab/", 404),
        ("stranger", "/workspaces/lab/edit/", 404),
        ("admin", "/workspaces/-/", 404),
        ("owner", "/workspaces/-/", 403),
    ],
)
def test_each_page_keeps_its_door(cast: Cast, role: str, path: str, status: int) -> None:
    client = cast.client(role)
    assert client.get(path).status_code == status
    if status in (403, 404) and not path.endswith(("/lab/", "/global/", "/-/")):
        assert client.post(path, {"display_name": "Mine"}).status_code == status
    assert not Workspace.objects.filter(display_name="Mine").exists()


@pytest.mark.parametrize(
    ("here", "chosen", "there"),
    [
        ("/workspaces/lab/runtimes/", "elsewhere", "/workspaces/elsewhere/runtimes/"),
        ("/workspaces/lab/runtimes/mojo/", "elsewhere", "/workspaces/elsewhere/runtimes/"),
        ("/workspaces/lab/runtime-images/?state=ACTIVE", "-", "/workspaces/-/runtime-images/"),
        ("/workspaces/lab/experiments/new/", "elsewhere", "/workspaces/elsewhere/experiments/"),
        ("/workspaces/lab/deployments/?upgrade=yes", "-", "/workspaces/-/deployments/"),
        ("/workspaces/lab/rollouts/1/", "elsewhere", "/workspaces/elsewhere/rollouts/"),
        ("/workspaces/lab/audit/", "global", "/workspaces/global/audit/"),
        ("/workspaces/lab/members/", "elsewhere", "/workspaces/elsewhere/members/"),
        ("/workspaces/lab/members/", "-", "/workspaces/-/runtimes/"),
        ("/workspaces/lab/", "elsewhere", "/workspaces/elsewhere/runtimes/"),
        ("/", "elsewhere", "/workspaces/elsewhere/runtimes/"),
        ("", "elsewhere", "/workspaces/elsewhere/runtimes/"),
        ("https://example.org/workspaces/lab/audit/", "elsewhere", "/workspaces/elsewhere/runtimes/"),
        ("//example.org/", "elsewhere", "/workspaces/elsewhere/runtimes/"),
    ],
)
def test_the_switch_leads_to_the_same_kind_of_list(cast: Cast, here: str, chosen: str, there: str) -> None:
    answer = cast.client("admin").get("/workspaces/switch/", {"workspace": chosen, "next": here})
    assert (answer.status_code, answer["Location"]) == (302, there)


@pytest.mark.parametrize(
    ("role", "chosen", "status"),
    [("viewer", "elsewhere", 404), ("viewer", "-", 403), ("viewer", "", 404), ("admin", "\x00", 400)],
)
def test_the_switch_opens_no_other_door(cast: Cast, role: str, chosen: str, status: int) -> None:
    assert cast.client(role).get("/workspaces/switch/", {"workspace": chosen}).status_code == status


def found(page: bytes) -> list[str]:
    """Where the search for a workspace leads."""
    return re.findall(r'<a href="(/workspaces/[^"]+/audit/)"', page.decode().partition('id="workspaces-found"')[2])


def test_a_workspace_is_looked_for_and_leads_to_the_same_kind_of_list(cast: Cast) -> None:
    Workspace.objects.create(uid="fraud-eu", display_name="Fraud in Europe")
    Workspace.objects.create(uid="fraud-us", display_name="Fraud overseas")
    client, asked = cast.client("admin"), {"next": "/workspaces/lab/audit/?actor=owner"}
    everywhere = [f"/workspaces/{uid}/audit/" for uid in ("-", "elsewhere", "fraud-eu", "fraud-us", "global", "lab")]
    page = client.get("/workspaces/switch/", asked)
    assert found(page.content) == everywhere
    assert b'<a href="/workspaces/lab/audit/" aria-current="true">' in page.content
    assert found(client.get("/workspaces/switch/", asked | {"q": "FRAUD"}).content) == everywhere[2:4]
    assert b"No workspace matches" in client.get("/workspaces/switch/", asked | {"q": "nothing"}).content
    # One by its id: it leads there, but not while somebody types.
    only = asked | {"q": "fraud-us"}
    assert client.get("/workspaces/switch/", only)["Location"] == "/workspaces/fraud-us/audit/"
    typed = client.get("/workspaces/switch/", only, headers={"HX-Request": "true", "HX-Target": "workspaces-found"})
    assert (typed.status_code, found(typed.content)) == (200, ["/workspaces/fraud-us/audit/"])
    assert b"<html" not in typed.content


def test_the_search_finds_no_workspace_of_others(cast: Cast) -> None:
    page = cast.client("viewer").get("/workspaces/switch/", {"next": "/workspaces/lab/audit/"})
    assert found(page.content) == ["/workspaces/global/audit/", "/workspaces/lab/audit/"]
    assert b"Elsewhere" not in page.content
    page = cast.client("viewer").get("/workspaces/switch/", {"next": "/", "q": "elsewhere"})
    assert b"No workspace matches" in page.content


def test_the_search_offers_the_first_of_many(cast: Cast) -> None:
    Workspace.objects.bulk_create(Workspace(uid=f"w{n:03}", display_name=f"W {n:03}") for n in range(60))
    page = cast.client("admin").get("/workspaces/switch/", {"next": "/workspaces/lab/audit/", "q": "w "})
    assert len(found(page.content)) == 50
    assert b"Type more of a name or ID" in page.content
