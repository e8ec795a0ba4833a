"""Changing and giving up the files of experiments, and naming experiments anew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from deployments import catalog, queries
from deployments.actions.experiments import locked_taker
from deployments.models import Artifact, Experiment
from mlops_console import audit
from mlops_console.access import Right
from mlops_console.actor import Actor
from mlops_console.errors import Invalid, Missing, Refused
from runtimes.actions.checks import Faults
from runtimes.models import ModelType
from runtimes.rules.names import check_display_name, text_fault

TYPE_MAX = 100


@transaction.atomic
def update_artifact(*, actor: Actor, uid: str, changes: Mapping[str, str], now: datetime) -> Artifact:
    """Call a file otherwise (`type`), or give it to an experiment of its workspace (`experiment`, by id).

    An experiment whose file is of the type of a known model type becomes of that type. Raises Missing, NotAllowed,
    Invalid, or Refused for an experiment that has its file.
    """
    artifact = _held(actor, uid)
    before = {"type": artifact.type, "experiment": artifact.experiment.uid if artifact.experiment else ""}
    faults = Faults()
    kind = changes.get("type", artifact.type)
    if fault := text_fault(kind, label="It", maximum=TYPE_MAX, one_line=True):
        faults["type"] = fault
    taker = artifact.experiment
    faults.raise_any()
    if "experiment" in changes:
        taker = locked_taker(artifact.workspace, changes["experiment"], has=artifact)
        if artifact.experiment not in (None, taker):
            raise Invalid({"experiment": "It belongs to another experiment already."})
    artifact.type, artifact.experiment = kind, taker
    artifact.save(update_fields=["type", "experiment"])
    if taker is not None and kind != taker.model_type_id and ModelType.objects.filter(name=kind).exists():
        taker.model_type_id, taker.updated_at = kind, now
        taker.save(update_fields=["model_type", "updated_at"])
    after = {"type": kind, "experiment": taker.uid if taker else ""}
    if after != before:
        _record(actor, audit.Verb.UPDATE, artifact, now, before=before, after=after)
    return artifact


@transaction.atomic
def give_up_artifact(*, actor: Actor, uid: str, now: datetime) -> None:
    """Forget a file that never arrived whole, whose parts are the caller's to remove.

    Raises Missing, NotAllowed, or Refused for one that did arrive.
    """
    artifact = _held(actor, uid)
    if artifact.uploaded_at is not None:
        raise Refused("taken", f"The artifact {uid} has its file already.")
    # No audit entry: an announced file is nothing that anybody could use.
    artifact.delete()


@transaction.atomic
def rename_experiment(*, actor: Actor, uid: str, display_name: str, now: datetime) -> Experiment:
    """Give an experiment another name; raises Missing, NotAllowed or Invalid."""
    found = catalog.find_experiment(actor, uid)
    actor.require(Right.WRITE, found.workspace)
    row = Experiment.objects.select_for_update(of=("self",)).select_related("workspace", "owner").get(pk=found.pk)
    try:
        name = check_display_name(display_name)
    except ValueError as fault:
        raise Invalid({"display_name": str(fault)}) from None
    if name != row.display_name:
        before, row.display_name, row.updated_at = {"display_name": row.display_name}, name, now
        row.save(update_fields=["display_name", "updated_at"])
        subject = audit.Subject(audit.Kind.EXPERIMENT, row.name, row.workspace.uid)
        after = {"display_name": name}
        entry = audit.entry(actor=actor, verb=audit.Verb.UPDATE, subject=subject, now=now, before=before, after=after)
        audit.record([entry])
    return row


def _held(actor: Actor, uid: str) -> Artifact:
    """A file that the actor may change, locked until the transaction ends; raises Missing or NotAllowed."""
    found = queries.find_artifact(actor, uid)
    actor.require(Right.WRITE, found.workspace)
    rows = Artifact.objects.select_for_update(of=("self",)).select_related("workspace", "experiment")
    row = rows.filter(pk=found.pk).first()
    if row is None:
        raise Missing(f"There is no artifact {uid}.")
    return row


def _record(actor: Actor, verb: audit.Verb, artifact: Artifact, now: datetime, **differing: Any) -> None:
    subject = audit.Subject(audit.Kind.ARTIFACT, f"artifacts/{artifact.uid}", artifact.workspace.uid)
    audit.record([audit.entry(actor=actor, verb=verb, subject=subject, now=now, **differing)])
