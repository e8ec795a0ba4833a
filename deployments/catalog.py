"""Reading experiments, registered models and files by their ids alone, as the storage service names them."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import QuerySet

from deployments.models import Artifact, Experiment, ModelVersion, RegisteredModel
from mlops_console.actor import Actor
from mlops_console.errors import Missing
from mlops_console.models import Workspace
from mlops_console.queries import Scope, workspaces_of
from runtimes.rules.names import quoted

R = TypeVar("R", Artifact, Experiment, ModelVersion, RegisteredModel)


def own_rows(scope: Scope) -> dict[str, Workspace]:
    """The condition that a row is the workspace's own; what others share is theirs to list."""
    return {} if scope.workspace is None else {"workspace": scope.workspace}


def experiments_of(scope: Scope) -> QuerySet[Experiment]:
    """The experiments of a workspace."""
    return Experiment.objects.filter(**own_rows(scope)).select_related("workspace", "owner")


def models_of(scope: Scope) -> QuerySet[RegisteredModel]:
    """The registered models of a workspace."""
    return RegisteredModel.objects.filter(**own_rows(scope)).select_related("workspace", "creator", "updater")


def find_experiment(actor: Actor, uid: str) -> Experiment:
    """One experiment that the actor may see; raises Missing."""
    rows = Experiment.objects.filter(workspace__in=workspaces_of(actor)).select_related("workspace", "owner")
    return _one(rows.filter(uid=uid), f"There is no experiment {uid}.")


def find_model(actor: Actor, uid: str) -> RegisteredModel:
    """One registered model that the actor may see; raises Missing."""
    rows = RegisteredModel.objects.filter(workspace__in=workspaces_of(actor))
    rows = rows.select_related("workspace", "creator", "updater")
    return _one(rows.filter(uid=uid), f"There is no registered model {uid}.")


def find_model_by_name(scope: Scope, name: str) -> RegisteredModel:
    """The registered model of a workspace that has a name; raises Missing."""
    return _one(
        models_of(scope).filter(display_name=name), f"There is no registered model {quoted(name)} in {scope.uid}."
    )


def versions_of(model: RegisteredModel) -> QuerySet[ModelVersion]:
    """The versions of a registered model."""
    return ModelVersion.objects.filter(model=model).select_related("model", "experiment", "creator")


def find_version(actor: Actor, uid: str) -> ModelVersion:
    """One version of a registered model that the actor may see; raises Missing."""
    rows = ModelVersion.objects.filter(model__workspace__in=workspaces_of(actor))
    rows = rows.select_related("model__workspace", "experiment", "creator")
    return _one(rows.filter(uid=uid), f"There is no model version {uid}.")


def registrations_of(experiment: Experiment) -> QuerySet[ModelVersion]:
    """The versions of registered models that an experiment is."""
    rows = ModelVersion.objects.filter(experiment=experiment).select_related("model", "experiment", "creator")
    return rows.order_by("-created_at", "-pk")


def artifacts_of(owner: Experiment | Workspace) -> QuerySet[Artifact]:
    """The files of an experiment, or those of a workspace that no experiment has taken."""
    rows = Artifact.objects.select_related("workspace", "experiment")
    if isinstance(owner, Experiment):
        return rows.filter(experiment=owner)
    return rows.filter(workspace=owner, experiment__isnull=True)


def _one(rows: QuerySet[R], otherwise: str) -> R:
    found = rows.first()
    if found is None:
        raise Missing(otherwise)
    return found
