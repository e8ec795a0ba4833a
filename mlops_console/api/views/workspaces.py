"""Workspaces by the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mlops_console.access import Right
from mlops_console.actions import workspaces
from mlops_console.api.base import ApiView
from mlops_console.api.conditions import Field, Fields, Kind
from mlops_console.api.markup import words
from mlops_console.api.schema import FILTER, LIST_PARAMETERS, changing, holding, page_of, update_mask
from mlops_console.api.shapes import WorkspaceInput, WorkspaceShape
from mlops_console.api.views.root import COLLECTIONS
from mlops_console.keyset import Order
from mlops_console.models import Workspace
from mlops_console.queries import workspaces_of

FIELDS: Final[Fields] = {
    "display_name": Field("display_name"),
    "description": Field("description"),
    "create_time": Field("created_at", Kind.INSTANT),
    "update_time": Field("updated_at", Kind.INSTANT),
}
MASK: Final = {"display_name": "display_name", "description": "description", "annotations": "annotations"}
CLEARED: Final = {"display_name": "", "description": "", "annotations": {}}
EXAMPLE: Final = {
    "displayName": "Credit risk",
    "description": "Models that score loan applications.",
    "annotations": {"cost-centre": "4711"},
}
_EXAMPLES: Final = [OpenApiExample("A workspace", EXAMPLE, request_only=True)]
ANSWER: Final = holding("WorkspaceAnswer", workspace=WorkspaceShape())


class WorkspaceCollection(ApiView):
    """The workspaces that the caller may see, `global` included."""

    tag, operations = "Workspaces", {"GET": "listWorkspaces", "POST": "createWorkspace"}
    example, suffixes = EXAMPLE, (":count",)

    @extend_schema(parameters=LIST_PARAMETERS, responses=page_of("WorkspacePage", "workspaces", WorkspaceShape))
    def get(self, request: Request) -> Response:
        """A page of workspaces."""
        cut = self.listed(_shown(workspaces_of(self.actor)), FIELDS, Order(("display_name", "uid")))
        return self.answer({"workspaces": WorkspaceShape(cut.rows, many=True).data, "nextPageToken": cut.next})

    @extend_schema(request=WorkspaceInput, responses=ANSWER, examples=_EXAMPLES)
    def post(self, request: Request) -> Response:
        """Make a workspace; platform admins only. The server chooses its id."""
        given = {"display_name": ""} | self.body(WorkspaceInput)
        made = workspaces.create_workspace(actor=self.actor, now=timezone.now(), **given)
        return self.answer({"workspace": WorkspaceShape(made).data})


class WorkspaceCount(ApiView):
    """How many workspaces the caller may see."""

    tag, operations = "Workspaces", {"GET": "countWorkspaces"}

    @extend_schema(
        parameters=[FILTER], responses=holding("WorkspaceCount", totalSize=serializers.CharField(help_text="An int64."))
    )
    def get(self, request: Request) -> Response:
        """Count the workspaces exactly."""
        return self.answer({"totalSize": self.counted(workspaces_of(self.actor), FIELDS)})


class WorkspaceResource(ApiView):
    """One workspace."""

    tag = "Workspaces"
    operations = {"GET": "getWorkspace", "PATCH": "updateWorkspace", "DELETE": "deleteWorkspace"}
    rights: ClassVar[Mapping[str, Right]] = {"PATCH": Right.MANAGE_MEMBERS, "DELETE": Right.MANAGE_MEMBERS}
    mask = MASK

    def links(self) -> dict[str, str]:
        """What the workspace holds."""
        uid = self.kwargs["workspace"]
        return {words(collection): reverse(name, args=[uid]) for collection, name in COLLECTIONS.items()}

    @extend_schema(responses=ANSWER)
    def get(self, request: Request, workspace: str) -> Response:
        """A workspace by id."""
        return self.answer({"workspace": WorkspaceShape(self.enter_workspace(workspace)).data})

    @extend_schema(
        parameters=[update_mask(MASK)],
        request=WorkspaceInput,
        responses=ANSWER,
        examples=changing(displayName="Risk"),
    )
    def patch(self, request: Request, workspace: str) -> Response:
        """Change its name, description or annotations; its admins only."""
        row = self.enter_workspace(workspace)
        changes, _ = self.masked_body(WorkspaceInput, MASK, CLEARED)
        saved = workspaces.update_workspace(actor=self.actor, workspace=row, changes=changes, now=timezone.now())
        return self.answer({"workspace": WorkspaceShape(saved).data})

    @extend_schema(responses=ANSWER)
    def delete(self, request: Request, workspace: str) -> Response:
        """Remove an empty workspace; one that still holds anything is refused, naming what."""
        row = self.enter_workspace(workspace)
        shown = WorkspaceShape(row).data
        workspaces.delete_workspace(actor=self.actor, workspace=row, now=timezone.now())
        return self.answer({"workspace": shown})


def _shown(rows: QuerySet[Workspace]) -> QuerySet[Workspace]:
    return rows.select_related("creator", "updater")
