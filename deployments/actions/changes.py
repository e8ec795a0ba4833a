"""Changing a deployment that is there, and starting a failed one again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from deployments.actions.deployments import locked_deployment, look_now, record_deployment
from deployments.actions.reasons import checked_reason
from deployments.actions.workloads import restart_workloads
from deployments.models import Composition, Deployment, Event, Rollout
from deployments.rollouts.snapshot import Health
from mlops_console import audit
from mlops_console.access import Right
from mlops_console.actor import Actor
from mlops_console.errors import Refused
from runtimes.actions.checks import Faults, checked_names
from runtimes.rules import environment

_VARIABLES: Final = "environment_variables"
_STALE: Final = "Somebody changed this while you were editing. Nothing was saved; compare and save again."
_RUNNING: Final = "What runs keeps what it was started with: pause the deployment, change it, and resume it."


@transaction.atomic
def update_deployment(
    *, actor: Actor, workspace: str, uid: str, changes: Mapping[str, Any], now: datetime, revision: str = ""
) -> Deployment:
    """Change its name or description; while it is paused also `environment_variables` and `options` of its elements.

    Raises Missing, NotAllowed, Invalid, or Refused for a stale revision or for what cannot change while it runs.
    """
    row = locked_deployment(actor, workspace, uid, Right.WRITE)
    if revision and revision != str(row.revision):
        raise Refused("stale", _STALE, {"revision": row.revision})
    faults = Faults()
    wanted: dict[str, Any] = dict(
        checked_names(
            faults,
            changes.get("display_name", row.display_name),
            changes.get("description", row.description),
        )
    )
    wanted[_VARIABLES] = dict(changes.get(_VARIABLES, row.environment_variables))
    for key, fault in environment.faults(wanted[_VARIABLES]).items():
        faults[f"{_VARIABLES}.{key}" if key else _VARIABLES] = fault
    faults.raise_any()
    before = {field: getattr(row, field) for field, value in wanted.items() if getattr(row, field) != value}
    options = _changed_options(row, changes.get("options", {}))
    if not before and not options:
        return row
    if (_VARIABLES in before or options) and not row.paused:
        raise Refused("running", _RUNNING)
    for field in before:
        setattr(row, field, wanted[field])
    Composition.objects.bulk_update(options, ["options"])
    row.revision += 1
    row.updated_at = now
    row.save(update_fields=[*before, "revision", "updated_at"])
    after: dict[str, Any] = {field: wanted[field] for field in before}
    if options:
        after["options"] = {each.uid: each.options for each in options}
    if _VARIABLES in before:
        before[_VARIABLES], after[_VARIABLES] = environment.masked_change(before[_VARIABLES], after[_VARIABLES])
    record_deployment(actor, audit.Verb.UPDATE, row, now, before=before, after=after)
    return row


@transaction.atomic
def retry_deployment(*, actor: Actor, workspace: str, uid: str, now: datetime, reason: str = "") -> Deployment:
    """Start a deployment anew that never came up; any other is left alone. Raises Missing, NotAllowed or Invalid."""
    row = locked_deployment(actor, workspace, uid, Right.WRITE)
    reason = checked_reason(reason)
    rolling = Rollout.objects.active().filter(deployment=row).exists()
    if row.health != Health.FAILED or row.paused or rolling:
        return row
    row.revision += 1
    row.updated_at = now
    row.save(update_fields=["revision", "updated_at"])
    # An engine starts what failed again only under another name.
    restart_workloads(row, f"retry{row.revision}")
    Event.objects.create(deployment=row, at=now, kind="retry", sentence=f"{actor.name} started it again.")
    record_deployment(actor, audit.Verb.RESUME, row, now, reason=reason, after={"retry": True})
    look_now(row, now)
    return row


def _changed_options(row: Deployment, wanted: Mapping[int, Mapping[str, Any]]) -> list[Composition]:
    """The compositions whose options become others, by position."""
    changed = []
    for each in row.compositions.all():
        options = {**each.options, **wanted.get(each.position, {})}
        if options != each.options:
            each.options = options
            changed.append(each)
    return changed
