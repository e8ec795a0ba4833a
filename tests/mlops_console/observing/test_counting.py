"""Requests are counted under few labels, whatever clients send."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.test import Client, RequestFactory
from django.urls import ResolverMatch, resolve

from mlops_console.observing.middleware import CountingMiddleware
from mlops_console.observing.requests import counted, route_of
from tests.mlops_console.observing.samples import Samples, labels_of, total

MANY = 10_000


def seen() -> Samples:
    """What this process has counted."""
    return {(each.name, frozenset(each.labels.items())): each.value for family in counted() for each in family.samples}


def matched(path: str) -> ResolverMatch | None:
    return resolve(path) if path.startswith(("/workspaces", "/api")) else None


@pytest.mark.parametrize(
    ("path", "status", "route"),
    [
        ("/workspaces/lab/runtimes/", 200, "runtimes:runtime-list"),
        ("/workspaces/lab/runtimes/mojo/", 404, "runtimes:runtime-detail"),
        ("/api/me", 401, "api:me"),
        ("/api/runtime/v7/anything/at/all", 404, "api-nowhere"),
        ("/nowhere", 404, "unmatched"),
        ("/nowhere", 400, "unmatched"),
        ("/static/console.css", 200, "static"),
        ("/static/console.css", 304, "static"),
        ("/static/nothing.css", 404, "unmatched"),
    ],
)
def test_an_address_is_known_by_its_name(path: str, status: int, route: str) -> None:
    request = RequestFactory().get(path)
    request.resolver_match = matched(path)
    assert route_of(request, status) == route


@pytest.mark.parametrize("pattern", ["/nowhere/{}", "/workspaces/w{}/runtimes/"])
def test_ten_thousand_paths_are_one_label(pattern: str) -> None:
    def answer(request: HttpRequest) -> HttpResponse:
        request.resolver_match = matched(request.path)
        return HttpResponseNotFound()

    before, middleware = seen(), CountingMiddleware(answer)
    for number in range(MANY):
        middleware(RequestFactory().get(pattern.format(number)))
    after = seen()
    new = labels_of(after, "http_requests_total", "route") - labels_of(before, "http_requests_total", "route")
    assert len(new) <= 1
    assert total(after, "http_requests_total") - total(before, "http_requests_total") == MANY
    assert len(after) - len(before) <= 17


@pytest.mark.parametrize(("method", "label"), [("PATCH", "PATCH"), ("BREW", "other"), ("x" * 20, "other")])
def test_methods_that_are_none_are_one_label(method: str, label: str) -> None:
    def count_of() -> float:
        return total(seen(), "http_requests_total", method=label)

    before = count_of()
    CountingMiddleware(lambda request: HttpResponse())(RequestFactory().generic(method, "/"))
    assert count_of() == before + 1


@pytest.mark.django_db
def test_pages_are_counted_with_their_time_and_probes_are_not() -> None:
    before = seen()
    assert Client().get("/accounts/login/").status_code == 200
    assert Client().get("/healthz").status_code == 200
    after = seen()

    def more(name: str, **labels: str) -> float:
        return total(after, name, **labels) - total(before, name, **labels)

    assert more("http_requests_total", method="GET", route="login", status="200") == 1
    assert more("http_requests_total") == more("http_request_duration_seconds_count") == 1
    assert 0 < more("http_request_duration_seconds_sum", route="login") < 60
