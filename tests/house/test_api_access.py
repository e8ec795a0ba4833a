"""Every address of the API against every method and every role, read-only tokens and nobody included."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.urls import reverse
from pytest_django.fixtures import Settings

from deployments.api.storage.artifacts import ANNOUNCED, UPLOADED
from deployments.api.storage.experiments import EXAMPLE
from deployments.api.storage.models import EXAMPLE_MODEL
from deployments.api.storage.versions import EXAMPLE_VERSION, SPARE_EXPERIMENT
from deployments.models import Artifact, Composition, Deployment, Experiment, ModelVersion, RegisteredModel, Rollout
from mlops_console.models import AuditEntry, Membership, User, Workspace
from runtimes.models import Runtime, RuntimeImage, Version
from tests.cast import Cast, Program
from tests.factories import make_image, make_runtime
from tests.house.addresses import is_api, routes
from tests.house.deployed import DEPLOYMENT, MODEL_NAME, ROLLING, make_deployed

ROLES = ("admin", "owner", "operator", "viewer", "stranger", "nobody", "reading admin", "reading operator")
METHODS = ("GET", "POST", "PATCH", "DELETE", "PUT")

# What is answered, role by role in the order above.
EVERYONE = (200, 200, 200, 200, 200, 401, 200, 200)
MEMBERS = (200, 200, 200, 200, 404, 401, 200, 200)
WRITERS = (200, 200, 200, 403, 404, 401, 403, 403)
ADMINS = (200, 200, 403, 403, 404, 401, 403, 403)
PLATFORM = (200, 403, 403, 403, 403, 401, 403, 403)
NO_METHOD = (405, 405, 405, 405, 405, 401, 405, 405)
NOWHERE = (404, 404, 404, 404, 404, 401, 404, 404)
PUBLIC = (200,) * len(ROLES)
NO_METHOD_OF_PUBLIC = (405,) * len(ROLES)
UNSIGNED = (403,) * len(ROLES)
UNKNOWN = (404,) * len(ROLES)

LAB, BARE = {"workspace": "lab"}, {"workspace": "bare"}
RUNTIME = {"workspace": "lab", "runtime": "mojo"}
IMAGE = {"workspace": "lab", "image": "h2o3-mojo"}
SPARE = {"workspace": "lab", "image": "spare"}
VERSION = IMAGE | {"version": "v1.0.0"}
DEPLOYED = {"workspace": "lab", "deployment": DEPLOYMENT}
MOVING = {"workspace": "lab", "deployment": ROLLING}
ROLLOUT = MOVING | {"rollout": "1"}
VIEWER = UUID("00000000-0000-4000-8000-000000004711")

Expected = dict[str, tuple[int, ...]]
READ: Expected = {"GET": MEMBERS}
CHANGE: Expected = {"POST": WRITERS}
CALL: Expected = {"POST": MEMBERS}
COLLECTION: Expected = READ | CHANGE
RESOURCE: Expected = {"GET": MEMBERS, "PATCH": WRITERS, "DELETE": ADMINS}

# Arguments of the address, and what each method answers; a method that is not named is not allowed.
TABLE: dict[str, tuple[dict[str, Any], Expected]] = {
    "version": ({}, {"GET": PUBLIC}),
    "discovery-environment": ({}, {"GET": PUBLIC}),
    "discovery-services": ({}, {"GET": PUBLIC}),
    "discovery-clients": ({}, {"GET": PUBLIC}),
    "discovery-links": ({}, {"GET": PUBLIC}),
    "discovery-components": ({}, {"GET": PUBLIC}),
    "api-nowhere": ({"rest": "runtime/v2/x"}, dict.fromkeys(METHODS, NOWHERE)),
    "api:root": ({}, {"GET": EVERYONE}),
    "api:schema": ({}, {"GET": EVERYONE}),
    "api:me": ({}, {"GET": EVERYONE}),
    "api:user-list": ({}, {"GET": EVERYONE}),
    "api:user-detail": ({"user": str(VIEWER)}, {"GET": MEMBERS}),
    "api:workspace-list": ({}, {"GET": EVERYONE, "POST": PLATFORM}),
    "api:workspace-count": ({}, {"GET": EVERYONE}),
    "api:workspace-detail": (BARE, {"GET": MEMBERS, "PATCH": ADMINS, "DELETE": ADMINS}),
    "runtimes-api:runtime-list": (LAB, COLLECTION),
    "runtimes-api:runtime-count": (LAB, READ),
    "runtimes-api:runtime-detail": (RUNTIME, RESOURCE),
    "runtimes-api:runtime-deprecate": (RUNTIME, CHANGE),
    "runtimes-api:runtime-disable": (RUNTIME, CHANGE),
    "runtimes-api:runtime-enable": (RUNTIME, CHANGE),
    "runtimes-api:image-list": (LAB, COLLECTION),
    "runtimes-api:image-count": (LAB, READ),
    "runtimes-api:image-detail": (SPARE, RESOURCE),
    "runtimes-api:image-deprecate": (IMAGE, CHANGE),
    "runtimes-api:image-disable": (IMAGE, CHANGE),
    "runtimes-api:image-enable": (IMAGE, CHANGE),
    "runtimes-api:version-list": (IMAGE, COLLECTION),
    "runtimes-api:version-count": (IMAGE, READ),
    "runtimes-api:version-detail": (VERSION, READ),
    "runtimes-api:version-activate": (VERSION, CHANGE),
    "runtimes-api:version-deprecate": (VERSION, CHANGE),
    "runtimes-api:version-disable": (VERSION, CHANGE),
    "deployments-api:deployment-list": (LAB, COLLECTION),
    "deployments-api:deployment-count": (LAB, READ),
    "deployments-api:deployment-batch-upgrade": (LAB, CHANGE),
    "deployments-api:deployment-status-batch": (LAB, READ),
    "deployments-api:deployment-metadata-batch": (LAB, READ),
    "deployments-api:deployment-detail": (DEPLOYED, RESOURCE),
    "deployments-api:deployment-status": (DEPLOYED, READ),
    "deployments-api:deployment-metadata": (DEPLOYED, READ),
    "deployments-api:deployment-pause": (DEPLOYED, CHANGE),
    "deployments-api:deployment-resume": (DEPLOYED, CHANGE),
    "deployments-api:deployment-retry": (DEPLOYED, CHANGE),
    "deployments-api:deployment-upgrade": (DEPLOYED, CHANGE),
    "deployments-api:deployment-preview": (DEPLOYED, CALL),
    "deployments-api:rollout-list": (MOVING, READ),
    "deployments-api:rollout-detail": (ROLLOUT, READ),
    "deployments-api:rollout-pause": (ROLLOUT, CHANGE),
    "deployments-api:rollout-resume": (ROLLOUT, CHANGE),
    "deployments-api:rollout-abort": (ROLLOUT, CHANGE),
    "deployments-api:composition-list": ({}, {"GET": EVERYONE}),
    "deployments-api:experiment-composition-list": (LAB | {"experiment": EXAMPLE}, READ),
    "deployments-api:model-type-list": ({}, {"GET": EVERYONE}),
    "deployments-api:artifact-type-list": ({}, {"GET": EVERYONE}),
    "deployments-api:processor-list": ({}, {"GET": EVERYONE}),
    "deployments-api:config-shortcuts": ({}, {"GET": EVERYONE}),
    "deployments-api:config-replicas": ({}, {"GET": EVERYONE}),
    "deployments-api:config-requirements": ({}, {"GET": EVERYONE}),
    "deployments-api:config-security": ({}, {"GET": EVERYONE}),
    "deployments-api:config-monitoring": ({}, {"GET": EVERYONE}),
    "storage-api:experiment-create": ({}, CHANGE),
    "storage-api:experiment-get": ({}, CALL),
    "storage-api:experiment-update": ({}, CHANGE),
    "storage-api:experiment-list": ({}, CALL),
    "storage-api:experiment-count": ({}, CALL),
    "storage-api:experiment-delete": ({}, {"POST": ADMINS}),
    "storage-api:experiment-registered": ({}, CALL),
    "storage-api:artifact-create": ({}, CHANGE),
    "storage-api:artifact-get": ({}, CALL),
    "storage-api:artifact-update": ({}, CHANGE),
    "storage-api:artifact-upload-url": ({}, CHANGE),
    "storage-api:artifact-download-url": ({}, CALL),
    "storage-api:artifact-complete": ({}, CHANGE),
    "storage-api:artifact-fail": ({}, CHANGE),
    "storage-api:artifact-list": ({}, CALL),
    "storage-api:artifact-count": ({}, CALL),
    "storage-api:ingestion-request": ({}, CHANGE),
    "storage-api:model-create": ({}, CHANGE),
    "storage-api:model-get": ({}, CALL),
    "storage-api:model-by-name": ({}, CALL),
    "storage-api:model-list": ({}, CALL),
    "storage-api:model-count": ({}, CALL),
    "storage-api:model-delete": ({}, {"POST": ADMINS}),
    "storage-api:version-create": ({}, CHANGE),
    "storage-api:version-get": ({}, CALL),
    "storage-api:version-of-experiment": ({}, CALL),
    "storage-api:version-list": ({}, CALL),
    "storage-api:version-count": ({}, CALL),
    "storage-api:version-delete": ({}, {"POST": ADMINS}),
    # Whoever has a signed address needs no token, and nobody else gets anywhere.
    "storage-api:blob": ({"artifact": UPLOADED}, {"GET": UNSIGNED, "PUT": UNSIGNED}),
    # No account opens it: each file has a token of its own, which pods show.
    "storage-api:engine-artifact": ({"artifact": UPLOADED}, {"GET": UNKNOWN}),
}
QUERIES = {
    "deployments-api:deployment-status-batch": f"?names=workspaces/lab/deployments/{DEPLOYMENT}/status",
    "deployments-api:deployment-metadata-batch": f"?names=workspaces/lab/deployments/{DEPLOYMENT}/metadata",
}
BODIES: dict[str, dict[str, Any]] = {
    "api:workspace-list": {"displayName": "New"},
    "api:workspace-detail": {"displayName": "Other"},
    "runtimes-api:runtime-list": {
        "displayName": "New",
        "modelType": "h2o3_mojo",
        "runtimeImage": "workspaces/lab/runtimeImages/h2o3-mojo",
    },
    "runtimes-api:runtime-detail": {"displayName": "Other"},
    "runtimes-api:image-list": {"displayName": "New", "dockerImage": "h2oai/x:1.0.0"},
    "runtimes-api:image-detail": {"displayName": "Other"},
    "runtimes-api:version-list": {"image": "h2oai/x:7.0.0"},
    "deployments-api:deployment-list": {
        "displayName": "New",
        "single": {"deploymentComposition": {"experimentId": EXAMPLE, "runtime": "workspaces/lab/runtimes/mojo"}},
    },
    "deployments-api:deployment-batch-upgrade": {"requests": [{"name": f"workspaces/lab/deployments/{DEPLOYMENT}"}]},
    "deployments-api:deployment-detail": {"displayName": "Other"},
    "storage-api:experiment-create": {"projectId": "lab", "experiment": {"displayName": "New"}},
    "storage-api:experiment-get": {"id": EXAMPLE},
    "storage-api:experiment-update": {"experiment": {"id": EXAMPLE, "displayName": "Other"}},
    "storage-api:experiment-list": {"projectId": "lab"},
    "storage-api:experiment-count": {"projectId": "lab"},
    "storage-api:experiment-delete": {"id": SPARE_EXPERIMENT},
    "storage-api:experiment-registered": {"experimentId": EXAMPLE},
    "storage-api:artifact-create": {"artifact": {"entityId": "lab", "entityType": "PROJECT"}},
    "storage-api:artifact-get": {"id": UPLOADED},
    "storage-api:artifact-update": {"artifact": {"id": UPLOADED, "type": "zip"}, "updateMask": "type"},
    "storage-api:artifact-upload-url": {"id": ANNOUNCED},
    "storage-api:artifact-download-url": {"id": UPLOADED},
    "storage-api:artifact-complete": {"id": ANNOUNCED},
    "storage-api:artifact-fail": {"id": ANNOUNCED},
    "storage-api:artifact-list": {"entityId": "lab", "entityType": "PROJECT"},
    "storage-api:artifact-count": {"entityId": "lab", "entityType": "PROJECT"},
    "storage-api:ingestion-request": {"artifactId": UPLOADED},
    "storage-api:model-create": {"registeredModel": {"displayName": "New", "projectId": "lab"}},
    "storage-api:model-get": {"modelId": EXAMPLE_MODEL},
    "storage-api:model-by-name": {"modelName": MODEL_NAME, "projectId": "lab"},
    "storage-api:model-list": {"projectId": "lab"},
    "storage-api:model-count": {"projectId": "lab"},
    "storage-api:model-delete": {"modelId": EXAMPLE_MODEL},
    "storage-api:version-create": {
        "projectId": "lab",
        "registeredModelVersion": {"experimentId": SPARE_EXPERIMENT},
        "registeredModelDisplayName": MODEL_NAME,
    },
    "storage-api:version-get": {"modelVersionId": EXAMPLE_VERSION},
    "storage-api:version-of-experiment": {"experimentId": EXAMPLE},
    "storage-api:version-list": {"registeredModelId": EXAMPLE_MODEL},
    "storage-api:version-count": {"registeredModelId": EXAMPLE_MODEL},
    "storage-api:version-delete": {"id": EXAMPLE_VERSION},
}
NOT_DOCUMENTED = {"api:schema", "api-nowhere", "version", "storage-api:blob", "storage-api:engine-artifact"}


def documented() -> Iterator[tuple[str, str]]:
    """The paths and methods that the OpenAPI document has to tell."""
    for name, path in routes():
        if name in TABLE and name not in NOT_DOCUMENTED and not name.startswith("discovery-"):
            yield from ((path, method) for method in TABLE[name][1])


def test_every_address_of_the_api_is_in_the_table() -> None:
    assert sorted(name for name, _ in routes() if is_api(name)) == sorted(TABLE)


@pytest.fixture
def world(cast: Cast, settings: Settings, tmp_path: Path) -> Cast:
    settings.DATA_DIR = tmp_path
    image = make_image(cast.workspace, versions="v1.0.0 v2.0.0")
    make_runtime(image)
    make_deployed(cast.workspace, make_runtime(image, "served"), image.versions.get(version="v1.0.0"))
    make_image(cast.workspace, "spare")
    bare = Workspace.objects.create(uid="bare", display_name="Bare")
    for each in Membership.objects.filter(workspace=cast.workspace):
        Membership.objects.create(workspace=bare, user=each.user, role=each.role)
    User.objects.filter(pk=cast.viewer.pk).update(uid=VIEWER)
    return cast


def programs(cast: Cast) -> dict[str, Program]:
    """A program of each role."""
    return {role: cast.api(role.removeprefix("reading "), read_only="reading" in role) for role in ROLES}


_DEPLOYED = (Artifact, Composition, Deployment, Experiment, ModelVersion, RegisteredModel, Rollout)


def everything() -> dict[str, Any]:
    """All that a write could have changed."""
    models = (User, Workspace, Membership, Runtime, RuntimeImage, Version, AuditEntry, *_DEPLOYED)
    return {model.__name__: list(model._default_manager.order_by("pk").values()) for model in models}


@pytest.mark.django_db
@pytest.mark.parametrize("name", TABLE)
def test_each_method_answers_each_role_as_the_table_says_and_a_refusal_changes_nothing(world: Cast, name: str) -> None:
    arguments, expected = TABLE[name]
    is_public = expected.get("GET") in (PUBLIC, UNSIGNED, UNKNOWN)
    address = reverse(name, kwargs=arguments) + QUERIES.get(name, "")
    callers = programs(world)
    before = everything()
    answers: dict[str, tuple[int, ...]] = {}
    for method in METHODS:
        statuses = []
        for role, program in callers.items():
            with transaction.atomic():
                answer = program.call(method, address, BODIES.get(name, {}) if method in ("POST", "PATCH") else None)
                assert method == "GET" or answer.status == 200 or everything() == before, f"{method} by {role}"
                assert ("WWW-Authenticate" in answer.headers) == (answer.status == 401)
                if answer.status != 200 and not is_public and name != "api:schema":
                    assert set(answer.json) == {"code", "message", "details"}
                transaction.set_rollback(True)
            statuses.append(answer.status)
        answers[method] = tuple(statuses)
    otherwise = NO_METHOD_OF_PUBLIC if is_public else NO_METHOD
    assert answers == {method: expected.get(method, otherwise) for method in METHODS}


# They take `-` too: workspaces by their own right, and what is for many deployments at once.
NOT_SINGLE = ("api:workspace-detail", "deployments-api:deployment-batch-upgrade")
SCOPED = [name for name, (arguments, expected) in TABLE.items() if arguments == LAB and "GET" in expected]


@pytest.mark.django_db
@pytest.mark.parametrize("name", SCOPED)
def test_all_workspaces_at_once_are_for_platform_admins(world: Cast, name: str) -> None:
    address = reverse(name, kwargs={"workspace": "-"}) + QUERIES.get(name, "")
    answers = [program.get(address).status for program in programs(world).values()]
    assert answers == [200, 403, 403, 403, 403, 401, 200, 403]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name", [name for name in TABLE if "workspace" in TABLE[name][0] and name not in (*SCOPED, *NOT_SINGLE)]
)
def test_nothing_single_is_found_in_all_workspaces_at_once(world: Cast, name: str) -> None:
    arguments, expected = TABLE[name]
    address = reverse(name, kwargs=arguments | {"workspace": "-"})
    for method in expected:
        answers = [world.api(role).call(method, address, {}).status for role in ("admin", "owner")]
        assert answers == [404, 403]


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("owner", 403), ("viewer", 403), ("stranger", 403)])
@pytest.mark.parametrize("workspace", ["global", "lab", "elsewhere"])
def test_only_platform_admins_write_in_global(world: Cast, workspace: str, role: str, status: int) -> None:
    """By its own name as well as through a workspace that inherits it."""
    make_runtime(make_image(world.everyone, "shared", versions="v1.0.0"), "shared")
    make_image(world.everyone, "unused")
    if (workspace, role) in (("lab", "stranger"), ("elsewhere", "owner"), ("elsewhere", "viewer")):
        status = 404
    program, place = world.api(role), f"/api/runtime/v1/workspaces/{workspace}"
    before = everything()
    answers = [
        program.post(f"{place}/runtimes/shared:deprecate"),
        program.patch(f"{place}/runtimes/shared", {"description": "x"}),
        program.delete(f"{place}/runtimes/shared"),
        program.post(f"{place}/runtimeImages/shared:deprecate"),
        program.patch(f"{place}/runtimeImages/shared", {"description": "x"}),
        program.post(f"{place}/runtimeImages/shared/versions", {"image": "h2oai/x:2.0.0"}),
        program.post(f"{place}/runtimeImages/shared/versions/v1.0.0:disable"),
        program.delete(f"{place}/runtimeImages/unused"),
    ]
    assert [answer.status for answer in answers] == [status] * len(answers)
    assert (everything() == before) == (status != 200)
