"""The page of one deployment: how it is, what it serves, and what may be done to it."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from deployments.models import Composition, Deployment, Event, Experiment, Rollout, RolloutStep
from mlops_console.models import AuditEntry
from runtimes.models import Runtime
from runtimes.rules.environment import MASK
from tests.cast import Cast
from tests.factories import make_composition, make_deployment, make_experiment, make_image, make_runtime

pytestmark = pytest.mark.django_db
PARTIAL = {"HX-Request": "true"}


@pytest.fixture
def runtime(cast: Cast) -> Runtime:
    return make_runtime(make_image(cast.workspace, versions="v1.0.0 v1.1.0"))


@pytest.fixture
def deployment(cast: Cast, runtime: Runtime) -> Deployment:
    """At rest on the lower of two versions."""
    return make_deployment(
        runtime,
        version=runtime.image.versions.get(version="v1.0.0"),
        health="HEALTHY",
        address="http://127.0.0.1:21080/d-1",
        environment_variables={"API_TOKEN": "sesame", "THREADS": "4"},
    )


def address(deployment: Deployment) -> str:
    return f"/workspaces/lab/deployments/{deployment.uid}/"


def shown(client: Client, deployment: Deployment) -> str:
    return client.get(address(deployment)).content.decode()


def text_of(page: str) -> str:
    """The words of a page, one blank between each two."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("&nbsp;", " ").split())


def test_it_says_how_it_is_where_it_answers_and_how_to_ask_it(cast: Cast, deployment: Deployment) -> None:
    deployment.health, deployment.health_message = "UNHEALTHY", "Churn: the scorer ended with code 3."
    deployment.save()
    page = shown(cast.client("viewer"), deployment)
    assert "Unhealthy" in page
    assert "the scorer ended with code 3." in page
    assert 'data-copy="http://127.0.0.1:21080/d-1/model/score"' in page
    assert "curl -sS http://127.0.0.1:21080/d-1/model/sample_request" in page


def test_without_an_address_it_says_so(cast: Cast, runtime: Runtime) -> None:
    page = shown(cast.client("viewer"), make_deployment(runtime))
    assert "None yet" in page
    assert "curl" not in page


def test_a_composition_shows_what_it_runs_and_what_latest_would_be(cast: Cast, deployment: Deployment) -> None:
    page = text_of(shown(cast.client("viewer"), deployment))
    assert "v1.0.0 H2o3 mojo" in page
    assert "Latest is v1.1.0" in page
    assert "weight" not in page


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        pytest.param("SPLIT", ["75 %", "weight 90", "25 %", "weight 30"], id="shares of a split"),
        pytest.param("SHADOW", ["Champion answers", "Challenger gets copies"], id="roles of a shadow"),
    ],
)
def test_each_mode_says_how_requests_are_shared(cast: Cast, runtime: Runtime, mode: str, expected: list[str]) -> None:
    deployment = make_deployment(runtime, mode=mode)
    deployment.compositions.update(weight=90)
    make_composition(deployment, make_experiment(cast.workspace, "Second"), runtime, weight=30)
    page = text_of(shown(cast.client("viewer"), deployment))
    positions = [page.index(words) for words in expected]
    assert positions == sorted(positions)


@pytest.mark.parametrize(("role", "secret"), [("viewer", False), ("operator", True), ("admin", True)])
def test_secrets_are_masked_for_viewers(cast: Cast, deployment: Deployment, role: str, secret: bool) -> None:
    page = shown(cast.client(role), deployment)
    assert ("sesame" in page) is secret
    assert (MASK in page) is not secret
    assert "THREADS" in page


def test_it_lists_the_last_rollouts_what_happened_and_who_did_it(cast: Cast, deployment: Deployment) -> None:
    rollout = Rollout.objects.create(
        deployment=deployment, number=1, status="ROLLED_BACK", started_by="owner", cause="v1.1.0 was never ready."
    )
    Event.objects.create(deployment=deployment, rollout=rollout, kind="x", sentence="Churn was moved back.")
    cast.client("operator").post(f"{address(deployment)}pause/", {"reason": "Night shift."})
    page = shown(cast.client("viewer"), deployment)
    assert f"/workspaces/lab/rollouts/{rollout.pk}/" in page
    for words in ("Rolled back", "v1.1.0 was never ready.", "Churn was moved back.", "Night shift."):
        assert words in page


def test_a_rollout_under_way_shows_at_its_compositions(cast: Cast, deployment: Deployment, runtime: Runtime) -> None:
    rollout = Rollout.objects.create(deployment=deployment, number=1, status="RUNNING", started_by="owner")
    composition = deployment.compositions.get()
    RolloutStep.objects.create(
        rollout=rollout,
        position=0,
        composition=composition,
        before=composition.version,
        after=runtime.image.versions.get(version="v1.1.0"),
        phase="SHIFTING",
    )
    page = text_of(shown(cast.client("viewer"), deployment))
    assert "Rollout #1 under way" in page
    assert "v1.0.0 → v1.1.0 Moving traffic" in page


