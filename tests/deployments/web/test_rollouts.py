"""The table of rollouts, the live page, and what people may want, over HTTP."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from deployments.actions.rollouts import upgrade
from deployments.models import Deployment, Event, Rollout, RolloutStep, TrafficCount
from deployments.planning import Latest
from deployments.rollout_queries import traffic_of
from deployments.rollouts.snapshot import Intent, Phase, Status
from deployments.web.rollout_rows import stages_of
from mlops_console.models import AuditEntry
from runtimes.models import RuntimeImage
from tests.cast import Cast
from tests.factories import make_deployment, make_experiment, make_image, make_runtime

LIVE = {"HX-Request": "true", "HX-Target": "rollout-live"}
LIST = "/workspaces/lab/rollouts/"


def started(cast: Cast, name: str = "Churn live", *, reason: str = "CVE-2026-1234", **fields: Any) -> Rollout:
    """A rollout of two experiments from v1.0.0 to v1.1.0, as far as `fields` say."""
    image = RuntimeImage.objects.filter(workspace=cast.workspace).first() or make_image(
        cast.workspace, versions="v1.0.0 v1.1.0"
    )
    runtime = image.runtimes.first() or make_runtime(image)
    experiments = [make_experiment(cast.workspace, f"{name} {number}") for number in (1, 2)]
    first = image.versions.get(version="v1.0.0")
    deployment = make_deployment(runtime, *experiments, name=name, version=first)
    rollout = upgrade(
        actor=cast.actor("owner"),
        workspace="lab",
        uid=deployment.uid,
        targets={"*": Latest()},
        now=timezone.now(),
        reason=reason,
    )
    assert rollout is not None
    if fields:
        Rollout.objects.filter(pk=rollout.pk).update(**fields)
        rollout.refresh_from_db()
    return rollout


def at_phases(rollout: Rollout, *phases: Phase) -> None:
    for step, phase in zip(rollout.steps.order_by("position"), phases, strict=True):
        RolloutStep.objects.filter(pk=step.pk).update(phase=phase.value)


def address(rollout: Rollout, verb: str = "detail") -> str:
    return reverse(f"deployments:rollout-{verb}", args=["lab", rollout.pk])


def text(response: Any) -> str:
    page = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", page.replace("&quot;", '"').replace("&#x27;", "'"))


@pytest.mark.parametrize(
    ("phase", "is_over", "expected"),
    [
        pytest.param(Phase.PENDING, False, "now ahead ahead ahead ahead", id="waiting"),
        pytest.param(Phase.PENDING, True, "ahead ahead ahead ahead ahead", id="never begun"),
        pytest.param(Phase.SHIFTING, False, "done done now ahead ahead", id="moving"),
        pytest.param(Phase.DONE, False, "done done done done done", id="done"),
        pytest.param(Phase.UNDO_STARTING, False, "now ahead ahead ahead", id="starting again"),
        pytest.param(Phase.UNDO_DRAINING, False, "done done now ahead", id="draining back"),
        pytest.param(Phase.UNDONE, True, "done done done done", id="undone"),
    ],
)
def test_the_bar_of_a_composition(phase: Phase, is_over: bool, expected: str) -> None:
    assert " ".join(stage.state for stage in stages_of(phase, is_over=is_over)) == expected


@pytest.mark.parametrize(
    ("unneeded", "expected"),
    [
        pytest.param((), "Starting again, Moving back, Draining, Undone", id="the old version was stopped"),
        pytest.param((Phase.UNDO_STARTING,), "Moving back, Draining, Undone", id="it still ran"),
        pytest.param((Phase.UNDO_STARTING, Phase.UNDO_SHIFTING), "Draining, Undone", id="nothing had moved"),
    ],
)
def test_the_way_back_shows_only_what_was_needed(unneeded: tuple[Phase, ...], expected: str) -> None:
    assert ", ".join(stage.label for stage in stages_of(Phase.UNDONE, unneeded=unneeded)) == expected


@pytest.mark.django_db
def test_a_composition_that_had_only_started_did_not_move_back(cast: Cast) -> None:
    rollout = started(cast, status=Status.ROLLED_BACK.value, ended_at=timezone.now())
    step = rollout.steps.order_by("position")[0]
    RolloutStep.objects.filter(pk=step.pk).update(phase=Phase.UNDONE.value, undo_workload=step.old_workload)
    page = cast.client("viewer").get(address(rollout))
    undone, never = page.context["steps"]
    assert [stage.label for stage in undone.stages] == ["Draining", "Undone"]
    assert not never.has_begun
    assert "Not begun" in text(page)
    Event.objects.create(
        deployment=rollout.deployment, rollout=rollout, composition=step.composition, kind="shifting", sentence="Moves."
    )
    undone, _ = cast.client("viewer").get(address(rollout)).context["steps"]
    assert [stage.label for stage in undone.stages] == ["Moving back", "Draining", "Undone"]


@pytest.mark.django_db
def test_the_table(cast: Cast) -> None:
    first = started(cast, "Churn live", status=Status.SUCCEEDED.value, ended_at=timezone.now())
    at_phases(first, Phase.DONE, Phase.DONE)
    second = started(cast, "Fraud live", reason="Faster")
    at_phases(second, Phase.DONE, Phase.SHIFTING)
    page = cast.client("viewer").get(LIST)
    rows = page.context["page"].rows
    assert [(row.pk, row.step_count, row.settled_count) for row in rows] == [(second.pk, 2, 1), (first.pk, 2, 2)]
    said = text(page)
    for words in ("Fraud live #1", "1 of 2", "Faster", "owner", "Succeeded", "Pending"):
        assert words in said


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "names"),
    [
        pytest.param("", ["Fraud live", "Churn live"], id="all"),
        pytest.param("?status=SUCCEEDED", ["Churn live"], id="a status"),
        pytest.param("?status=UNDER_WAY", ["Fraud live"], id="under way"),
        pytest.param("?status=FAILED", [], id="none"),
        pytest.param("?q=fra", ["Fraud live"], id="a deployment"),
        pytest.param("?sort=deployment", ["Churn live", "Fraud live"], id="by name"),
    ],
)
def test_the_table_narrows_and_sorts(cast: Cast, query: str, names: list[str]) -> None:
    started(cast, "Churn live", status=Status.SUCCEEDED.value)
    started(cast, "Fraud live")
    page = cast.client("viewer").get(LIST + query)
    assert [row.deployment.display_name for row in page.context["page"].rows] == names


@pytest.mark.django_db
def test_the_table_of_all_workspaces_and_of_another_one(cast: Cast) -> None:
    started(cast)
    assert "Churn live #1" in text(cast.client("admin").get("/workspaces/-/rollouts/"))
    assert "No rollouts yet" in text(cast.client("stranger").get("/workspaces/elsewhere/rollouts/"))


@pytest.mark.django_db
def test_what_was_deleted_takes_its_rollouts_along(cast: Cast) -> None:
    rollout = started(cast)
    Deployment.objects.update(deleted_at=timezone.now())
    assert cast.client("viewer").get(LIST).context["page"].rows == []
    assert cast.client("viewer").get(address(rollout)).status_code == 404


@pytest.mark.django_db
def test_a_rollout_under_way(cast: Cast) -> None:
    rollout = started(cast, status=Status.RUNNING.value)
    at_phases(rollout, Phase.DONE, Phase.SHIFTING)
    page = cast.client("operator").get(address(rollout))
    said = text(page)
    for words in (
        "#1 of Churn live",
        "CVE-2026-1234",
        "v1.0.0 → v1.1.0",
        "Moving traffic",
        "owner started the rollout",
    ):
        assert words in said
    assert "1 of 2 finished" in said
    assert [row.step.phase for row in page.context["steps"]] == ["DONE", "SHIFTING"]
    assert [verb["label"] for verb in page.context["verbs"]] == ["Pause", "Abort"]
    assert 'hx-trigger="every 1s"' in page.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "verbs"),
    [
        pytest.param({"status": "PENDING"}, ["Pause", "Abort"], id="not begun"),
        pytest.param({"status": "RUNNING", "intent": "PAUSE"}, ["Resume", "Abort"], id="about to pause"),
        pytest.param({"status": "PAUSED", "intent": "PAUSE"}, ["Resume", "Abort"], id="paused"),
        pytest.param({"status": "RUNNING", "intent": "ABORT"}, [], id="about to abort"),
        pytest.param({"status": "UNDOING"}, [], id="undoing by itself"),
        pytest.param({"status": "SUCCEEDED"}, [], id="over"),
    ],
)
def test_what_people_may_want(cast: Cast, fields: dict[str, str], verbs: list[str]) -> None:
    rollout = started(cast, **fields)
    assert [each["label"] for each in cast.client("operator").get(address(rollout)).context["verbs"]] == verbs
    assert cast.client("viewer").get(address(rollout)).context["verbs"] == []


@pytest.mark.django_db
def test_the_live_part_comes_again_only_when_something_is_new(cast: Cast) -> None:
    rollout, client = started(cast, status=Status.RUNNING.value), cast.client("viewer")
    page = client.get(address(rollout))
    marks = page.context["marks"]
    assert client.get(address(rollout), marks, headers=LIVE).status_code == 204

    Event.objects.create(deployment=rollout.deployment, rollout=rollout, kind="x", sentence="Something happened.")
    part = client.get(address(rollout), marks, headers=LIVE)
    assert part.status_code == 200
    assert "Something happened." in text(part)
    assert "<html" not in part.content.decode()
    # Nothing that people may do has changed: the buttons are left alone.
    assert "hx-swap-oob" not in part.content.decode()


@pytest.mark.django_db
def test_what_is_in_the_way_is_shown_live_and_only_while_it_runs(cast: Cast) -> None:
    rollout, client = started(cast, status=Status.RUNNING.value), cast.client("viewer")
    waiting = "Waiting for v1.1.0 of Churn live 1 to become ready: the image cannot be pulled."
    marks = client.get(address(rollout)).context["marks"]
    Rollout.objects.update(waiting=waiting)
    assert client.get(address(rollout), marks, headers=LIVE).status_code == 200
    marks = client.get(address(rollout)).context["marks"]
    Deployment.objects.update(trouble="The API server does not answer.", trouble_at=timezone.now())
    assert client.get(address(rollout), marks, headers=LIVE).status_code == 200
    said = text(client.get(address(rollout)))
    assert waiting in said
    assert "The engine cannot do its work now The API server does not answer." in said
    Rollout.objects.update(status=Status.ROLLED_BACK.value, cause="It went wrong.", ended_at=timezone.now())
    said = text(client.get(address(rollout)))
    assert waiting not in said
    assert "The engine cannot do its work now" not in said


@pytest.mark.django_db
def test_where_nobody_counts_requests_none_are_said_to_be_missing(cast: Cast) -> None:
    rollout = started(cast, status=Status.RUNNING.value, started_at=timezone.now())
    said = text(cast.client("viewer").get(address(rollout)))
    assert "The engine does not count requests" in said
    assert "No request has come in" not in said


@pytest.mark.django_db
def test_the_live_part_asks_no_more_once_the_rollout_is_over(cast: Cast) -> None:
    rollout, client = started(cast, status=Status.RUNNING.value), cast.client("operator")
    marks = client.get(address(rollout)).context["marks"]
    cause = "v1.1.0 did not become ready for Churn live 1: it ended."
    Rollout.objects.update(status=Status.ROLLED_BACK.value, cause=cause, ended_at=timezone.now())
    part = client.get(address(rollout), marks, headers=LIVE)
    assert "hx-trigger" not in part.content.decode()
    assert cause in text(part)
    assert "Rolled back: everything runs as before" in text(part)
    assert part.content.decode().count("hx-swap-oob") == 2
    assert "Pause" not in text(part)


@pytest.mark.django_db
def test_the_picture_of_requests(cast: Cast) -> None:
    rollout = started(cast, status=Status.RUNNING.value)
    client = cast.client("viewer")
    assert "No request has come in since it began" in text(client.get(address(rollout)))
    step = rollout.steps.order_by("position")[0]
    begun = timezone.now()
    for second, old, new in ((0, 100, 0), (1, 110, 0), (2, 112, 8), (3, 112, 18)):
        counts = {step.old_workload: old, "": old + new} | ({step.new_workload: new} if new else {})
        TrafficCount.objects.bulk_create(
            TrafficCount(
                rollout=rollout, at=begun + timedelta(seconds=second), workload=workload, answered=count, failed=0
            )
            for workload, count in counts.items()
        )
    page = client.get(address(rollout))
    assert "30 requests answered, 0 failed" in re.sub(r"\s+,", ",", text(page))
    assert "v1.0.0 went from 10.0 to 0.0 requests a second." in text(page)
    assert "v1.1.0 went from 0.0 to 10.0 requests a second." in text(page)
    source = page.content.decode()
    assert source.count('class="area area-') == 4  # two in the picture, two beside their names
    assert " style=" not in source
    assert 'class="failed"' not in source

    TrafficCount.objects.create(rollout=rollout, at=begun + timedelta(seconds=4), workload="", answered=140, failed=2)
    page = client.get(address(rollout))
    assert "40 requests answered, 2 failed" in re.sub(r"\s+,", ",", text(page))
    assert 'class="failed"' in page.content.decode()


@pytest.mark.django_db
def test_a_long_rollout_is_drawn_from_few_looks(cast: Cast) -> None:
    rollout = started(cast, status=Status.RUNNING.value)
    begun = timezone.now()
    TrafficCount.objects.bulk_create(
        TrafficCount(rollout=rollout, at=begun + timedelta(seconds=second), workload="", answered=10 * second, failed=0)
        for second in range(5000)
    )
    page = cast.client("viewer").get(address(rollout))
    assert page.context["traffic"].answered == 49_990
    assert len(traffic_of(rollout)) < 250
    assert page.context["traffic"].times == ("0:00", "41:40", "1:23:19")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("verb", "before", "after"),
    [("pause", Intent.RUN, Intent.PAUSE), ("resume", Intent.PAUSE, Intent.RUN), ("abort", Intent.RUN, Intent.ABORT)],
)
def test_people_say_what_they_want(cast: Cast, verb: str, before: Intent, after: Intent) -> None:
    rollout = started(cast, status=Status.RUNNING.value, intent=before.value)
    client = cast.client("operator")
    assert client.get(address(rollout, verb)).status_code == 200
    answer = client.post(address(rollout, verb), {"reason": "It hurts"})
    assert (answer.status_code, answer["Location"]) == (302, address(rollout))
    rollout.refresh_from_db()
    assert (rollout.intent, rollout.intent_by, rollout.intent_reason) == (after.value, "operator", "It hurts")
    # The status is the worker's to write.
    assert rollout.status == Status.RUNNING.value
    assert AuditEntry.objects.filter(verb=verb, reason="It hurts").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(("verb", "status"), [("pause", 302), ("abort", 422)])
def test_only_an_abort_needs_a_reason(cast: Cast, verb: str, status: int) -> None:
    rollout = started(cast, status=Status.RUNNING.value)
    assert cast.client("operator").post(address(rollout, verb), {"reason": " "}).status_code == status


@pytest.mark.django_db
def test_what_is_over_cannot_be_aborted(cast: Cast) -> None:
    rollout = started(cast, status=Status.SUCCEEDED.value)
    answer = cast.client("operator").post(address(rollout, "abort"), {"reason": "Too late"})
    assert answer.status_code == 409
    assert "has ended" in text(answer)


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("stranger", 404)])
def test_who_may_want_nothing(cast: Cast, role: str, status: int) -> None:
    rollout = started(cast, status=Status.RUNNING.value)
    for verb in ("pause", "resume", "abort"):
        assert cast.client(role).post(address(rollout, verb), {"reason": "x"}).status_code == status
    rollout.refresh_from_db()
    assert rollout.intent == Intent.RUN


@pytest.mark.django_db
def test_a_rollout_is_found_through_its_workspace_alone(cast: Cast) -> None:
    rollout = started(cast)
    assert cast.client("stranger").get(f"/workspaces/elsewhere/rollouts/{rollout.pk}/").status_code == 404
    assert cast.client("admin").get(f"/workspaces/elsewhere/rollouts/{rollout.pk}/").status_code == 404
    assert cast.client("admin").get(f"/workspaces/-/rollouts/{rollout.pk}/").status_code == 200
    assert cast.client("admin").get("/workspaces/lab/rollouts/99999999999999999999999/").status_code == 404
