"""Drift on the page of a deployment, in the table, before an upgrade, and the two questions about it."""

from __future__ import annotations

import re
from typing import Final

import pytest
from django.test import Client
from django.utils import timezone

from deployments.models import Deployment, Rollout
from mlops_console.models import AuditEntry
from tests.cast import Cast
from tests.deployments.web.test_deployment_page import PARTIAL, address, shown, text_of
from tests.factories import make_deployment, make_drift, make_image, make_runtime, make_version

pytestmark = pytest.mark.django_db
FOUND: Final = "h2oai/h2o3-mojo:1.1.0"
REASON: Final = "Scaled for the campaign."


@pytest.fixture
def deployment(cast: Cast) -> Deployment:
    """One that runs v1.0.0, and that somebody has changed to v1.1.0 and three replicas."""
    image = make_image(cast.workspace, versions="v1.0.0 v1.1.0")
    made = make_deployment(make_runtime(image), version=image.versions.get(version="v1.0.0"), health="HEALTHY")
    make_drift(made.compositions.get(), image=FOUND, replicas="3")
    return Deployment.objects.get()


def part_of(page: str) -> str:
    """The words of the part about drift."""
    return text_of(page[page.index('<section class="card drift"') :].partition("</section>")[0])


def buttons_of(page: str) -> list[str]:
    """What is offered about drift."""
    part = page[page.index('<section class="card drift"') :].partition("<table")[0]
    return re.findall(r'action="[^"]+/(adopt|reapply)/"', part)


def seen(client: Client, deployment: Deployment, verb: str) -> str:
    """The mark of what a question shows."""
    found = re.search(r'name="seen" value="(\w+)"', client.get(f"{address(deployment)}{verb}/").content.decode())
    assert found
    return found[1]


def test_it_says_what_differs_from_what_and_by_whom(cast: Cast, deployment: Deployment) -> None:
    page = shown(cast.client("viewer"), deployment)
    part = part_of(page)
    where = deployment.drift_lines[0].where
    assert f"Churn {where} h2oai/ h2o3- mojo: 1.0.0 h2oai/ h2o3- mojo: 1.1.0 kubectl-set" in part
    assert "replicas 1 3 kubectl" in part
    assert "Can be adopted as v1.1.0 ." in part
    assert "Can be adopted as 3 replicas ." in part
    assert buttons_of(page) == []
    assert "Drift" in text_of(page.partition('id="health"')[2].partition("</span></span>")[0])


def test_without_drift_there_is_nothing_about_it(cast: Cast, deployment: Deployment) -> None:
    Deployment.objects.update(drift=[])
    assert "drift" not in shown(cast.client("admin"), deployment).lower()


def test_what_is_to_know_about_a_version_is_told(cast: Cast, deployment: Deployment) -> None:
    make_version(deployment.compositions.get().runtime.image, "v0.9.0", api_state="DEPRECATED", platform_state="ACTIVE")
    Deployment.objects.update(drift=[])
    make_drift(deployment.compositions.get(), image="h2oai/h2o3-mojo:0.9.0")
    assert "v0.9.0 is lower than v1.0.0, which runs now." in part_of(shown(cast.client("viewer"), deployment))


@pytest.mark.parametrize("role", ["operator", "owner", "admin"])
def test_who_may_change_things_may_decide(cast: Cast, deployment: Deployment, role: str) -> None:
    assert buttons_of(shown(cast.client(role), deployment)) == ["adopt", "reapply"]


def test_what_cannot_be_adopted_says_why_and_what_helps(cast: Cast, deployment: Deployment) -> None:
    make_drift(deployment.compositions.get(), other="16")
    page = shown(cast.client("operator"), deployment)
    assert buttons_of(page) == ["reapply"]
    assert "As not all of it can be adopted, it can only be re-applied" in part_of(page)
    assert "Cannot be adopted. The console writes this itself" in part_of(page)
    asked = cast.client("operator").get(f"{address(deployment)}adopt/").content.decode()
    assert "Not all of it can be adopted" in asked
    assert "there is nowhere to keep it" in text_of(asked)
    assert 'name="reason"' not in asked


