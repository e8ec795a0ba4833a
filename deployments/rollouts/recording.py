"""Writing down what a turn decided: the one place outside actions that writes, and only under its lease."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce

from deployments.models import Composition, Deployment, Event, Rollout, RolloutStep, WorkloadSpec
from deployments.rollouts import claims
from deployments.rollouts.decide import Decision
from deployments.rollouts.drift import to_data
from deployments.rollouts.snapshot import Rollout as RolloutFact
from deployments.rollouts.snapshot import Snapshot, Status, Step
from mlops_console import audit
from mlops_console.actor import Actor
from mlops_console.models import AuditEntry

# What people want of a deployment; its revision is another one once they have changed what it is made of.
_LOCK: Final = """
    SELECT paused, deleted_at IS NOT NULL, reapply_at, revision FROM deployments_deployment
    WHERE id = %(key)s FOR UPDATE
"""
_STILL: Final = """
    SELECT paused, deleted_at IS NOT NULL, reapply_at, revision FROM deployments_deployment
    JOIN deployments_lease ON deployment_id = id WHERE id = %(key)s AND epoch = %(epoch)s
"""


class Overtaken(Exception):
    """People want something else by now than when the turn began to look: what it decided is not to be done."""


def record(
    *, claim: claims.Claim, actor: Actor, snapshot: Snapshot, decision: Decision, address: str, now: datetime
) -> None:
    """Write what became of a deployment and its rollout, if anything did.

    Raises Lost where another worker holds it by now, Overtaken where people have changed their mind since.
    """
    if _is_news(snapshot, decision, address):
        _record(claim, actor, snapshot, decision, address, now)
    else:
        _check(claim, snapshot, _STILL)


def _is_news(snapshot: Snapshot, decision: Decision, address: str) -> bool:
    """Whether there is anything to write."""
    return (
        decision.is_gone
        or decision.rollout != snapshot.rollout
        or (decision.health, decision.health_message) != (snapshot.health, snapshot.health_message)
        or (decision.drift.lines, decision.drift.reapply) != (snapshot.drift, snapshot.reapply)
        or bool(decision.drift.happenings)
        or bool(address and address != snapshot.address)
    )


@transaction.atomic
def _record(
    claim: claims.Claim, actor: Actor, snapshot: Snapshot, decision: Decision, address: str, now: datetime
) -> None:
    # The deployment before its lease, as people do, who ask for a look in the end: the other way round both would wait.
    _check(claim, snapshot, _LOCK)
    claims.hold(claim)
    if decision.is_gone:
        # Rollouts hold their plans, which go with the deployment.
        Rollout.objects.filter(deployment=claim.deployment).delete()
        Deployment.objects.filter(pk=claim.deployment).delete()
        return
    before, after = snapshot.rollout, decision.rollout
    entries: list[AuditEntry] = []
    if before is not None and after is not None and before != after:
        entries = _record_rollout(claim, actor, snapshot, before, after, decision, now)
    _record_deployment(claim, snapshot, decision, address, now)
    if entries:
        audit.record(entries)


def _check(claim: claims.Claim, snapshot: Snapshot, question: str) -> None:
    """Pass where people want of a deployment what they wanted; raises Overtaken, or Lost where it has no answer."""
    with connection.cursor() as cursor:
        cursor.execute(question, {"key": claim.deployment, "epoch": claim.epoch})
        found = cursor.fetchone()
    if found is None:
        raise claims.Lost(f"deployment {claim.deployment} is gone, or no longer held under epoch {claim.epoch}")
    reapply_at = snapshot.reapply.at if snapshot.reapply else None
    if found != (snapshot.paused, snapshot.deleted, reapply_at, snapshot.revision):
        raise Overtaken


def _record_rollout(
    claim: claims.Claim,
    actor: Actor,
    snapshot: Snapshot,
    before: RolloutFact,
    after: RolloutFact,
    decision: Decision,
    now: datetime,
) -> list[AuditEntry]:
    # The intent is people's to write: only these fields are the worker's.
    rows = Rollout.objects.filter(pk=after.key, intent=before.intent.value)
    ended = {"ended_at": now} if after.status.is_over else {}
    if not rows.update(
        status=after.status.value,
        cause=after.cause,
        waiting=after.waiting,
        started_at=Coalesce("started_at", Value(now)),
        **ended,
    ):
        raise Overtaken
    was = {step.position: step for step in before.steps}
    entries = []
    for step in after.steps:
        if step != was[step.position]:
            RolloutStep.objects.filter(pk=step.keys.step).update(
                phase=step.phase.value, phase_at=step.phase_at, undo_workload=step.undo_key
            )
        if step.composition in decision.settled:
            entries.append(_settle(claim, actor, snapshot, after, step, decision.settled[step.composition], now))
    composition_keys = {step.composition: step.keys.composition for step in after.steps}
    Event.objects.bulk_create(
        Event(
            deployment_id=claim.deployment,
            rollout_id=after.key,
            composition_id=composition_keys.get(each.composition),
            at=now,
            kind=each.kind,
            sentence=each.sentence,
        )
        for each in decision.happenings
    )
    if after.status.is_over:
        WorkloadSpec.objects.unused(claim.deployment).delete()
        subject = audit.Subject(audit.Kind.ROLLOUT, f"{_name_of(snapshot)}/rollouts/{after.number}", snapshot.workspace)
        outcome = {"outcome": after.status.value} | ({"cause": after.cause} if after.cause else {})
        entries.append(
            audit.entry(
                actor=actor, verb=audit.Verb.FINISH, subject=subject, now=now, reason=after.reason, after=outcome
            )
        )
    return entries


def _settle(
    claim: claims.Claim,
    actor: Actor,
    snapshot: Snapshot,
    rollout: RolloutFact,
    step: Step,
    key: str,
    now: datetime,
) -> AuditEntry:
    """From now on the composition is served by another workload, and so runs that workload's version."""
    versions = [(step.old.version, step.keys.before), (step.new.version, step.keys.after)]
    (was, _), (number, version) = versions if key == step.new.key else reversed(versions)
    Composition.objects.filter(pk=step.keys.composition).update(version=version, workload=key)
    Deployment.objects.filter(pk=claim.deployment).update(revision=F("revision") + 1, updated_at=now)
    return audit.entry(
        actor=actor,
        verb=audit.Verb.MOVE,
        subject=audit.Subject(audit.Kind.DEPLOYMENT, _name_of(snapshot), snapshot.workspace),
        now=now,
        reason=rollout.reason,
        before={"experiment": step.experiment, "version": was},
        after={"experiment": step.experiment, "version": number},
    )


