"""Which exception of the published client an error becomes, and what it says."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from h2o_mlops import errors

from tests.client.wire import Wire

PLACES = "/api/runtime/v1/workspaces"


class Case(NamedTuple):
    """A call that fails, and how."""

    call: Callable[[Any, Any], Any]
    kind: type[errors.MLOpsApiError]
    status: int
    said: str
    role: str = "admin"


CASES = {
    "no-right": Case(lambda c, lab: c.workspaces.create("x"), errors.MLOpsAuthError, 403, "may create", "viewer"),
    "all-workspaces": Case(lambda c, lab: c.runtimes.list(), errors.MLOpsAuthError, 403, "platform admins", "operator"),
    "no-workspace": Case(
        lambda c, lab: c.workspaces.get("nope"), errors.MLOpsNotFoundError, 404, "There is no workspace nope"
    ),
    "no-runtime": Case(lambda c, lab: lab.runtimes.get("nope"), errors.MLOpsNotFoundError, 404, "no runtime nope"),
    "no-image": Case(lambda c, lab: lab.runtime_images.get("nope"), errors.MLOpsNotFoundError, 404, "image nope"),
    "an-id-for-all": Case(lambda c, lab: c.workspaces.get("-"), errors.MLOpsNotFoundError, 404, "Name one workspace"),
    "taken": Case(
        lambda c, lab: [lab.runtime_images.create("x", "x/y:1.0.0", uid="taken") for _ in range(2)],
        errors.MLOpsConflictError, 409, "has a runtime image taken already",
    ),
    "managed": Case(
        lambda c, lab: lab.runtimes.get("vllm_runtime").delete(), errors.MLOpsConflictError, 409, "values.yaml"
    ),
    "ceiling": Case(
        lambda c, lab: lab.runtimes.get("dai_mojo_cpp_runtime").enable(), errors.MLOpsConflictError, 409, "DISABLED by"
    ),
    "field": Case(
        lambda c, lab: lab.runtime_images.create("", "x/y:1.0.0"), errors.MLOpsApiError, 400, "displayName: "
    ),
    "no-such-address": Case(
        lambda c, lab: c._backend.runtime.runtime.get_runtime("workspaces/x/runtime/y"),
        errors.MLOpsNotFoundError, 404, "There is nothing at /api/runtime/v1/workspaces/x/runtime/y",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
def test_an_error_is_the_exception_of_its_status_and_says_why(
    client: Callable[[str], Any], lab: Any, case: Case
) -> None:
    with pytest.raises(case.kind) as caught:
        case.call(client(case.role), lab)
    fault = caught.value
    assert type(fault) is case.kind
    assert fault.status == case.status
    assert case.said in fault.server_message
    assert fault.content_type == "application/json"
    assert pickle.loads(pickle.dumps(fault)).server_message == fault.server_message  # noqa: S301 - our own bytes


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code", "said"),
    [
        pytest.param("POST", "", b"{", 400, 3, "JSON", id="no-json"),
        pytest.param("POST", "", b"[1]", 400, 3, "JSON object", id="no-object"),
        pytest.param("POST", "", {"displayName": 7}, 400, 3, "displayName: Give a text.", id="number-for-text"),
        pytest.param("POST", "", {"volumes": {}}, 400, 3, "volumes", id="object-for-list"),
        pytest.param("POST", "", {"volumes": [7]}, 400, 3, "volumes.0: Give a JSON object.", id="item"),
        pytest.param("POST", "", {"dataVolumeReadOnly": "yes"}, 400, 3, "Say true or false", id="text-for-flag"),
        pytest.param("POST", "", {"selector": {"a": 1}}, 400, 3, "selector.a: Give a text.", id="map-value"),
        pytest.param("GET", "/nope", None, 404, 5, "no runtime nope", id="missing"),
        pytest.param("DELETE", "/vllm_runtime", None, 409, 10, "values.yaml", id="refused"),
        pytest.param("PUT", "/vllm_runtime", {}, 405, 12, "PUT", id="method"),
        pytest.param("GET", "/vllm_runtime/", None, 404, 5, "There is nothing at", id="trailing-slash"),
        pytest.param("POST", "/vllm_runtime:explode", {}, 404, 5, "There is nothing at", id="unknown-verb"),
        pytest.param("GET", "/vllm_runtime:disable", None, 405, 12, "GET", id="verb-by-get"),
    ],
)
def test_an_error_body_has_the_code_of_its_kind(
    wire: Callable[[str], Wire], lab: Any, method: str, path: str, body: Any, status: int, code: int, said: str
) -> None:
    reply = wire("admin").send(method, f"{PLACES}/{lab.uid}/runtimes{path}", body)
    assert (reply.status, reply.json["code"]) == (status, code), reply.text
    assert said in reply.message


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        pytest.param({"displayName": "x"}, ["modelType", "runtimeImage"], id="missing"),
        pytest.param({"displayName": "", "modelType": "h2o3_mojo"}, ["displayName", "runtimeImage"], id="blank"),
    ],
)
def test_details_name_each_field_for_programs(
    wire: Callable[[str], Wire], lab: Any, body: dict[str, str], fields: list[str]
) -> None:
    (detail,) = wire("admin").send("POST", f"{PLACES}/{lab.uid}/runtimes", body).json["details"]
    assert detail["@type"] == "type.googleapis.com/google.rpc.BadRequest"
    assert sorted(each["field"] for each in detail["fieldViolations"]) == fields
    assert all(each["description"] for each in detail["fieldViolations"])


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        pytest.param("runtimes/vllm_runtime", "managed-by-bootstrap", id="managed"),
        pytest.param("runtimeImages/h2oai-vllm-scorer", "managed-by-bootstrap", id="managed-image"),
    ],
)
def test_details_of_a_refusal_have_a_stable_word(wire: Callable[[str], Wire], lab: Any, path: str, reason: str) -> None:
    (detail,) = wire("admin").send("DELETE", f"{PLACES}/{lab.uid}/{path}").json["details"]
    assert (detail["@type"], detail["reason"]) == ("type.googleapis.com/google.rpc.ErrorInfo", reason)


def test_the_code_of_a_taken_id_is_already_exists(wire: Callable[[str], Wire], lab: Any, image: Any) -> None:
    path = f"{PLACES}/{lab.uid}/runtimeImages"
    reply = wire("admin").send("POST", path, {"displayName": "x"}, runtimeImageId=image.uid)
    assert (reply.status, reply.json["code"], reply.json["details"][0]["reason"]) == (409, 6, "taken")
