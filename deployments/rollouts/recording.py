"""Writing down what a turn decided: the one place outside actions that writes, and only under its lease."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F, QuerySet

from deployments.engines.contract import Counts
from deployments.models import Composition, Deployment, Event, Rollout, RolloutStep, TrafficCount
from deployments.rollouts import claims
from deployments.rollouts.decide import Decision
from deployments.rollouts.snapshot import Rollout as RolloutFact
from deployments.rollouts.snapshot import Snapshot, Status, Step
from mlops_console import audit
from mlops_console.actor import Actor
from mlops_console.models import AuditEntry

TRAFFIC_EVERY: Final = timedelta(seconds=1)
FAILED_FROM: Final = 500


class Overtaken(Exception):
    """People want something else by now than when the turn began to look: what it decided is not to be done."""


@transaction.atomic
def record(
    *, claim: claims.Claim, actor: Actor, snapshot: Snapshot, decision: Decision, address: str, now: datetime
) -> None:
    """Write what became of a deployment and its rollout.

    Raises Lost where another worker holds it by now, Overtaken where people have changed their mind since.
    """
    # The deployment before its lease, as people do, who ask for a look in the end: the other way round both would wait.
    rows = Deployment.objects.select_for_update(of=("self",)).select_related("workspace")
    deployment = rows.filter(pk=claim.deployment).first()
    if deployment is None:
        raise claims.Lost(f"deployment {claim.deployment} is gone")
    claims.hold(claim)
    if (deployment.paused, deployment.deleted_at is not None) != (snapshot.paused, snapshot.deleted):
        raise Overtaken
    if decision.is_gone:
        # Rollouts hold their plans, which go with the deployment.
        Rollout.objects.filter(deployment=deployment).delete()
        deployment.delete()
        return
    before, after = snapshot.rollout, decision.rollout
    entries: list[AuditEntry] = []
    if before is not None and after is not None and before != after:
        rollout = Rollout.objects.select_for_update().get(deployment=deployment, number=after.number)
        if rollout.intent != before.intent:
            raise Overtaken
        entries = _record_rollout(actor, deployment, rollout, before, after, decision, now)
    _record_health(deployment, decision, address, after, now)
    audit.record(entries)


def record_traffic(rollout: Rollout, counts: Counts, now: datetime) -> None:
    """Keep how many requests were answered so far, once a second at most, for the picture of a rollout.

    By workload, and under no name as clients were answered: only that tells whether a request failed, as the router
    sends again what a workload refused. That row is written always, so that each look has its instant.
    """
    last = TrafficCount.objects.filter(rollout=rollout).order_by("-at").values_list("at", flat=True).first()
    if last is not None and now - last < TRAFFIC_EVERY:
        return
    TrafficCount.objects.bulk_create(
        TrafficCount(
            rollout=rollout,
            at=now,
            workload=workload,
            answered=sum(by_status.values()),
            failed=sum(count for status, count in by_status.items() if status >= FAILED_FROM),
        )
        for workload, by_status in {**counts.workloads, "": counts.answered}.items()
    )


def _record_rollout(
    actor: Actor,
    deployment: Deployment,
    rollout: Rollout,
    before: RolloutFact,
    after: RolloutFact,
    decision: Decision,
    now: datetime,
) -> list[AuditEntry]:
    rows = {each.position: each for each in _steps_of(rollout)}
    was = {step.position: step for step in before.steps}
    entries = []
    for step in after.steps:
        row = rows[step.position]
        if step != was[step.position]:
            row.phase, row.phase_at, row.undo_workload = step.phase.value, step.phase_at, step.undo_key
            row.save(update_fields=["phase", "phase_at", "undo_workload"])
        if step.composition in decision.settled:
            entries.append(_settle(actor, deployment, rollout, row, step, decision.settled[step.composition], now))
    composition_keys = {step.composition: rows[step.position].composition_id for step in after.steps}
    Event.objects.bulk_create(
        Event(
            deployment=deployment,
            rollout=rollout,
            composition_id=composition_keys.get(each.composition),
            at=now,
            kind=each.kind,
            sentence=each.sentence,
        )
        for each in decision.happenings
    )
    # The intent is people's to write: only these fields are the worker's.
    rollout.status, rollout.cause = after.status.value, after.cause
    if rollout.started_at is None:
        rollout.started_at = now
    if after.status.is_over:
        rollout.ended_at = now
        subject = audit.Subject(
            audit.Kind.ROLLOUT, f"{deployment.name}/rollouts/{rollout.number}", deployment.workspace.uid
        )
        outcome = {"outcome": after.status.value} | ({"cause": after.cause} if after.cause else {})
        entries.append(
            audit.entry(
                actor=actor, verb=audit.Verb.FINISH, subject=subject, now=now, reason=rollout.reason, after=outcome
            )
        )
    rollout.save(update_fields=["status", "cause", "started_at", "ended_at"])
    return entries


def _steps_of(rollout: Rollout) -> QuerySet[RolloutStep]:
    return RolloutStep.objects.filter(rollout=rollout).select_related("composition__runtime")


def _settle(
    actor: Actor, deployment: Deployment, rollout: Rollout, row: RolloutStep, step: Step, key: str, now: datetime
) -> AuditEntry:
    """From now on the composition is served by another workload, and so runs that workload's version."""
    forward = key == step.new.key
    version, was = (row.after_id, row.before_id) if forward else (row.before_id, row.after_id)
    variables = {**row.composition.runtime.environment_variables, **deployment.environment_variables}
    serving = Composition.objects.filter(pk=row.composition_id)
    serving.update(version=version, workload=key, started_with=variables)
    Deployment.objects.filter(pk=deployment.pk).update(revision=F("revision") + 1, updated_at=now)
    numbers = {row.before_id: step.old.version, row.after_id: step.new.version}
    return audit.entry(
        actor=actor,
        verb=audit.Verb.MOVE,
        subject=audit.Subject(audit.Kind.DEPLOYMENT, deployment.name, deployment.workspace.uid),
        now=now,
        reason=rollout.reason,
        before={"experiment": step.experiment, "version": numbers[was]},
        after={"experiment": step.experiment, "version": numbers[version]},
    )


def _record_health(
    deployment: Deployment, decision: Decision, address: str, rollout: RolloutFact | None, now: datetime
) -> None:
    changes: dict[str, Any] = {}
    if deployment.health != decision.health:
        changes |= {"health": decision.health.value, "health_at": now}
    if deployment.health_message != decision.health_message:
        changes["health_message"] = decision.health_message
    if address and deployment.address != address:
        changes["address"] = address
    if rollout is not None and rollout.status.is_over:
        changes["was_rolled_back"] = rollout.status is Status.ROLLED_BACK
    if changes:
        Deployment.objects.filter(pk=deployment.pk).update(**changes)
