"""The pages of images and versions translate forms to actions and back."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from runtimes.models import RuntimeImage, Version
from tests.cast import Cast
from tests.factories import make_image, make_runtime

pytestmark = pytest.mark.django_db
LIST = "/workspaces/lab/runtime-images/"
IMAGE = f"{LIST}h2o3-mojo/"


@pytest.fixture
def operator(cast: Cast) -> Client:
    return cast.client("operator")


@pytest.mark.parametrize(
    ("fields", "version"),
    [
        ({}, None),
        ({"reference": "h2oai/x:1.2.3"}, "v1.2.3"),
        ({"reference": "h2oai/x:latest", "version": "2.0.0"}, "v2.0.0"),
    ],
    ids=["without a version", "from the tag", "explicit"],
)
def test_an_image_is_created(cast: Cast, operator: Client, fields: dict[str, str], version: str | None) -> None:
    response = operator.post(f"{LIST}new/", {"display_name": "MOJO", "uid": "mojo"} | fields)
    assert response["Location"] == f"{LIST}mojo/"
    assert [each.version for each in Version.objects.all()] == ([version] if version else [])
    page = operator.get(f"{LIST}mojo/").content.decode()
    assert (version or "No versions yet") in page


@pytest.mark.parametrize(
    ("fields", "named", "status"),
    [
        ({"display_name": ""}, "display_name", 422),
        ({"uid": "UPPER"}, "uid", 422),
        ({"uid": "a" * 64}, "uid", 422),
        ({"reference": "h2oai/x:latest"}, "reference", 422),
        ({"reference": "H2OAI/x:1.0.0"}, "reference", 422),
        ({"reference": "a/b:1.0.0", "version": "v1.2.3+meta"}, "version", 422),
        ({"uid": "h2o3-mojo"}, None, 409),
    ],
)
def test_faults_stand_at_their_fields(
    cast: Cast, operator: Client, fields: dict[str, str], named: str | None, status: int
) -> None:
    make_image(cast.workspace)
    response = operator.post(f"{LIST}new/", {"display_name": "MOJO", "description": "kept"} | fields)
    assert response.status_code == status
    assert set(response.context["form"].errors) == ({named} if named else set())
    assert "kept" in response.content.decode()
    assert RuntimeImage.objects.count() == 1


def test_a_stale_form_shows_the_others_change(cast: Cast, operator: Client) -> None:
    make_image(cast.workspace)
    assert cast.client("owner").post(f"{IMAGE}edit/", {"display_name": "Theirs", "revision": "1"}).status_code == 302
    response = operator.post(f"{IMAGE}edit/", {"display_name": "Mine", "revision": "1"})
    assert response.status_code == 409
    assert response.context["conflict"]["after"] == {"display_name": "Theirs"}


def test_a_version_is_added_once(cast: Cast, operator: Client) -> None:
    make_image(cast.workspace)
    version = {"reference": "host:5000/h2oai/x:1.0.0", "readiness_probe_path": "/ready", "architectures": ["arm64"]}
    assert operator.post(f"{IMAGE}versions/new/", version)["Location"] == IMAGE
    assert Version.objects.get().architectures == ["arm64"]
    again = operator.post(f"{IMAGE}versions/new/", version)
    assert again.status_code == 409
    assert "already" in again.context["refusal"]


@pytest.mark.parametrize(
    ("reference", "explicit", "told"),
    [
        ("h2oai/x:1.2.3", "", ["h2oai/x", "v1.2.3"]),
        ("host:5000/h2oai/x", "", ["host:5000", "has no tag"]),
        (f"h2oai/x:1.0.0@sha256:{'a' * 64}", "", ["sha256:", "v1.0.0"]),
        ("h2oai/x:latest", "", ["latest", "give the version"]),
        ("h2oai/x:latest", "3.0.0", ["v3.0.0"]),
        ("h2oai/ x", "", ["position 7"]),
        ("H2OAI/x:1.0.0", "", ["upper-case"]),
    ],
)
def test_a_reference_is_read_while_it_is_typed(
    operator: Client, reference: str, explicit: str, told: list[str]
) -> None:
    page = operator.get(f"{LIST}reference/", {"reference": reference, "version": explicit}).content.decode()
    for words in told:
        assert words in page.replace("<wbr>", "")


def test_nothing_typed_is_nothing_told(operator: Client) -> None:
    assert operator.get(f"{LIST}reference/").content == b""


def titles(response: Any) -> dict[str, list[str]]:
    return {group["title"]: [item["label"] for item in group["items"]] for group in response.context["affected"]}


def test_the_state_dialog_of_an_image_names_its_runtimes(cast: Cast, operator: Client) -> None:
    make_runtime(make_image(cast.workspace))
    assert titles(operator.get(f"{IMAGE}disable/")) == {"Runtimes bound to it": ["Mojo"]}


def test_the_state_dialog_of_a_version_tells_what_is_current_afterwards(cast: Cast, operator: Client) -> None:
    image = make_image(cast.workspace, versions="v1.0.0 v2.0.0")
    make_runtime(image, "follows")
    make_runtime(image, "pinned", pinned_version=image.versions.get(version="v1.0.0"))
    page = operator.get(f"{IMAGE}versions/v2.0.0/disable/")
    assert titles(page)["Runtimes that resolve to this version"] == ["Follows"]
    assert page.context["affected"][0]["items"][0]["note"] == "v2.0.0 → v1.0.0"
    assert not page.context["warning"]
    operator.post(f"{IMAGE}versions/v2.0.0/disable/", {"reason": "CVE"})
    last = operator.get(f"{IMAGE}versions/v1.0.0/disable/")
    assert "last usable version" in last.context["warning"]
    assert titles(last)["Runtimes that resolve to this version"] == ["Follows", "Pinned"]
    assert operator.post(f"{IMAGE}versions/v2.0.0/activate/", {"reason": "fixed"}).status_code == 302
    assert operator.post(f"{IMAGE}versions/v2.0.0/enable/", {"reason": "x"}).status_code == 404


@pytest.mark.parametrize("path", ["", "versions/v1.0.0/"])
def test_what_is_in_use_is_not_deleted(cast: Cast, path: str) -> None:
    image = make_image(cast.workspace, versions="v1.0.0")
    make_runtime(image, pinned_version=image.versions.get())
    owner = cast.client("owner")
    assert titles(owner.get(f"{IMAGE}{path}delete/"))
    response = owner.post(f"{IMAGE}{path}delete/")
    assert response.status_code == 409
    assert "workspaces/lab/runtimes/mojo" in response.context["refusal"]


@pytest.mark.parametrize("path", ["edit/", "versions/new/", "delete/", "versions/v1.0.0/delete/"])
def test_what_a_values_file_manages_is_sent_back_there(cast: Cast, path: str) -> None:
    image = make_image(cast.everyone, platform_state="ACTIVE", versions="v1.0.0")
    image.versions.update(platform_state="ACTIVE")
    response = cast.client("admin").get(f"/workspaces/global/runtime-images/h2o3-mojo/{path}")
    assert response.status_code == 409
    assert "config.deployer.composition.runtimeImages.h2o3-mojo" in response.content.decode()


def test_an_inherited_image_offers_nothing_to_members(cast: Cast) -> None:
    make_image(cast.everyone, versions="v1.0.0")
    page = cast.client("owner").get(IMAGE)
    assert page.status_code == 200
    assert not page.context["may_write"]
    assert not page.context["verbs"]
    assert b"Add version" not in page.content
