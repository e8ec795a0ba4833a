"""Making and removing registered models and their versions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from deployments import catalog
from deployments.models import Experiment, ModelVersion, RegisteredModel
from mlops_console import audit
from mlops_console.access import Right
from mlops_console.actor import Actor
from mlops_console.errors import Invalid, Missing, Refused
from mlops_console.models import Workspace
from runtimes.actions.checks import Faults, checked_names, hold_workspace


@transaction.atomic
def create_model(
    *, actor: Actor, workspace: Workspace, display_name: str, now: datetime, description: str = ""
) -> RegisteredModel:
    """Make a registered model without versions; raises Missing, NotAllowed, Invalid, or Refused for a taken name."""
    actor.require(Right.WRITE, workspace)
    hold_workspace(workspace)
    faults = Faults()
    values = checked_names(faults, display_name, description)
    faults.raise_any()
    model, is_new = _named(actor, workspace, values, now)
    if not is_new:
        raise Refused("taken", f"There is a registered model {model.display_name!r} in {workspace.uid} already.")
    return model


@transaction.atomic
def register(
    *, actor: Actor, workspace: Workspace, experiment: str, now: datetime, model: str = "", display_name: str = ""
) -> ModelVersion:
    """Make an experiment the next version of a registered model, by id or by name; a new name makes the model.

    Raises Missing, NotAllowed, Invalid, or Refused for an experiment that is a version of some model already.
    """
    actor.require(Right.WRITE, workspace)
    hold_workspace(workspace)
    row = Experiment.objects.select_for_update().filter(workspace=workspace, uid=experiment).first()
    if row is None:
        raise Invalid({"experiment": f"There is no experiment {experiment!r} in workspace {workspace.uid}."})
    if taken := ModelVersion.objects.filter(experiment=row).select_related("model").first():
        raise Refused("taken", f"The experiment {row.display_name} is version {taken.number} of {taken.model} already.")
    chosen = _chosen(actor, workspace, model, display_name, now)
    last = chosen.versions.aggregate(last=Max("number"))["last"] or 0
    version = ModelVersion.objects.create(
        model=chosen, experiment=row, number=last + 1, creator=actor.user, created_at=now
    )
    _touch(chosen, actor, now)
    after = {"version": version.number, "experiment": row.uid}
    _record(actor, audit.Verb.UPDATE, chosen, now, after=after)
    return version


@transaction.atomic
def delete_version(*, actor: Actor, uid: str, now: datetime) -> ModelVersion:
    """Take an experiment out of its registered model; raises Missing or NotAllowed."""
    version = catalog.find_version(actor, uid)
    actor.require(Right.DELETE, version.model.workspace)
    model = RegisteredModel.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=version.model_id)
    before = {"version": version.number, "experiment": version.experiment.uid}
    ModelVersion.objects.filter(pk=version.pk).delete()
    _touch(model, actor, now)
    _record(actor, audit.Verb.UPDATE, model, now, before=before)
    return version


@transaction.atomic
def delete_model(*, actor: Actor, uid: str, now: datetime) -> RegisteredModel:
    """Remove a registered model with its versions, whose experiments stay; raises Missing or NotAllowed."""
    model = catalog.find_model(actor, uid)
    actor.require(Right.DELETE, model.workspace)
    before = {"display_name": model.display_name, "versions": model.versions.count()}
    RegisteredModel.objects.filter(pk=model.pk).delete()
    _record(actor, audit.Verb.DELETE, model, now, before=before)
    return model


def _chosen(actor: Actor, workspace: Workspace, uid: str, display_name: str, now: datetime) -> RegisteredModel:
    """The model that gets a version, locked so that two versions do not get one number."""
    if uid:
        rows = RegisteredModel.objects.select_for_update(of=("self",)).select_related("workspace")
        found = rows.filter(workspace=workspace, uid=uid).first()
        if found is None:
            raise Missing(f"There is no registered model {uid} in workspace {workspace.uid}.")
        return found
    faults = Faults()
    values = checked_names(faults, display_name, "")
    faults.raise_any()
    return _named(actor, workspace, values, now)[0]


def _named(actor: Actor, workspace: Workspace, values: dict[str, str], now: datetime) -> tuple[RegisteredModel, bool]:
    """The model of that name, locked, and whether it was made for it."""
    rest = {"description": values["description"], "creator": actor.user, "updater": actor.user}
    model, is_new = RegisteredModel.objects.get_or_create(
        workspace=workspace,
        display_name=values["display_name"],
        defaults={**rest, "created_at": now, "updated_at": now},
    )
    if is_new:
        _record(actor, audit.Verb.CREATE, model, now, after={"display_name": model.display_name})
    rows = RegisteredModel.objects.select_for_update(of=("self",)).select_related("workspace", "creator", "updater")
    return rows.get(pk=model.pk), is_new


def _touch(model: RegisteredModel, actor: Actor, now: datetime) -> None:
    model.updated_at, model.updater = now, actor.user
    model.save(update_fields=["updated_at", "updater"])


def _record(actor: Actor, verb: audit.Verb, model: RegisteredModel, now: datetime, **differing: Any) -> None:
    name = f"{model.workspace.name}/registeredModels/{model.uid}"
    subject = audit.Subject(audit.Kind.MODEL, name, model.workspace.uid)
    audit.record([audit.entry(actor=actor, verb=verb, subject=subject, now=now, **differing)])
