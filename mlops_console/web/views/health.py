"""Whether this process lives, and whether it can serve; nobody need be signed in to ask."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from mlops_console.observing import readiness


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while the process answers at all; nothing else is asked."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when requests can be served; 503 with the reason when not."""
    fault = readiness.fault()
    status = HTTPStatus.SERVICE_UNAVAILABLE if fault else HTTPStatus.OK
    return HttpResponse(f"{fault or 'ready'}\n", "text/plain; charset=utf-8", status)
