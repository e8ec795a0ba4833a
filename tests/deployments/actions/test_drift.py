"""What people do about drift: undo or keep just what they saw, with a reason, and never during a rollout."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
from django.utils import timezone

from deployments.actions.drift import adopt_drift, reapply_drift
from deployments.models import Composition, Deployment, Event, Lease, WorkloadSpec
from deployments.rollouts.drift import mark_of, mark_of_all
from deployments.snapshots import deployment_facts
from mlops_console.errors import Invalid, Missing, NotAllowed, Refused
from runtimes.models import Version
from tests.cast import Cast
from tests.deployments.actions.world import World, disabled_version, make_world, trail
from tests.factories import make_drift, make_image, make_version

pytestmark = pytest.mark.django_db
REFERENCE: Final = "h2oai/h2o3-mojo:1.1.0"
Act = Callable[..., Deployment]
BOTH: Final = pytest.mark.parametrize("act", [reapply_drift, adopt_drift], ids=["re-apply", "adopt"])


@pytest.fixture
def world(cast: Cast) -> World:
    return make_world(cast)


@pytest.fixture
def deployment(world: World) -> Deployment:
    """One on v1.0.0, of which somebody changed image and replicas."""
    made = world.running()
    make_drift(made.compositions.get(), image=REFERENCE, replicas="3")
    made.refresh_from_db()
    return made


def do(world: World, act: Act, deployment: Deployment, role: str = "operator", **fields: Any) -> Deployment:
    """Undo or keep what differs of a deployment now, as somebody who sees it."""
    values = {"workspace": "lab", "mark": mark_of_all(deployment.drift_lines), "reason": "Night shift."}
    return act(actor=world.cast.actor(role), uid=deployment.uid, now=timezone.now(), **values | fields)


def composition() -> Composition:
    return Composition.objects.select_related("version").get()


def content() -> dict[str, Any]:
    """What the only workload stands for."""
    found: dict[str, Any] = WorkloadSpec.objects.get().content
    return found


def everything() -> list[Any]:
    """All that may change."""
    tables = (Deployment, Composition, WorkloadSpec, Event)
    return [list(each.objects.order_by("pk").values()) for each in tables] + [trail("adopt"), trail("reapply")]


def test_a_wish_to_undo_it_is_bound_to_what_was_seen(world: World, deployment: Deployment) -> None:
    Lease.objects.update(look_at=timezone.now() + timedelta(hours=1))
    row = do(world, reapply_drift, deployment)
    assert row.reapply
    assert row.reapply.lines == {mark_of(each) for each in deployment.drift_lines}
    assert (row.reapply.by, row.drift, row.revision) == ("operator", deployment.drift, deployment.revision)
    assert Lease.objects.get().look_at <= timezone.now()
    (entry,) = trail("reapply")
    image, replicas = deployment.drift_lines
    assert (entry.actor, entry.reason, entry.subject) == ("operator", "Night shift.", deployment.name)
    assert entry.before == {image.where: REFERENCE, replicas.where: "3"}
    assert entry.after == {image.where: "h2oai/h2o3-mojo:1.0.0", replicas.where: "1"}
    assert Event.objects.get().sentence == "operator wants it to be as the console wrote it: Night shift."
    assert composition().version.version == "v1.0.0"


def test_other_values_stay_out_of_the_audit_trail(world: World, deployment: Deployment) -> None:
    (line,) = make_drift(composition(), other="sesame")
    deployment.refresh_from_db()
    do(world, reapply_drift, deployment)
    (entry,) = trail("reapply")
    assert (entry.before[line.where], entry.after[line.where]) == ("changed", "as the console wrote it")


def test_asking_again_changes_nothing_but_what_was_asked_of_something_else(
    world: World, deployment: Deployment
) -> None:
    do(world, reapply_drift, deployment)
    before = everything()
    do(world, reapply_drift, deployment, "owner")
    assert everything() == before
    make_drift(composition(), other="4")
    deployment.refresh_from_db()
    row = do(world, reapply_drift, deployment, "owner")
    assert row.reapply
    assert (len(row.reapply.lines), row.reapply.by) == (3, "owner")


def test_what_was_found_is_kept_and_nothing_else_changes(world: World, deployment: Deployment) -> None:
    world.runtime.environment_variables = {"LATER": "1"}
    world.runtime.save()
    options = {"kubernetesResourceSpec": {"kubernetesResourceRequirements": {"limits": {"cpu": "2"}}, "replicas": 1}}
    Composition.objects.update(options=options)
    do(world, reapply_drift, deployment)
    was, before = content(), composition()
    row = do(world, adopt_drift, deployment)
    now = composition()
    assert (now.version.version, now.version.reference) == ("v1.1.0", REFERENCE)
    spec = options["kubernetesResourceSpec"]
    assert now.options == {"kubernetesResourceSpec": spec | {"replicas": 3}}
    assert now.workload == f"{now.uid}-adopt{row.revision}"
    assert WorkloadSpec.objects.get().key == now.workload
    assert content() == was | {"version": "v1.1.0", "image": REFERENCE, "replicas": 3}
    assert row.reapply
    assert row.reapply.lines == {mark_of(each) for each in deployment.drift_lines}
    assert (row.drift, row.reapply.by, row.revision) == ([], "operator", deployment.revision + 1)
    assert before.workload != now.workload
    (entry,) = trail("adopt")
    assert (entry.actor, entry.reason, entry.subject) == ("operator", "Night shift.", deployment.name)
    assert entry.before == {"experiment": "A", "version": "v1.0.0", "replicas": 1}
    assert entry.after == {"experiment": "A", "version": "v1.1.0", "replicas": 3}
    assert Event.objects.latest("pk").kind == "adopted"


def test_a_version_brings_its_own_probe_and_architectures(world: World, deployment: Deployment) -> None:
    Version.objects.filter(version="v1.1.0").update(readiness_probe_path="/ok", architectures=["arm64"])
    do(world, adopt_drift, deployment)
    assert (content()["readiness_path"], content()["architectures"]) == ("/ok", ["arm64"])


def test_for_replicas_alone_nothing_starts_again(world: World) -> None:
    deployment = world.running()
    make_drift(deployment.compositions.get(), replicas="4")
    deployment.refresh_from_db()
    before = composition()
    do(world, adopt_drift, deployment)
    now = composition()
    assert (now.workload, now.version) == (before.workload, before.version)
    assert now.options == {"kubernetesResourceSpec": {"replicas": 4}}
    assert content()["replicas"] == 4


def test_each_composition_keeps_its_own(world: World) -> None:
    deployment = world.running("A", "B", "C")
    first, second, third = deployment.compositions.all()
    make_drift(first, image=REFERENCE)
    make_drift(second, replicas="2")
    deployment = Deployment.objects.get()
    do(world, adopt_drift, deployment)
    rows = Composition.objects.select_related("version").order_by("position")
    assert [each.version.version for each in rows] == ["v1.1.0", "v1.0.0", "v1.0.0"]
    assert [each.options.get("kubernetesResourceSpec", {}).get("replicas") for each in rows] == [None, 2, None]
    assert [each.workload for each in rows][1:] == [second.workload, third.workload]
    assert [entry.after["experiment"] for entry in trail("adopt")] == ["A", "B"]
    assert set(WorkloadSpec.objects.values_list("key", flat=True)) == {each.workload for each in rows}


def test_a_version_of_the_global_workspace_can_be_kept(world: World) -> None:
    shared = make_image(world.cast.everyone, "shared", versions="v3.0.0")
    foreign = make_image(world.cast.other, "foreign", versions="v9.0.0")
    deployment = world.running()
    make_drift(deployment.compositions.get(), image="h2oai/shared:3.0.0")
    deployment.refresh_from_db()
    _, known = deployment_facts([deployment], references=["h2oai/shared:3.0.0", "h2oai/foreign:9.0.0"])
    assert shared.name in known.images
    assert foreign.name not in known.images
    do(world, adopt_drift, deployment)
    assert composition().version.image == shared


@pytest.mark.parametrize(
    ("found", "said"),
    [
        pytest.param({"image": "nginx:1"}, "No runtime image", id="an unknown image"),
        pytest.param({"image": "h2oai/foreign:9.0.0"}, "No runtime image", id="an image of another tenant"),
        pytest.param({"image": "h2oai/h2o3-mojo:1.2.0"}, "v1.2.0 of H2o3 mojo is disabled", id="a disabled version"),
        pytest.param({"replicas": "0"}, "A composition has 1 to 100 replicas, not 0.", id="no replicas"),
        pytest.param({"replicas": "3", "other": "x"}, "there is nowhere to keep it", id="something else besides"),
    ],
)
def test_what_cannot_be_kept_as_a_whole_is_left_alone(world: World, found: dict[str, str], said: str) -> None:
    make_image(world.cast.other, "foreign", versions="v9.0.0")
    disabled_version(world.runtime)
    deployment = world.running()
    make_drift(deployment.compositions.get(), **found)
    deployment.refresh_from_db()
    before = everything()
    with pytest.raises(Refused, match=said) as refused:
        do(world, adopt_drift, deployment)
    assert refused.value.code == "not-adoptable"
    assert everything() == before


@BOTH
def test_a_reason_is_needed(world: World, deployment: Deployment, act: Act) -> None:
    for reason in ("", "  ", "x" * 1001):
        with pytest.raises(Invalid) as fault:
            do(world, act, deployment, reason=reason)
        assert list(fault.value.fields) == ["reason"]
    assert not trail("adopt") + trail("reapply")


@BOTH
def test_what_was_not_seen_is_not_decided(world: World, deployment: Deployment, act: Act) -> None:
    seen = mark_of_all(deployment.drift_lines)
    make_drift(composition(), other="4")
    before = everything()
    for mark in (seen, "", mark_of(deployment.drift_lines[0])):
        with pytest.raises(Refused) as refused:
            do(world, act, deployment, mark=mark)
        assert refused.value.code == "drift-moved"
    assert everything() == before


@BOTH
def test_where_nothing_differs_there_is_nothing_to_decide(world: World, deployment: Deployment, act: Act) -> None:
    Deployment.objects.update(drift=[])
    with pytest.raises(Refused) as refused:
        do(world, act, deployment)
    assert refused.value.code == "no-drift"


def test_during_a_rollout_it_can_be_undone_but_not_kept(world: World) -> None:
    deployment = world.running()
    world.upgrade(deployment)
    make_drift(deployment.compositions.get(), replicas="3")
    deployment.refresh_from_db()
    with pytest.raises(Refused) as refused:
        do(world, adopt_drift, deployment)
    assert refused.value.code == "rollout-in-progress"
    assert do(world, reapply_drift, deployment).reapply


def test_what_is_paused_can_be_undone_but_not_kept(world: World, deployment: Deployment) -> None:
    Deployment.objects.update(paused=True)
    with pytest.raises(Refused) as refused:
        do(world, adopt_drift, deployment)
    assert refused.value.code == "paused"
    assert do(world, reapply_drift, deployment).reapply


@BOTH
@pytest.mark.parametrize(("role", "fault"), [("viewer", NotAllowed), ("stranger", Missing)])
def test_it_takes_an_operator(
    world: World, deployment: Deployment, act: Act, role: str, fault: type[Exception]
) -> None:
    with pytest.raises(fault):
        do(world, act, deployment, role)
    assert not trail("adopt") + trail("reapply")


def test_while_it_has_drifted_no_upgrade_begins(world: World, deployment: Deployment) -> None:
    with pytest.raises(Refused) as refused:
        world.upgrade(deployment)
    assert (refused.value.code, refused.value.message) == (
        "drifted",
        "The deployment Churn live has drifted: adopt or re-apply what differs first.",
    )
    plan = world.plan(deployment)
    with pytest.raises(Refused):
        world.start(deployment, plan)
    do(world, reapply_drift, deployment)
    Deployment.objects.update(drift=[])
    with pytest.raises(Refused, match="What operator decided about the drift of Churn live is still being carried out"):
        world.start(deployment, plan)
    Deployment.objects.update(reapply_lines=[], reapply_by="", reapply_at=None)
    assert world.start(deployment, plan)


def test_an_upgrade_that_changes_nothing_is_none_whether_it_has_drifted_or_not(
    world: World, deployment: Deployment
) -> None:
    make_version(world.runtime.image, "v0.9.0")
    Composition.objects.update(version=Version.objects.get(version="v1.1.0"))
    assert world.upgrade(deployment) is None
