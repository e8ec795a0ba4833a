"""One table from domain errors to pages."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from django.http import HttpResponse
from django.shortcuts import render

from mlops_console.errors import DomainError, Immutable, Invalid, Missing, NotAllowed, Refused
from mlops_console.web.http import ConsoleRequest

STATUS: Final[dict[type[DomainError], HTTPStatus]] = {
    Missing: HTTPStatus.NOT_FOUND,
    NotAllowed: HTTPStatus.FORBIDDEN,
    Refused: HTTPStatus.CONFLICT,
    Invalid: HTTPStatus.BAD_REQUEST,
    Immutable: HTTPStatus.BAD_REQUEST,
}
_TEMPLATES: Final = {
    HTTPStatus.NOT_FOUND: "404.html",
    HTTPStatus.FORBIDDEN: "403.html",
    HTTPStatus.CONFLICT: "409.html",
    HTTPStatus.BAD_REQUEST: "400.html",
}


def status_of(fault: DomainError) -> HTTPStatus:
    """The HTTP status of a domain error."""
    return STATUS[type(fault)]


def page_for(request: ConsoleRequest, fault: DomainError) -> HttpResponse:
    """A whole page that says what went wrong, for errors that no form caught."""
    status = status_of(fault)
    return render(request, _TEMPLATES[status], {"exception": fault.message}, status=status)
