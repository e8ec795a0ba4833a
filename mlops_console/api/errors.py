"""One table from what went wrong to the error body of the wire."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework.exceptions import APIException, NotAuthenticated, ValidationError
from rest_framework.response import Response

from mlops_console.errors import DomainError, Invalid, Missing, NotAllowed, Refused
from mlops_console.web.errors import status_of

INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED = 3, 5, 6, 7
RESOURCE_EXHAUSTED, ABORTED, UNIMPLEMENTED, INTERNAL, UNAUTHENTICATED = 8, 10, 12, 13, 16
_CODES: Final = {
    HTTPStatus.UNAUTHORIZED: UNAUTHENTICATED,
    HTTPStatus.FORBIDDEN: PERMISSION_DENIED,
    HTTPStatus.NOT_FOUND: NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED: UNIMPLEMENTED,
    HTTPStatus.CONFLICT: ABORTED,
    HTTPStatus.TOO_MANY_REQUESTS: RESOURCE_EXHAUSTED,
    HTTPStatus.INTERNAL_SERVER_ERROR: INTERNAL,
}
_BAD_REQUEST_TYPE: Final = "type.googleapis.com/google.rpc.BadRequest"
_ERROR_INFO_TYPE: Final = "type.googleapis.com/google.rpc.ErrorInfo"


def body(
    status: HTTPStatus, message: str, details: list[dict[str, Any]] | None = None, code: int = 0
) -> dict[str, Any]:
    """The error body; what is no better known is the fault of its request."""
    return {"code": code or _CODES.get(status, INVALID_ARGUMENT), "message": message, "details": details or []}


def answer(fault: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler: domain errors and DRF's own; everything else goes on to Django."""
    if isinstance(fault, Http404):
        fault = Missing("There is nothing at this address.")
    elif isinstance(fault, PermissionDenied):
        fault = NotAllowed(str(fault) or "You may not do this.")
    elif isinstance(fault, ValidationError):
        fault = Invalid(dict(_flat(fault.detail)))
    if isinstance(fault, DomainError):
        return Response(domain_body(fault, getattr(context.get("view"), "names", {})), status=status_of(fault))
    if isinstance(fault, APIException):
        status = HTTPStatus(fault.status_code)
        headers = {"WWW-Authenticate": fault.auth_header} if hasattr(fault, "auth_header") else {}
        message = _SIGN_IN if isinstance(fault, NotAuthenticated) else str(fault.detail)
        return Response(body(status, message), status=status, headers=headers)
    return None


_SIGN_IN: Final = "Send a token in the header Authorization: Bearer …, or sign in to the console."


def domain_body(fault: DomainError, names: Mapping[str, str]) -> dict[str, Any]:
    """The error body of a domain error; `names` says what the wire calls the fields of an action."""
    status = status_of(fault)
    match fault:
        case Invalid():
            fields = {wire_path(path, names): sentence for path, sentence in fault.fields.items()}
            violations = [{"field": field, "description": sentence} for field, sentence in fields.items()]
            return body(status, str(Invalid(fields)), [{"@type": _BAD_REQUEST_TYPE, "fieldViolations": violations}])
        case Refused():
            info = {"@type": _ERROR_INFO_TYPE, "reason": fault.code, "metadata": fault.data}
            return body(status, fault.message, [info], ALREADY_EXISTS if fault.code == "taken" else 0)
    return body(status, fault.message)


def wire_path(path: str, names: Mapping[str, str]) -> str:
    """What the wire calls a field: its own name where `names` knows one, else the same words in camelCase."""
    field, dot, part = path.partition(".")
    return names.get(field, re.sub(r"_([a-z])", lambda found: found[1].upper(), field)) + dot + part


def _flat(detail: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """DRF's nested faults by their path."""
    if isinstance(detail, Mapping):
        for key, inner in detail.items():
            yield from _flat(inner, path if key == "non_field_errors" else f"{path}.{key}" if path else str(key))
    elif any(isinstance(each, Mapping | list) for each in detail):
        for number, inner in enumerate(detail):
            yield from _flat(inner, f"{path}.{number}" if path else str(number))
    elif detail:
        yield path, " ".join(map(str, detail))
