"""Starting an upgrade, and what people may want of it while it is under way. Status is the worker's to write."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from deployments import queries
from deployments.actions.deployments import held_version, locked_deployment, look_now
from deployments.actions.plans import planned
from deployments.actions.reasons import checked_reason
from deployments.actions.workloads import Birth, keep_workloads, repeat_workloads
from deployments.models import Composition, Deployment, Event, Plan, Rollout, RolloutStep
from deployments.planning.plan import Plan as Planned
from deployments.planning.targets import Targets, parse_target
from deployments.rollouts.snapshot import Intent
from mlops_console import audit
from mlops_console.access import Right
from mlops_console.actor import Actor
from mlops_console.errors import Missing, Refused


@transaction.atomic
def start_plan(
    *, actor: Actor, workspace: str, uid: str, plan: str, reason: str, now: datetime, leave_out_blocked: bool = False
) -> Rollout | None:
    """Start a plan as it was shown; None where everything in it is skipped.

    Raises Missing, NotAllowed, Invalid without a reason, or Refused: `plan-moved` where the world is no longer the
    plan's, `blocked` where a composition cannot move and is not to be left out.
    """
    deployment = locked_deployment(actor, workspace, uid, Right.WRITE)
    # Held, so that nobody takes it for one that is not started any more.
    kept = Plan.objects.select_for_update().defer("data").filter(deployment=deployment, uid=plan).first()
    if kept is None:
        raise Missing(f"{deployment.display_name} has no plan {plan}.")
    why = checked_reason(reason, required=True)
    targets = {name: parse_target(text) for name, text in kept.targets.items()}
    answer = planned(deployment, targets)
    if answer.fingerprint != kept.fingerprint:
        raise Refused("plan-moved", "Something that this plan rests on has changed since it was made.", {"plan": plan})
    return _start(actor, deployment, answer, kept, why, now, leave_out_blocked=leave_out_blocked)


@transaction.atomic
def upgrade(
    *, actor: Actor, workspace: str, uid: str, targets: Targets, now: datetime, reason: str = "", fingerprint: str = ""
) -> Rollout | None:
    """Plan and start an upgrade at once; None where everything is skipped.

    Raises Missing, NotAllowed, Invalid, or Refused: `plan-moved` where a fingerprint is given and is no longer the
    plan's, `blocked` where any composition cannot move (R9, R10).
    """
    deployment = locked_deployment(actor, workspace, uid, Right.WRITE)
    answer = planned(deployment, targets)
    if fingerprint and fingerprint != answer.fingerprint:
        raise Refused("plan-moved", "Something that this plan rests on has changed since it was made.")
    return _start(actor, deployment, answer, None, checked_reason(reason), now, leave_out_blocked=False)


def pause_rollout(*, actor: Actor, workspace: str, uid: str, number: int, now: datetime, reason: str = "") -> Rollout:
    """Begin no further composition until resumed; raises Missing, NotAllowed or Refused."""
    return _want(actor, workspace, uid, number, Intent.PAUSE, now, reason)


def resume_rollout(*, actor: Actor, workspace: str, uid: str, number: int, now: datetime, reason: str = "") -> Rollout:
    """Go on with a paused rollout; raises Missing, NotAllowed or Refused."""
    return _want(actor, workspace, uid, number, Intent.RUN, now, reason)


def abort_rollout(*, actor: Actor, workspace: str, uid: str, number: int, now: datetime, reason: str = "") -> Rollout:
    """Undo what a rollout has moved so far; raises Missing, NotAllowed or Refused."""
    return _want(actor, workspace, uid, number, Intent.ABORT, now, reason)


_VERBS = {Intent.PAUSE: audit.Verb.PAUSE, Intent.RUN: audit.Verb.RESUME, Intent.ABORT: audit.Verb.ABORT}


@transaction.atomic
def _want(actor: Actor, workspace: str, uid: str, number: int, intent: Intent, now: datetime, reason: str) -> Rollout:
    deployment = locked_deployment(actor, workspace, uid, Right.WRITE)
    rollout = queries.find_rollout(deployment, number)
    if rollout.is_over:
        raise Refused("over", f"Rollout #{number} has ended; nothing of it can be changed any more.")
    if rollout.intent == intent:
        return rollout
    if rollout.intent == Intent.ABORT:
        raise Refused("aborted", f"Rollout #{number} is being undone; that cannot be stopped half-way.")
    before, why = rollout.intent, checked_reason(reason)
    rollout.intent, rollout.intent_by, rollout.intent_reason = intent.value, actor.name, why
    rollout.save(update_fields=["intent", "intent_by", "intent_reason"])
    verb = _VERBS[intent]
    entry = _entry(actor, verb, deployment, number, now, why, before={"intent": before}, after={"intent": intent.value})
    audit.record([entry])
    sentence = f"{actor.name} wants it to {verb.value}" + (f": {why}" if why else ".")
    Event.objects.create(deployment=deployment, rollout=rollout, at=now, kind=f"want-{verb.value}", sentence=sentence)
    look_now(deployment, now)
    return rollout


def _start(
    actor: Actor,
    deployment: Deployment,
    answer: Planned,
    kept: Plan | None,
    reason: str,
    now: datetime,
    *,
    leave_out_blocked: bool,
) -> Rollout | None:
    if answer.blocked and not leave_out_blocked:
        rows = [
            {"experiment": each.experiment_id, "code": each.code, "why": each.sentence, "cure": each.cure}
            for each in answer.blocked
        ]
        raise Refused("blocked", " ".join(each.sentence for each in answer.blocked[:20]), {"blocked": rows})
    if not answer.changes:
        return None
    if deployment.drift:
        sentence = f"The deployment {deployment.display_name} has drifted: adopt or re-apply what differs first."
        raise Refused("drifted", sentence)
    if wish := deployment.reapply:
        sentence = f"What {wish.by} decided about the drift of {deployment.display_name} is still being carried out."
        raise Refused("drifted", f"{sentence} Try again in a moment.")
    number = (deployment.rollouts.aggregate(last=Max("number"))["last"] or 0) + 1
    try:
        with transaction.atomic():
            rollout = Rollout.objects.create(
                deployment=deployment, plan=kept, number=number, reason=reason, started_by=actor.name, created_at=now
            )
    except IntegrityError:
        raise Refused("rollout-in-progress", "A rollout of this deployment is under way already.") from None
    _store_steps(rollout, answer, now)
    deployment.revision += 1
    deployment.updated_at, deployment.was_rolled_back = now, False
    deployment.save(update_fields=["revision", "updated_at", "was_rolled_back"])
    sentence = f"{actor.name} started the rollout" + (f": {reason}" if reason else ".")
    Event.objects.create(deployment=deployment, rollout=rollout, at=now, kind="started", sentence=sentence)
    moves = {each.experiment_name: each.after.number for each in answer.changes if each.after}
    before = {each.experiment_name: each.before.number for each in answer.changes if each.before}
    audit.record([_entry(actor, audit.Verb.UPGRADE, deployment, number, now, reason, before=before, after=moves)])
    look_now(deployment, now)
    return rollout


def _store_steps(rollout: Rollout, answer: Planned, now: datetime) -> None:
    """One step for each composition that moves; both versions are held until this is committed."""
    rows = Composition.objects.filter(deployment=rollout.deployment_id).select_related("deployment", "runtime")
    compositions = {each.uid: each for each in rows}
    moves = [(compositions[each.composition], each.after.name) for each in answer.changes if each.after]
    # In the order of their names, so that two rollouts cannot wait for each other.
    versions = {name: held_version(name) for name in sorted({name for _, name in moves})}
    steps, births = [], []
    for position, (composition, version) in enumerate(moves):
        key = f"{composition.uid}-{rollout.pk}"
        steps.append(
            RolloutStep(
                rollout=rollout,
                position=position,
                composition=composition,
                before_id=composition.version_id,
                after=versions[version],
                old_workload=composition.workload,
                new_workload=key,
                again_workload=f"{key}-again",
                phase_at=now,
            )
        )
        births.append(Birth(composition, key, versions[version]))
    RolloutStep.objects.bulk_create(steps)
    keep_workloads(births)
    # Undone is undone: what ran starts again as it was, whatever its runtime says by then.
    repeat_workloads(rollout.deployment, {each.again_workload: each.old_workload for each in steps})


def _entry(
    actor: Actor, verb: audit.Verb, deployment: Deployment, number: int, now: datetime, reason: str, **differing: Any
) -> Any:
    subject = audit.Subject(audit.Kind.ROLLOUT, f"{deployment.name}/rollouts/{number}", deployment.workspace.uid)
    return audit.entry(actor=actor, verb=verb, subject=subject, now=now, reason=reason, **differing)
