"""What people do about drift: undo it, or take it over; just what they were shown, and nothing without a reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from deployments.actions.deployments import held_version, locked_deployment, look_now, record_deployment
from deployments.actions.reasons import checked_reason
from deployments.drifts import choices_for
from deployments.engines.contract import Drift, Field
from deployments.models import Composition, Deployment, Event, Rollout, WorkloadSpec
from deployments.planning.adoption import Choice, can_be_adopted
from deployments.rollouts.contents import SPEC, moved_to
from deployments.rollouts.drift import mark_of, mark_of_all
from mlops_console import audit
from mlops_console.access import Right
from mlops_console.actor import Actor
from mlops_console.errors import Refused
from runtimes.models import Version

_ROLLING: Final = "A rollout is under way: until it has ended, what differs can only be re-applied."
_PAUSED: Final = "The deployment is paused: nothing of it runs that could be adopted."
NOTHING_DIFFERS: Final = "Nothing differs any more: everything is as the console wants it."
_MOVED: Final = "Nothing was done: something else differs by now than what you were shown. Look at it again."


@transaction.atomic
def reapply_drift(*, actor: Actor, workspace: str, uid: str, mark: str, reason: str, now: datetime) -> Deployment:
    """Have what differs written again as the console wants it; `mark` is that of the drift that was shown.

    During a rollout as well, which could not go on, nor back, over what somebody else has changed. Raises Missing,
    NotAllowed, Invalid without a reason, or Refused: `no-drift`, and `drift-moved` where something else differs by now.
    """
    row = _drifted(actor, workspace, uid, mark)
    why, lines = checked_reason(reason, required=True), row.drift_lines
    if row.reapply is not None and row.reapply.lines == {mark_of(each) for each in lines}:
        return row
    _wish(row, actor, now)
    row.save(update_fields=["reapply_lines", "reapply_by", "reapply_at"])
    _tell(row, now, "want-reapply", f"{actor.name} wants it to be as the console wrote it: {why}")
    before, after = _values(lines, "found"), _values(lines, "wanted")
    record_deployment(actor, audit.Verb.REAPPLY, row, now, reason=why, before=before, after=after)
    look_now(row, now)
    return row


@transaction.atomic
def adopt_drift(*, actor: Actor, workspace: str, uid: str, mark: str, reason: str, now: datetime) -> Deployment:
    """Take over what differs, all of it; `mark` is that of the drift that was shown.

    Raises Missing, NotAllowed, Invalid without a reason, or Refused as `reapply_drift`, and with `paused`,
    `rollout-in-progress` and `not-adoptable`.
    """
    row = _drifted(actor, workspace, uid, mark)
    if row.paused:
        raise Refused("paused", _PAUSED)
    if Rollout.objects.active().filter(deployment=row).exists():
        raise Refused("rollout-in-progress", _ROLLING)
    why, found = checked_reason(reason, required=True), choices_for(row)
    if not can_be_adopted(found):
        told = [f"{each.line.where}: {each.why_not}" for each in found if not each.can_be_kept]
        raise Refused("not-adoptable", " ".join(told[:20]))
    # In the order of their names, so that two people cannot wait for each other.
    versions = {name: held_version(name) for name in sorted({each.version.name for each in found if each.version})}
    row.revision += 1
    row.updated_at = now
    # Until the engine has written it, it is as little the console's as before.
    _wish(row, actor, now)
    row.drift = []
    row.save(update_fields=["revision", "updated_at", "drift", "reapply_lines", "reapply_by", "reapply_at"])
    kept: dict[str, list[Choice]] = {}
    for each in found:
        kept.setdefault(each.line.composition, []).append(each)
    for composition in row.compositions.filter(uid__in=kept).select_related("experiment", "version"):
        before, after = _keep(composition, kept[composition.uid], versions, f"adopt{row.revision}")
        of = {"experiment": composition.experiment.display_name}
        record_deployment(actor, audit.Verb.ADOPT, row, now, reason=why, before=of | before, after=of | after)
    WorkloadSpec.objects.unused(row).delete()
    _tell(row, now, "adopted", f"{actor.name} adopted what was changed outside of the console: {why}")
    look_now(row, now)
    return row


def _drifted(actor: Actor, workspace: str, uid: str, mark: str) -> Deployment:
    """A deployment, locked, whose drift is still what was shown."""
    row = locked_deployment(actor, workspace, uid, Right.WRITE)
    if not row.drift:
        raise Refused("no-drift", NOTHING_DIFFERS)
    if mark != mark_of_all(row.drift_lines):
        raise Refused("drift-moved", _MOVED)
    return row


def _wish(row: Deployment, actor: Actor, now: datetime) -> None:
    """Have what the console wants written over what differs now."""
    row.reapply_lines = sorted(map(mark_of, row.drift_lines))
    row.reapply_by, row.reapply_at = actor.name, now


def _keep(
    composition: Composition, kept: Sequence[Choice], versions: Mapping[str, Version], mark: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make a composition what was found of it, and nothing else of it; answers with what that changes."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    spec = composition.specs.get(key=composition.workload)
    if replicas := next((each.replicas for each in kept if each.replicas is not None), None):
        options = composition.options.get(SPEC) or {}
        before["replicas"], after["replicas"] = options.get("replicas", 1), replicas
        composition.options = {**composition.options, SPEC: {**options, "replicas": replicas}}
        # How many there are of a workload is no part of what it is: it keeps its key, and nothing starts again.
        spec.content["replicas"] = replicas
        spec.save(update_fields=["content"])
    if fact := next((each.version for each in kept if each.version is not None), None):
        version = versions[fact.name]
        before["version"], after["version"] = composition.version.version, version.version
        composition.version, composition.workload = version, f"{composition.uid}-{mark}"
        content = moved_to(
            spec.content,
            version=version.version,
            image=version.reference,
            readiness_path=version.readiness_probe_path,
            architectures=version.architectures,
        )
        WorkloadSpec.objects.create(composition=composition, key=composition.workload, content=content)
    composition.save(update_fields=["version", "options", "workload"])
    return before, after


def _values(lines: Iterable[Drift], side: str) -> dict[str, str]:
    """One side of what differs, for the audit trail, which keeps no values but of images and numbers."""
    other = {"found": "changed", "wanted": "as the console wrote it"}[side]
    return {each.where: other if each.field is Field.OTHER else getattr(each, side) for each in lines}


def _tell(row: Deployment, now: datetime, kind: str, sentence: str) -> None:
    Event.objects.create(deployment=row, at=now, kind=kind, sentence=sentence)
