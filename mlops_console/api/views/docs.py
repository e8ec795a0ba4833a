"""The OpenAPI document, and a page that reads it aloud."""

from __future__ import annotations

from functools import cache

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView

from mlops_console.api.reference import Reference, read
from mlops_console.web.http import ConsoleRequest


class Schema(SpectacularAPIView):
    """The OpenAPI document, as YAML, or as JSON where that is asked for."""


@require_safe
def docs(request: ConsoleRequest) -> HttpResponse:
    """Every operation with its parameters, bodies and answers."""
    context = {"reference": reference(), "base_url": request.build_absolute_uri("/").rstrip("/")}
    return render(request, "mlops_console/api_docs.html", context)


@cache
def reference() -> Reference:
    """The whole API, for everyone the same: drawn up once in a process, as that takes a second."""
    return read(SchemaGenerator().get_schema(request=None, public=True))  # type: ignore[no-untyped-call]