@pytest.mark.parametrize(
    ("role", "buttons"),
    [
        ("viewer", []),
        ("operator", ["Upgrade runtime image", "Pause"]),
        ("owner", ["Upgrade runtime image", "Pause", "Delete"]),
    ],
)
def test_what_may_be_done_depends_on_the_role(
    cast: Cast, deployment: Deployment, role: str, buttons: list[str]
) -> None:
    page = shown(cast.client(role), deployment)
    actions = page[page.index('id="actions"') : page.index("</header>", page.index('id="actions"'))]
    every = ("Upgrade runtime image", "Pause", "Resume", "Delete")
    assert [name for name in every if name in text_of(actions)] == buttons
    assert (f"{address(deployment)}upgrade/" in page) is ("Upgrade runtime image" in buttons)


def test_pausing_and_resuming_ask_first_and_write_down_why(cast: Cast, deployment: Deployment) -> None:
    client = cast.client("operator")
    asked = client.get(f"{address(deployment)}pause/")
    assert b"stopped until it is resumed" in asked.content
    assert not Deployment.objects.get().paused
    response = client.post(f"{address(deployment)}pause/", {"reason": "Maintenance."})
    assert response["Location"] == address(deployment)
    assert Deployment.objects.get().paused
    assert (AuditEntry.objects.latest("pk").verb, AuditEntry.objects.latest("pk").reason) == ("pause", "Maintenance.")
    assert "Resume" in shown(client, deployment)
    client.post(f"{address(deployment)}resume/", {"reason": ""})
    assert not Deployment.objects.get().paused


@pytest.mark.parametrize("reason", ["x" * 1001, "turned \u202e round"])
def test_an_improper_reason_is_refused(cast: Cast, deployment: Deployment, reason: str) -> None:
    response = cast.client("operator").post(f"{address(deployment)}pause/", {"reason": reason})
    assert response.status_code == 422
    assert not Deployment.objects.get().paused


def test_a_pause_during_a_rollout_is_refused_with_its_sentence(cast: Cast, deployment: Deployment) -> None:
    Rollout.objects.create(deployment=deployment, number=1, status="RUNNING", started_by="owner")
    response = cast.client("operator").post(f"{address(deployment)}pause/")
    assert response.status_code == 409
    assert b"A rollout is under way" in response.content


def test_deleting_asks_first_and_leads_back_to_the_list(cast: Cast, deployment: Deployment) -> None:
    client = cast.client("owner")
    assert client.get(f"{address(deployment)}delete/").status_code == 200
    assert Deployment.objects.get().deleted_at is None
    response = client.post(f"{address(deployment)}delete/", follow=True)
    assert response.request["PATH_INFO"] == "/workspaces/lab/deployments/"
    assert b"Churn live deleted." in response.content
    assert client.get(address(deployment)).status_code == 404


def make_many(deployment: Deployment, count: int) -> None:
    """So many compositions in all."""
    first = deployment.compositions.get()
    fields = {"deployment": deployment, "runtime": first.runtime, "version": first.version, "weight": 1}
    experiments = Experiment.objects.bulk_create(
        Experiment(workspace=deployment.workspace, display_name=f"Model {number}") for number in range(2, count + 1)
    )
    Composition.objects.bulk_create(
        Composition(position=position, experiment=each, **fields) for position, each in enumerate(experiments, start=1)
    )


@pytest.mark.parametrize(
    ("query", "numbers", "links"),
    [
        pytest.param("", (2, 50), ["?page=2"], id="first page"),
        pytest.param("?page=2", (51, 100), ["?page=1", "?page=3"], id="a page between"),
        pytest.param("?page=3", (101, 120), ["?page=2"], id="last page"),
        pytest.param("?page=99", (101, 120), ["?page=2"], id="beyond the last one"),
        pytest.param("?page=0", (2, 50), ["?page=2"], id="before the first one"),
        pytest.param("?page=second", (2, 50), ["?page=2"], id="no number"),
    ],
)
def test_of_many_compositions_a_page_is_shown(
    cast: Cast, deployment: Deployment, query: str, numbers: tuple[int, int], links: list[str]
) -> None:
    make_many(deployment, 120)
    page = cast.client("viewer").get(address(deployment) + query).content.decode()
    shown = [int(number) for number in re.findall(r">Model (\d+)</a>", page)]
    assert shown == list(range(numbers[0], numbers[1] + 1))
    assert re.findall(r'<a [^>]*href="[^"?]*(\?page=\d+)"', page) == links
    assert f"–{numbers[1]} of 120 compositions" in text_of(page)


def test_few_compositions_have_no_pages(cast: Cast, deployment: Deployment) -> None:
    make_many(deployment, 50)
    page = shown(cast.client("viewer"), deployment)
    assert "of 50 compositions" not in text_of(page)
    assert "Model 50" in page


def test_shares_are_those_of_all_compositions(cast: Cast, runtime: Runtime) -> None:
    deployment = make_deployment(runtime, mode="SPLIT")
    deployment.compositions.update(weight=80)
    make_many(deployment, 121)
    page = text_of(cast.client("viewer").get(f"{address(deployment)}?page=3").content.decode())
    assert page.count("0.5 % weight 1") == 21


