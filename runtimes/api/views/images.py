"""Scorer images by the API."""

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
    NOTHING,
    changing,
    holding,
    page_of,
    update_mask,
)
from runtimes import queries
from runtimes.actions import images, states
from runtimes.api import fields
from runtimes.api.shapes import UID_HELP, ImageInput, ImageShape, StateDryRun, StateInput
from runtimes.api.views.states import STATE_VERBS, StateView
from runtimes.models import RuntimeImage

NAMES: Final = {"uid": "runtimeImageId", "reference": "dockerImage", "version": "runtimeImageVersionId"}
EXAMPLE: Final = {
    "displayName": "H2O-3 MOJO scorer",
    "description": "Scores MOJOs of H2O-3.",
    "dockerImage": "registry.example.org:5000/h2oai/h2o3mojo-scorer:1.5.4",
}
ANSWER: Final = holding("RuntimeImageAnswer", runtimeImage=ImageShape())
_EXAMPLES: Final = [OpenApiExample("An image with its first version", EXAMPLE, request_only=True)]


class ImageCollection(ApiView):
    """The images of a workspace and what it inherits from `global`; `-` stands for all workspaces."""

    tag, names = "Runtime images", NAMES
    operations = {"GET": "listRuntimeImages", "POST": "createRuntimeImage"}
    example = EXAMPLE
    asks = (Ask("?runtimeImageId", UID_HELP),)
    suffixes = (":count",)

    @extend_schema(parameters=LIST_PARAMETERS, responses=page_of("RuntimeImagePage", "runtimeImages", ImageShape))
    def get(self, request: Request, workspace: str) -> Response:
        """A page of images."""
        cut = self.listed(queries.image_source(self.enter(workspace)), fields.IMAGES, fields.BY_NAME)
        return self.answer({"runtimeImages": ImageShape(cut.rows, many=True).data, "nextPageToken": cut.next})

    @extend_schema(
        parameters=[OpenApiParameter("runtimeImageId", description=UID_HELP), ETAG],
        request=ImageInput,
        responses=ANSWER,
        examples=_EXAMPLES,
    )
    def post(self, request: Request, workspace: str) -> Response:
        """Make an image, with a first version where a container image is given."""
        place = self.enter_workspace(workspace)
        made = images.create_image(
            actor=self.actor,
            workspace=place,
            uid=self.parameter("runtimeImageId"),
            now=timezone.now(),
            **{"display_name": ""} | self.body(ImageInput),
        )
        return self.answer(_shown(made), revision=made.revision)


class ImageCount(ApiView):
    """How many images there are."""

    tag, operations = "Runtime images", {"GET": "countRuntimeImages"}

    @extend_schema(parameters=[FILTER], responses=COUNT)
    def get(self, request: Request, workspace: str) -> Response:
        """Count the images exactly, inherited ones included."""
        return self.answer({"count": self.counted(queries.images_in(self.enter(workspace)), fields.IMAGES)})


class ImageResource(ApiView):
    """One image, the workspace's own or an inherited one."""

    tag, names = "Runtime images", NAMES
    operations = {"GET": "getRuntimeImage", "PATCH": "updateRuntimeImage", "DELETE": "deleteRuntimeImage"}
    mask, suffixes, verbs = fields.IMAGE_MASK, ("/versions",), STATE_VERBS

    @extend_schema(parameters=[ETAG], responses=ANSWER)
    def get(self, request: Request, workspace: str, image: str) -> Response:
        """An image by id."""
        row = queries.find_image(self.enter(workspace), image)
        return self.answer(_shown(row), revision=row.revision)

    @extend_schema(
        parameters=[update_mask(fields.IMAGE_MASK), IF_MATCH, ETAG],
        request=ImageInput,
        responses=ANSWER,
        examples=changing(description="Scores MOJOs of H2O-3 and of AutoML."),
    )
    def patch(self, request: Request, workspace: str, image: str) -> Response:
        """Change an image; another container image becomes another version."""
        self.enter(workspace)
        changes, rest = self.masked_body(ImageInput, fields.IMAGE_MASK, fields.IMAGE_CLEARED)
        saved = images.update_image(
            actor=self.actor,
            workspace=workspace,
            uid=image,
            changes=changes,
            version=rest.get("version", ""),
            revision=self.revision(),
            now=timezone.now(),
        )
        return self.answer(_shown(saved), revision=saved.revision)

    @extend_schema(parameters=[IF_MATCH], responses=NOTHING)
    def delete(self, request: Request, workspace: str, image: str) -> Response:
        """Remove an image with its versions; one that is in use is refused, naming what uses it."""
        self.enter(workspace)
        images.delete_image(
            actor=self.actor, workspace=workspace, uid=image, revision=self.revision(), now=timezone.now()
        )
        return self.answer({})


class ImageState(StateView):
    """Deprecate, disable or enable an image."""

    noun, thing, tag = "RuntimeImage", "runtime image", "Runtime images"

    @extend_schema(
        parameters=[DRY_RUN, IF_MATCH, ETAG],
        request=StateInput,
        responses=holding(
            "RuntimeImageStateAnswer", runtimeImage=ImageShape(required=False), dryRun=StateDryRun(required=False)
        ),
    )
    def post(self, request: Request, workspace: str, image: str) -> Response:
        """Change the state, or with `dryRun=true` say what that would do."""
        scope = self.enter(workspace)
        if self.flag("dryRun"):
            row = queries.find_image(scope, image)
            return self.dry_run(row, queries.runtimes_on(row, self.actor))
        row = states.change_image_state(
            actor=self.actor,
            workspace=workspace,
            uid=image,
            verb=self.verb,
            reason=self.reason(),
            revision=self.revision(),
            now=timezone.now(),
        )
        return self.answer(_shown(row), revision=row.revision)


def _shown(row: RuntimeImage) -> dict[str, Any]:
    return {"runtimeImage": ImageShape(row).data}
