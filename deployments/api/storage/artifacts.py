"""The files of experiments by the storage service."""

from __future__ import annotations

from typing import Any, Final

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from deployments import catalog, queries, storage
from deployments.actions import artifacts as changes
from deployments.actions import experiments as actions
from deployments.api.storage import inputs
from deployments.api.storage.experiments import example
from deployments.api.storage.query import Call, Column, Columns, instant, text, where
from deployments.api.storage.shapes import ArtifactShape, artifact_data, listing
from deployments.ingestion import ingest
from deployments.models import Artifact, Experiment
from mlops_console.access import Right
from mlops_console.api.schema import NOTHING, holding
from mlops_console.errors import Invalid, Refused
from mlops_console.keyset import Order
from mlops_console.models import Workspace

COLUMNS: Final[Columns] = {
    "id": Column("uid", text),
    "type": Column("type", text),
    "mime_type": Column("mime_type", text),
    "created_time": Column("created_at", instant),
}
NEWEST_FIRST: Final = Order(("-created_at",))
ANSWER: Final = holding("ArtifactAnswer", artifact=ArtifactShape())
NAMES: Final = {"type": "artifact.type", "mime_type": "artifact.mimeType", "experiment": "artifact.entityId"}
ANNOUNCED: Final = "00000000-0000-4000-8000-0000000a0001"
UPLOADED: Final = "00000000-0000-4000-8000-0000000a0002"
_MASK: Final = {"type": "type", "entityId": "experiment", "entity_id": "experiment"}
_OTHER: Final = "Files belong to a workspace (PROJECT) or an EXPERIMENT."


class CreateArtifact(Call):
    """Announce a file."""

    operations, names = {"POST": "CreateArtifact"}, NAMES

    @extend_schema(
        request=inputs.CreateArtifactInput,
        responses=ANSWER,
        examples=example(artifact={"entityId": "lab", "entityType": "PROJECT", "type": "model.zip"}),
    )
    def post(self, request: Request) -> Response:
        """Announce a file of a workspace, or of an experiment that has none yet; then ask where to upload it."""
        given = self.body(inputs.CreateArtifactInput).get("artifact", {})
        owner = self.owner(given)
        place = owner.workspace if isinstance(owner, Experiment) else owner
        now = timezone.now()
        made = actions.create_artifact(
            actor=self.actor,
            workspace=place,
            kind=given.get("type", ""),
            mime_type=given.get("mimeType", ""),
            experiment=owner.uid if isinstance(owner, Experiment) else "",
            now=now,
        )
        return shown(self, made)

    def owner(self, given: dict[str, Any]) -> Workspace | Experiment:
        """What a file is to belong to; raises Missing, NotAllowed or Invalid."""
        return owner_of(self, given)


class GetArtifact(Call):
    """One file."""

    operations = {"POST": "GetArtifact"}

    @extend_schema(request=inputs.ArtifactId, responses=ANSWER, examples=example(id=UPLOADED))
    def post(self, request: Request) -> Response:
        """A file by id, with whether it can be read as a model."""
        row = found(self, self.body(inputs.ArtifactId))
        if row.uploaded_at is None:
            return shown(self, row)
        fault = ingest(storage.path_of(row.uid)).fault
        state = {"status": "FAILED" if fault else "SUCCEEDED", "errorMessage": fault}
        return shown(self, row, modelIngestionState=state)


class UpdateArtifact(Call):
    """Call a file otherwise, or give it to an experiment."""

    operations, names = {"POST": "UpdateArtifact"}, NAMES

    @extend_schema(
        request=inputs.UpdateArtifactInput,
        responses=ANSWER,
        examples=example(artifact={"id": UPLOADED, "type": "h2o3_mojo"}, updateMask="type"),
    )
    def post(self, request: Request) -> Response:
        """Change what `updateMask` names of type and entityId."""
        given = self.body(inputs.UpdateArtifactInput)
        told = given.get("artifact", {})
        paths = [path.strip() for path in given.get("updateMask", "").split(",") if path.strip()]
        if not paths or set(paths) - set(_MASK):
            raise Invalid({"updateMask": "Name type, entityId, or both."})
        fields = {_MASK[path] for path in paths}
        if "experiment" in fields and told.get("entityType") != "EXPERIMENT":
            raise Invalid({"artifact.entityType": "A file is given to an EXPERIMENT."})
        values = {"type": told.get("type", ""), "experiment": told.get("entityId", "")}
        row = changes.update_artifact(
            actor=self.actor,
            uid=self.needed(told, "id"),
            changes={field: values[field] for field in fields},
            now=timezone.now(),
        )
        return shown(self, row)


class ListEntityArtifacts(Call):
    """The files of a workspace or an experiment."""

    operations = {"POST": "ListEntityArtifacts"}

    @extend_schema(
        request=inputs.EntityListed,
        responses=listing("ArtifactPage", "artifact", ArtifactShape),
        examples=example(entityId="lab", entityType="PROJECT"),
    )
    def post(self, request: Request) -> Response:
        """A page of files."""
        given = self.body(inputs.EntityListed)
        rows = catalog.artifacts_of(owner_of(self, given))
        cut, paging = self.cut(rows, COLUMNS, given | {"projectId": given["entityId"]}, NEWEST_FIRST)
        told = [artifact_data(each) for each in cut.rows]
        return self.answer({"artifact": ArtifactShape(told, many=True).data, **paging})


class CountEntityArtifacts(Call):
    """How many files a workspace or an experiment has."""

    operations = {"POST": "CountEntityArtifacts"}

    @extend_schema(
        request=inputs.EntityListed,
        responses=holding("ArtifactCount", count=serializers.CharField(help_text="An int64.")),
        examples=example(entityId="lab", entityType="PROJECT"),
    )
    def post(self, request: Request) -> Response:
        """Count files."""
        given = self.body(inputs.EntityListed)
        rows = catalog.artifacts_of(owner_of(self, given)).filter(where(given, COLUMNS))
        return self.answer({"count": str(rows.count())})


class RequestIngestion(Call):
    """Look into a file."""

    operations = {"POST": "RequestModelIngestion"}

    @extend_schema(request=inputs.IngestionInput, responses=NOTHING, examples=example(artifactId=UPLOADED))
    def post(self, request: Request) -> Response:
        """Nothing is left to be done: a file is looked into whenever it is asked for."""
        row = queries.find_artifact(self.actor, self.needed(self.body(inputs.IngestionInput), "artifactId"))
        self.actor.require(Right.WRITE, row.workspace)
        if row.uploaded_at is None:
            raise Refused("no-file", f"The file of the artifact {row.uid} has not arrived.")
        return self.answer({})


def owner_of(view: Call, given: dict[str, Any]) -> Workspace | Experiment:
    """The workspace or the experiment that a body names; raises Missing, NotAllowed or Invalid."""
    uid = view.needed(given, "entityId")
    match given.get("entityType"):
        case "PROJECT":
            return view.enter_workspace(uid)
        case "EXPERIMENT":
            return catalog.find_experiment(view.actor, uid)
    raise Invalid({"entityType": _OTHER})


def found(view: Call, given: dict[str, Any]) -> Artifact:
    """The file that a body names; raises Missing or Invalid."""
    return queries.find_artifact(view.actor, view.needed(given, "id"))


def shown(view: Call, row: Artifact, **more: Any) -> Response:
    """One file as an answer."""
    return view.answer({"artifact": ArtifactShape(artifact_data(row, **more)).data})
