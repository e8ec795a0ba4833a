"""Rows for tests, made quickly and without the actions that would be under test themselves."""

from __future__ import annotations

from typing import Any

from deployments.actions.workloads import Birth, keep_workloads
from deployments.engines.contract import Drift, Field
from deployments.models import Composition, Deployment, Experiment, Lease
from deployments.planning.modes import Mode
from deployments.rollouts.drift import to_data
from mlops_console.models import Workspace
from runtimes import queries
from runtimes.models import ModelType, Runtime, RuntimeImage, Version
from runtimes.rules.versions import precedence


def make_model_type(name: str = "h2o3_mojo") -> ModelType:
    """A model type; the usual ones come with the migrations but are gone after a transactional test's flush."""
    return ModelType.objects.get_or_create(name=name, defaults={"display_name": name})[0]


def make_image(workspace: Workspace, uid: str = "h2o3-mojo", *, versions: str = "", **fields: Any) -> RuntimeImage:
    """An image, with `versions` named by words such as `v1.5.4 v1.6.0`."""
    image = RuntimeImage.objects.create(
        workspace=workspace, uid=uid, **{"display_name": uid.replace("-", " ").capitalize()} | fields
    )
    for version in versions.split():
        make_version(image, version)
    return image


def make_version(image: RuntimeImage, version: str = "v1.5.4", **fields: Any) -> Version:
    """A version of an image, its reference made up from the names of both."""
    reference = f"h2oai/{image.uid}:{version.removeprefix('v')}"
    return Version.objects.create(
        image=image, version=version, precedence=precedence(version), **{"reference": reference} | fields
    )


def make_runtime(image: RuntimeImage, uid: str = "mojo", *, model_type: str = "h2o3_mojo", **fields: Any) -> Runtime:
    """A runtime on an image, in the workspace of the image unless another is given."""
    return Runtime.objects.create(
        image=image,
        uid=uid,
        model_type=make_model_type(model_type),
        **{"workspace": image.workspace, "display_name": uid.replace("-", " ").capitalize()} | fields,
    )


def make_experiment(
    workspace: Workspace, name: str = "Churn", *, model_type: str = "h2o3_mojo", **fields: Any
) -> Experiment:
    """An experiment without a file; no model type where `model_type` is empty."""
    known = make_model_type(model_type) if model_type else None
    return Experiment.objects.create(workspace=workspace, display_name=name, model_type=known, **fields)


def make_deployment(
    runtime: Runtime, *experiments: Experiment, name: str = "Churn live", version: Version | None = None, **fields: Any
) -> Deployment:
    """A deployment with a composition for each experiment, or for a new one: single, or split where there are more.

    They run `version`, or what the runtime stands for now; the workspace is the experiments'.
    """
    made = experiments or (make_experiment(fields.get("workspace", runtime.workspace)),)
    mode = Mode.SINGLE if len(made) == 1 else Mode.SPLIT
    deployment = Deployment.objects.create(
        **{"workspace": made[0].workspace, "display_name": name, "mode": mode.value} | fields
    )
    for position, experiment in enumerate(made):
        make_composition(deployment, experiment, runtime, version, position=position)
    Lease.objects.create(deployment=deployment)
    return deployment


def make_composition(
    deployment: Deployment, experiment: Experiment, runtime: Runtime, version: Version | None = None, **fields: Any
) -> Composition:
    """One more composition of a deployment; the champion of a shadow deployment is at position 0."""
    position = fields.get("position", deployment.compositions.count())
    composition = Composition(
        deployment=deployment,
        experiment=experiment,
        runtime=runtime,
        version=version or queries.current_of(runtime),
        **{
            "position": position,
            "is_mirror": deployment.mode == Mode.SHADOW and position > 0,
            "weight": 100 if deployment.mode != Mode.SPLIT else 50,
        }
        | fields,
    )
    composition.workload = f"{composition.uid}-0"
    composition.save()
    keep_workloads([Birth(composition, composition.workload, composition.version)])
    return composition


def make_drift(composition: Composition, **found: str) -> tuple[Drift, ...]:
    """What somebody changed of a composition, as the worker has seen it: `image`, `replicas` or `other` as found."""
    wanted = {"image": composition.version.reference, "replicas": "1", "other": "8"}
    words = {"image": "container scorer, image", "replicas": "replicas", "other": "container scorer, variable THREADS"}
    deployment = composition.deployment
    lines = tuple(
        Drift(composition.uid, Field(name), f"Deployment {composition.uid}, {words[name]}", wanted[name], value, by)
        for (name, value), by in zip(found.items(), ("kubectl-set", "kubectl", "kubectl-edit"), strict=False)
    )
    deployment.refresh_from_db(fields=["drift"])
    deployment.drift += to_data(lines)
    deployment.save(update_fields=["drift"])
    return lines