@pytest.mark.parametrize(
    ("state", "offered", "said"),
    [
        pytest.param("paused", ["reapply"], "While the deployment is paused", id="paused"),
        pytest.param("rolling", ["reapply"], "Until the rollout has ended it can only be", id="in a rollout"),
        pytest.param("asked", ["adopt", "reapply"], "Being re-applied operator asked for it just now", id="asked for"),
    ],
)
def test_what_is_offered_depends_on_what_goes_on(
    cast: Cast, deployment: Deployment, state: str, offered: list[str], said: str
) -> None:
    if state == "paused":
        Deployment.objects.update(paused=True)
    elif state == "rolling":
        Rollout.objects.create(deployment=deployment, number=1, status="RUNNING", started_by="owner")
    else:
        Deployment.objects.update(reapply_lines=["x"], reapply_by="operator", reapply_at=timezone.now())
    page = shown(cast.client("operator"), deployment)
    assert buttons_of(page) == offered
    assert said in part_of(page)


@pytest.mark.parametrize(
    ("verb", "says", "done", "audited"),
    [
        pytest.param(
            "adopt",
            [f"{FOUND} is kept as v1.1.0.", "3 is kept as 3 replicas."],
            "Churn live: what was changed outside of the console is adopted.",
            "adopt",
            id="adopt",
        ),
        pytest.param(
            "reapply",
            [f"{FOUND} becomes h2oai/h2o3-mojo:1.0.0", "3 becomes 1"],
            "Churn live: what the console wants is being applied again.",
            "reapply",
            id="re-apply",
        ),
    ],
)
def test_a_question_lists_what_will_change_and_does_that(
    cast: Cast, deployment: Deployment, verb: str, says: list[str], done: str, audited: str
) -> None:
    client, place = cast.client("operator"), f"{address(deployment)}{verb}/"
    asked = text_of(client.get(place).content.decode())
    for words in says:
        assert words in asked
    answer = client.post(place, {"reason": REASON, "seen": seen(client, deployment, verb)}, follow=True)
    assert answer.request["PATH_INFO"] == address(deployment)
    assert done in answer.content.decode()
    entry = AuditEntry.objects.latest("pk")
    assert (entry.verb, entry.reason) == (audited, REASON)
    row = Deployment.objects.get()
    assert (row.drift == []) is (verb == "adopt")
    assert row.reapply


@pytest.mark.parametrize("verb", ["adopt", "reapply"])
def test_nothing_is_done_without_a_reason(cast: Cast, deployment: Deployment, verb: str) -> None:
    client = cast.client("operator")
    data = {"reason": " ", "seen": seen(client, deployment, verb)}
    answer = client.post(f"{address(deployment)}{verb}/", data)
    assert answer.status_code == 422
    assert b"Give a reason" in answer.content
    assert Deployment.objects.get().reapply is None
    assert Deployment.objects.get().drift


@pytest.mark.parametrize("verb", ["adopt", "reapply"])
def test_what_has_moved_is_shown_before_it_is_decided(cast: Cast, deployment: Deployment, verb: str) -> None:
    client, place = cast.client("operator"), f"{address(deployment)}{verb}/"
    old = seen(client, deployment, verb)
    Deployment.objects.update(drift=[])
    make_drift(deployment.compositions.get(), replicas="7")
    answer = client.post(place, {"reason": REASON, "seen": old})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "something else differs by now than what you were shown" in page
    assert REASON in page
    assert "7" in text_of(page)
    assert "1.1.0" not in page
    found = re.search(r'name="seen" value="(\w+)"', page)
    assert found
    assert client.post(place, {"reason": REASON, "seen": found[1]}).status_code == 302


