"""What every view may rely on a request to carry."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import cast
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseRedirect, QueryDict
from django.urls import reverse
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


@lru_cache(maxsize=4096)
def address_of(name: str, *args: str) -> str:
    """What `reverse` answers, asked once; raises NoReverseMatch. It takes as long as all else of a row of a table."""
    return reverse(name, args=args)


def address_without(request: HttpRequest, *without: str, **added: str) -> str:
    """The address of this page without some parameters and with others; those that are empty are none."""
    new = urlencode({name: value for name, value in added.items() if value})
    query = "&".join(filter(None, (_query(request.META["QUERY_STRING"], without), new)))
    return f"{request.path}?{query}" if query else request.path


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


@lru_cache(maxsize=1024)
def _query(query: str, without: Iterable[str]) -> str:
    """A query string without some parameters: all headers of a table ask for the same."""
    rest = QueryDict(query.encode("latin-1"), mutable=True)
    for name in without:
        rest.pop(name, None)
    return rest.urlencode()
