"""Creating, pausing, resuming and deleting deployments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from deployments.actions.deployments import delete_deployment, pause_deployment, resume_deployment
from deployments.actions.waking import CHANNEL
from deployments.models import Composition, Deployment, Event, Lease, Rollout
from deployments.planning.modes import Mode
from mlops_console.errors import DomainError, Invalid, Missing, NotAllowed, Refused
from runtimes.actions.images import delete_version
from runtimes.actions.runtimes import delete_runtime
from runtimes.models import Runtime, RuntimeImage, Version
from tests.deployments.actions.world import World, disabled_version, trail
from tests.factories import make_experiment, make_image, make_runtime

pytestmark = pytest.mark.django_db


def test_a_deployment_begins_on_the_current_version_and_a_worker_is_woken(world: World) -> None:
    with CaptureQueriesContext(connection) as queries:
        made = world.create(world.experiment(), environment_variables={"OMP_NUM_THREADS": "2"})
    composition = made.compositions.get()
    assert (composition.version.version, composition.weight, composition.is_mirror) == ("v1.1.0", 100, False)
    assert composition.workload == f"{composition.uid}-0"
    assert (made.mode, made.health, made.creator) == ("SINGLE", "PENDING", world.cast.operator)
    assert made.lease.look_at <= timezone.now()
    assert any("pg_notify" in each["sql"] and CHANNEL in each["sql"] for each in queries)
    assert [each.sentence for each in made.events.all()] == ["operator created the deployment."]
    (entry,) = trail("create")
    assert (entry.actor, entry.subject, entry.workspace) == ("operator", made.name, "lab")
    assert entry.after["compositions"] == [
        {
            "experiment": composition.experiment.uid,
            "runtime": world.runtime.name,
            "version": composition.version.name,
        }
    ]


@pytest.mark.parametrize(
    ("mode", "weights", "mirrors"),
    [
        pytest.param(Mode.SPLIT, [30, 70], [False, False], id="split"),
        pytest.param(Mode.SHADOW, [None, None], [False, True], id="shadow"),
    ],
)
def test_each_mode_has_its_compositions_in_order(
    world: World, mode: Mode, weights: list[int | None], mirrors: list[bool]
) -> None:
    uids = [world.experiment("One"), world.experiment("Two")]
    made = world.create(*uids, mode=mode, weights=weights)
    rows = made.compositions.order_by("position")
    assert [each.experiment.uid for each in rows] == uids
    assert [each.weight for each in rows] == [each or 100 for each in weights]
    assert [each.is_mirror for each in rows] == mirrors


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        pytest.param({"display_name": " "}, "display_name", id="no-name"),
        pytest.param({"mode": Mode.SPLIT}, "compositions", id="split-of-one"),
        pytest.param({"environment_variables": {"1X": "a"}}, "environment_variables.1X", id="variable"),
        pytest.param({"environment_variables": {"A": "{if GPU_COUNT"}}, "environment_variables.A", id="template"),
        pytest.param({"runtime": "workspaces/lab/runtimes/none"}, "compositions.0.runtime", id="no-runtime"),
    ],
)
def test_what_is_wrong_is_told_by_field_and_nothing_is_made(world: World, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        world.create(world.experiment(), **fields)
    assert list(caught.value.fields) == [field]
    assert not Deployment.objects.exists()


def test_an_experiment_of_another_workspace_is_not_there(world: World) -> None:
    theirs = make_experiment(world.cast.other)
    with pytest.raises(Invalid) as caught:
        world.create(theirs.uid)
    assert list(caught.value.fields) == ["compositions.0.experiment"]


def test_a_runtime_of_another_workspace_is_not_there_and_one_of_global_is(world: World) -> None:
    theirs = make_runtime(make_image(world.cast.other, "theirs", versions="v1.0.0"))
    with pytest.raises(Invalid, match="no runtime"):
        world.create(world.experiment(), runtime=theirs.name)
    offered = make_runtime(make_image(world.cast.everyone, "offered", versions="v3.0.0"))
    made = world.create(world.experiment(), runtime=offered.name)
    assert made.compositions.get().version.version == "v3.0.0"


@pytest.mark.parametrize(
    ("model", "why"),
    [
        pytest.param(Runtime, "It is disabled", id="runtime"),
        pytest.param(RuntimeImage, "is disabled", id="image"),
        pytest.param(Version, "has no version that is active or deprecated", id="versions"),
    ],
)
@pytest.mark.parametrize("state", ["DEPRECATED", "DISABLED"])
def test_what_is_disabled_is_refused_and_what_is_deprecated_is_not(
    world: World, model: type[Runtime | RuntimeImage | Version], why: str, state: str
) -> None:
    model.objects.update(api_state=state)
    uid = world.experiment()
    if state == "DEPRECATED":
        assert world.create(uid).compositions.get().version.version == "v1.1.0"
        return
    with pytest.raises(Refused, match=why) as caught:
        world.create(uid)
    assert caught.value.code == "runtime-does-not-match"
    assert caught.value.data == {"runtime": world.runtime.name, "experiment": uid}
    assert not Deployment.objects.exists()


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        pytest.param({"model_type": "mlflow_zip"}, "model type", id="model-type"),
        pytest.param({"metadata": {"tier": "silver"}}, "selector does not match", id="selector"),
    ],
)
def test_a_runtime_that_is_not_for_the_experiment_is_refused(world: World, fields: dict[str, Any], why: str) -> None:
    Runtime.objects.update(selector={"tier": "gold"})
    with pytest.raises(Refused, match=why):
        world.create(world.experiment(**fields))
    world.create(world.experiment(metadata={"tier": "gold"}))


def test_a_pin_is_where_it_begins(world: World) -> None:
    Runtime.objects.update(pinned_version=world.runtime.image.versions.get(version="v1.0.0"))
    assert world.create(world.experiment()).compositions.get().version.version == "v1.0.0"
    disabled_version(world.runtime)
    Version.objects.filter(version="v1.0.0").update(api_state="DISABLED")
    with pytest.raises(Refused, match="which is disabled"):
        world.create(world.experiment())


def act(world: World, verb: str, deployment: Deployment, role: str) -> object:
    """One of the verbs on a deployment."""
    actions = {"pause": pause_deployment, "resume": resume_deployment, "delete": delete_deployment}
    return actions[verb](actor=world.cast.actor(role), workspace="lab", uid=deployment.uid, now=timezone.now())


@pytest.mark.parametrize(
    ("role", "create", "pause", "delete"),
    [
        pytest.param("stranger", Missing, Missing, Missing, id="stranger"),
        pytest.param("viewer", NotAllowed, NotAllowed, NotAllowed, id="viewer"),
        pytest.param("operator", None, None, NotAllowed, id="operator"),
        pytest.param("owner", None, None, None, id="owner"),
        pytest.param("admin", None, None, None, id="admin"),
    ],
)
def test_who_may(
    world: World,
    role: str,
    create: type[DomainError] | None,
    pause: type[DomainError] | None,
    delete: type[DomainError] | None,
) -> None:
    deployment = world.running()
    uid = world.experiment()
    attempts: list[tuple[Callable[[], object], type[DomainError] | None]] = [
        (lambda: world.create(uid, role=role), create),
        (lambda: act(world, "pause", deployment, role), pause),
        (lambda: act(world, "resume", deployment, role), pause),
        (lambda: act(world, "delete", deployment, role), delete),
    ]
    for attempt, refused in attempts:
        if refused is None:
            attempt()
        else:
            before = list(Deployment.objects.order_by("pk").values())
            with pytest.raises(refused):
                attempt()
            assert list(Deployment.objects.order_by("pk").values()) == before


def test_pausing_and_resuming_are_audited_and_wake_the_worker(world: World) -> None:
    deployment = world.running()
    revision = deployment.revision
    for number, verb in enumerate(["pause", "resume"], start=1):
        Lease.objects.update(look_at=timezone.now() + timedelta(minutes=5))
        act(world, verb, deployment, "operator")
        row = Deployment.objects.get()
        assert (row.paused, row.revision) == (verb == "pause", revision + number)
        assert Lease.objects.get().look_at <= timezone.now()
        (entry,) = trail(verb)
        assert (entry.before, entry.after) == ({"paused": verb != "pause"}, {"paused": verb == "pause"})
        assert Event.objects.latest("pk").sentence == f"operator {verb}d the deployment."
        act(world, verb, deployment, "operator")
        assert len(trail(verb)) == 1
        assert Deployment.objects.get().revision == revision + number


def test_what_rolls_out_is_not_paused(world: World) -> None:
    deployment = world.running()
    world.upgrade(deployment)
    with pytest.raises(Refused, match="under way") as caught:
        act(world, "pause", deployment, "operator")
    assert caught.value.code == "rollout-in-progress"
    Rollout.objects.update(status="SUCCEEDED")
    act(world, "pause", deployment, "operator")


def test_a_deleted_deployment_is_gone_for_everybody_at_once(world: World) -> None:
    deployment = world.running()
    act(world, "delete", deployment, "owner")
    (entry,) = trail("delete")
    assert (entry.subject, entry.before["display_name"]) == (deployment.name, "Churn live")
    for verb in ("pause", "resume", "delete"):
        with pytest.raises(Missing):
            act(world, verb, deployment, "owner")
    with pytest.raises(Missing):
        world.upgrade(deployment)
    # Until the worker has let go of it, the row is there.
    assert Deployment.objects.get().deleted_at


def test_what_a_deployment_uses_cannot_be_deleted(world: World) -> None:
    world.running()
    owner, now = world.cast.actor("owner"), timezone.now()
    with pytest.raises(Refused) as caught:
        delete_runtime(actor=owner, workspace="lab", uid=world.runtime.uid, now=now)
    assert caught.value.code == "in-use"
    assert "Churn live" in caught.value.message
    with pytest.raises(Refused) as caught:
        delete_version(actor=owner, workspace="lab", image=world.runtime.image.uid, version="v1.0.0", now=now)
    assert caught.value.code == "in-use"
    delete_version(actor=owner, workspace="lab", image=world.runtime.image.uid, version="v1.1.0", now=now)
    assert Composition.objects.count() == 1