def _name_of(snapshot: Snapshot) -> str:
    """The resource name of a deployment."""
    return f"workspaces/{snapshot.workspace}/deployments/{snapshot.name}"


def _record_deployment(
    claim: claims.Claim, snapshot: Snapshot, decision: Decision, address: str, now: datetime
) -> None:
    """How it is, what differs, and that a wish to undo that is fulfilled or given up."""
    drift, rollout = decision.drift, decision.rollout
    changes: dict[str, Any] = {}
    if snapshot.health is not decision.health:
        changes |= {"health": decision.health.value, "health_at": now}
    if snapshot.health_message != decision.health_message:
        changes["health_message"] = decision.health_message
    if address and snapshot.address != address:
        changes["address"] = address
    if rollout is not None and rollout.status.is_over:
        changes["was_rolled_back"] = rollout.status is Status.ROLLED_BACK
    if snapshot.drift != drift.lines:
        changes["drift"] = to_data(drift.lines)
    if snapshot.reapply is not None and drift.reapply is None:
        changes |= {"reapply_lines": [], "reapply_by": "", "reapply_at": None}
    if changes:
        Deployment.objects.filter(pk=claim.deployment).update(**changes)
    for each in drift.happenings:
        composition = Composition.objects.filter(deployment=claim.deployment, uid=each.composition).first()
        Event.objects.create(
            deployment_id=claim.deployment, composition=composition, at=now, kind=each.kind, sentence=each.sentence
        )
