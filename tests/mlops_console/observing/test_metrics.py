"""Who may read the metrics, and in which words."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from tests.cast import Cast
from tests.mlops_console.observing.samples import samples, value

pytestmark = pytest.mark.django_db
TOKEN = "only-for-scrapes-of-this-test-0123456789"


@pytest.fixture
def guarded(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    settings.ALLOWED_HOSTS = ["testserver"]


@pytest.mark.usefixtures("guarded")
@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_the_token_opens_them_from_any_host(scheme: str) -> None:
    answer = Client(headers={"Authorization": f"{scheme} {TOKEN}", "Host": "10.42.0.17:8000"}).get("/metrics")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert value(samples(answer.content.decode()), "database_up") == 1
    assert not answer.cookies


@pytest.mark.usefixtures("guarded")
@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", TOKEN, "Bearer \u20ac\xe9"],
)
def test_anything_else_is_not_the_token(authorization: str) -> None:
    answer = Client(headers={"Authorization": authorization}).get("/metrics")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer ")
    assert TOKEN.encode() not in answer.content


@pytest.mark.usefixtures("guarded")
def test_without_a_token_nobody_is_led_to_the_page_for_signing_in() -> None:
    assert Client().get("/metrics").status_code == 401


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer "}, {"Authorization": f"Bearer {TOKEN}"}])
def test_where_no_token_is_set_none_opens_them(headers: dict[str, str]) -> None:
    answer = Client(headers=headers).get("/metrics")
    assert answer.status_code == 403
    assert b"METRICS_TOKEN" in answer.content


@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("owner", 403), ("viewer", 403), ("stranger", 403)])
def test_a_platform_admin_reads_them_in_the_browser(cast: Cast, role: str, status: int) -> None:
    answer = cast.client(role).get("/metrics")
    assert answer.status_code == status
    if status == 200:
        assert value(samples(answer.content.decode()), "rollouts", status="pending") == 0


@pytest.mark.usefixtures("guarded")
def test_a_session_does_not_make_up_for_a_wrong_token(cast: Cast) -> None:
    assert cast.client("admin").get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401


@pytest.mark.usefixtures("guarded")
def test_a_token_of_the_api_is_none_for_scrapes(cast: Cast) -> None:
    assert cast.api("admin").client.get("/metrics").status_code == 401


@pytest.mark.usefixtures("guarded")
def test_openmetrics_is_spoken_to_those_who_ask_for_it() -> None:
    accept = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.1"
    answer = Client(headers={"Authorization": f"Bearer {TOKEN}", "Accept": accept}).get("/metrics")
    assert answer["Content-Type"].startswith("application/openmetrics-text; version=1.0.0; charset=utf-8")
    assert value(samples(answer.content.decode()), "rollouts_finished_total", outcome="failed") == 0


@pytest.mark.usefixtures("guarded")
def test_metrics_are_only_read() -> None:
    assert Client(headers={"Authorization": f"Bearer {TOKEN}"}).post("/metrics").status_code == 405
