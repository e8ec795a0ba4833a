"""What stands before all else: answers for the cluster that runs the console, and a count of all other requests."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import resolve

from mlops_console.observing.requests import count

GetResponse = Callable[[HttpRequest], HttpResponse]
PROBES: Final = frozenset({"/healthz", "/readyz"})
METRICS: Final = "/metrics"


class ClusterMiddleware:
    """Answers probes, and scrapes that bring a token, before hosts, TLS or sessions are looked at.

    Kubelet and Prometheus call a pod by its address, which is no allowed host, and without TLS. What they get names no
    host, sets no cookie and is the same for everybody, so that nobody gains by a forged Host.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        is_probe = path in PROBES
        if not is_probe and not (path == METRICS and "Authorization" in request.headers):
            return self.get_response(request)
        answer: HttpResponse = resolve(path).func(request)
        if is_probe:
            # One that fails does so every few seconds, and Django would log each.
            answer._has_been_logged = True  # type: ignore[attr-defined] # noqa: SLF001
        return answer


class CountingMiddleware:
    """Counts requests and how long each took."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        count(request, response.status_code, time.perf_counter() - began)
        return response
