"""The browsable API: the same answers as pages of the console, with forms for what else the address takes."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import escape_uri_path
from django.utils.html import format_html_join
from django.utils.http import urlencode
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.response import Response

from mlops_console.access import Right
from mlops_console.api.crumbs import crumbs
from mlops_console.api.errors import wire_path
from mlops_console.api.forms import Form, to_delete, to_patch, to_post
from mlops_console.api.markup import address_of, addresses, coloured, prose, words
from mlops_console.errors import DomainError

if TYPE_CHECKING:  # DRF imports its renderers while ApiView's own base is made
    from mlops_console.api.base import ApiView

# Headers of an answer that say more than its body does.
_TELLING: Final = ("ETag", "Allow", "X-User-Id", "Retry-After", "WWW-Authenticate")
NOT_ALLOWED: Final = HTTPStatus.METHOD_NOT_ALLOWED
_REFUSALS: Final = {401: "Sign in to see this", 403: "Not allowed", 404: "Nothing is here"}


class ApiPage(BaseRenderer):
    """An answer as a page."""

    media_type, format, charset = "text/html", "api", "utf-8"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> str:
        """The page; what it shows as JSON is what a program would get."""
        given = renderer_context or {}
        content = json.loads(JSONRenderer().render(data) or "null")
        shown = _Shown(given["view"], given["response"], content)
        return render_to_string("mlops_console/api.html", shown.context(), request=shown.view.console_request)


@dataclass(frozen=True)
class Notice:
    """What became of a request, in a sentence, and where to go from there."""

    tone: str
    text: str
    faults: list[dict[str, str]] = field(default_factory=list)
    url: str = ""
    link: str = ""


class _Shown:
    """One answer of one view, and what its page makes of it."""

    words_of: ClassVar[Mapping[str, str]] = {"POST": "Created.", "PATCH": "Saved.", "DELETE": "Deleted."}

    def __init__(self, view: ApiView, response: Response, content: Any) -> None:
        self.view, self.response, self.content = view, response, content
        self.request = view.console_request
        self.status = response.status_code
        self.ok = self.status < HTTPStatus.BAD_REQUEST
        self.method = view.request.method or "GET"
        self.path = self.request.path
        self.gone = self.ok and self.method == "DELETE"
        # Pages with forms are for people; a program, or somebody whose form was refused, has no session here.
        self.signed_in = bool(view.request.user.is_authenticated and view.request.auth is None)
        self.row = _row(content)
        self.operations: Mapping[str, str] = getattr(view, "operations", {})
        self.last = self.path.rpartition("/")[2]
        self.verb = self.last.partition(":")[2]
        if self.signed_in and self.request.scope is None and "workspace" in view.kwargs:
            # A method that the address does not take was answered before the view could enter.
            try:
                view.enter(view.kwargs["workspace"])
            except DomainError:
                self.request.scope = None

    def context(self) -> dict[str, Any]:
        """What the template shows."""
        query = self.view.request.query_params
        forms = self.forms()
        return {
            "heading": self.heading(),
            "description": prose((inspect.getdoc(type(self.view)) or "").partition("\n")[0]),
            "crumbs": list(crumbs(self.path)),
            "notice": self.notice(forms),
            "method": self.method,
            "address": self.path + (f"?{query.urlencode()}" if query else ""),
            "status": self.status,
            "phrase": self.response.status_text,
            "tone": "good" if self.ok else "warning" if self.status == NOT_ALLOWED else "danger",
            "headers": self.headers(),
            "json": coloured(self.content, addresses(self.request.build_absolute_uri("/"))),
            "json_url": self._url(format="json") if self.method == "GET" and self.status != NOT_ALLOWED else "",
            "docs_url": f"{reverse('api:docs')}#{self.operations.get(self.method, '')}",
            "links": self.links(),
            "verbs": self.verbs(),
            "forms": forms,
            # Where something is asked of somebody, that comes before the answer as JSON.
            "forms_first": self.status == NOT_ALLOWED or (not self.ok and self.method != "GET"),
            "fields": format_html_join(", ", "<code>{}</code>", ((name,) for name in self.view.fields)),
            "asked": self.asked(),
            "forced": query.get("format", ""),
            "first_url": self._url(pageToken="") if query.get("pageToken") else "",
            "next_url": self._url(pageToken=token) if (token := self._next()) else "",
            "login_url": self._login() if self.status == HTTPStatus.UNAUTHORIZED else "",
            "managed": self.row.get("managedByBootstrap") is True and not self.gone and self.signed_in,
        }

    def heading(self) -> str:
        """What the address stands for, in a word or two."""
        if self.method == "GET" and self.status in _REFUSALS:
            return _REFUSALS[self.status]
        subject = self.last.partition(":")[0]
        named = subject in self.view.kwargs.values()
        if self.verb:
            return f"{words(self.verb)} {subject if named else words(subject).lower()}"
        return str(self.row.get("displayName", subject)) if named else words(subject) or "API"

    def asked(self) -> list[tuple[str, str, str]]:
        """What a list is narrowed and ordered by: parameters with their values and an example."""
        examples = {
            "filter": f"{next(iter(self.view.fields), '')}:'part of it'",
            "orderBy": "create_time desc",
            "pageSize": "50",
        }
        return [(name, self.view.parameter(name), example) for name, example in examples.items()]

    def headers(self) -> list[tuple[str, str]]:
        """The headers worth knowing."""
        found = [(name, self.response[name]) for name in _TELLING if self.response.has_header(name)]
        return [*found, ("X-Request-Id", self.request.request_id)]

    def links(self) -> dict[str, str]:
        """Where to go on from here."""
        if not self.ok or self.gone:
            return {}
        narrowed = self.view.parameter("filter")
        tail = f"?{urlencode({'filter': narrowed})}" if narrowed else ""
        return {
            label: escape_uri_path(url) + (tail if url.endswith(":count") else "")
            for label, url in self.view.links().items()
        }

    def verbs(self) -> list[tuple[str, str]]:
        """The verbs that the caller may use on what is shown."""
        if not self.row or self.gone:
            return []
        return [
            (words(suffix.strip(":")), escape_uri_path(self.path + suffix))
            for suffix, right in self.view.verbs.items()
            if self.may(right)
        ]

    def may(self, right: Right | None) -> bool:
        """Whether the caller has a right here; what is inherited from `global` takes a platform admin."""
        if right is None or not self.signed_in:
            return False
        actor, scope = self.view.actor, self.request.scope
        if scope is None:
            return actor.is_platform_admin and "workspace" not in self.view.kwargs
        if scope.workspace is None:
            return False
        name = str(self.row.get("name", scope.workspace.name))
        own = name == scope.workspace.name or name.startswith(f"{scope.workspace.name}/")
        return actor.may(right, scope.workspace) and (own or actor.is_platform_admin)

    def forms(self) -> list[Form]:
        """A form for each method that the caller may use, with what was typed where it was refused."""
        view = self.view
        takes = {method for method in view.allowed_methods if method in view.rights and self.may(view.rights[method])}
        if self.gone or self.row.get("managedByBootstrap"):
            takes -= {"PATCH", "DELETE"}
        found = []
        if "POST" in takes:
            again = self.method == "POST" and (not self.ok or "dryRun" in self.content)
            title = words(self.verb) if self.verb else "Create"
            found.append(to_post(view.asks, view.example, view.typed if again else {}, title=title))
        failed = "" if self.ok else self.method
        if "PATCH" in takes and (self.row or failed == "PATCH"):
            changeable = [wire_path(path, view.names) for path in view.mask]
            typed = view.typed if failed == "PATCH" else {}
            found.append(to_patch(self.row, changeable, typed, etag=self.response.get("ETag", "")))
        if "DELETE" in takes and (self.row or failed in ("PATCH", "DELETE")):
            found.append(to_delete(self.last))
        return [replace(form, operation=self.operations.get(form.method, "")) for form in found]

    def notice(self, forms: list[Form]) -> Notice | None:
        """What became of the request; None for an answer that speaks for itself."""
        if not self.ok:
            return self._refusal(forms)
        if self.method not in self.words_of:
            return None
        if self.gone:
            above = list(crumbs(self.path))[-2]
            return Notice("success", f"{self.last} is deleted.", url=above[1], link="Back to the list")
        if "dryRun" in self.content:
            return Notice("info", "A dry run: nothing has changed.")
        name = str(self.row.get("name", ""))
        text = "Done." if self.verb else self.words_of[self.method]
        return Notice("success", text, url=address_of(name) if self.method == "POST" else "", link=name)

    def _refusal(self, forms: list[Form]) -> Notice:
        if self.method == "GET" and self.status == NOT_ALLOWED:
            text = "This address takes POST only."
            return Notice("info", text if forms else f"{text} Your role does not let you send it.")
        if self.status == HTTPStatus.FORBIDDEN and not self.view.request.user.is_authenticated:
            return Notice(
                "danger", "This form has expired: open the page again.", url=escape_uri_path(self.path), link="Open it"
            )
        details = self.content.get("details", []) if isinstance(self.content, dict) else []
        faults = [fault for detail in details for fault in detail.get("fieldViolations", ())]
        return Notice("danger", _message(self.content), faults if len(faults) > 1 else [])

    def _next(self) -> str:
        return str(self.content.get("nextPageToken", "")) if isinstance(self.content, dict) else ""

    def _url(self, **changes: str) -> str:
        """This address with some of its query changed."""
        query = self.view.request.query_params.copy()
        for name, value in changes.items():
            query.pop(name, None)
            if value:
                query[name] = value
        return escape_uri_path(self.path) + (f"?{query.urlencode()}" if query else "")

    def _login(self) -> str:
        return f"{reverse('login')}?{urlencode({'next': self._url()})}"


def _row(content: Any) -> dict[str, Any]:
    """The one thing that an answer shows under its name; empty where it shows none or many."""
    values = list(content.values()) if isinstance(content, dict) else []
    return cast("dict[str, Any]", values[0]) if len(values) == 1 and isinstance(values[0], dict) else {}


def _message(content: Any) -> str:
    return str(content["message"]) if isinstance(content, dict) and "message" in content else "This was refused."
