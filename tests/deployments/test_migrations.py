"""Consoles that were there before keep what runs: the data migrations, from the schema before to the one after."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps.registry import Apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from deployments.models import WorkloadSpec

pytestmark = pytest.mark.django_db(transaction=True)
APP = "deployments"


def migrated(name: str) -> Apps:
    """The models of this app and of those below it, once its tables are as a migration leaves them."""
    executor = MigrationExecutor(connection)
    executor.migrate([(APP, name)])
    apps: Apps = MigrationExecutor(connection).loader.project_state([(APP, name)]).apps
    return apps


@pytest.fixture
def before() -> Iterator[Apps]:
    """The schema with which deployments began; all later ones are applied again in the end."""
    yield migrated("0001_initial")
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes(APP))


def rows_of(apps: Apps) -> Any:
    """A deployment of two compositions in a rollout that has moved the first, and begun nothing for the second."""

    def make(model: str, app: str = APP, **fields: Any) -> Any:
        return apps.get_model(app, model).objects.create(**fields)

    place = make("Workspace", "console", uid="lab", display_name="Lab")
    image = make("RuntimeImage", "runtimes", workspace=place, uid="mojo", display_name="Mojo")
    old, new = (
        make("Version", "runtimes", image=image, version=f"v{number}.0.0", precedence=number, reference=f"s:{number}")
        for number in (1, 2)
    )
    kind, _ = apps.get_model("runtimes", "ModelType").objects.get_or_create(name="m", defaults={"display_name": "M"})
    runtime = make(
        "Runtime",
        "runtimes",
        workspace=place,
        uid="r",
        display_name="R",
        image=image,
        model_type=kind,
        environment_variables={"GPUS": "{GPU_COUNT}", "THREADS": "8"},
        security_context={"runAsUser": "1000"},
        data_volume_read_only=True,
    )
    experiment = make("Experiment", workspace=place, display_name="E")
    make("Artifact", workspace=place, experiment=experiment, uid="a-1", uploaded_at=timezone.now())
    deployment = make(
        "Deployment", workspace=place, display_name="D", mode="SPLIT", environment_variables={"MODE": "fast"}
    )
    limits = {"kubernetesResourceRequirements": {"limits": {"nvidia.com/gpu": "2"}, "requests": {}}, "replicas": 3}
    shared = {"deployment": deployment, "experiment": experiment, "runtime": runtime}
    first = make("Composition", position=0, version=new, workload="one-7", started_with=None, **shared)
    second = make(
        "Composition",
        position=1,
        version=old,
        workload="two-0",
        started_with={"THREADS": "2"},
        options={"kubernetesResourceSpec": limits},
        **shared,
    )
    rollout = make("Rollout", deployment=deployment, number=1, status="RUNNING")
    for position, (name, row) in enumerate((("one", first), ("two", second))):
        make(
            "RolloutStep",
            rollout=rollout,
            position=position,
            composition=row,
            before=old,
            after=new,
            old_workload=f"{name}-0",
            new_workload=f"{name}-7",
            again_workload=f"{name}-7-again",
        )
    return deployment


def test_what_runs_and_what_is_about_to_is_written_down_as_it_is(before: Apps) -> None:
    rows_of(before)
    migrated("0004_drop_started_with")
    found = {each.key: each.content for each in WorkloadSpec.objects.all()}
    assert {key: each["version"] for key, each in found.items()} == {
        "one-0": "v1.0.0",
        "one-7": "v2.0.0",
        "one-7-again": "v1.0.0",
        "two-0": "v1.0.0",
        "two-7": "v2.0.0",
        "two-7-again": "v1.0.0",
    }
    assert found["one-7"]["environment"] == {"GPUS": "0", "THREADS": "8", "MODE": "fast"}
    assert found["two-0"] == {
        "version": "v1.0.0",
        "image": "s:1",
        "environment": {"THREADS": "2"},
        "readiness_path": "/readyz",
        "replicas": 3,
        "artifact": "a-1",
        "ready_within_seconds": 300,
        "resources": {"limits": {"nvidia.com/gpu": "2"}},
        "architectures": [],
        "selector": {},
        "volumes": [],
        "security_context": {"runAsUser": "1000"},
        "data_read_only": True,
    }
    assert found["two-7"]["environment"] == {"GPUS": "2", "THREADS": "8", "MODE": "fast"}
    assert found["two-7-again"] == found["two-0"]
