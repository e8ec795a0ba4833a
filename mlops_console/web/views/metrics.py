"""What the console tells about itself, for Prometheus."""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from mlops_console.observing.scrape import scrape
from mlops_console.observing.scraper import knows_token
from mlops_console.web.http import ConsoleRequest


@never_cache
@login_not_required
@require_safe
def metrics(request: ConsoleRequest) -> HttpResponse:
    """The metrics, for whoever brings the token or is signed in as a platform admin; raises NotAllowed.

    A request that brings one has passed no middleware of ours: it is nobody's.
    """
    authorization = request.headers.get("Authorization")
    if authorization is not None:
        if not knows_token(authorization, settings.METRICS_TOKEN):
            return _refusal()
    elif not request.user.is_authenticated:
        return _refusal()
    else:
        request.actor.require_platform_admin("read the metrics of the console")
    content, content_type = scrape(request.headers.get("Accept", ""))
    return HttpResponse(content, content_type)


def _refusal() -> HttpResponse:
    """For programs, which would follow a redirect to the page for signing in and take that for metrics."""
    if settings.METRICS_TOKEN:
        said, status = "Send the token of METRICS_TOKEN as a bearer token.\n", HTTPStatus.UNAUTHORIZED
        headers = {"WWW-Authenticate": 'Bearer realm="MLOps Console metrics"'}
    else:
        said, status = "Sign in as a platform admin, or set METRICS_TOKEN.\n", HTTPStatus.FORBIDDEN
        headers = {}
    return HttpResponse(said, "text/plain; charset=utf-8", status, headers=headers)