@pytest.mark.parametrize("verb", ["adopt", "reapply"])
def test_where_nothing_differs_any_more_there_is_nothing_to_press(
    cast: Cast, deployment: Deployment, verb: str
) -> None:
    Deployment.objects.update(drift=[])
    client, place = cast.client("operator"), f"{address(deployment)}{verb}/"
    for answer in (client.get(place), client.post(place, {"reason": REASON, "seen": "x"})):
        page = answer.content.decode()
        assert "Nothing differs any more" in page
        assert 'name="reason"' not in page
    assert answer.status_code == 409


@pytest.mark.parametrize(
    ("health", "seconds"), [("HEALTHY", "10"), ("UNHEALTHY", "10"), ("LAUNCHING", "2")], ids=str.lower
)
def test_the_page_follows_drift_and_its_end(cast: Cast, deployment: Deployment, health: str, seconds: str) -> None:
    Deployment.objects.update(health=health)
    client = cast.client("viewer")
    found = re.search(r'hx-get="([^"]+seen=[^"]+)"\s+hx-trigger="every (\d+)s"', shown(client, deployment))
    assert found
    assert found[2] == seconds
    assert client.get(found[1], headers=PARTIAL).status_code == 204
    Deployment.objects.update(reapply_lines=["x"], reapply_by="operator", reapply_at=timezone.now())
    answer = client.get(found[1], headers=PARTIAL)
    assert "Being re-applied" in answer.content.decode()
    assert 'hx-trigger="every 2s"' in answer.content.decode()
    Deployment.objects.update(drift=[], reapply_lines=[], reapply_by="", reapply_at=None)
    answer = client.get(found[1], headers=PARTIAL)
    assert (answer.status_code, "card drift" in answer.content.decode()) == (200, False)


def test_the_table_marks_it_and_narrows_by_it(cast: Cast, deployment: Deployment) -> None:
    make_deployment(deployment.compositions.get().runtime, name="Calm", health="HEALTHY")
    client = cast.client("viewer")
    every = client.get("/workspaces/lab/deployments/")
    assert [row.display_name for row in every.context["page"].rows] == ["Calm", "Churn live"]
    assert every.content.decode().count('class="badge warning"') == 1
    narrowed = client.get("/workspaces/lab/deployments/?state=DRIFTED")
    assert [row.display_name for row in narrowed.context["page"].rows] == ["Churn live"]
    assert "State: <b>Drift</b>" in narrowed.content.decode()


def test_the_wizard_says_that_nothing_can_be_started_and_starts_nothing(cast: Cast, deployment: Deployment) -> None:
    client, place = cast.client("operator"), f"{address(deployment)}upgrade/"
    assert "This deployment has drifted" in text_of(client.get(place).content.decode())
    preview = client.post(place, {"preview": "1", "others": "latest"})
    assert "This deployment has drifted" in text_of(preview.content.decode())
    plan = preview.context["screen"].plan
    started = client.post(place, {"start": "1", "others": "latest", "plan": plan.uid, "reason": "A CVE."})
    assert started.status_code == 409
    assert "adopt or re-apply what differs first." in started.content.decode()
    assert not Rollout.objects.exists()


def test_a_rollout_under_which_something_was_changed_says_so(cast: Cast, deployment: Deployment) -> None:
    rollout = Rollout.objects.create(deployment=deployment, number=1, status="RUNNING", started_by="owner")
    client, place = cast.client("viewer"), f"/workspaces/lab/rollouts/{rollout.pk}/"
    page = client.get(place).content.decode()
    assert "Somebody changed the deployment outside of the console" in text_of(page)
    found = re.search(r'hx-get="([^"]+since=[^"]+)"', page)
    assert found
    Deployment.objects.update(drift=[])
    answer = client.get(found[1].replace("&amp;", "&"), headers=PARTIAL | {"HX-Target": "rollout-live"})
    assert (answer.status_code, "outside of the console" in answer.content.decode()) == (200, False)


def test_before_a_pause_it_says_what_is_lost(cast: Cast, deployment: Deployment) -> None:
    client, place = cast.client("operator"), f"{address(deployment)}pause/"
    assert b"is lost with them" in client.get(place).content
    Deployment.objects.update(drift=[])
    assert b"is lost with them" not in client.get(place).content
