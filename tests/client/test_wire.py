"""What goes over the wire and the client hides: types, masks, revisions, dry runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.client.wire import Reply, Wire


class Place:
    """The runtime service of one workspace."""

    def __init__(self, wire: Wire, workspace: str, image: str) -> None:
        self.wire, self.image = wire, image
        self.path = f"/api/runtime/v1/workspaces/{workspace}"

    def send(self, method: str, path: str, body: Any = None, **more: Any) -> Reply:
        """A request under the workspace."""
        return self.wire.send(method, f"{self.path}/{path}", body, **more)

    def make(self, **fields: Any) -> str:
        """A runtime; answers its path under the workspace."""
        body = {"displayName": "Wired", "modelType": "h2o3_mojo", "runtimeImage": self.image} | fields
        reply = self.send("POST", "runtimes", body)
        assert reply.status == 200, reply.text
        return "runtimes/" + str(reply.json["runtime"]["name"].rpartition("/")[2])

    def read(self, path: str) -> dict[str, Any]:
        """A runtime as it is now."""
        found: dict[str, Any] = self.send("GET", path).json["runtime"]
        return found


@pytest.fixture
def place(wire: Callable[[str], Wire], lab: Any, image: Any) -> Place:
    """The lab, by a platform admin."""
    return Place(wire("admin"), lab.uid, image._resource_name)


def test_counts_and_ids_of_users_are_texts(place: Place) -> None:
    place.make(securityContext={"runAsUser": "1000", "runAsGroup": 1001})
    assert place.send("GET", "runtimes:count", filter="display_name = 'nobody'").json == {"count": "0"}
    assert place.wire.get("/api/authz/v1/workspaces:count").json["totalSize"].isdigit()
    found = place.send("GET", "runtimes", filter="display_name = 'Wired'").json["runtimes"][0]
    assert found["securityContext"] == {"runAsUser": "1000", "runAsGroup": "1001"}


def test_what_is_not_set_is_absent_and_the_rest_is_always_there(place: Place) -> None:
    found = place.read(place.make())
    assert set(found) == {
        "name", "displayName", "description", "modelType", "runtimeImage", "environmentVariables", "volumes",
        "scoringEndpoint", "selector", "state", "createTime", "updateTime", "managedByBootstrap",
    }  # fmt: skip
    assert None not in found.values()
    assert found["createTime"].endswith("Z")


def test_a_reason_is_absent_where_nobody_gave_one(place: Place) -> None:
    path = place.make()
    assert "stateReason" not in place.send("POST", f"{path}:disable", {}).json["runtime"]
    assert place.send("POST", f"{path}:deprecate", {"reason": "Old."}).json["runtime"]["stateReason"] == "Old."
    assert "stateReason" not in place.send("POST", f"{path}:enable", {}).json["runtime"]


def test_a_verb_needs_no_body(place: Place) -> None:
    assert place.send("POST", f"{place.make()}:disable").json["runtime"]["state"] == "DISABLED"


def test_a_delete_answers_json(place: Place) -> None:
    path = place.make()
    reply = place.send("DELETE", path)
    assert reply.status == 200
    assert reply.json["runtime"]["name"].endswith(path)
    made = place.send("POST", "runtimeImages", {"displayName": "x"}).json["runtimeImage"]["name"].rpartition("/")[2]
    assert place.send("DELETE", f"runtimeImages/{made}").json == {}


def test_the_last_page_has_an_empty_token(place: Place) -> None:
    for path in ("runtimes", "runtimeImages", "runtimeImages/scorer/versions"):
        assert place.send("GET", path).json["nextPageToken"] == ""
    assert place.wire.get("/api/authz/v1/workspaces").json["nextPageToken"] == ""


def test_unknown_keys_and_output_only_ones_are_ignored(place: Place) -> None:
    found = place.read(place.make(colour="red", state="DISABLED", name="x", managedByBootstrap=True, createTime=7))
    assert (found["state"], found["managedByBootstrap"], "colour" in found) == ("ACTIVE", False, False)


def test_null_is_as_good_as_absent(place: Place) -> None:
    found = place.read(place.make(description=None, volumes=None, selector=None, securityContext=None, state=None))
    assert (found["description"], found["volumes"], found["selector"]) == ("", [], {})


@pytest.mark.parametrize(
    ("mask", "foreign"),
    [
        pytest.param("display_name,volumes", "volumes", id="the-body's-name-is-no-path"),
        pytest.param("display_name,state", "state", id="state"),
        pytest.param("display_name,name", "name", id="name"),
        pytest.param("displayName", "displayName", id="camel-case"),
        pytest.param("*", "*", id="wildcard"),
    ],
)
def test_an_unknown_path_in_a_mask_is_refused_and_nothing_applied(place: Place, mask: str, foreign: str) -> None:
    path = place.make()
    reply = place.send("PATCH", path, {"displayName": "Half"}, updateMask=mask)
    assert reply.status == 400
    assert reply.message.startswith(f"updateMask: {foreign} cannot be updated; display_name, description, ")
    assert place.read(path)["displayName"] == "Wired"


@pytest.mark.parametrize(
    ("body", "mask"),
    [
        pytest.param({"modelType": "mlflow_zip"}, "model_type", id="model-type-in-the-mask"),
        pytest.param({"runtimeImage": "x"}, "runtime_image", id="image-in-the-mask"),
        pytest.param({"modelType": "mlflow_zip", "displayName": "Half"}, "display_name", id="model-type-beside-it"),
        pytest.param({"runtimeImage": "x", "displayName": "Half"}, "display_name", id="image-beside-it"),
        pytest.param({"modelType": "mlflow_zip", "displayName": "Half"}, "", id="no-mask"),
    ],
)
def test_model_type_and_image_are_fixed(place: Place, body: dict[str, str], mask: str) -> None:
    path = place.make()
    reply = place.send("PATCH", path, body, updateMask=mask)
    assert (reply.status, reply.json["code"]) == (400, 3)
    assert place.read(path)["displayName"] == "Wired"


def test_a_repeated_model_type_and_image_outside_the_mask_are_ignored(place: Place) -> None:
    path = place.make()
    body = {"modelType": "h2o3_mojo", "runtimeImage": place.image, "displayName": "New", "description": "No."}
    assert place.send("PATCH", path, body, updateMask="display_name").status == 200
    assert (place.read(path)["displayName"], place.read(path)["description"]) == ("New", "")


def test_a_path_in_the_mask_that_the_body_leaves_out_is_cleared(place: Place) -> None:
    path = place.make(environmentVariables={"A": "1"}, scoringEndpoint="/score", volumes=[], description="x")
    place.send("PATCH", path, {}, updateMask="environment_variables,scoring_endpoint,volume_mounts,description")
    found = place.read(path)
    assert (found["environmentVariables"], found["scoringEndpoint"], found["description"]) == ({}, "", "")


def test_without_a_mask_what_the_body_holds_is_changed(place: Place) -> None:
    path = place.make(description="Kept.")
    place.send("PATCH", path, {"displayName": "New", "scoringEndpoint": "/score"})
    found = place.read(path)
    assert (found["displayName"], found["scoringEndpoint"], found["description"]) == ("New", "/score", "Kept.")


def test_a_stale_revision_is_refused_and_the_current_one_taken(place: Place) -> None:
    path = place.make()
    tag = place.send("GET", path).headers["etag"]
    first = place.send("PATCH", path, {"description": "First."}, headers={"If-Match": tag})
    assert (first.status, first.headers["etag"] != tag) == (200, True)
    for method, target, body in (("PATCH", path, {"description": "x"}), ("POST", f"{path}:disable", {}),
                                 ("DELETE", path, None)):  # fmt: skip
        stale = place.send(method, target, body, headers={"If-Match": tag})
        assert (stale.status, stale.json["code"], stale.json["details"][0]["reason"]) == (409, 10, "stale")
    assert place.read(path)["description"] == "First."
    assert place.send("DELETE", path, headers={"If-Match": first.headers["etag"]}).status == 200


def test_a_revision_that_is_none_is_refused(place: Place) -> None:
    reply = place.send("PATCH", place.make(), {"description": "x"}, headers={"If-Match": "three"})
    assert reply.status == 400
    assert reply.message.startswith("If-Match: ")


def test_a_dry_run_says_what_would_change_and_changes_nothing(place: Place, lab: Any) -> None:
    family = lab.runtime_images.create("Dry", "x/y:1.0.0")
    family.versions.create("x/y:1.1.0")
    runtime = lab.runtimes.create("On dry", family, "h2o3_mojo")
    path = f"runtimeImages/{family.uid}/versions/1.1.0:disable"
    would = place.send("POST", path, {"reason": "CVE"}, dryRun="true").json
    assert would == {
        "dryRun": {
            "changed": True, "stateBefore": "ACTIVE", "stateAfter": "DISABLED",
            "affected": {
                "runtimes": [runtime._resource_name], "runtimeCount": "1",
                "currentVersionBefore": "v1.1.0", "currentVersionAfter": "v1.0.0",
            },
        }
    }  # fmt: skip
    assert family.versions.get("1.1.0").state == "ACTIVE"
    assert place.send("POST", path, {}, dryRun="maybe").message == "dryRun: Say true or false, not 'maybe'."


def test_a_dry_run_of_what_is_refused_is_refused(place: Place) -> None:
    reply = place.send("POST", "runtimes/dai_mojo_cpp_runtime:enable", {}, dryRun="true")
    assert (reply.status, reply.json["details"][0]["reason"]) == (409, "ceiling")


def test_all_workspaces_stand_in_lists_and_counts_only(place: Place) -> None:
    for method, path in (("GET", "runtimes/vllm_runtime"), ("POST", "runtimes"), ("POST", "runtimes/x:disable")):
        reply = place.wire.send(method, f"/api/runtime/v1/workspaces/-/{path}", {} if method == "POST" else None)
        assert (reply.status, reply.message) == (404, "Name one workspace: - stands for all of them.")
