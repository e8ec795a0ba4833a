"""Versions of scorer images by the API."""

from __future__ import annotations

from typing import Any, Final

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from mlops_console.api.base import ApiView
from mlops_console.api.forms import Ask
from mlops_console.api.schema import COUNT, DRY_RUN, ETAG, FILTER, IF_MATCH, LIST_PARAMETERS, holding, page_of
from runtimes import queries
from runtimes.actions import images, states
from runtimes.api import fields
from runtimes.api.shapes import StateDryRun, StateInput, VersionInput, VersionShape
from runtimes.api.views.states import VERSION_VERBS, StateView
from runtimes.models import Version

NAMES: Final = {"reference": "image", "version": "runtimeImageVersionId"}
EXAMPLE: Final = {"image": "registry.example.org:5000/h2oai/h2o3mojo-scorer:1.6.0", "readinessProbePath": "/readyz"}
ANSWER: Final = holding("RuntimeImageVersionAnswer", runtimeImageVersion=VersionShape())
_ID_HELP: Final = "The version; without it, it is taken from the tag."
_EXAMPLES: Final = [OpenApiExample("A version named by its tag", EXAMPLE, request_only=True)]


class VersionCollection(ApiView):
    """The versions of an image, the highest first."""

    tag, names = "Versions", NAMES
    operations = {"GET": "listRuntimeImageVersions", "POST": "createRuntimeImageVersion"}
    example = EXAMPLE
    asks = (Ask("?runtimeImageVersionId", _ID_HELP),)
    suffixes = (":count",)

    @extend_schema(
        parameters=LIST_PARAMETERS, responses=page_of("RuntimeImageVersionPage", "runtimeImageVersions", VersionShape)
    )
    def get(self, request: Request, workspace: str, image: str) -> Response:
        """A page of versions."""
        family = queries.find_image(self.enter(workspace), image)
        cut = self.listed(queries.versions_of(family), fields.VERSIONS, fields.HIGHEST_FIRST)
        for version in cut.rows:
            version.image = family
        shown = VersionShape(cut.rows, many=True).data
        return self.answer({"runtimeImageVersions": shown, "nextPageToken": cut.next})

    @extend_schema(
        parameters=[OpenApiParameter("runtimeImageVersionId", description=_ID_HELP), ETAG],
        request=VersionInput,
        responses=ANSWER,
        examples=_EXAMPLES,
    )
    def post(self, request: Request, workspace: str, image: str) -> Response:
        """Add a version to an image."""
        self.enter(workspace)
        made = images.add_version(
            actor=self.actor,
            workspace=workspace,
            image=image,
            version=self.parameter("runtimeImageVersionId"),
            now=timezone.now(),
            **{"reference": ""} | self.body(VersionInput),
        )
        return self.answer(_shown(made), revision=made.revision)


class VersionCount(ApiView):
    """How many versions an image has."""

    tag, operations = "Versions", {"GET": "countRuntimeImageVersions"}

    @extend_schema(parameters=[FILTER], responses=COUNT)
    def get(self, request: Request, workspace: str, image: str) -> Response:
        """Count the versions exactly."""
        family = queries.find_image(self.enter(workspace), image)
        return self.answer({"count": self.counted(queries.versions_of(family), fields.VERSIONS)})


class VersionResource(ApiView):
    """One version of an image."""

    tag, operations = "Versions", {"GET": "getRuntimeImageVersion"}
    verbs = VERSION_VERBS

    @extend_schema(parameters=[ETAG], responses=ANSWER)
    def get(self, request: Request, workspace: str, image: str, version: str) -> Response:
        """A version by its number, with or without the leading v."""
        row = queries.find_version(self.enter(workspace), image, version)
        return self.answer(_shown(row), revision=row.revision)


class VersionState(StateView):
    """Activate, deprecate or disable a version."""

    noun, thing, tag = "RuntimeImageVersion", "version", "Versions"

    @extend_schema(
        parameters=[DRY_RUN, IF_MATCH, ETAG],
        request=StateInput,
        responses=holding(
            "RuntimeImageVersionStateAnswer",
            runtimeImageVersion=VersionShape(required=False),
            dryRun=StateDryRun(required=False),
        ),
    )
    def post(self, request: Request, workspace: str, image: str, version: str) -> Response:
        """Change the state, or with `dryRun=true` say what that would do."""
        scope = self.enter(workspace)
        if self.flag("dryRun"):
            row = queries.find_version(scope, image, version)
            current = queries.current_after(row, self.verb)
            return self.dry_run(
                row,
                queries.runtimes_resolving_to(row, self.actor),
                currentVersionBefore=current.before or "",
                currentVersionAfter=current.after or "",
            )
        row = states.change_version_state(
            actor=self.actor,
            workspace=workspace,
            image=image,
            version=version,
            verb=self.verb,
            reason=self.reason(),
            revision=self.revision(),
            now=timezone.now(),
        )
        return self.answer(_shown(row), revision=row.revision)


def _shown(row: Version) -> dict[str, Any]:
    return {"runtimeImageVersion": VersionShape(row).data}
