"""Who acts, under which request id, and what becomes of a domain error on a page."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject

from mlops_console.actor import Actor, person
from mlops_console.errors import DomainError, Invalid
from mlops_console.queries import roles_of
from mlops_console.web.errors import page_for
from mlops_console.web.http import ConsoleRequest, is_api, person_of, refuse_nul

GetResponse = Callable[[HttpRequest], HttpResponse]
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class RequestIdMiddleware:
    """Gives each request an id, the caller's own where it is well formed, and echoes it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined] # typed as ConsoleRequest from here on
        response = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response


class ActorMiddleware:
    """Puts the signed-in person on the request as an actor and turns domain errors into pages."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        ours = cast("ConsoleRequest", request)
        # Lazy: static files, health checks and the API never need the roles of a session.
        ours.scope = None
        ours.actor = cast("Actor", SimpleLazyObject(lambda: _actor(ours)))
        if not is_api(request):
            try:
                refuse_nul(request)
            except Invalid as fault:
                return page_for(ours, fault)
        response = self.get_response(request)
        # The same address answers a page or a part of it, such as its rows.
        patch_vary_headers(response, ("HX-Request", "HX-Target"))
        return response

    def process_exception(self, request: HttpRequest, fault: Exception) -> HttpResponse | None:
        """Answer a domain error with its page; everything else goes on to Django."""
        return page_for(cast("ConsoleRequest", request), fault) if isinstance(fault, DomainError) else None


def _actor(request: ConsoleRequest) -> Actor:
    user = person_of(request)
    return person(user, roles=roles_of(user), request_id=request.request_id)
