"""The files themselves, for whoever has a signed address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from django.http import FileResponse, UnreadablePostError
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from deployments import storage
from deployments.api.storage import signing
from deployments.models import Artifact
from mlops_console.access import Right
from mlops_console.api.base import ApiView
from mlops_console.errors import Invalid, Missing, Refused

_CHUNK: Final = 256 * 1024


class Blob(ApiView):
    """The file of an artifact."""

    authentication_classes = ()
    permission_classes = ()
    rights: ClassVar[Mapping[str, Right]] = {}

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Whatever the caller likes to read: a file is what it is."""
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(exclude=True)
    def get(self, request: Request, artifact: str) -> FileResponse:
        """The file as it was uploaded; never as something that a browser would open."""
        signing.check(self.parameter(signing.PARAMETER), artifact, "GET")
        if not Artifact.objects.filter(uid=artifact, uploaded_at__isnull=False).exists():
            raise Missing(f"The artifact {artifact} has no file.")
        file = storage.path_of(artifact).open("rb")
        return FileResponse(file, as_attachment=True, filename=artifact, content_type="application/octet-stream")

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
