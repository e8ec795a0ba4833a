"""People by the API: who calls, and who else there is."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mlops_console.api.base import ApiView
from mlops_console.api.conditions import Field, Fields, Kind
from mlops_console.api.schema import LIST_PARAMETERS, holding
from mlops_console.api.shapes import SYSTEM, SYSTEM_USER, UserShape
from mlops_console.errors import Missing
from mlops_console.keyset import Order
from mlops_console.models import User
from mlops_console.queries import people_seen_by
from mlops_console.web.http import person_of

FIELDS: Fields = {
    "display_name": Field("display_name"),
    "login_principal": Field("username"),
    "create_time": Field("created_at", Kind.INSTANT),
}
ANSWER = holding("UserAnswer", user=UserShape())
PAGE = holding(
    "UserPage",
    users=UserShape(many=True),
    nextPageToken=serializers.CharField(required=False, help_text="Absent on the last page."),
)
_CALLER = OpenApiParameter(
    "X-User-Id", location=OpenApiParameter.HEADER, response=[200], required=True, description="The id of the caller."
)


class Me(ApiView):
    """Who calls."""

    tag, operations = "People", {"GET": "getMe"}

    @extend_schema(parameters=[_CALLER], responses=ANSWER)
    def get(self, request: Request) -> Response:
        """The caller. Their id also stands in the header `X-User-Id`."""
        user = person_of(self.console_request)
        response = self.answer({"user": UserShape(user).data})
        response["X-User-Id"] = str(user.uid)
        return response


class UserCollection(ApiView):
    """The people that the caller may know of."""

    tag, operations = "People", {"GET": "listUsers"}

    @extend_schema(parameters=LIST_PARAMETERS, responses=PAGE)
    def get(self, request: Request) -> Response:
        """A page of people. Everyone for platform admins; for others who shares a workspace with them."""
        cut = self.listed(people_seen_by(self.actor), FIELDS, Order(("username",)))
        # Here, and only here, h2o-mlops before 1.6 reads on until the key is missing: an empty text never stops it.
        more = {"nextPageToken": cut.next} if cut.next else {}
        return self.answer({"users": UserShape(cut.rows, many=True).data, **more})


class UserResource(ApiView):
    """One of the people."""

    tag, operations = "People", {"GET": "getUser"}

    @extend_schema(responses=ANSWER)
    def get(self, request: Request, user: str) -> Response:
        """Somebody by id. `system` is the console itself."""
        if user == SYSTEM:
            return self.answer({"user": SYSTEM_USER})
        return self.answer({"user": UserShape(self._found(user)).data})

    def _found(self, uid: str) -> User:
        try:
            found = people_seen_by(self.actor).filter(uid=UUID(uid)).first()
        except ValueError:
            found = None
        if found is None:
            raise Missing(f"There is no user {uid}, or none that you may know of.")
        return found
