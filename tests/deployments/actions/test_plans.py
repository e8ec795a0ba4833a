"""Plans that are kept, to be started as they were shown."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from deployments.actions.plans import KEPT, make_plan, planned
from deployments.models import Deployment, Plan
from deployments.planning.steps import Kind
from deployments.planning.stored import from_data
from deployments.planning.targets import Keep, Latest
from mlops_console.errors import Missing, NotAllowed
from mlops_console.models import AuditEntry
from tests.deployments.actions.world import World
from tests.factories import make_version

pytestmark = pytest.mark.django_db


def test_a_plan_is_kept_as_it_was_made_and_changes_nothing(world: World) -> None:
    deployment = world.running("A", "B")
    first = deployment.compositions.order_by("position")[0].experiment.uid
    before = list(Deployment.objects.values()), AuditEntry.objects.count()
    kept, answer = make_plan(
        actor=world.cast.actor("operator"),
        workspace="lab",
        uid=deployment.uid,
        targets={first: Keep(), "*": Latest()},
        now=timezone.now(),
    )
    kept.refresh_from_db()
    assert [step.kind for step in answer.steps] == [Kind.SKIP, Kind.UPGRADE]
    assert (kept.actor, kept.fingerprint) == ("operator", answer.fingerprint)
    assert kept.targets == {first: "keep", "*": "latest"}
    assert from_data(kept.data) == answer
    assert (list(Deployment.objects.values()), AuditEntry.objects.count()) == before


def test_the_same_world_has_the_same_fingerprint_and_another_has_another(world: World) -> None:
    deployment = world.running()
    first, second = world.plan(deployment), world.plan(deployment)
    assert first.fingerprint == second.fingerprint
    make_version(world.runtime.image, "v1.2.0")
    assert world.plan(deployment).fingerprint != first.fingerprint
    assert Plan.objects.count() == 3


def test_with_a_new_plan_go_those_that_nobody_started_within_a_day(world: World) -> None:
    first, second = world.running("A"), world.running("B")
    started, old, recent = world.plan(first), world.plan(first), world.plan(second)
    assert world.start(first, started)
    a_day_ago = timezone.now() - KEPT
    Plan.objects.filter(pk__in=[started.pk, old.pk]).update(created_at=a_day_ago - timedelta(minutes=1))
    Plan.objects.filter(pk=recent.pk).update(created_at=a_day_ago + timedelta(minutes=1))
    new = world.plan(second)
    assert set(Plan.objects.all()) == {started, recent, new}


def test_many_compositions_on_one_version_store_it_once(world: World) -> None:
    kept = world.plan(world.running(*map(str, range(20))))
    assert len(kept.data["steps"]) == 20
    assert [each["number"] for each in kept.data["versions"]] == ["v1.0.0", "v1.1.0"]


@pytest.mark.parametrize(("role", "refused"), [("stranger", Missing), ("viewer", NotAllowed)])
def test_who_may_not_upgrade_does_not_plan(world: World, role: str, refused: type[Exception]) -> None:
    deployment = world.running()
    with pytest.raises(refused):
        world.plan(deployment, role)
    assert not Plan.objects.exists()


def test_a_deployment_that_is_gone_has_no_plan(world: World) -> None:
    deployment = world.running()
    Deployment.objects.update(deleted_at=timezone.now())
    with pytest.raises(Missing):
        world.plan(deployment)


def test_however_many_compositions_there_are_the_queries_are_the_same(world: World) -> None:
    counts = []
    for names in (["A"], [str(number) for number in range(20)]):
        deployment = Deployment.objects.select_related("workspace").get(pk=world.running(*names).pk)
        with CaptureQueriesContext(connection) as queries:
            assert len(planned(deployment, {"*": Latest()}).changes) == len(names)
        counts.append(len(queries))
    assert counts[0] == counts[1] == 5
