"""The files of artifacts for what an engine starts elsewhere: nobody's account, but a token for one file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import FileResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from deployments import storage
from deployments.downloads import opens
from deployments.models import Artifact
from mlops_console.access import Right
from mlops_console.api.base import ApiView
from mlops_console.errors import Missing


class EngineArtifact(ApiView):
    """The file of an artifact, for pods."""

    authentication_classes = ()
    permission_classes = ()
    rights: ClassVar[Mapping[str, Right]] = {}

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Whatever the caller likes to read: a file is what it is."""
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(exclude=True)
    def get(self, request: Request, artifact: str) -> FileResponse:
        """The file as it was uploaded; strangers do not learn whether there is one."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        is_known = scheme.lower() == "bearer" and opens(token.strip(), artifact)
        if not is_known or not Artifact.objects.filter(uid=artifact, uploaded_at__isnull=False).exists():
            raise Missing(f"There is no artifact {artifact}.")
        try:
            file = storage.path_of(artifact).open("rb")
        except FileNotFoundError:
            raise Missing(f"There is no artifact {artifact}.") from None
        return FileResponse(file, as_attachment=True, filename=artifact, content_type="application/octet-stream")
