"""Requests counted, by labels of which there are few whatever clients send."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from prometheus_client import CollectorRegistry, Counter, Histogram, Metric
from prometheus_client.multiprocess import MultiProcessCollector

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER, UNMATCHED, STATIC = "other", "unmatched", "static"
SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

_REGISTRY: Final = CollectorRegistry()
_COUNT: Final = Counter(
    "mlops_console_http_requests",
    "Requests answered, by method, name of the address and status.",
    ("method", "route", "status"),
    registry=_REGISTRY,
)
_SECONDS: Final = Histogram(
    "mlops_console_http_request_duration_seconds",
    "Time until an answer began, by method and name of the address.",
    ("method", "route"),
    buckets=SECONDS,
    registry=_REGISTRY,
)


def count(request: HttpRequest, status: int, seconds: float) -> None:
    """Note that a request was answered."""
    method = request.method if request.method in METHODS else OTHER
    route = route_of(request, status)
    _COUNT.labels(method, route, status).inc()
    _SECONDS.labels(method, route).observe(seconds)


def route_of(request: HttpRequest, status: int) -> str:
    """The name of an address, never the address itself, which has ids in it and may be anything."""
    if request.resolver_match is not None:
        return request.resolver_match.view_name
    # Style sheets and scripts never come as far as the table of addresses.
    is_file = status < 400 and request.path_info.startswith(settings.STATIC_URL)
    return STATIC if is_file else UNMATCHED


def counted() -> Iterable[Metric]:
    """What was counted so far: by all processes of a web server, where they count together, else by this one."""
    if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return MultiProcessCollector(None, folder).collect()  # type: ignore[no-untyped-call, no-any-return]
    return _REGISTRY.collect()