def test_a_thousand_compositions_cost_as_many_queries_as_one(cast: Cast, deployment: Deployment) -> None:
    client, counts = cast.client("viewer"), []
    for count in (1, 1000):
        if count > 1:
            make_many(deployment, count)
        client.get(address(deployment))
        with CaptureQueriesContext(connection) as queries:
            client.get(address(deployment))
        counts.append(len(queries.captured_queries))
    assert counts[0] == counts[1]


def test_looking_again_stays_on_its_page(cast: Cast, runtime: Runtime) -> None:
    deployment, client = make_deployment(runtime, health="LAUNCHING"), cast.client("viewer")
    make_many(deployment, 60)
    page = client.get(f"{address(deployment)}?page=2").content.decode()
    found = re.search(r'hx-get="([^"]+seen=[^"]+)"', page)
    assert found
    again = html.unescape(found[1])
    assert client.get(again, headers=PARTIAL).status_code == 204
    Deployment.objects.update(health="HEALTHY")
    part = client.get(again, headers=PARTIAL).content.decode()
    assert "Model 51<" in part
    assert "Model 50<" not in part


TROUBLE: dict[str, Any] = {"trouble": "The API server does not answer.", "trouble_at": timezone.now()}

AT_REST: list[Any] = [
    pytest.param({"health": "HEALTHY"}, None, id="healthy"),
    pytest.param({"health": "HEALTHY"} | TROUBLE, 10, id="healthy, and the engine in trouble"),
    pytest.param({"health": "STOPPED", "paused": True}, None, id="stopped by a pause"),
    pytest.param({"health": "HEALTHY", "paused": True}, 2, id="about to stop"),
    pytest.param({"health": "STOPPED"}, 2, id="about to start again"),
    pytest.param({"health": "PENDING"}, 2, id="waiting for a worker"),
    pytest.param({"health": "LAUNCHING"}, 2, id="launching"),
    pytest.param({"health": "UNHEALTHY"}, 10, id="unhealthy: it may come back"),
    pytest.param({"health": "FAILED"}, 10, id="failed: it may come back"),
]


@pytest.mark.parametrize(("fields", "seconds"), AT_REST)
def test_the_page_looks_again_until_it_is_at_rest(
    cast: Cast, runtime: Runtime, fields: dict[str, Any], seconds: int | None
) -> None:
    page = shown(cast.client("viewer"), make_deployment(runtime, **fields))
    found = re.search(r'hx-trigger="every (\d+)s"', page)
    assert (int(found[1]) if found else None) == seconds
    assert ("?seen=" in page) is (seconds is not None)


def test_a_rollout_keeps_the_page_looking(cast: Cast, deployment: Deployment) -> None:
    Rollout.objects.create(deployment=deployment, number=1, status="RUNNING", started_by="owner")
    assert "?seen=" in shown(cast.client("viewer"), deployment)


def test_looking_again_gets_nothing_while_nothing_has_changed_and_then_the_part_that_has(
    cast: Cast, runtime: Runtime
) -> None:
    deployment, client = make_deployment(runtime, health="LAUNCHING"), cast.client("viewer")
    found = re.search(r'hx-get="([^"]+seen=[^"]+)"', shown(client, deployment))
    assert found
    assert client.get(found[1], headers=PARTIAL).status_code == 204
    Deployment.objects.update(health="HEALTHY", health_at=timezone.now(), address="http://127.0.0.1:21080/d-1")
    answer = client.get(found[1], headers=PARTIAL)
    assert answer.status_code == 200
    part = answer.content.decode()
    assert "<html" not in part
    assert part.lstrip().startswith('<div id="live"')
    assert "?seen=" not in part, "it is at rest and does not look again"
    assert 'id="health" hx-swap-oob' in part


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda row: Deployment.objects.update(health_message="Waiting."), id="message"),
        pytest.param(lambda row: Event.objects.create(deployment=row, kind="x", sentence="!"), id="event"),
        pytest.param(lambda row: Deployment.objects.update(paused=True), id="pause"),
        pytest.param(lambda row: Deployment.objects.update(**TROUBLE), id="trouble"),
        pytest.param(
            lambda row: Rollout.objects.create(deployment=row, number=1, status="RUNNING", started_by="x"),
            id="rollout",
        ),
    ],
)
def test_whatever_changes_is_noticed(cast: Cast, runtime: Runtime, change: Any) -> None:
    deployment, client = make_deployment(runtime, health="LAUNCHING"), cast.client("viewer")
    found = re.search(r'hx-get="([^"]+seen=[^"]+)"', shown(client, deployment))
    assert found
    change(deployment)
    assert client.get(found[1], headers=PARTIAL).status_code == 200


def test_trouble_of_the_engine_is_told_while_it_lasts(cast: Cast, runtime: Runtime) -> None:
    deployment, client = make_deployment(runtime, health="HEALTHY", **TROUBLE), cast.client("viewer")
    page = shown(client, deployment)
    assert "The engine cannot do its work now" in page
    assert "The API server does not answer." in page
    Deployment.objects.update(trouble="", trouble_at=timezone.now())
    assert "The engine cannot do its work now" not in shown(client, deployment), "it may have been a moment's"
