"""Making, pausing, resuming and removing deployments; the worker carries out what is written here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from deployments import queries
from deployments.actions.reasons import checked_reason
from deployments.actions.waking import wake
from deployments.actions.workloads import Birth, keep_workloads, restart_workloads
from deployments.models import Composition, Deployment, Event, Experiment, Lease, Rollout
from deployments.planning.matching import match_one
from deployments.planning.modes import Mode, mode_fault
from deployments.snapshots import candidates_of
from mlops_console import audit
from mlops_console.access import Right
from mlops_console.actor import Actor
from mlops_console.errors import Invalid, Missing, Refused
from mlops_console.models import Workspace
from mlops_console.queries import scope_for
from runtimes import queries as runtimes
from runtimes.actions.checks import Faults, checked_names, hold_workspace
from runtimes.models import Runtime, Version
from runtimes.rules import environment


@dataclass(frozen=True, kw_only=True)
class Wish:
    """One composition of a deployment to make: an experiment by id, a runtime by resource name."""

    experiment: str
    runtime: str
    weight: int | None = None
    artifact_type: str = ""
    artifact_processor: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def create_deployment(
    *,
    actor: Actor,
    workspace: Workspace,
    display_name: str,
    mode: Mode,
    wishes: Sequence[Wish],
    now: datetime,
    description: str = "",
    environment_variables: Mapping[str, str] | None = None,
    securities: Sequence[Mapping[str, Any]] = (),
) -> Deployment:
    """Make a deployment; each composition begins on the version that its runtime resolves to now.

    Raises Missing, NotAllowed, Invalid, or Refused where a runtime does not take its experiment (R5).
    """
    actor.require(Right.WRITE, workspace)
    hold_workspace(workspace)
    faults = Faults()
    values = checked_names(faults, display_name, description)
    variables = dict(environment_variables or {})
    for key, fault in environment.faults(variables).items():
        faults[f"environment_variables.{key}" if key else "environment_variables"] = fault
    if fault := mode_fault(mode, [wish.weight for wish in wishes]):
        faults["compositions"] = fault
    experiments = _experiments(faults, workspace, wishes)
    faults.raise_any()
    chosen = _choices(actor, workspace, wishes, experiments)
    deployment = Deployment.objects.create(
        workspace=workspace,
        mode=mode.value,
        environment_variables=variables,
        securities=list(securities),
        creator=actor.user,
        created_at=now,
        updated_at=now,
        health_at=now,
        **values,
    )
    births = []
    for position, (wish, (runtime, version)) in enumerate(zip(wishes, chosen, strict=True)):
        composition = Composition(
            deployment=deployment,
            position=position,
            experiment=experiments[wish.experiment],
            runtime=runtime,
            version=version,
            weight=100 if wish.weight is None else wish.weight,
            is_mirror=mode is Mode.SHADOW and position > 0,
            artifact_type=wish.artifact_type,
            artifact_processor=wish.artifact_processor,
            options=dict(wish.options),
        )
        composition.workload = f"{composition.uid}-0"
        composition.save()
        births.append(Birth(composition, composition.workload, version))
    keep_workloads(births)
    Lease.objects.create(deployment=deployment, look_at=now)
    _tell(deployment, now, "created", f"{actor.name} created the deployment.")
    after: dict[str, Any] = {"display_name": deployment.display_name, "mode": mode.value}
    after["compositions"] = [
        {"experiment": wish.experiment, "runtime": runtime.name, "version": version.name}
        for wish, (runtime, version) in zip(wishes, chosen, strict=True)
    ]
    record_deployment(actor, audit.Verb.CREATE, deployment, now, after=after)
    wake()
    return deployment


def pause_deployment(*, actor: Actor, workspace: str, uid: str, now: datetime, reason: str = "") -> Deployment:
    """Let nothing of a deployment run until it is resumed; raises Missing, NotAllowed or Refused."""
    return _set_paused(actor, workspace, uid, now, reason, paused=True)


def resume_deployment(*, actor: Actor, workspace: str, uid: str, now: datetime, reason: str = "") -> Deployment:
    """Let a paused deployment run again; raises Missing, NotAllowed or Refused."""
    return _set_paused(actor, workspace, uid, now, reason, paused=False)


@transaction.atomic
def delete_deployment(*, actor: Actor, workspace: str, uid: str, now: datetime) -> Deployment:
    """Remove a deployment: at once from every list, by the worker from the engine; raises Missing or NotAllowed."""
    row = locked_deployment(actor, workspace, uid, Right.DELETE)
    row.deleted_at = now
    row.save(update_fields=["deleted_at"])
    # What used to hold its runtimes, versions and experiments holds them no longer once the worker has let go.
    record_deployment(actor, audit.Verb.DELETE, row, now, before={"display_name": row.display_name, "mode": row.mode})
    look_now(row, now)
    return row


def locked_deployment(actor: Actor, workspace: str, uid: str, right: Right) -> Deployment:
    """One deployment, locked until the transaction ends; raises Missing or NotAllowed."""
    found = queries.find_deployment(actor, workspace, uid)
    actor.require(right, found.workspace)
    rows = Deployment.objects.select_for_update(of=("self",)).select_related("workspace", "creator")
    row = rows.filter(pk=found.pk, deleted_at__isnull=True).first()
    if row is None:
        raise Missing(f"Deployment {uid} is gone.")
    return row


def look_now(deployment: Deployment, now: datetime) -> None:
    """Let a worker look at a deployment as soon as this is committed."""
    Lease.objects.filter(deployment=deployment).update(look_at=now)
    wake()


@transaction.atomic
def _set_paused(actor: Actor, workspace: str, uid: str, now: datetime, reason: str, *, paused: bool) -> Deployment:
    row = locked_deployment(actor, workspace, uid, Right.WRITE)
    reason = checked_reason(reason)
    if row.paused is paused:
        return row
    if paused and Rollout.objects.active().filter(deployment=row).exists():
        raise Refused("rollout-in-progress", "A rollout is under way; wait until it has ended, or abort it first.")
    row.paused = paused
    row.revision += 1
    row.updated_at = now
    row.save(update_fields=["paused", "revision", "updated_at"])
    if not paused:
        # What still stops under its old key has the settings of then.
        restart_workloads(row, f"resumed{row.revision}")
    verb = audit.Verb.PAUSE if paused else audit.Verb.RESUME
    _tell(row, now, verb.value, f"{actor.name} {'paused' if paused else 'resumed'} the deployment.")
    record_deployment(actor, verb, row, now, reason=reason, before={"paused": not paused}, after={"paused": paused})
    look_now(row, now)
    return row


def _experiments(faults: Faults, workspace: Workspace, wishes: Sequence[Wish]) -> dict[str, Experiment]:
    """The experiments by id, locked so that nobody deletes them before this is committed."""
    wanted = {wish.experiment for wish in wishes}
    rows = Experiment.objects.select_for_update(of=("self",), no_key=True).filter(workspace=workspace, uid__in=wanted)
    found = {each.uid: each for each in rows.order_by("pk")}
    for number, wish in enumerate(wishes):
        if wish.experiment not in found:
            faults[f"compositions.{number}.experiment"] = (
                f"There is no experiment {wish.experiment!r} in workspace {workspace.uid}."
            )
    return found


def _choices(
    actor: Actor, workspace: Workspace, wishes: Sequence[Wish], experiments: Mapping[str, Experiment]
) -> list[tuple[Runtime, Version]]:
    """For each wish the runtime that was chosen and the version to begin on, both held until this is committed."""
    rows = runtimes.named(runtimes.runtimes_in(scope_for(actor, workspace.uid)), {wish.runtime for wish in wishes})
    held = {each.name: each for each in rows.select_for_update(of=("self",), no_key=True).order_by("pk")}
    candidates, world = candidates_of(rows)
    by_name = {each.runtime.name: each for each in candidates}
    chosen = []
    for number, wish in enumerate(wishes):
        if wish.runtime not in by_name:
            sentence = f"There is no runtime {wish.runtime!r} that workspace {workspace.uid} may use."
            raise Invalid({f"compositions.{number}.runtime": sentence})
        experiment = experiments[wish.experiment]
        metadata = {key: str(value) for key, value in experiment.metadata.items()}
        answer = match_one(by_name[wish.runtime], world, experiment.model_type_id or "", metadata)
        if answer.version is None:
            name = answer.candidate.runtime.display_name
            sentence = f"The runtime {name} does not take the experiment {experiment.display_name}. {answer.why_not}"
            raise Refused("runtime-does-not-match", sentence, {"runtime": wish.runtime, "experiment": wish.experiment})
        chosen.append((held[wish.runtime], held_version(answer.version.name)))
    return chosen


def held_version(name: str) -> Version:
    """A version by its resource name, held until the transaction ends."""
    _, place, _, image, _, number = name.split("/")
    rows = Version.objects.select_for_update(of=("self",), no_key=True).select_related("image__workspace")
    return rows.get(image__workspace__uid=place, image__uid=image, version=number)


def _tell(deployment: Deployment, now: datetime, kind: str, sentence: str) -> None:
    Event.objects.create(deployment=deployment, at=now, kind=kind, sentence=sentence)


def record_deployment(actor: Actor, verb: audit.Verb, row: Deployment, now: datetime, **differing: Any) -> None:
    """Write the audit entry of a change to a deployment."""
    subject = audit.Subject(audit.Kind.DEPLOYMENT, row.name, row.workspace.uid)
    audit.record([audit.entry(actor=actor, verb=verb, subject=subject, now=now, **differing)])
