"""Programs come with a token, people with their session; both act under their own name, and secrets stay secret."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from mlops_console.actions.tokens import digest
from mlops_console.models import AuditEntry, Token, User
from runtimes.models import Runtime
from tests.cast import Answer, Cast, Program
from tests.factories import make_image, make_runtime

pytestmark = pytest.mark.django_db
RUNTIME = "/api/runtime/v1/workspaces/lab/runtimes/mojo"
REALM = 'Bearer realm="MLOps Console"'


@pytest.fixture
def world(cast: Cast) -> Cast:
    make_runtime(make_image(cast.workspace))
    return cast


def with_header(value: str) -> Answer:
    program = Program()
    program.client = Client(headers={"Authorization": value})
    return program.get("/api/me")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_token_acts_for_its_owner(world: Cast, scheme: str) -> None:
    answer = with_header(f"{scheme} {world.api('viewer').token}")
    assert (answer.status, answer.json["user"]["loginPrincipal"]) == (200, "viewer")
    assert answer.headers["X-User-Id"] == str(world.viewer.uid)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        pytest.param({"revoked_at": timezone.now()}, "This token was revoked.", id="revoked"),
        pytest.param({"expires_at": timezone.now() - timedelta(seconds=1)}, "This token has expired.", id="expired"),
        pytest.param({"digest": digest("another")}, "This token is not one of ours.", id="unknown"),
    ],
)
def test_a_token_that_opens_no_door_is_a_401_that_says_why(world: Cast, change: dict[str, Any], sentence: str) -> None:
    program = world.api("admin")
    Token.objects.update(**change)
    for answer in (program.get("/api/me"), program.post(f"{RUNTIME}:disable"), program.delete(RUNTIME)):
        assert answer.error(401, 16) == sentence
        assert answer.headers["WWW-Authenticate"] == f'{REALM}, error="invalid_token"'
    assert Token.objects.get().last_used_at is None
    assert Runtime.objects.get().state == "ACTIVE"


def test_a_token_of_somebody_who_is_no_longer_active_is_a_401(world: Cast) -> None:
    program = world.api("operator")
    User.objects.filter(pk=world.operator.pk).update(is_active=False)
    assert program.get("/api/me").error(401, 16) == "The account of this token is not active."


def test_a_token_that_expires_later_still_works(world: Cast) -> None:
    program = world.api("operator")
    Token.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
    assert program.get("/api/me").status == 200


@pytest.mark.parametrize("value", ["Bearer", "bearer ", "Bearer x y", "Bearer mlc_", "Bearer \0", "Bearer \xe9"])
def test_garbage_is_a_401(world: Cast, value: str) -> None:
    answer = with_header(value)
    assert answer.error(401, 16) == "This token is not one of ours."
    assert answer.headers["WWW-Authenticate"].startswith(REALM)


@pytest.mark.parametrize("value", ["", "Basic YWRtaW46YWRtaW4=", "Token x", "mlc_x"])
def test_whoever_sends_no_bearer_token_is_asked_for_one(world: Cast, value: str) -> None:
    answer = with_header(value)
    assert "Authorization: Bearer" in answer.error(401, 16)
    assert answer.headers["WWW-Authenticate"] == REALM


def test_a_bad_token_is_not_made_good_by_a_session(world: Cast) -> None:
    response = world.client("admin").get("/api/me", headers={"authorization": "Bearer mlc_bad"})
    assert response.status_code == 401


def test_a_read_only_token_says_so_when_it_may_not_write(world: Cast) -> None:
    program = world.api("admin", read_only=True)
    assert program.get(RUNTIME).status == 200
    assert program.post(f"{RUNTIME}:disable").error(403, 7) == "This token is read-only."


def test_the_last_use_is_noted_at_most_once_a_minute(world: Cast) -> None:
    program = world.api("viewer")
    begin = timezone.now()
    program.get("/api/me")
    first = Token.objects.get().last_used_at
    assert first is not None
    assert begin <= first <= timezone.now()
    program.get("/api/me")
    assert Token.objects.get().last_used_at == first
    Token.objects.update(last_used_at=first - timedelta(seconds=61))
    program.get("/api/me")
    again = Token.objects.get().last_used_at
    assert again is not None
    assert again >= first


def test_what_a_program_does_is_audited_under_its_owner_token_and_request(world: Cast) -> None:
    program = world.api("operator")
    answer = program.client.post(
        f"{RUNTIME}:disable", {"reason": "CVE"}, "application/json", headers={"X-Request-Id": "a-1"}
    )
    assert (answer.status_code, answer["X-Request-Id"]) == (200, "a-1")
    entry = AuditEntry.objects.get(verb="disable")
    assert (entry.actor, entry.actor_kind, entry.request_id) == ("operator (token ci-0)", "token", "a-1")
    assert Runtime.objects.get().api_state_by == "operator (token ci-0)"


def signed_in(cast: Cast, role: str = "operator") -> tuple[Client, dict[str, str]]:
    """A browser that checks the tokens of forms, and the header that scripts of our pages send."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.user(role), backend="django.contrib.auth.backends.ModelBackend")
    client.get("/tokens/")
    return client, {"X-CSRFToken": client.cookies["csrftoken"].value}


