"""What the addresses of artifacts' files have in common, whatever it is that opens them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import FileResponse
from rest_framework.request import Request

from deployments import storage
from deployments.models import Artifact
from mlops_console.access import Right
from mlops_console.api.base import ApiView
from mlops_console.errors import Missing


class FileView(ApiView):
    """The file of an artifact, for whoever has what opens it: nobody signs in here."""

    authentication_classes = ()
    permission_classes = ()
    rights: ClassVar[Mapping[str, Right]] = {}

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Whatever the caller likes to read: a file is what it is."""
        return super().perform_content_negotiation(request, force=True)

    def sent(self, artifact: str, *, otherwise: str) -> FileResponse:
        """The file as it was uploaded, never as something that a browser would open; raises Missing in these words."""
        if not Artifact.objects.filter(uid=artifact, uploaded_at__isnull=False).exists():
            raise Missing(otherwise)
        try:
            file = storage.path_of(artifact).open("rb")
        except FileNotFoundError:
            raise Missing(otherwise) from None
        return FileResponse(file, as_attachment=True, filename=artifact, content_type="application/octet-stream")
