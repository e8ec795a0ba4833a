"""How files go in and come out, by addresses that need no token."""

from __future__ import annotations

from typing import Final

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from deployments import storage
from deployments.actions import artifacts as changes
from deployments.actions import experiments as actions
from deployments.api.storage import inputs
from deployments.api.storage.artifacts import ANNOUNCED, ANSWER, UPLOADED, found, shown
from deployments.api.storage.experiments import example
from deployments.api.storage.query import Call
from deployments.api.storage.shapes import PresignedShape
from deployments.api.storage.signing import Method, presigned
from deployments.models import Artifact
from mlops_console.access import Right
from mlops_console.api.schema import NOTHING, holding
from mlops_console.errors import Invalid, Missing, Refused

URL: Final = holding("PresignedUrlAnswer", presignedUrl=PresignedShape())


class GenerateUploadUrl(Call):
    """Where to upload a file."""

    operations = {"POST": "GenerateArtifactUploadURL"}

    @extend_schema(request=inputs.ArtifactId, responses=URL, examples=example(id=ANNOUNCED))
    def post(self, request: Request) -> Response:
        """An address for one PUT of the file, without a token, for some minutes."""
        row = found(self, self.body(inputs.ArtifactId))
        self.actor.require(Right.WRITE, row.workspace)
        if row.uploaded_at is not None:
            raise Refused("taken", f"The artifact {row.uid} has its file already.")
        return _url(self, row, "PUT")


class GenerateDownloadUrl(Call):
    """Where to get a file."""

    operations = {"POST": "GenerateArtifactDownloadURL"}

    @extend_schema(request=inputs.ArtifactId, responses=URL, examples=example(id=UPLOADED))
    def post(self, request: Request) -> Response:
        """An address to GET the file from, without a token, for some minutes."""
        row = found(self, self.body(inputs.ArtifactId))
        if row.uploaded_at is None:
            raise Missing(f"The artifact {row.uid} has no file yet.")
        return _url(self, row, "GET")


class CompleteUpload(Call):
    """Take note of a file that has arrived."""

    operations = {"POST": "CompleteArtifactUpload"}

    @extend_schema(request=inputs.CompleteInput, responses=ANSWER, examples=example(id=ANNOUNCED))
    def post(self, request: Request) -> Response:
        """From now on the file is there, its size and checksums known."""
        given = self.body(inputs.CompleteInput)
        row = found(self, given)
        self.actor.require(Right.WRITE, row.workspace)
        if row.uploaded_at is not None:
            raise Refused("taken", f"The artifact {row.uid} has its file already.")
        stored = storage.known(row.uid)
        if stored is None:
            raise Refused("no-file", f"The file of the artifact {row.uid} has not arrived.")
        if str(given.get("sizeBytes", stored.size)) != str(stored.size):
            raise Invalid({"sizeBytes": f"The file that arrived has {stored.size} bytes."})
        done = actions.complete_artifact(actor=self.actor, uid=row.uid, stored=stored, now=timezone.now())
        return shown(self, done)


class FailUpload(Call):
    """Forget a file that never arrived whole."""

    operations = {"POST": "FailArtifactUpload"}

    @extend_schema(request=inputs.ArtifactId, responses=NOTHING, examples=example(id=ANNOUNCED))
    def post(self, request: Request) -> Response:
        """Give an upload up; the artifact is gone with it."""
        uid = self.needed(self.body(inputs.ArtifactId), "id")
        changes.give_up_artifact(actor=self.actor, uid=uid, now=timezone.now())
        storage.remove(uid)
        return self.answer({})


def _url(view: Call, row: Artifact, method: Method) -> Response:
    kind = row.mime_type if method == "PUT" else "application/octet-stream"
    told = presigned(view.console_request, row.uid, method, kind, timezone.now())
    return view.answer({"presignedUrl": PresignedShape(told).data})
