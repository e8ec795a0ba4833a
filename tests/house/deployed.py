"""Rows of the deployer and of the storage service under ids that are known beforehand."""

from __future__ import annotations

from django.utils import timezone

from deployments import storage
from deployments.api.storage.artifacts import ANNOUNCED, UPLOADED
from deployments.api.storage.experiments import EXAMPLE
from deployments.api.storage.models import EXAMPLE_MODEL
from deployments.api.storage.versions import EXAMPLE_VERSION, SPARE_EXPERIMENT
from deployments.models import Artifact, ModelVersion, Plan, RegisteredModel, Rollout, RolloutStep
from mlops_console.models import Workspace
from runtimes.models import Runtime, Version
from tests.factories import make_deployment, make_experiment

DEPLOYMENT = "00000000-0000-4000-8000-0000000d0001"
ROLLING = "00000000-0000-4000-8000-0000000d0002"
MODEL_NAME = "Churn"


def make_deployed(workspace: Workspace, runtime: Runtime, after: Version) -> None:
    """An experiment that is registered and deployed, one that is neither, two files, and a rollout under way.

    Nothing happens to the rollout: no worker is at work.
    """
    now = timezone.now()
    churn = make_experiment(workspace, uid=EXAMPLE, metadata={"score": 0.5, "rows": 3, "input_schema": []})
    make_experiment(workspace, "Spare", uid=SPARE_EXPERIMENT)
    model = RegisteredModel.objects.create(workspace=workspace, uid=EXAMPLE_MODEL, display_name=MODEL_NAME)
    ModelVersion.objects.create(model=model, experiment=churn, uid=EXAMPLE_VERSION, number=1)
    make_deployment(runtime, churn, uid=DEPLOYMENT, address="http://127.0.0.1:1/d")
    rolling = make_deployment(runtime, churn, uid=ROLLING, name="On the move")
    plan = Plan.objects.create(deployment=rolling, actor="owner", fingerprint="0" * 64)
    rollout = Rollout.objects.create(deployment=rolling, plan=plan, number=1, started_by="owner")
    step = rolling.compositions.get()
    RolloutStep.objects.create(
        rollout=rollout,
        position=0,
        composition=step,
        before=step.version,
        after=after,
        old_workload="old",
        new_workload="new",
        again_workload="again",
    )
    for uid in (ANNOUNCED, UPLOADED):
        storage.remove(uid)
        storage.store(uid, [b'{"kind": "linear", "inputs": [{"name": "x", "coefficient": 2}]}'])
    stored = storage.known(UPLOADED)
    assert stored is not None
    Artifact.objects.create(workspace=workspace, uid=ANNOUNCED)
    Artifact.objects.create(
        workspace=workspace,
        uid=UPLOADED,
        size=stored.size,
        md5=stored.md5,
        sha256=stored.sha256,
        uploaded_at=now,
    )
