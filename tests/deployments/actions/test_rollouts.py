"""Starting an upgrade, and what people may want of it while it is under way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.utils import timezone

from deployments.actions import rollouts
from deployments.models import ACTIVE, Deployment, Event, Lease, Rollout, RolloutStep
from deployments.planning.targets import Keep, Latest, Target, ToVersion
from deployments.rollouts.snapshot import Status
from mlops_console.errors import DomainError, Invalid, Missing, NotAllowed, Refused
from runtimes.actions.images import delete_version
from runtimes.models import Runtime, RuntimeImage, Version
from tests.deployments.actions.world import World, disabled_version, make_world, trail
from tests.factories import make_version

pytestmark = pytest.mark.django_db
VERBS: dict[str, Callable[..., Rollout]] = {
    "pause": rollouts.pause_rollout,
    "resume": rollouts.resume_rollout,
    "abort": rollouts.abort_rollout,
}


def want(world: World, verb: str, rollout: Rollout, role: str = "operator", reason: str = "") -> Rollout:
    """Pause, resume or abort."""
    return VERBS[verb](
        actor=world.cast.actor(role),
        workspace="lab",
        uid=rollout.deployment.uid,
        number=rollout.number,
        now=timezone.now(),
        reason=reason,
    )


def started(world: World, deployment: Deployment | None = None) -> Rollout:
    """A rollout that has just been started."""
    rollout = world.upgrade(deployment or world.running())
    assert rollout
    return rollout


def test_an_upgrade_has_a_step_for_each_composition_that_moves(world: World) -> None:
    deployment = world.running("A", "B")
    keys = [each.workload for each in deployment.compositions.order_by("position")]
    Lease.objects.update(look_at=timezone.now() + timedelta(minutes=5))
    revision = deployment.revision
    rollout = started(world, deployment)
    assert (rollout.number, rollout.status, rollout.intent, rollout.started_by) == (1, "PENDING", "RUN", "operator")
    steps = RolloutStep.objects.order_by("position").select_related("before", "after")
    assert [(each.before.version, each.after.version, each.phase) for each in steps] == [
        ("v1.0.0", "v1.1.0", "PENDING")
    ] * 2
    assert [each.old_workload for each in steps] == keys
    names = {name for each in steps for name in (each.old_workload, each.new_workload, each.again_workload)}
    assert len(names) == 6
    row = Deployment.objects.get()
    assert row.revision == revision + 1
    assert Lease.objects.get().look_at <= timezone.now()
    assert Event.objects.get().sentence == "operator started the rollout: A CVE."
    (entry,) = trail("upgrade")
    assert (entry.subject, entry.reason) == (f"{deployment.name}/rollouts/1", "A CVE.")
    assert (entry.before, entry.after) == ({"A": "v1.0.0", "B": "v1.0.0"}, {"A": "v1.1.0", "B": "v1.1.0"})


def test_what_is_kept_has_no_step(world: World) -> None:
    deployment = world.running("A", "B")
    keep = deployment.compositions.order_by("position")[0].experiment.uid
    world.upgrade(deployment, targets={"*": Latest(), keep: Keep()})
    assert [each.composition.experiment.display_name for each in RolloutStep.objects.all()] == ["B"]


def test_where_all_is_skipped_nothing_changes(world: World) -> None:
    deployment = world.running(version="v1.1.0")
    before = list(Deployment.objects.values())
    assert world.upgrade(deployment) is None
    assert list(Deployment.objects.values()) == before
    assert not Rollout.objects.exists()
    assert not trail("upgrade")
    plan = world.plan(deployment)
    assert world.start(deployment, plan) is None
    assert list(Deployment.objects.values()) == before


@pytest.mark.parametrize(
    ("model", "code"),
    [
        pytest.param(Runtime, "runtime-disabled", id="runtime"),
        pytest.param(RuntimeImage, "image-disabled", id="image"),
        pytest.param(Version, "no-usable-version", id="versions"),
    ],
)
def test_what_is_disabled_blocks_the_whole_upgrade(
    world: World, model: type[Runtime | RuntimeImage | Version], code: str
) -> None:
    deployment = world.running()
    model.objects.update(api_state="DISABLED")
    with pytest.raises(Refused) as caught:
        world.upgrade(deployment)
    assert caught.value.code == "blocked"
    (row,) = caught.value.data["blocked"]
    assert (row["code"], row["why"], bool(row["cure"])) == (code, caught.value.message, True)
    assert not Rollout.objects.exists()


def test_what_is_deprecated_blocks_nothing(world: World) -> None:
    deployment = world.running()
    for model in (Runtime, RuntimeImage, Version):
        model.objects.update(api_state="DEPRECATED")
    assert started(world, deployment).steps.get().after.version == "v1.1.0"


def test_by_a_call_one_blocked_target_refuses_all_and_a_plan_may_leave_it_out(world: World) -> None:
    deployment = world.running("A", "B")
    bad = disabled_version(world.runtime)
    first = deployment.compositions.order_by("position")[0].experiment.uid
    targets: dict[str, Target] = {first: ToVersion(bad), "*": ToVersion(f"{world.runtime.image.name}/versions/v1.1.0")}
    with pytest.raises(Refused, match="disabled"):
        world.upgrade(deployment, targets=targets)
    plan = world.plan(deployment, targets=targets)
    with pytest.raises(Refused) as caught:
        world.start(deployment, plan)
    assert [each["code"] for each in caught.value.data["blocked"]] == ["version-disabled"]
    assert not Rollout.objects.exists()
    rollout = world.start(deployment, plan, leave_out_blocked=True)
    assert rollout
    assert rollout.plan == plan
    assert [each.composition.experiment.display_name for each in rollout.steps.all()] == ["B"]


def test_a_plan_whose_world_has_moved_is_not_started(world: World) -> None:
    deployment = world.running()
    plan = world.plan(deployment)
    make_version(world.runtime.image, "v1.2.0")
    with pytest.raises(Refused) as caught:
        world.start(deployment, plan)
    assert (caught.value.code, caught.value.data) == ("plan-moved", {"plan": plan.uid})
    assert not Rollout.objects.exists()
    assert world.start(deployment, world.plan(deployment))


def test_a_plan_is_of_one_deployment(world: World) -> None:
    plan = world.plan(world.running("A"))
    with pytest.raises(Missing):
        world.start(world.running("B"), plan)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 1001], ids=["none", "blank", "too-long"])
def test_a_plan_is_started_with_a_reason(world: World, reason: str) -> None:
    deployment = world.running()
    plan = world.plan(deployment)
    with pytest.raises(Invalid) as caught:
        world.start(deployment, plan, reason=reason)
    assert list(caught.value.fields) == ["reason"]
    assert not Rollout.objects.exists()


def test_a_call_may_have_none_but_no_bad_one(world: World) -> None:
    deployment = world.running()
    with pytest.raises(Invalid):
        world.upgrade(deployment, reason="x" * 1001)
    rollout = world.upgrade(deployment, reason="")
    assert rollout
    assert Event.objects.get().sentence == "operator started the rollout."


def test_a_deployment_has_one_rollout_at_a_time(world: World) -> None:
    deployment = world.running()
    plan = world.plan(deployment)
    started(world, deployment)
    with pytest.raises(Refused) as caught:
        world.upgrade(deployment)
    assert [each["code"] for each in caught.value.data["blocked"]] == ["rollout-in-progress"]
    with pytest.raises(Refused, match="changed") as caught:
        world.start(deployment, plan)
    assert caught.value.code == "plan-moved"
    Rollout.objects.update(status="ROLLED_BACK")
    assert started(world, deployment).number == 2


def test_a_paused_deployment_does_not_roll_out(world: World) -> None:
    deployment = world.running()
    Deployment.objects.update(paused=True)
    with pytest.raises(Refused) as caught:
        world.upgrade(deployment)
    assert [each["code"] for each in caught.value.data["blocked"]] == ["deployment-paused"]


@pytest.mark.parametrize(
    ("role", "refused"),
    [
        pytest.param("stranger", Missing, id="stranger"),
        pytest.param("viewer", NotAllowed, id="viewer"),
        pytest.param("operator", None, id="operator"),
        pytest.param("owner", None, id="owner"),
        pytest.param("admin", None, id="admin"),
    ],
)
def test_who_may(world: World, role: str, refused: type[DomainError] | None) -> None:
    first, second = world.running("A"), world.running("B")
    plan = world.plan(first)
    under_way = started(world, second)
    attempts: list[Callable[[], object]] = [
        lambda: world.plan(first, role),
        lambda: world.start(first, plan, role),
        lambda: want(world, "pause", under_way, role),
        lambda: want(world, "resume", under_way, role),
        lambda: want(world, "abort", under_way, role),
    ]
    for attempt in attempts:
        if refused is None:
            attempt()
            continue
        with pytest.raises(refused):
            attempt()
    if refused:
        assert Rollout.objects.count() == 1
        assert Rollout.objects.get().intent == "RUN"


def test_pausing_resuming_and_aborting_write_what_is_wanted_and_no_status(world: World) -> None:
    rollout = started(world)
    for verb, intent, before in (("pause", "PAUSE", "RUN"), ("resume", "RUN", "PAUSE"), ("abort", "ABORT", "RUN")):
        Lease.objects.update(look_at=timezone.now() + timedelta(minutes=5))
        want(world, verb, rollout, "owner", f"To {verb}.")
        row = Rollout.objects.get()
        assert (row.intent, row.intent_by, row.intent_reason) == (intent, "owner", f"To {verb}.")
        assert (row.status, row.cause) == ("PENDING", "")
        assert Lease.objects.get().look_at <= timezone.now()
        (entry,) = trail(verb)
        assert (entry.reason, entry.before, entry.after) == (f"To {verb}.", {"intent": before}, {"intent": intent})
        assert Event.objects.latest("pk").sentence == f"owner wants it to {verb}: To {verb}."
        want(world, verb, rollout, "operator")
        assert len(trail(verb)) == 1
        assert Rollout.objects.get().intent_by == "owner"


def test_what_is_being_undone_goes_on_being_undone(world: World) -> None:
    rollout = started(world)
    want(world, "abort", rollout)
    for verb in ("pause", "resume"):
        with pytest.raises(Refused, match="half-way") as caught:
            want(world, verb, rollout)
        assert caught.value.code == "aborted"
    assert Rollout.objects.get().intent == "ABORT"


@pytest.mark.parametrize("status", [each.value for each in Status if each.value not in ACTIVE])
@pytest.mark.parametrize("verb", list(VERBS))
def test_what_has_ended_cannot_be_changed(world: World, verb: str, status: str) -> None:
    rollout = started(world)
    Rollout.objects.update(status=status)
    with pytest.raises(Refused) as caught:
        want(world, verb, rollout)
    assert caught.value.code == "over"


def test_a_bad_reason_changes_nothing(world: World) -> None:
    rollout = started(world)
    with pytest.raises(Invalid):
        want(world, "abort", rollout, reason="x" * 1001)
    assert Rollout.objects.get().intent == "RUN"


def test_a_rollout_that_is_not_there_is_missing(world: World) -> None:
    rollout = started(world)
    rollout.number = 7
    with pytest.raises(Missing, match="#7"):
        want(world, "pause", rollout)


def test_versions_of_a_rollout_cannot_be_deleted(world: World) -> None:
    started(world)
    for number in ("v1.0.0", "v1.1.0"):
        with pytest.raises(Refused) as caught:
            delete_version(
                actor=world.cast.actor("owner"),
                workspace="lab",
                image=world.runtime.image.uid,
                version=number,
                now=timezone.now(),
            )
        assert caught.value.code == "in-use"


@pytest.mark.django_db(transaction=True)
def test_of_those_who_start_at_once_one_wins(request: pytest.FixtureRequest) -> None:
    world = make_world(request.getfixturevalue("cast"))
    deployment = world.running()
    plans = [world.plan(deployment) for _ in range(4)]
    barrier = Barrier(8)
    outcomes: list[str] = []

    def start(number: int) -> None:
        try:
            barrier.wait()
            if number < 4:
                world.start(deployment, plans[number])
            else:
                world.upgrade(deployment)
            outcomes.append("won")
        except Refused as fault:
            outcomes.append(fault.code)
        finally:
            connection.close()

    threads = [Thread(target=start, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("won") == 1
    assert set(outcomes) <= {"won", "blocked", "plan-moved", "rollout-in-progress"}
    assert Rollout.objects.count() == 1
    assert RolloutStep.objects.count() == 1
