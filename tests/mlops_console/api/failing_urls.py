"""Addresses whose views fail as no view should, for the tests of what is answered then."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response

from mlops_console.api.base import ApiView
from mlops_console.urls import handler400, handler500

__all__ = ["handler400", "handler500", "urlpatterns"]


class Failing(ApiView):
    """Fails, whoever calls."""

    def get(self, request: Request) -> Response:
        """Raise what nobody expects."""
        raise RuntimeError("the disk is on fire, and its password is 1234")


@login_not_required
def failing(request: HttpRequest) -> HttpResponse:
    """Raise what nobody expects."""
    raise RuntimeError("the disk is on fire, and its password is 1234")


urlpatterns = [
    path("api/view", Failing.as_view()),
    path("api/function", failing),
    path("page", failing),
    path("", include("mlops_console.web.urls")),
    path("", include("runtimes.web.urls")),
]
