"""What every view of the API starts from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Final, TypeVar, cast, overload

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mlops_console.access import Right
from mlops_console.actor import Actor
from mlops_console.api.conditions import Fields, order, where
from mlops_console.api.fields import Wire
from mlops_console.api.forms import GUARD, Ask, Typed
from mlops_console.api.markup import words
from mlops_console.errors import Invalid
from mlops_console.keyset import BadPageToken, Order, Page, R, Read, Source, page, queryset_of
from mlops_console.models import Workspace
from mlops_console.queries import Scope, scope_for
from mlops_console.web.http import ConsoleRequest, refuse_nul

M = TypeVar("M", bound=Model)
PAGE_SIZE: Final = 50
PAGE_SIZE_MAX: Final = 1000
_ETAG: Final = re.compile(r'"([0-9]{1,9})"')


class ApiView(APIView):
    """One noun, one or more methods; it reads the request, calls one action or one query, and words the answer."""

    # What the wire calls the fields of the actions, where that is not the same word in camelCase.
    names: ClassVar[Mapping[str, str]] = {}
    # What a method takes; the browsable API offers its form to those who have it.
    rights: ClassVar[Mapping[str, Right]] = {"POST": Right.WRITE, "PATCH": Right.WRITE, "DELETE": Right.DELETE}
    # What its form of POST begins with and asks for beside that, and what its form of PATCH may change.
    example: ClassVar[Mapping[str, Any]] = {}
    asks: ClassVar[tuple[Ask, ...]] = ()
    mask: ClassVar[Mapping[str, str]] = {}
    # What follows this address in those that its page leads on to: what one gets, and the verbs of POST.
    suffixes: ClassVar[tuple[str, ...]] = ()
    verbs: ClassVar[Mapping[str, Right]] = {}

    # What a plain form was sent with, and what the list shown can be filtered by.
    typed: Typed = {}
    fields: Fields = {}

    @property
    def actor(self) -> Actor:
        """Who calls."""
        return self.console_request.actor

    @property
    def console_request(self) -> ConsoleRequest:
        """The request as our middleware left it."""
        return cast("ConsoleRequest", self.request._request)  # noqa: SLF001 - DRF wraps it

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let in who may, and nothing that the database could not take."""
        super().initial(request, *args, **kwargs)
        refuse_nul(self.console_request)

    def enter(self, workspace: str) -> Scope:
        """Put the scope of the address where the browsable API finds it; raises Missing or NotAllowed."""
        scope = self.console_request.scope = scope_for(self.actor, workspace)
        return scope

    def enter_workspace(self, workspace: str) -> Workspace:
        """Enter one workspace; raises Missing, also for `-`, or NotAllowed."""
        return self.enter(workspace).one()

    @contextmanager
    def reading(self, workspace: str) -> Iterator[None]:
        """Read what was sent before its workspace is looked at, as the action will; strangers learn of no faults in it.

        Raises what was raised, but Missing or NotAllowed to those who may not enter.
        """
        try:
            yield
        except (Invalid, APIException):
            self.enter(workspace)
            raise

    def links(self) -> dict[str, str]:
        """Where its page leads on to: words and addresses."""
        return {words(suffix.strip("/:")): self.request.path + suffix for suffix in self.suffixes}

    def parameter(self, name: str) -> str:
        """A query parameter, `""` where it is absent."""
        return self.request.query_params.get(name, "")

    def flag(self, name: str) -> bool:
        """A query parameter that is true or false; raises Invalid."""
        given = self.parameter(name)
        if given not in ("", "true", "false"):
            raise Invalid({name: f"Say true or false, not {given[:60]!r}."})
        return given == "true"

    def body(self, shape: type[Wire]) -> dict[str, Any]:
        """The well-formed part of the body, null being as good as absent; raises Invalid."""
        serializer = shape(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        found: dict[str, Any] = serializer.validated_data
        return found

    def masked_body(
        self, shape: type[Wire], mask: Mapping[str, str], cleared: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """What an update changes, and the rest of its body.

        `mask` leads from the paths of `updateMask` to fields of the action. A path that the body says nothing
        about clears its field; without an `updateMask` whatever the body holds is changed. Raises Invalid.
        """
        given = self.body(shape)
        rest = {field: value for field, value in given.items() if field not in mask.values()}
        paths = [path.strip() for path in self.parameter("updateMask").split(",") if path.strip()]
        if foreign := [path[:60] for path in paths if path not in mask]:
            raise Invalid({"updateMask": f"{', '.join(foreign)} cannot be updated; {', '.join(mask)} can."})
        fields = [mask[path] for path in paths] or [field for field in mask.values() if field in given]
        return {field: given.get(field, cleared[field]) for field in fields}, rest

    def revision(self) -> int | None:
        """The revision that `If-Match` names, None where it is absent or `*`; raises Invalid."""
        given = self.request.META.get("HTTP_IF_MATCH", "").strip()
        if given in ("", "*"):
            return None
        found = _ETAG.fullmatch(given)
        if not found:
            raise Invalid({"If-Match": 'Give the ETag of the last answer, such as "3", or *.'})
        return int(found[1])

    @overload
    def listed(self, rows: QuerySet[M] | Source[M], fields: Fields, default: Order, *, read: None = ...) -> Page[M]: ...

    @overload
    def listed(self, rows: QuerySet[M] | Source[M], fields: Fields, default: Order, *, read: Read[R]) -> Page[R]: ...

    def listed(
        self, rows: QuerySet[M] | Source[M], fields: Fields, default: Order, *, read: Read[Any] | None = None
    ) -> Page[Any]:
        """The page of a list that `filter`, `orderBy`, `pageSize` and `pageToken` ask for; raises Invalid.

        `rows` and `read` are those of `keyset.page`. A source is asked by its own statements where nothing is filtered.
        """
        self.fields = fields
        size, text = self._page_size(), self.parameter("filter")
        wanted, condition = order(self.parameter("orderBy"), fields, default), where(text, fields)
        parts: Sequence[Q] = ()
        if condition:
            parts = () if isinstance(rows, QuerySet) else rows.parts
            rows = queryset_of(rows).filter(condition)
        try:
            return page(
                rows,
                order=wanted,
                size=size,
                token=self.parameter("pageToken"),
                binding=f"{self.request.path}?{text}",
                parts=parts,
                read=read,
            )
        except BadPageToken as fault:
            raise Invalid({"pageToken": str(fault)}) from None

    def counted(self, rows: QuerySet[M], fields: Fields) -> str:
        """How many rows `filter` lets through, as an int64 of the wire; raises Invalid."""
        condition: Q = where(self.parameter("filter"), fields)
        return str(rows.filter(condition).order_by().count())

    def answer(self, content: Mapping[str, Any], *, revision: int | None = None) -> Response:
        """A 200 with JSON, and the ETag of the row it shows."""
        return Response(content, headers={} if revision is None else {"ETag": f'"{revision}"'})

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let a plain form say what HTML has no way of sending: methods, query parameters, a condition."""
        if request.method == "POST" and request.content_type == "application/x-www-form-urlencoded":
            # Kept here: once the body is parsed, request.POST holds what DRF made of it.
            self.typed = request.POST.dict()
            _unfold(request)
        return super().dispatch(request, *args, **kwargs)

    def _page_size(self) -> int:
        given = self.parameter("pageSize")
        if given in ("", "0"):
            return PAGE_SIZE
        if not given.isascii() or not given.isdigit() or len(given) > 9 or int(given) > PAGE_SIZE_MAX:
            raise Invalid({"pageSize": f"Give a whole number from 1 to {PAGE_SIZE_MAX}, not {given[:60]!r}."})
        return int(given)


def _unfold(request: HttpRequest) -> None:
    """Take the method from `_method`, `If-Match` from `_if_match`, query parameters from fields with a leading `?`."""
    query = request.GET.copy()
    for name, value in request.POST.items():
        if name.startswith("?") and value:
            query[name[1:]] = str(value)
    if condition := request.POST.get(GUARD):
        request.META["HTTP_IF_MATCH"] = str(condition)
    request.GET = query  # type: ignore[assignment] # as mutable as ours is to be
    if request.POST.get("_method") in ("PATCH", "DELETE"):
        # The check of the form's token looks into the body of a POST only.
        request.META["HTTP_X_CSRFTOKEN"] = request.POST.get("csrfmiddlewaretoken", "")
        request.method = request.POST["_method"]
