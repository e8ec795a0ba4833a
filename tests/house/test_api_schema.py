"""The API does what its OpenAPI document says, whatever is sent: schemathesis reads the one and tries the other.

`make test-schema CASES=20000` tries more. Of the cases some are worked out from the document (examples, edges of
what it allows and just beyond them), the rest are drawn at random, though the same at each run.
"""

from __future__ import annotations

import logging
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from io import StringIO
from math import ceil
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import schemathesis
from django.conf import settings as console_settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from drf_spectacular.validation import validate_schema
from hypothesis import HealthCheck, settings
from schemathesis import checks
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.result import Ok
from schemathesis.generation.hypothesis.builder import HypothesisTestConfig, HypothesisTestMode, create_test
from schemathesis.generation.meta import TestPhase
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.schemas import OpenApiSchema

from deployments.api.storage.artifacts import ANNOUNCED, UPLOADED
from deployments.api.storage.experiments import EXAMPLE as EXPERIMENT
from deployments.api.storage.models import EXAMPLE_MODEL
from deployments.api.storage.versions import EXAMPLE_VERSION, SPARE_EXPERIMENT
from mlops_console.models import User
from runtimes.api.views.runtimes import EXAMPLE
from tests.cast import Cast, Program
from tests.factories import make_image, make_runtime
from tests.house.deployed import DEPLOYMENT, MODEL_NAME, ROLLING, make_deployed
from tests.house.test_api_access import VIEWER, documented

pytestmark = pytest.mark.django_db
ROLES = ("operator", "admin")
# How many cases are drawn at random, for all operations and roles together; the others come on top.
CASES = int(os.environ.get("CASES", "840"))
LEAST = max(2_000, CASES)
Operation: TypeAlias = APIOperation[Any, Any, Any, Any]
Case: TypeAlias = schemathesis.Case[Operation]
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.unsupported_method,
    checks.ignored_auth,
]

# What is there, so that not everything that is sent is lost on the way to a row.
SHARED = str(EXAMPLE["runtimeImage"]).rpartition("/")[2]
THERE = {"workspace": "lab", "runtime": "mojo", "image": "h2o3-mojo", "version": "v1.0.0", "user": str(VIEWER)} | {
    "deployment": DEPLOYMENT, "experiment": EXPERIMENT, "rollout": "1"
}  # fmt: skip
# What may be removed.
INSTEAD = {
    "DELETE /api/authz/v1/workspaces/{workspace}": {"workspace": "elsewhere"},
    "DELETE /api/runtime/v1/workspaces/{workspace}/runtimeImages/{image}": {"image": "spare"},
}
NAME = f"workspaces/lab/deployments/{DEPLOYMENT}"
WORDS = {
    "workspace": ["lab", "global", "-", "elsewhere"],
    "runtime": ["mojo", "shared"],
    "image": ["h2o3-mojo", SHARED, "spare"],
    "version": ["v1.0.0", "1.0.0", "v1.1.0"],
    "user": ["system", str(VIEWER)],
    "deployment": [DEPLOYMENT, ROLLING],
    "experiment": [EXPERIMENT, SPARE_EXPERIMENT],
    "rollout": ["1", "01", "2"],
    "filter": ["display_name:'m'", "state = ACTIVE AND (description = '' OR display_name = 'Mojo')", "()", "x = 1"],
    "orderBy": ["display_name", "create_time desc, state", "state desc", "nothing"],
    "updateMask": ["display_name", "description,selector", "volume_mounts,security_context", "docker_image"],
    "If-Match": ["*", '"1"', '"2"', "1"],
    "text": [
        "", "mojo", "h2o3_mojo", EXAMPLE["runtimeImage"], "h2oai/x:1.2.3", "v1.2.3", "/data",
        "EMPTY_DIR", "EPHEMERAL", "RuntimeDefault", "NET_ADMIN", "{if GPU_COUNT > 1}a{else}b{/if}", "{if", "1000",
        "a\0b", "lab", DEPLOYMENT, NAME, EXPERIMENT, SPARE_EXPERIMENT, ANNOUNCED, UPLOADED, EXAMPLE_MODEL,
        EXAMPLE_VERSION, MODEL_NAME, "EXPERIMENT", "PROJECT", "display_name", "workspaces/lab/runtimes/mojo", "{}",
    ],
}  # fmt: skip
LOCATIONS = {"filter": "query", "orderBy": "query", "updateMask": "query", "If-Match": "header"}
CONFIG = {
    "seed": 1,
    "dictionaries": {name: {"values": values} for name, values in WORDS.items()},
    "parameters": {
        f"{LOCATIONS.get(name, 'path')}.{name}": {"dictionary": name, "probability": 0.8}
        for name in WORDS
        if name != "text"
    },
    "generation": {"dictionaries": {"string": {"dictionary": "text", "probability": 0.5}}},
}


