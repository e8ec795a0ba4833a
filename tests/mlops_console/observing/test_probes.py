"""Probes are answered to whoever asks, under whatever name."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

POD = {"Host": "10.42.0.17:8000"}


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.django_db
def test_a_probe_needs_no_host_no_tls_and_no_session(settings: Settings, secure: bool) -> None:
    settings.ALLOWED_HOSTS = ["console.example.org"]
    settings.SECURE_SSL_REDIRECT = secure
    for path, body in (("/healthz", b'{"status": "ok"}'), ("/readyz", b"ready\n")):
        answer = Client(headers=POD).get(path)
        assert (answer.status_code, answer.content) == (200, body)
        assert not answer.cookies
        assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("path", ["/", "/healthz/", "/readyz/x", "/HEALTHZ", "/metrics", "/api/me", "/accounts/login/"])
@pytest.mark.django_db
def test_no_other_address_is_answered_under_a_host_that_is_not_ours(
    settings: Settings, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ALLOWED_HOSTS = ["console.example.org"]
    assert Client(headers=POD).get(path).status_code == 400
    assert "10.42.0.17" in caplog.text


def test_a_process_lives_without_a_database() -> None:
    # Any use of the database fails in a test that has not asked for it.
    assert Client().get("/healthz").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.django_db
def test_probes_only_look(path: str) -> None:
    assert Client().head(path).status_code == 200
    assert Client().post(path).status_code == 405


@pytest.mark.django_db
def test_probes_leave_the_connection_of_requests_alone() -> None:
    with CaptureQueriesContext(connection) as queries:
        Client().get("/readyz")
    assert not len(queries)
