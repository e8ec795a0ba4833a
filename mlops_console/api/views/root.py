"""Where exploring begins, and where it ends: the root, and whatever is nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from mlops_console.access import Right
from mlops_console.api.base import ApiView
from mlops_console.errors import Missing
from mlops_console.queries import ALL, workspaces_of

WORKSPACES_MAX: Final = 50


class Root(ApiView):
    """What the API offers to the caller, as addresses to follow."""

    tag, operations = "About the API", {"GET": "getRoot"}

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """The collections that the caller may reach, workspace by workspace."""
        uids = list(workspaces_of(self.actor).values_list("uid", flat=True)[:WORKSPACES_MAX])
        if self.actor.is_platform_admin:
            uids.insert(0, ALL)
        found: dict[str, Any] = {
            "me": self._url("api:me"),
            "users": self._url("api:user-list"),
            "workspaces": self._url("api:workspace-list"),
            "schema": self._url("api:schema"),
            "docs": self._url("api:docs"),
            "collections": [
                {"workspace": uid} | {key: self._url(name, uid) for key, name in COLLECTIONS.items()} for uid in uids
            ],
        }
        return self.answer(found)

    def _url(self, name: str, *arguments: str) -> str:
        return self.request.build_absolute_uri(reverse(name, args=arguments))


# What a workspace holds; the apps above name their own lists here.
COLLECTIONS: Final[dict[str, str]] = {
    "runtimes": "runtimes-api:runtime-list",
    "runtimeImages": "runtimes-api:image-list",
    "deployments": "deployments-api:deployment-list",
}


class Nowhere(ApiView):
    """Any address of the API that is none."""

    rights: ClassVar[Mapping[str, Right]] = {}

    @extend_schema(exclude=True)
    def get(self, request: Request, rest: str) -> Response:
        """Says so."""
        raise Missing(f"There is nothing at /api/{rest}; /api/ lists what there is.")

    post = patch = put = delete = get
