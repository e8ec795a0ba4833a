"""The files of artifacts for what an engine starts elsewhere: nobody's account, but a token for one file."""

from __future__ import annotations

from django.http import FileResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from deployments.api.storage.files import FileView
from deployments.downloads import opens
from mlops_console.errors import Missing


class EngineArtifact(FileView):
    """The file of an artifact, for pods."""

    @extend_schema(exclude=True)
    def get(self, request: Request, artifact: str) -> FileResponse:
        """The file; strangers do not learn whether there is one."""
        none = f"There is no artifact {artifact}."
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not opens(token.strip(), artifact):
            raise Missing(none)
        return self.sent(artifact, otherwise=none)
