"""Requests that cannot be read are told so, with the field's path where there is one, and are never our fault."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mlops_console.api.parsers import BODY_MAX
from runtimes.models import Runtime
from tests.cast import Cast
from tests.factories import make_image, make_runtime

pytestmark = pytest.mark.django_db
RUNTIMES = "/api/runtime/v1/workspaces/lab/runtimes"


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/api/nothing", "/api/runtime/v1/workspaces", "/api/runtime/v1/", "/api//me"])
def test_an_unknown_address_is_a_404_whatever_the_method(cast: Cast, path: str, method: str) -> None:
    assert "/api/" in cast.api("viewer").call(method, path, {} if method != "GET" else None).error(404, 5)


def test_an_unknown_method_is_a_405_that_says_what_is_allowed(cast: Cast) -> None:
    answer = cast.api("viewer").call("PUT", RUNTIMES)
    answer.error(405, 12)
    assert answer.headers["Allow"] == "GET, POST, HEAD, OPTIONS"


@pytest.mark.parametrize(
    ("accept", "status"),
    [("image/png", 406), ("application/json", 200), ("*/*", 200), ("application/*;q=0.5, image/png", 200)],
)
def test_what_cannot_be_answered_in_the_wanted_form_is_a_406(cast: Cast, accept: str, status: int) -> None:
    response = cast.api("viewer").client.get(RUNTIMES, headers={"accept": accept})
    assert (response.status_code, response["Content-Type"]) == (status, "application/json")


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "rubbish"])
def test_what_is_no_json_is_a_415(cast: Cast, kind: str) -> None:
    response = cast.api("operator").client.generic("POST", RUNTIMES, "{}", kind)
    assert (response.status_code, response.json()["code"]) == (415, 3)


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param('{"displayName"', id="broken off"),
        pytest.param('{"displayName": NaN}', id="no number"),
        pytest.param(b'{"displayName": "\xff"}', id="no UTF-8"),
        pytest.param("[" * 200_000, id="deep array"),
        pytest.param('{"volumes":' * 100_000, id="deep object"),
        pytest.param('{"a":' * 5_000 + "1" + "}" * 5_000, id="deep and complete"),
        pytest.param(" " * (BODY_MAX + 1), id="too large"),
        pytest.param("[]", id="array"),
        pytest.param("[{}]", id="array of one"),
        pytest.param("null", id="null"),
        pytest.param('"x"', id="text"),
        pytest.param("1", id="number"),
    ],
)
def test_a_body_that_is_no_json_object_is_a_400(cast: Cast, sent: str | bytes) -> None:
    cast.api("operator").call("POST", RUNTIMES, sent).error(400, 3)


def test_a_body_as_large_as_allowed_is_read(cast: Cast) -> None:
    padded = json.dumps({"displayName": "x"}).ljust(BODY_MAX)
    assert "displayName" not in cast.api("operator").call("POST", RUNTIMES, padded).error(400, 3)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"displayName": 5}, "displayName"),
        ({"displayName": ["x"]}, "displayName"),
        ({"dataVolumeReadOnly": "true"}, "dataVolumeReadOnly"),
        ({"dataVolumeReadOnly": 1}, "dataVolumeReadOnly"),
        ({"environmentVariables": []}, "environmentVariables"),
        ({"environmentVariables": {"KEY": 5}}, "environmentVariables.KEY"),
        ({"environmentVariables": {"KEY": None}}, "environmentVariables.KEY"),
        ({"environmentVariables": {"A.b": True}}, "environmentVariables.A.b"),
        ({"selector": {"stage": ["x"]}}, "selector.stage"),
        ({"volumes": {}}, "volumes"),
        ({"volumes": [5]}, "volumes.0"),
        ({"volumes": [{"id": 5}]}, "volumes.0.id"),
        ({"volumes": [{}, {"mountPaths": ["/a", 5]}]}, "volumes.1.mountPaths.1"),
        ({"volumes": [{"mountPaths": "/a"}]}, "volumes.0.mountPaths"),
        ({"volumes": [{"readOnly": "no"}]}, "volumes.0.readOnly"),
        ({"volumes": [{"properties": {"size": 1}}]}, "volumes.0.properties.size"),
        ({"securityContext": "root"}, "securityContext"),
        ({"securityContext": {"runAsUser": True}}, "securityContext.runAsUser"),
        ({"securityContext": {"runAsUser": 1.5}}, "securityContext.runAsUser"),
        ({"securityContext": {"capabilities": {"add": [5]}}}, "securityContext.capabilities.add.0"),
        ({"securityContext": {"seccompProfile": {"type": 5}}}, "securityContext.seccompProfile.type"),
    ],
)
def test_a_wrong_type_is_named_by_its_path(cast: Cast, given: dict[str, Any], field: str) -> None:
    make_runtime(make_image(cast.workspace))
    answer = cast.api("operator").patch(f"{RUNTIMES}/mojo", given)
    assert answer.error(400, 3).startswith(f"{field}: ")
    assert [each["field"] for each in answer.json["details"][0]["fieldViolations"]] == [field]
    assert Runtime.objects.get().revision == 1


BAD = ["a\0b", "a\ud800b"]


@pytest.mark.parametrize("text", BAD, ids=["NUL", "half a surrogate pair"])
@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda bad: {"displayName": bad}, id="text"),
        pytest.param(lambda bad: {"modelType": bad}, id="model type"),
        pytest.param(lambda bad: {"runtimeImage": bad}, id="resource name"),
        pytest.param(lambda bad: {"environmentVariables": {"A": bad}}, id="value of a map"),
        pytest.param(lambda bad: {"environmentVariables": {bad: "a"}}, id="key of a map"),
        pytest.param(lambda bad: {"selector": {bad: "a"}}, id="key of the selector"),
        pytest.param(lambda bad: {"volumes": [{"id": bad}]}, id="inside a list"),
        pytest.param(lambda bad: {"volumes": [{"mountPaths": [bad]}]}, id="list in a list"),
        pytest.param(lambda bad: {"volumes": [{"properties": {bad: bad}}]}, id="map in a list"),
        pytest.param(lambda bad: {"securityContext": {"capabilities": {"add": [bad]}}}, id="list in a map"),
        pytest.param(lambda bad: {"scoringEndpoint": bad}, id="endpoint"),
    ],
)
def test_letters_that_the_database_does_not_take_are_refused_in_any_part_of_a_body(
    cast: Cast, wrap: Any, text: str
) -> None:
    cast.api("operator").post(RUNTIMES, wrap(text)).error(400, 3)


ADDRESSES = [
    "/api/{}",
    "/api/runtime/v1/workspaces/{}/runtimes",
    "/api/runtime/v1/workspaces/lab/runtimes/{}",
    "/api/runtime/v1/workspaces/lab/runtimes/{}:disable",
    "/api/runtime/v1/workspaces/lab/runtimeImages/h2o3-mojo/versions/{}",
    "/api/authz/v1/users/{}",
    "/api/authz/v1/workspaces/{}",
    "/api/runtime/v1/workspaces/lab/runtimes?filter={}",
    "/api/runtime/v1/workspaces/lab/runtimes?filter=display_name:'{}'",
    "/api/runtime/v1/workspaces/lab/runtimes?orderBy={}",
    "/api/runtime/v1/workspaces/lab/runtimes?pageToken={}",
    "/api/runtime/v1/workspaces/lab/runtimes?pageSize={}",
    "/api/runtime/v1/workspaces/lab/runtimes?runtimeId={}",
    "/api/runtime/v1/workspaces/lab/runtimes/mojo?updateMask={}",
    "/api/runtime/v1/workspaces/lab/runtimes/mojo?{}=1",
]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_an_address_that_holds_nul_is_a_400_whatever_it_is(cast: Cast, address: str, method: str) -> None:
    assert "NUL" in cast.api("operator").call(method, address.format("%00")).error(400, 3)


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("letters", ["%ED%A0%80", "%FF", "%", "%F0%9F%98%80"])
def test_other_odd_letters_in_an_address_name_nothing_and_break_nothing(cast: Cast, address: str, letters: str) -> None:
    program = cast.api("operator")
    for method in ("GET", "POST", "PATCH", "DELETE"):
        assert program.call(method, address.format(letters)).status in (200, 400, 404, 405)
