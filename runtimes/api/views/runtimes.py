"""Runtimes by the API."""

from __future__ import annotations

from typing import Any, Final

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from mlops_console.api.base import ApiView
from mlops_console.api.forms import Ask
from mlops_console.api.schema import (
    COUNT,
    DRY_RUN,
    ETAG,
    FILTER,
    IF_MATCH,
    LIST_PARAMETERS,
    changing,
    holding,
    page_of,
    update_mask,
)
from runtimes import queries
from runtimes.actions import runtimes, states
from runtimes.api import fields
from runtimes.api.reading import to_wire, wire_rows
from runtimes.api.shapes import UID_HELP, RuntimeInput, RuntimeShape, StateDryRun, StateInput
from runtimes.api.views.states import STATE_VERBS, StateView
from runtimes.models import Runtime
from runtimes.rules.runtime import RuntimeSpec

NAMES: Final = {"uid": "runtimeId", "volume_mounts": "volumes"}
EXAMPLE: Final = {
    "displayName": "Credit scoring",
    "modelType": "h2o3_mojo",
    "runtimeImage": "workspaces/global/runtimeImages/h2oai-h2o3mojo-scorer",
    "environmentVariables": {"JAVA_OPTS": "{if GPU_COUNT >= 1}-Xmx8g{else}-Xmx2g{/if}"},
    "selector": {"stage?absent=match": "production"},
}
ANSWER: Final = holding("RuntimeAnswer", runtime=RuntimeShape())
_EXAMPLES: Final = [OpenApiExample("A runtime that follows its image", EXAMPLE, request_only=True)]


class RuntimeCollection(ApiView):
    """The runtimes of a workspace and what it inherits from `global`; `-` stands for all workspaces."""

    tag, names = "Runtimes", NAMES
    operations = {"GET": "listRuntimes", "POST": "createRuntime"}
    example = EXAMPLE
    asks = (Ask("?runtimeId", UID_HELP),)
    suffixes = (":count",)

    @extend_schema(parameters=LIST_PARAMETERS, responses=page_of("RuntimePage", "runtimes", RuntimeShape))
    def get(self, request: Request, workspace: str) -> Response:
        """A page of runtimes."""
        rows = queries.runtime_source(self.enter(workspace))
        cut = self.listed(rows, fields.RUNTIMES, fields.BY_NAME, read=wire_rows)
        return self.answer({"runtimes": to_wire(cut.rows, self.actor), "nextPageToken": cut.next})

    @extend_schema(
        parameters=[OpenApiParameter("runtimeId", description=UID_HELP), ETAG],
        request=RuntimeInput,
        responses=ANSWER,
        examples=_EXAMPLES,
    )
    def post(self, request: Request, workspace: str) -> Response:
        """Make a runtime."""
        place = self.enter_workspace(workspace)
        given = self.body(RuntimeInput)
        made = runtimes.create_runtime(
            actor=self.actor,
            workspace=place,
            uid=self.parameter("runtimeId"),
            model_type=given.pop("model_type", ""),
            runtime_image=given.pop("runtime_image", ""),
            spec=RuntimeSpec(**{"display_name": ""} | given),
            now=timezone.now(),
        )
        return self.answer(_shown(self, made), revision=made.revision)


class RuntimeCount(ApiView):
    """How many runtimes there are."""

    tag, operations = "Runtimes", {"GET": "countRuntimes"}

    @extend_schema(parameters=[FILTER], responses=COUNT)
    def get(self, request: Request, workspace: str) -> Response:
        """Count the runtimes exactly, inherited ones included."""
        return self.answer({"count": self.counted(queries.runtimes_in(self.enter(workspace)), fields.RUNTIMES)})


class RuntimeResource(ApiView):
    """One runtime, the workspace's own or an inherited one."""

    tag, names = "Runtimes", NAMES
    operations = {"GET": "getRuntime", "PATCH": "updateRuntime", "DELETE": "deleteRuntime"}
    mask, verbs = fields.RUNTIME_MASK, STATE_VERBS

    @extend_schema(parameters=[ETAG], responses=ANSWER)
    def get(self, request: Request, workspace: str, runtime: str) -> Response:
        """A runtime by id."""
        row = queries.find_runtime(self.enter(workspace), runtime)
        return self.answer(_shown(self, row), revision=row.revision)

    @extend_schema(
        parameters=[update_mask(fields.RUNTIME_MASK), IF_MATCH, ETAG],
        request=RuntimeInput,
        responses=ANSWER,
        examples=changing(description="Scores loan applications.", environmentVariables={"OMP_NUM_THREADS": "4"}),
    )
    def patch(self, request: Request, workspace: str, runtime: str) -> Response:
        """Change a runtime; its model type and image may be repeated, but not changed."""
        with self.reading(workspace):
            changes, rest = self.masked_body(RuntimeInput, fields.RUNTIME_MASK, fields.RUNTIME_CLEARED)
            revision = self.revision()
        saved = runtimes.update_runtime(
            actor=self.actor,
            workspace=workspace,
            uid=runtime,
            changes=changes,
            revision=revision,
            now=timezone.now(),
            **rest,
        )
        return self.answer(_shown(self, saved), revision=saved.revision)

    @extend_schema(parameters=[IF_MATCH], responses=ANSWER)
    def delete(self, request: Request, workspace: str, runtime: str) -> Response:
        """Remove a runtime; one that is in use is refused, naming what uses it."""
        with self.reading(workspace):
            revision = self.revision()
        gone = runtimes.delete_runtime(
            actor=self.actor, workspace=workspace, uid=runtime, revision=revision, now=timezone.now()
        )
        return self.answer(_shown(self, gone))


class RuntimeState(StateView):
    """Deprecate, disable or enable a runtime."""

    noun, thing = "Runtime", "runtime"

    @extend_schema(
        parameters=[DRY_RUN, IF_MATCH, ETAG],
        request=StateInput,
        responses=holding(
            "RuntimeStateAnswer", runtime=RuntimeShape(required=False), dryRun=StateDryRun(required=False)
        ),
    )
    def post(self, request: Request, workspace: str, runtime: str) -> Response:
        """Change the state, or with `dryRun=true` say what that would do."""
        with self.reading(workspace):
            dry, reason, revision = self.flag("dryRun"), self.reason(), self.revision()
        if dry:
            row = queries.find_runtime(self.enter(workspace), runtime)
            return self.dry_run(row, Runtime.objects.filter(pk=row.pk))
        row = states.change_runtime_state(
            actor=self.actor,
            workspace=workspace,
            uid=runtime,
            verb=self.verb,
            reason=reason,
            revision=revision,
            now=timezone.now(),
        )
        return self.answer(_shown(self, row), revision=row.revision)


def _shown(view: ApiView, row: Runtime) -> dict[str, Any]:
    return {"runtime": RuntimeShape(row, context={"actor": view.actor}).data}
