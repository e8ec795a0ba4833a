"""Where programs find the services of this console; nobody need be signed in."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from mlops_console import __version__

SERVICES = {
    "mlops-api": ("MLOps API", "/api"),
    "authz-gateway": ("Workspaces and users", "/api/authz"),
    # Its probe asks for the last part of this replaced by `version`.
    "secure-store": ("Secure store", "/secure-store"),
}


@login_not_required
@require_safe
def environment(request: HttpRequest) -> JsonResponse:
    """What kind of environment this is."""
    base = request.build_absolute_uri("/").rstrip("/")
    return JsonResponse(
        {
            "environment": {
                "h2oCloudEnvironment": base,
                "issuerUrl": base,
                "h2oCloudPlatformOauth2Scope": "openid",
                "h2oCloudVersion": __version__,
            }
        }
    )


@login_not_required
@require_safe
def services(request: HttpRequest) -> JsonResponse:
    """The services and their addresses, as seen from where the request came in."""
    found = [
        {"name": f"services/{key}", "displayName": label, "uri": request.build_absolute_uri(path)}
        for key, (label, path) in SERVICES.items()
    ]
    return JsonResponse({"services": found})


@login_not_required
@require_safe
def nothing(request: HttpRequest, kind: str) -> JsonResponse:
    """Kinds of things that a discovery may list and this one has none of."""
    return JsonResponse({kind: []})


@login_not_required
@require_safe
def version(request: HttpRequest) -> JsonResponse:
    """The version of the console."""
    return JsonResponse({"version": __version__})