@pytest.fixture
def application() -> Iterator[WSGIHandler]:
    """The console as a server calls it, but on the connection of the test, whose transaction it must not end."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield WSGIHandler()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def world(cast: Cast, caplog: pytest.LogCaptureFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cast:
    monkeypatch.setattr(console_settings, "DATA_DIR", tmp_path)
    image = make_image(cast.workspace, versions="v1.0.0 v1.1.0")
    make_runtime(image)
    make_deployed(cast.workspace, make_runtime(image, "served"), image.versions.get(version="v1.0.0"))
    make_image(cast.workspace, "spare")
    shared = make_image(cast.everyone, SHARED, versions="v1.0.0 v1.1.0", platform_state="DEPRECATED")
    make_runtime(shared, "shared", platform_state="ACTIVE", environment_variables={"API_KEY": "x"})
    User.objects.filter(pk=cast.viewer.pk).update(uid=VIEWER)
    # Thousands of refusals are what this is about.
    caplog.set_level(logging.ERROR, "django.request")
    return cast


def read(application: WSGIHandler, program: Program) -> OpenApiSchema:
    """The document as a program reads it."""
    headers = {"Authorization": f"Bearer {program.token}", "Accept": "application/json"}
    config = SchemathesisConfig.from_dict(CONFIG)
    return schemathesis.openapi.from_wsgi("/api/schema/", application, config=config, headers=headers)


def to_what_is_there(context: schemathesis.HookContext, case: Case) -> Case:
    """Lead cases that were worked out for other parts of a request to rows that exist."""
    meta = case.meta
    if meta and meta.phase.name is not TestPhase.FUZZING and not meta.is_negative_at(ParameterLocation.PATH):
        there = THERE | INSTEAD.get(case.operation.label, {})
        if "/rollouts" in case.operation.path:
            there |= {"deployment": ROLLING}
        case.path_parameters = {name: there[name] for name in case.path_parameters}
    return case


def each_case(operation: Operation, examples: int, send: Callable[..., None]) -> None:
    """Call `send` with what schemathesis thinks of for an operation, `examples` of them at random."""
    how = settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    modes = list(HypothesisTestMode)
    config = HypothesisTestConfig(project=operation.schema.config, modes=modes, settings=how)
    create_test(operation=operation, test_func=send, config=config)()


@pytest.mark.parametrize("role", [pytest.param(role, marks=pytest.mark.xdist_group(role)) for role in ROLES])
def test_every_answer_is_one_that_the_document_tells(
    world: Cast, application: WSGIHandler, subtests: pytest.Subtests, role: str
) -> None:
    program = world.api(role)
    schema = read(application, program)
    schema.hooks.hook("map_case")(to_what_is_there)
    sent = 0
    answered: dict[str, Counter[int]] = defaultdict(Counter)

    def send(case: Case) -> None:
        nonlocal sent
        sent += 1
        with transaction.atomic():
            answer = case.call_and_validate(headers={"Authorization": f"Bearer {program.token}"}, checks=CHECKS)
            transaction.set_rollback(True)
        answered[case.operation.label][answer.status_code] += 1

    operations = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]
    for operation in operations:
        with subtests.test(operation.label):
            each_case(operation, ceil(CASES / len(ROLES) / len(operations)), send)
    print(f"{sent} cases as {role}: {dict(sorted(sum(answered.values(), Counter()).items()))}")  # noqa: T201 for -rP
    assert sent >= LEAST / len(ROLES)
    if role == "admin":
        # Not all are lost on the way: each operation was carried out.
        assert {label for label, statuses in answered.items() if not statuses[200]} == set()


def test_the_document_is_valid_and_names_every_method_of_every_address(world: Cast, application: WSGIHandler) -> None:
    raw = read(application, world.api("viewer")).raw_schema
    validate_schema(raw)  # type: ignore[no-untyped-call]
    assert sorted((path, method.upper()) for path, methods in raw["paths"].items() for method in methods) == sorted(
        documented()
    )


def test_nothing_in_the_code_leaves_the_document_guessing() -> None:
    call_command("spectacular", fail_on_warn=True, validate=True, stdout=StringIO())
