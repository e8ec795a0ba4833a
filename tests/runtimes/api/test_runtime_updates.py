"""Runtimes changed by the API: what a mask names, what its absence means, and what never changes."""

from __future__ import annotations

from typing import Any

import pytest

from mlops_console.models import AuditEntry
from runtimes.models import Runtime
from runtimes.rules.environment import MASK
from tests.cast import Cast
from tests.factories import make_image, make_runtime

pytestmark = pytest.mark.django_db
RUNTIME = "/api/runtime/v1/workspaces/lab/runtimes/mojo"
IMAGE = "workspaces/lab/runtimeImages/h2o3-mojo"
FIXED = {"modelType": "h2o3_mojo", "runtimeImage": IMAGE}
VOLUME = {"id": "tmp", "type": "EMPTY_DIR", "mountPaths": ["/tmp"]}
ABSENT = object()

# Path of the mask: what the row holds, what a body may say instead, and what is shown once it was cleared.
FIELDS: dict[str, tuple[str, dict[str, Any], Any, Any]] = {
    "display_name": ("displayName", {"display_name": "Old"}, "New", ABSENT),
    "description": ("description", {"description": "Old"}, "New", ""),
    "environment_variables": ("environmentVariables", {"environment_variables": {"A": "1"}}, {"B": "2"}, {}),
    "data_volume_read_only": ("dataVolumeReadOnly", {"data_volume_read_only": True}, False, ABSENT),
    "volume_mounts": ("volumes", {"volumes": [VOLUME]}, [VOLUME | {"id": "cache", "mountPaths": ["/c"]}], []),
    "security_context": (
        "securityContext",
        {"security_context": {"runAsUser": 1, "privileged": False}},
        {"runAsGroup": "5"},
        ABSENT,
    ),
    "selector": ("selector", {"selector": {"stage": "test"}}, {"team": "a"}, {}),
    "scoring_endpoint": ("scoringEndpoint", {"scoring_endpoint": "old/score"}, "new/score", ""),
}
NEW = {key: value for key, _, value, _ in FIELDS.values()}


@pytest.fixture
def world(cast: Cast) -> Cast:
    columns = {name: value for _, held, _, _ in FIELDS.values() for name, value in held.items()}
    make_runtime(make_image(cast.workspace, versions="v1.0.0"), **columns)
    return cast


