"""Who calls the API: a program with a bearer token, or a person who is signed in to the console."""

from __future__ import annotations

from typing import Final, cast

from django.conf import settings
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from mlops_console.actions.tokens import digest, note_use
from mlops_console.actor import program
from mlops_console.models import Token, User
from mlops_console.queries import roles_of, token_of
from mlops_console.web.http import ConsoleRequest

REALM: Final = 'Bearer realm="MLOps Console"'


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer mlc_…`: the token acts for its owner, with their rights or read-only."""

    def authenticate(self, request: Request) -> tuple[User, Token] | None:
        """The owner and the token; None where no bearer token was sent; raises AuthenticationFailed."""
        scheme, _, secret = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        now = timezone.now()
        token = token_of(digest(secret.strip().decode("latin-1")))
        if token is None:
            raise AuthenticationFailed("This token is not one of ours.")
        if fault := token.fault(now):
            raise AuthenticationFailed(fault)
        note_use(token=token, now=now)
        ours = cast("ConsoleRequest", request._request)  # noqa: SLF001 - DRF wraps the request that middleware made
        ours.actor = program(token, roles=roles_of(token.user), request_id=ours.request_id)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        sent = get_authorization_header(request).lower().startswith(b"bearer ")
        return f'{REALM}, error="invalid_token"' if sent else REALM


class PersonAuthentication(SessionAuthentication):
    """The session of somebody who is signed in to the console."""

    def enforce_csrf(self, request: Request) -> None:
        """Look for the form's token in Django's own request; raises PermissionDenied.

        DRF's would parse the body for that: it finds the JSON that a plain form stands for and no token beside it,
        and the faults of a body would be answered before it is known whose they are.
        """
        own = not request.content_type.startswith("multipart/")
        super().enforce_csrf(request._request if own else request)  # type: ignore[arg-type] # noqa: SLF001


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call] # its base registers subclasses
    """The bearer token as OpenAPI describes it."""

    target_class = BearerAuthentication
    name = "bearer"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """An HTTP scheme."""
        return {"type": "http", "scheme": "bearer", "description": "A token of the page /tokens/."}


class PersonScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call] # its base registers subclasses
    """The session as OpenAPI describes it."""

    target_class = PersonAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """A cookie."""
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "The session of somebody signed in; other methods than GET take X-CSRFToken as well.",
        }
