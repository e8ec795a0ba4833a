"""A key names one unchanging workload: what is edited later reaches what starts later; what is unused is dropped."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from deployments import storage
from deployments.actions.changes import retry_deployment, update_deployment
from deployments.actions.deployments import pause_deployment, resume_deployment
from deployments.actions.experiments import complete_artifact, create_artifact
from deployments.engines.contract import Workload
from deployments.models import Composition, Deployment, Experiment, WorkloadSpec
from deployments.rollouts.reading import snapshot_of
from deployments.rollouts.snapshot import Step
from mlops_console.models import AuditEntry
from runtimes.models import Runtime, Version
from tests.deployments.actions.world import World

pytestmark = pytest.mark.django_db


def runs(deployment: Deployment) -> Workload:
    """What the worker is to run for its only composition."""
    found = snapshot_of(deployment.pk)
    assert found
    return found.compositions[0].workload


def step_of(deployment: Deployment) -> Step:
    """The only step of its rollout."""
    found = snapshot_of(deployment.pk)
    assert found
    assert found.rollout
    return found.rollout.steps[0]


def edit_everything() -> None:
    """Change all that a workload is made of, as people, programs and the bootstrap may."""
    Runtime.objects.update(
        environment_variables={"THREADS": "8"},
        selector={"tier": "silver"},
        volumes=[{"id": "new", "type": "EMPTY_DIR", "mountPaths": ["/new"]}],
        security_context={"runAsUser": "2000"},
    )
    Deployment.objects.update(environment_variables={"MODE": "slow"})
    Version.objects.update(readiness_probe_path="/other", architectures=["arm64"])
    Composition.objects.update(options={"kubernetesResourceSpec": {"replicas": 5}})


@pytest.fixture
def deployment(world: World) -> Deployment:
    """One that was created, on the older of two versions."""
    Runtime.objects.update(environment_variables={"THREADS": "2"}, security_context={"runAsUser": "1000"})
    made = world.create(world.experiment(), environment_variables={"MODE": "fast"})
    old = world.runtime.image.versions.get(version="v1.0.0")
    WorkloadSpec.objects.update(content={**WorkloadSpec.objects.get().content, "version": "v1.0.0"})
    made.compositions.update(version=old)
    return made


def of(deployment: Deployment) -> dict[str, Any]:
    """How actions name it."""
    return {"workspace": "lab", "uid": deployment.uid, "now": timezone.now()}


def test_no_edit_reaches_what_runs(deployment: Deployment) -> None:
    before = runs(deployment)
    assert before.environment == {"THREADS": "2", "MODE": "fast"}
    edit_everything()
    assert runs(deployment) == before


def test_a_rollout_starts_what_was_there_as_it_was_asked_for(world: World, deployment: Deployment) -> None:
    ran = runs(deployment)
    Runtime.objects.update(environment_variables={"THREADS": "4"})
    assert world.upgrade(deployment)
    edit_everything()
    step = step_of(deployment)
    assert (step.new.version, step.new.environment) == ("v1.1.0", {"THREADS": "4", "MODE": "fast"})
    assert step.old == ran


def test_what_is_undone_starts_again_as_it_was(world: World, deployment: Deployment) -> None:
    ran = runs(deployment)
    edit_everything()
    assert world.upgrade(deployment)
    again = step_of(deployment).again
    assert again.key.endswith("-again")
    assert (again.environment, again.security_context) == (ran.environment, ran.security_context)


def test_what_is_resumed_starts_anew_under_another_key(world: World, deployment: Deployment) -> None:
    before = runs(deployment)
    owner, place = world.cast.actor("owner"), of(deployment)
    pause_deployment(actor=owner, **place)
    resources = {"kubernetesResourceRequirements": {"limits": {"nvidia.com/gpu": "2"}}, "replicas": 3}
    changes = {"environment_variables": {"GPUS": "{GPU_COUNT}"}, "options": {0: {"kubernetesResourceSpec": resources}}}
    update_deployment(actor=owner, **place, changes=changes)
    assert runs(deployment) == before
    resume_deployment(actor=owner, **place)
    after = runs(deployment)
    assert after.key != before.key
    assert (after.replicas, after.environment) == (3, {"THREADS": "2", "GPUS": "2"})
    assert after.resources == {"limits": {"nvidia.com/gpu": "2"}}
    assert WorkloadSpec.objects.count() == 1


def test_what_is_tried_again_starts_anew_with_the_file_that_came_late(world: World, deployment: Deployment) -> None:
    assert runs(deployment).artifact == ""
    owner, now = world.cast.actor("owner"), timezone.now()
    experiment = Experiment.objects.get()
    file = create_artifact(actor=owner, workspace=world.cast.workspace, experiment=experiment.uid, now=now)
    complete_artifact(actor=owner, uid=file.uid, stored=storage.Stored(4, "", ""), now=now)
    assert runs(deployment).artifact == ""
    Deployment.objects.update(health="FAILED")
    retry_deployment(actor=owner, **of(deployment))
    assert runs(deployment).artifact == str(storage.path_of(file.uid))
    assert WorkloadSpec.objects.count() == 1


def test_secrets_stay_out_of_the_audit_trail(world: World) -> None:
    made = world.create(world.experiment(), environment_variables={"API_TOKEN": "hunter2"})
    assert runs(made).environment["API_TOKEN"] == "hunter2"
    assert world.upgrade(made, targets={}) is None
    assert "hunter2" not in str(list(AuditEntry.objects.values()))
