"""What goes wrong is told in one shape, with the code and the words that fit, and never as a fault of the server."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client

from mlops_console.api.errors import body, domain_body, wire_path
from mlops_console.errors import DomainError, Immutable, Invalid, Missing, NotAllowed, Refused
from tests.cast import Cast

FAILING = "tests.mlops_console.api.failing_urls"
BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        pytest.param(Missing("Gone."), {"code": 5, "message": "Gone.", "details": []}, id="missing"),
        pytest.param(NotAllowed("No."), {"code": 7, "message": "No.", "details": []}, id="not allowed"),
        pytest.param(
            Invalid({"volume_mounts.0.id": "Bad.", "model_type": "None."}),
            {
                "code": 3,
                "message": "volumes.0.id: Bad.; modelType: None.",
                "details": [
                    {
                        "@type": BAD_REQUEST,
                        "fieldViolations": [
                            {"field": "volumes.0.id", "description": "Bad."},
                            {"field": "modelType", "description": "None."},
                        ],
                    }
                ],
            },
            id="invalid",
        ),
        pytest.param(
            Immutable({"": "Fixed."}),
            {
                "code": 3,
                "message": "Fixed.",
                "details": [{"@type": BAD_REQUEST, "fieldViolations": [{"field": "", "description": "Fixed."}]}],
            },
            id="immutable",
        ),
        pytest.param(
            Refused("taken", "It is there."),
            {
                "code": 6,
                "message": "It is there.",
                "details": [{"@type": ERROR_INFO, "reason": "taken", "metadata": {}}],
            },
            id="taken",
        ),
        pytest.param(
            Refused("stale", "It moved.", {"revision": 3}),
            {
                "code": 10,
                "message": "It moved.",
                "details": [{"@type": ERROR_INFO, "reason": "stale", "metadata": {"revision": 3}}],
            },
            id="refused",
        ),
    ],
)
def test_each_kind_of_domain_error_has_its_code_and_details(fault: DomainError, expected: dict[str, Any]) -> None:
    assert domain_body(fault, {"volume_mounts": "volumes"}) == expected


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, 3), (401, 16), (403, 7), (404, 5), (405, 12), (406, 3), (409, 10), (415, 3), (429, 8), (500, 13)],
)
def test_each_status_has_the_code_that_clients_expect(status: int, code: int) -> None:
    assert body(HTTPStatus(status), "x")["code"] == code


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("model_type", "modelType"),
        ("uid", "runtimeId"),
        ("environment_variables.OMP_NUM_THREADS", "environmentVariables.OMP_NUM_THREADS"),
        ("volumes.0.mountPaths.1", "volumes.0.mountPaths.1"),
        ("", ""),
    ],
)
def test_fields_are_named_as_the_wire_names_them_but_keys_of_people_stay(path: str, expected: str) -> None:
    assert wire_path(path, {"uid": "runtimeId"}) == expected


@pytest.mark.urls(FAILING)
@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/view", "/api/function"])
def test_a_fault_of_the_console_is_told_in_the_shape_of_the_api_and_without_details(cast: Cast, path: str) -> None:
    client = Client(raise_request_exception=False, headers={"X-Request-Id": "abc"})
    client.force_login(cast.viewer, backend="django.contrib.auth.backends.ModelBackend")
    response = client.get(path)
    assert (response.status_code, response["Content-Type"]) == (500, "application/json")
    assert (response.json()["code"], response.json()["details"]) == (13, [])
    assert "1234" not in response.content.decode()
    assert response["X-Request-Id"] == "abc"


@pytest.mark.urls(FAILING)
@pytest.mark.django_db
def test_a_fault_of_a_page_is_told_as_a_page(cast: Cast) -> None:
    response = Client(raise_request_exception=False).get("/page")
    assert (response.status_code, response["Content-Type"].split(";")[0]) == (500, "text/html")


@pytest.mark.urls(FAILING)
@pytest.mark.django_db
def test_a_host_that_is_not_ours_is_refused_in_the_same_shape() -> None:
    response = Client().get("/api/view", headers={"host": "evil.example"})
    assert (response.status_code, response["Content-Type"]) == (400, "application/json")
    assert response.json()["code"] == 3
