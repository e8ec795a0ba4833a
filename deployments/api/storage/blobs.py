"""The files themselves, for whoever has a signed address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.http import FileResponse, UnreadablePostError
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from deployments import storage
from deployments.api.storage import signing
from deployments.api.storage.files import FileView
from deployments.models import Artifact
from mlops_console.errors import Invalid, Missing, Refused

_CHUNK: Final = 256 * 1024


class Blob(FileView):
    """The file of an artifact."""

    @extend_schema(exclude=True)
    def get(self, request: Request, artifact: str) -> FileResponse:
        """The file."""
        signing.check(self.parameter(signing.PARAMETER), artifact, "GET")
        return self.sent(artifact, otherwise=f"The artifact {artifact} has no file.")

    @extend_schema(exclude=True)
    def put(self, request: Request, artifact: str) -> Response:
        """Take the file in; once, and whole or not at all."""
        signing.check(self.parameter(signing.PARAMETER), artifact, "PUT")
        if not Artifact.objects.filter(uid=artifact).exists():
            raise Missing(f"There is no artifact {artifact}.")
        if storage.path_of(artifact).exists():
            raise Refused("taken", f"The artifact {artifact} has its file already.")
        storage.store(artifact, self._chunks())
        return self.answer({})

    def _chunks(self) -> Iterator[bytes]:
        """The body as it comes in; raises Invalid for one without a length, too long a one, and one cut short."""
        given = self.request.META.get("CONTENT_LENGTH", "")
        if not given.isdigit():
            raise Invalid({"Content-Length": "Say how long the file is."})
        left = int(given)
        if left > storage.SIZE_MAX:
            raise Invalid({"file": f"The file is larger than {storage.SIZE_MAX:,} bytes."})
        while left:
            try:
                chunk = self.console_request.read(min(_CHUNK, left))
            except UnreadablePostError:
                chunk = b""
            if not chunk:
                raise Invalid({"file": "The upload ended before the file was whole."})
            left -= len(chunk)
            yield chunk
