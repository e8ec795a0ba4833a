"""The pages of workspaces, used as a browser without JavaScript uses them."""

from __future__ import annotations

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
