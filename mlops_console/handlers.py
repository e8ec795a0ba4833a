"""Faults that no view caught: the API's addresses answer with its error body, all others with a page."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults

from mlops_console.api.errors import body
from mlops_console.web.http import is_api


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What Django itself refuses, such as a Host that is not allowed or a form of too many fields."""
    if not is_api(request):
        return defaults.bad_request(request, exception)
    message = "The host, the headers or the form of this request cannot be read."
    return JsonResponse(body(HTTPStatus.BAD_REQUEST, message), status=HTTPStatus.BAD_REQUEST)


def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of the console; the log tells which, under the request's id."""
    if not is_api(request):
        return defaults.server_error(request)
    message = "The console failed while it answered. Nothing was half done; its log tells more under this request id."
    return JsonResponse(body(HTTPStatus.INTERNAL_SERVER_ERROR, message), status=HTTPStatus.INTERNAL_SERVER_ERROR)
