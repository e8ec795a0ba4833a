"""What every view may rely on a request to carry."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.middleware import HtmxDetails

from mlops_console.actor import Actor
from mlops_console.errors import Invalid
from mlops_console.models import User, Workspace
from mlops_console.queries import Scope, scope_for


class ConsoleRequest(HttpRequest):
    """A request after our middleware: somebody acts, under a request id; pages set their scope."""

    actor: Actor
    htmx: HtmxDetails
    request_id: str
    scope: Scope | None


def person_of(request: ConsoleRequest) -> User:
    """The signed-in person; pages are never reached by anybody else."""
    return cast("User", request.user)


def is_api(request: HttpRequest) -> bool:
    """Whether the address is one of the API's, which answers in its own words."""
    return request.path.startswith("/api/")


def refuse_nul(request: HttpRequest) -> None:
    """Pass for addresses that the database can look up; raises Invalid."""
    if "\x00" in request.path or "%00" in request.META["QUERY_STRING"]:
        # The database takes no NUL, and nothing that it holds can be named by one.
        raise Invalid({"": "This address holds a NUL character; nothing here is named so."})


def enter(request: ConsoleRequest, uid: str) -> Scope:
    """Put the scope of a page on its request, where the navigation finds it; raises Missing or NotAllowed."""
    request.scope = scope_for(request.actor, uid)
    return request.scope


def enter_workspace(request: ConsoleRequest, uid: str) -> Workspace:
    """Enter one workspace; raises Missing, also for `-`, or NotAllowed."""
    return enter(request, uid).one()


def redirect_back(request: HttpRequest, fallback: str) -> HttpResponseRedirect:
    """Go to the page that `next` names in the form or the query, if it is one of ours, else to `fallback`."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    return HttpResponseRedirect(target if safe else fallback)