def shown(cast: Cast) -> dict[str, Any]:
    found: dict[str, Any] = cast.api("operator").get(RUNTIME).json["runtime"]
    return found


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What became of the keys in which two answers differ."""
    keys = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)} - {"updateTime"}
    return {key: after.get(key, ABSENT) for key in keys}


@pytest.mark.parametrize("path", FIELDS)
def test_a_path_of_the_mask_changes_its_field_and_no_other(world: Cast, path: str) -> None:
    before, key = shown(world), FIELDS[path][0]
    answer = world.api("operator").patch(RUNTIME, NEW | FIXED, updateMask=path)
    assert (answer.status, answer.headers["ETag"]) == (200, '"2"')
    assert differences(before, answer.json["runtime"]) == {key: NEW[key]}
    assert shown(world) == answer.json["runtime"]
    entry = AuditEntry.objects.get(verb="update")
    assert set(entry.before) == set(entry.after) == {FIELDS[path][1].copy().popitem()[0]}


@pytest.mark.parametrize("given", [{}, None], ids=["absent", "null"])
@pytest.mark.parametrize("path", [path for path in FIELDS if path != "display_name"])
def test_a_path_of_which_the_body_says_nothing_is_cleared(world: Cast, path: str, given: Any) -> None:
    before, (key, _, _, cleared) = shown(world), FIELDS[path]
    sent = FIXED | ({key: None} if given is None else {})
    answer = world.api("operator").patch(RUNTIME, sent, updateMask=path)
    assert answer.status == 200
    assert differences(before, answer.json["runtime"]) == {key: cleared}


@pytest.mark.parametrize("sent", [{}, {"displayName": None}, {"displayName": ""}])
def test_a_name_cannot_be_cleared(world: Cast, sent: dict[str, Any]) -> None:
    before = shown(world)
    sent = sent | {"description": "New"}
    answer = world.api("operator").patch(RUNTIME, sent, updateMask="display_name,description")
    assert answer.error(400, 3).startswith("displayName: ")
    assert shown(world) == before


def test_several_paths_change_together_whatever_blanks_stand_between(world: Cast) -> None:
    before = shown(world)
    answer = world.api("operator").patch(RUNTIME, NEW | {"description": None}, updateMask=" description , selector,,")
    assert differences(before, answer.json["runtime"]) == {"description": "", "selector": NEW["selector"]}
    everything = world.api("operator").patch(RUNTIME, NEW, updateMask=",".join(FIELDS))
    assert {key: everything.json["runtime"][key] for key in NEW} == NEW
    assert AuditEntry.objects.filter(verb="update").count() == 2


@pytest.mark.parametrize("key", NEW)
def test_without_a_mask_whatever_the_body_holds_is_changed(world: Cast, key: str) -> None:
    before = shown(world)
    answer = world.api("operator").patch(RUNTIME, FIXED | {key: NEW[key]})
    assert differences(before, answer.json["runtime"]) == {key: NEW[key]}


@pytest.mark.parametrize("sent", [{}, FIXED, dict.fromkeys(NEW), {"nonsense": 1, "state": "DISABLED", "name": "x"}])
def test_a_body_that_holds_nothing_to_change_changes_nothing(world: Cast, sent: dict[str, Any]) -> None:
    before = shown(world)
    answer = world.api("operator").patch(RUNTIME, sent)
    assert (answer.status, answer.headers["ETag"], answer.json["runtime"]) == (200, '"1"', before)
    assert not AuditEntry.objects.filter(verb="update").exists()


def test_the_same_values_again_change_nothing(world: Cast) -> None:
    program = world.api("operator")
    program.patch(RUNTIME, NEW)
    assert program.patch(RUNTIME, NEW, updateMask=",".join(FIELDS)).headers["ETag"] == '"2"'
    assert AuditEntry.objects.filter(verb="update").count() == 1


def test_a_security_context_is_replaced_whole(world: Cast) -> None:
    sent = {"securityContext": {"capabilities": {"drop": ["ALL"]}, "runAsUser": "1000"}}
    answer = world.api("operator").patch(RUNTIME, sent, updateMask="security_context")
    assert answer.json["runtime"]["securityContext"] == sent["securityContext"]


@pytest.mark.parametrize(
    "mask",
    [
        "model_type",
        "runtime_image",
        "state",
        "name",
        "volumes",
        "displayName",
        "*",
        "description,model_type",
        "a" * 500,
    ],
)
def test_a_path_that_cannot_be_updated_is_refused_and_nothing_is_applied(world: Cast, mask: str) -> None:
    before = shown(world)
    message = world.api("operator").patch(RUNTIME, NEW | FIXED, updateMask=mask).error(400, 3)
    assert message.startswith("updateMask: ")
    assert mask.rpartition(",")[2][:60] in message
    assert shown(world) == before


@pytest.mark.parametrize("mask", ["", "description"])
@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"modelType": "python/mlflow"}, {"modelType"}),
        ({"runtimeImage": f"{IMAGE}/versions/v1.0.0"}, {"runtimeImage"}),
        ({"modelType": "", "runtimeImage": ""}, {"modelType", "runtimeImage"}),
        ({"modelType": "x", "runtimeImage": "x"}, {"modelType", "runtimeImage"}),
    ],
)
def test_a_body_that_says_another_model_type_or_image_is_refused_naming_both(
    world: Cast, change: dict[str, Any], fields: set[str], mask: str
) -> None:
    before = shown(world)
    query = {"updateMask": mask} if mask else {}
    answer = world.api("operator").patch(RUNTIME, NEW | FIXED | change, **query)
    answer.error(400, 3)
    assert {each["field"] for each in answer.json["details"][0]["fieldViolations"]} == fields
    assert shown(world) == before


@pytest.mark.parametrize(
    ("if_match", "status"), [('"1"', 200), ("*", 200), ("", 200), ('"2"', 409), ('"0"', 409), ('"999999999"', 409)]
)
def test_who_changes_what_somebody_else_changed_since_is_told(world: Cast, if_match: str, status: int) -> None:
    answer = world.api("operator").call("PATCH", RUNTIME, {"description": "New"}, if_match=if_match)
    assert answer.status == status
    if status == 409:
        answer.error(409, 10)
        assert answer.json["details"][0] | {"@type": ""} == {
            "@type": "",
            "reason": "stale",
            "metadata": {"revision": 1},
        }
    assert (Runtime.objects.get().description == "New") == (status == 200)


@pytest.mark.parametrize("if_match", ["1", 'W/"1"', '"1", "2"', '"x"', '""', '"1234567890"', "'1'"])
def test_an_etag_that_is_none_of_ours_is_refused(world: Cast, if_match: str) -> None:
    answer = world.api("operator").call("PATCH", RUNTIME, {"description": "New"}, if_match=if_match)
    assert answer.error(400, 3).startswith("If-Match: ")
    assert Runtime.objects.get().description == "Old"


@pytest.mark.parametrize(("body", "if_match"), [([], ""), ("{", ""), ({"description": 5}, ""), ({}, "1")])
@pytest.mark.parametrize(("role", "status", "code"), [("operator", 400, 3), ("stranger", 404, 5)])
def test_what_is_wrong_with_a_change_is_told_to_those_whom_it_concerns(
    world: Cast, role: str, status: int, code: int, body: Any, if_match: str
) -> None:
    before = shown(world)
    world.api(role).call("PATCH", RUNTIME, body, if_match=if_match).error(status, code)
    assert shown(world) == before


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
@pytest.mark.parametrize(("role", "status", "code"), [("owner", 403, 7), ("admin", 404, 5)])
def test_nothing_is_changed_in_all_workspaces_at_once(
    world: Cast, role: str, status: int, code: int, method: str
) -> None:
    world.api(role).call(method, RUNTIME.replace("/lab/", "/-/"), {}).error(status, code)


@pytest.mark.parametrize(("role", "status", "code"), [("viewer", 403, 7), ("stranger", 404, 5)])
def test_others_change_nothing(world: Cast, role: str, status: int, code: int) -> None:
    before = shown(world)
    world.api(role).patch(RUNTIME, NEW).error(status, code)
    assert shown(world) == before


def test_a_secret_may_be_changed_by_who_sees_it_and_is_audited_masked(world: Cast) -> None:
    sent = {"environmentVariables": {"API_KEY": "s3cret"}}
    assert world.api("operator").patch(RUNTIME, sent).json["runtime"]["environmentVariables"] == {"API_KEY": "s3cret"}
    assert AuditEntry.objects.get(verb="update").after == {"environment_variables": {"API_KEY": MASK}}