def test_a_session_reads_and_with_the_token_of_a_form_writes(world: Cast) -> None:
    client, header = signed_in(world)
    assert client.get(RUNTIME).status_code == 200
    written = client.patch(RUNTIME, {"description": "New"}, "application/json", headers=header)
    assert (written.status_code, written.json()["runtime"]["description"]) == (200, "New")
    entry = AuditEntry.objects.get(verb="update")
    assert (entry.actor, entry.actor_kind) == ("operator", "person")


@pytest.mark.parametrize(
    ("method", "path", "kind", "sent"),
    [
        ("POST", f"{RUNTIME}:disable", "application/json", "{}"),
        ("PATCH", RUNTIME, "application/json", '{"description": "New"}'),
        ("DELETE", RUNTIME, "application/json", ""),
        ("POST", f"{RUNTIME}:disable", "application/x-www-form-urlencoded", "reason=x"),
        ("POST", RUNTIME, "application/x-www-form-urlencoded", "_method=PATCH&description=New"),
        ("POST", RUNTIME, "application/x-www-form-urlencoded", "_method=DELETE"),
        ("POST", RUNTIME, "application/x-www-form-urlencoded", "_method=DELETE&csrfmiddlewaretoken=x"),
    ],
)
def test_a_session_without_the_token_of_a_form_writes_nothing(
    world: Cast, method: str, path: str, kind: str, sent: str
) -> None:
    client, _ = signed_in(world, "owner")
    response = client.generic(method, path, sent, kind)
    assert (response.status_code, response.json()["code"]) == (403, 7)
    assert "CSRF" in response.json()["message"]
    runtime = Runtime.objects.get()
    assert (runtime.state, runtime.revision) == ("ACTIVE", 1)
    assert not AuditEntry.objects.exists()


def test_a_form_writes_by_methods_that_html_does_not_know(world: Cast) -> None:
    client, header = signed_in(world, "owner")
    token = f"csrfmiddlewaretoken={header['X-CSRFToken']}"
    form = "application/x-www-form-urlencoded"
    changed = client.generic("POST", RUNTIME, f"{token}&_method=PATCH&%3FupdateMask=description&description=New", form)
    assert (changed.status_code, Runtime.objects.get().description) == (200, "New")
    assert client.generic("POST", RUNTIME, f"{token}&_method=DELETE", form).status_code == 200
    assert not Runtime.objects.exists()


def test_a_program_needs_no_token_of_a_form(world: Cast) -> None:
    program = world.api("operator")
    program.client = Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {program.token}"})
    assert program.post(f"{RUNTIME}:disable").status == 200


def test_a_session_of_somebody_who_is_no_longer_active_is_a_401(world: Cast) -> None:
    client, _ = signed_in(world)
    User.objects.filter(pk=world.operator.pk).update(is_active=False)
    assert client.get(RUNTIME).status_code == 401


@pytest.mark.urls("tests.mlops_console.api.failing_urls")
def test_no_log_tells_a_secret_whatever_happens(world: Cast, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    program = world.api("operator")
    program.client.raise_request_exception = False
    assert program.get("/api/view").status == 500
    Token.objects.update(revoked_at=timezone.now())
    assert program.get("/api/view").status == 401
    assert "RuntimeError" in caplog.text
    assert "Unauthorized" in caplog.text
    assert program.token not in caplog.text
