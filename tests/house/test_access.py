"""Every page against every role: strangers get 404, members without the right 403."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from deployments.models import Rollout
from mlops_console.models import AuditEntry, Token
from runtimes.rules.lifecycle import StateVerb
from tests.cast import Cast
from tests.factories import make_deployment, make_experiment, make_image, make_model_type, make_runtime
from tests.house.addresses import is_api, routes

ROLES = ("admin", "owner", "operator", "viewer", "stranger", "nobody")
LOGIN = 302

# What a GET answers, role by role in the order above; nobody is not signed in.
EVERYONE = (200, 200, 200, 200, 200, LOGIN)
MEMBERS = (200, 200, 200, 200, 404, LOGIN)
WRITERS = (200, 200, 200, 403, 404, LOGIN)
ADMINS = (200, 200, 403, 403, 404, LOGIN)
PLATFORM = (200, 403, 403, 403, 403, LOGIN)
PUBLIC = (200, 200, 200, 200, 200, 200)
# Only asked for by POST: a GET leads back, or is not allowed.
POSTED = (405, 405, 405, 405, 405, LOGIN)

QUERIES = {"console:workspace-switch": {"workspace": "lab"}}
RUNTIME = {"workspace": "lab", "uid": "mojo"}
IMAGE = {"workspace": "lab", "uid": "h2o3-mojo"}
LAB = {"workspace": "lab"}
TOKEN = {"token": 4711}
ENTRY = {"entry": 4711}
DEPLOYMENT = {"workspace": "lab", "uid": "live"}
ROLLOUT: dict[str, Any] = {"workspace": "lab", "rollout": 4711}
EXPERIMENT = {"workspace": "lab", "uid": "trained"}

TABLE: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "healthz": ({}, PUBLIC),
    "readyz": ({}, PUBLIC),
    # Programs bring a token, and are not to be led to the page for signing in.
    "metrics": ({}, (200, 403, 403, 403, 403, 403)),
    "login": ({}, (302, 302, 302, 302, 302, 200)),
    "logout": ({}, POSTED),
    "api:docs": ({}, EVERYONE),
    "runtimes:overview": ({}, EVERYONE),
    "console:workspace-list": ({}, EVERYONE),
    "console:workspace-create": ({}, PLATFORM),
    "console:workspace-switch": ({}, (302, 302, 302, 302, 404, LOGIN)),
    "console:workspace-detail": (LAB, MEMBERS),
    "console:workspace-update": (LAB, ADMINS),
    "console:workspace-delete": (LAB, ADMINS),
    "console:member-list": (LAB, MEMBERS),
    "console:member-remove": (LAB | {"username": "viewer"}, ADMINS),
    "console:token-list": ({}, EVERYONE),
    "console:token-revoke": (TOKEN, (404, 404, 404, 200, 404, LOGIN)),
    "console:workspace-token-list": (LAB, ADMINS),
    "console:workspace-token-revoke": (LAB | TOKEN, ADMINS),
    "console:audit-list": (LAB, MEMBERS),
    "console:audit-detail": (LAB | ENTRY, MEMBERS),
    "console:audit-export": (LAB, MEMBERS),
    "console:person-list": ({}, PLATFORM),
    "console:person-create": ({}, PLATFORM),
    "console:person-update": ({"username": "viewer"}, PLATFORM),
    "runtimes:runtime-list": (LAB, MEMBERS),
    "runtimes:runtime-export": (LAB, MEMBERS),
    "runtimes:runtime-count": (LAB, MEMBERS),
    "runtimes:runtime-columns": (LAB, MEMBERS),
    "runtimes:runtime-bulk": (LAB, (302, 302, 302, 403, 404, LOGIN)),
    "runtimes:runtime-create": (LAB, WRITERS),
    "runtimes:runtime-detail": (RUNTIME, MEMBERS),
    "runtimes:runtime-update": (RUNTIME, WRITERS),
    "runtimes:runtime-delete": (RUNTIME, ADMINS),
    "runtimes:runtime-state": (RUNTIME | {"verb": StateVerb.DISABLE}, WRITERS),
    "runtimes:image-list": (LAB, MEMBERS),
    "runtimes:image-create": (LAB, WRITERS),
    "runtimes:reference-check": (LAB, MEMBERS),
    "runtimes:image-detail": (IMAGE, MEMBERS),
    "runtimes:image-update": (IMAGE, WRITERS),
    "runtimes:image-delete": (IMAGE, ADMINS),
    "runtimes:version-create": (IMAGE, WRITERS),
    "runtimes:version-state": (IMAGE | {"version": "v1.0.0", "verb": StateVerb.DISABLE}, WRITERS),
    "runtimes:version-delete": (IMAGE | {"version": "v1.0.0"}, ADMINS),
    "runtimes:image-state": (IMAGE | {"verb": StateVerb.DISABLE}, WRITERS),
    "runtimes:model-type-list": ({}, PLATFORM),
    "runtimes:model-type-delete": ({"name": "python/mlflow"}, PLATFORM),
    "runtimes:bootstrap-detail": ({}, PLATFORM),
    "deployments:deployment-list": (LAB, MEMBERS),
    "deployments:deployment-offers": (LAB | {"kind": "runtime"}, MEMBERS),
    "deployments:deployment-create": (LAB, WRITERS),
    "deployments:deployment-detail": (DEPLOYMENT, MEMBERS),
    "deployments:deployment-pause": (DEPLOYMENT, WRITERS),
    "deployments:deployment-resume": (DEPLOYMENT, WRITERS),
    "deployments:deployment-delete": (DEPLOYMENT, ADMINS),
    "deployments:deployment-adopt": (DEPLOYMENT, WRITERS),
    "deployments:deployment-reapply": (DEPLOYMENT, WRITERS),
    "deployments:experiment-list": (LAB, MEMBERS),
    "deployments:experiment-create": (LAB, WRITERS),
    "deployments:experiment-detail": (EXPERIMENT, MEMBERS),
    "deployments:experiment-delete": (EXPERIMENT, ADMINS),
    "deployments:deployment-upgrade": (DEPLOYMENT, WRITERS),
    "deployments:rollout-list": (LAB, MEMBERS),
    "deployments:rollout-detail": (ROLLOUT, MEMBERS),
    "deployments:rollout-pause": (ROLLOUT, WRITERS),
    "deployments:rollout-resume": (ROLLOUT, WRITERS),
    "deployments:rollout-abort": (ROLLOUT, WRITERS),
}


def test_every_page_is_in_the_table() -> None:
    assert sorted(name for name, _ in routes() if not is_api(name)) == sorted(TABLE)


@pytest.fixture
def world(cast: Cast) -> Cast:
    runtime = make_runtime(make_image(cast.workspace, versions="v1.0.0"))
    deployment = make_deployment(runtime, uid="live")
    Rollout.objects.create(pk=ROLLOUT["rollout"], deployment=deployment, number=1, started_by="owner")
    make_experiment(cast.workspace, uid="trained")
    make_model_type("python/mlflow")
    Token.objects.create(pk=TOKEN["token"], user=cast.viewer, name="ci", digest="x")
    AuditEntry.objects.create(pk=ENTRY["entry"], workspace="lab")
    return cast


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", TABLE)
def test_a_get_answers_each_role_as_the_table_says(world: Cast, name: str, role: str) -> None:
    arguments, expected = TABLE[name]
    client = Client() if role == "nobody" else world.client(role)
    response = client.get(reverse(name, kwargs=arguments), QUERIES.get(name))
    assert response.status_code == expected[ROLES.index(role)]
    if role == "nobody" and response.status_code == LOGIN:
        assert response["Location"].startswith(reverse("login"))


REFUSED = [
    (name, role, status)
    for name, (_, expected) in TABLE.items()
    for role, status in zip(ROLES, expected, strict=True)
    if status in (403, 404) and role != "nobody"
]
# Everybody may look at these, but not everybody may send them.
REFUSED += [("console:member-list", "operator", 403), ("console:member-list", "viewer", 403)]


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "role", "status"), REFUSED)
def test_a_post_is_refused_where_a_get_is(world: Cast, name: str, role: str, status: int) -> None:
    arguments, _ = TABLE[name]
    address = reverse(name, kwargs=arguments)
    response = world.client(role).post(address, {"reason": "x", "username": "viewer", "role": "ADMIN"})
    # Pages that only show something take no POST from anybody.
    assert response.status_code in (status, 405)


# Members and their tokens are those of one workspace.
SCOPED = [
    name
    for name, (arguments, _) in TABLE.items()
    if arguments == LAB and "list" in name and "member" not in name and "token" not in name
]


@pytest.mark.django_db
@pytest.mark.parametrize("name", SCOPED)
def test_all_workspaces_at_once_are_for_platform_admins(world: Cast, name: str) -> None:
    address = reverse(name, kwargs={"workspace": "-"})
    answers = [world.client(role).get(address).status_code for role in ROLES[:-1]]
    assert answers == [200, 403, 403, 403, 403]


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("owner", 403), ("operator", 403), ("viewer", 403)])
def test_only_platform_admins_write_in_global(world: Cast, role: str, status: int) -> None:
    make_runtime(make_image(world.everyone, "shared"), "shared")
    for name, arguments in (
        ("runtimes:runtime-create", {"workspace": "global"}),
        ("runtimes:runtime-update", {"workspace": "global", "uid": "shared"}),
        ("runtimes:runtime-delete", {"workspace": "lab", "uid": "shared"}),
        ("runtimes:image-state", {"workspace": "lab", "uid": "shared", "verb": StateVerb.DISABLE}),
    ):
        assert world.client(role).get(reverse(name, kwargs=arguments)).status_code == status
