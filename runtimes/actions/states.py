"""Deprecate, disable, enable and activate: images, versions, runtimes, and many runtimes at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import F

from mlops_console import audit
from mlops_console.access import Right
from mlops_console.actor import Actor
from mlops_console.errors import Invalid, Missing, Refused
from mlops_console.models import AuditEntry, Workspace
from mlops_console.queries import scope_for
from runtimes import queries
from runtimes.actions.checks import refuse_stale
from runtimes.bootstrap import REMOVED_REASON
from runtimes.models import Runtime, RuntimeImage, Version
from runtimes.rules.ceiling import Decision, DecisionKind, decide
from runtimes.rules.lifecycle import State, StateVerb, check_reason

Row = Runtime | RuntimeImage | Version

BULK_MAX: Final = 10_000
_KINDS: Final = {Runtime: audit.Kind.RUNTIME, RuntimeImage: audit.Kind.IMAGE, Version: audit.Kind.VERSION}


@transaction.atomic
def change_runtime_state(
    *,
    actor: Actor,
    workspace: str,
    uid: str,
    verb: StateVerb,
    now: datetime,
    reason: str = "",
    revision: int | None = None,
) -> Runtime:
    """Move one runtime; raises Missing, NotAllowed, Invalid, or Refused under a ceiling (R6)."""
    row = queries.find_runtime(scope_for(actor, workspace), uid, locked=True)
    _change(actor, [row], verb, reason, now, revision)
    return row


@transaction.atomic
def change_image_state(
    *,
    actor: Actor,
    workspace: str,
    uid: str,
    verb: StateVerb,
    now: datetime,
    reason: str = "",
    revision: int | None = None,
) -> RuntimeImage:
    """Move one image; raises Missing, NotAllowed, Invalid, or Refused under a ceiling (R6)."""
    row = queries.find_image(scope_for(actor, workspace), uid, locked=True)
    _change(actor, [row], verb, reason, now, revision)
    return row


@transaction.atomic
def change_version_state(
    *,
    actor: Actor,
    workspace: str,
    image: str,
    version: str,
    verb: StateVerb,
    now: datetime,
    reason: str = "",
    revision: int | None = None,
) -> Version:
    """Move one version; raises Missing, NotAllowed, Invalid, or Refused under a ceiling (R6)."""
    row = queries.find_version(scope_for(actor, workspace), image, version, locked=True)
    _change(actor, [row], verb, reason, now, revision)
    return row


@transaction.atomic
def change_runtime_states(
    *, actor: Actor, keys: Sequence[int], verb: StateVerb, now: datetime, reason: str = ""
) -> int:
    """Move many runtimes, all or none, and answer how many changed.

    Raises Missing when one is gone since it was chosen, NotAllowed, Invalid, or Refused listing each row that
    cannot move with its reason.
    """
    refuse_too_many(keys)
    # Locked in the order of their keys, so that two such changes cannot wait for each other.
    locked = Runtime.objects.select_for_update(of=("self",)).select_related("workspace")
    rows = list(locked.filter(pk__in=keys).order_by("pk"))
    if len(rows) != len(set(keys)):
        raise Missing(f"{len(set(keys)) - len(rows)} of the chosen runtimes are gone; nothing was changed.")
    return _change(actor, rows, verb, reason, now)


def refuse_too_many(keys: Sequence[int]) -> None:
    """Pass for as many rows as one transaction may change; raises Refused."""
    if len(keys) > BULK_MAX:
        raise Refused("too-many", f"At most {BULK_MAX:,} runtimes change at once; narrow the filter.")


def refusal(row: Row, verb: StateVerb) -> str:
    """Why the platform's ceiling forbids a move, or `""` where it does not."""
    if decide(row.layers, verb).kind is not DecisionKind.REFUSED:
        return ""
    subject = row.version if isinstance(row, Version) else row.uid
    if row.platform_reason == REMOVED_REASON:
        return (
            f"{subject} was removed from values.yaml, so it cannot become {verb.target}: "
            f"put {row.values_key} back there."
        )
    why = f" ({row.platform_reason})" if row.platform_reason else ""
    return (
        f"{subject} is {row.platform_state} by values.yaml{why}, so it cannot become {verb.target}: "
        f"edit {row.values_key}.state there."
    )


def preview(*, actor: Actor, row: Row, verb: StateVerb, reason: str = "", revision: int | None = None) -> Decision:
    """What a verb would do to a row now; raises what the change itself would raise, and changes nothing."""
    _permit(actor, [row], verb, reason, revision)
    return decide(row.layers, verb)


def _change(
    actor: Actor, rows: Sequence[Row], verb: StateVerb, reason: str, now: datetime, revision: int | None = None
) -> int:
    """Move rows of one kind, which are locked, and answer how many of them were not there already."""
    reason = _permit(actor, rows, verb, reason, revision)
    changed = [row for row in rows if decide(row.layers, verb).changes]
    if not changed:
        return 0
    values = {
        "api_state": verb.target.value,
        "api_reason": "" if verb.target is State.ACTIVE else reason,
        "api_state_at": now,
        "api_state_by": actor.name,
        "updated_at": now,
    }
    stored = type(changed[0])._default_manager.filter(pk__in=[row.pk for row in changed])
    stored.update(**values, revision=F("revision") + 1)
    audit.record([_moved(actor, row, verb, reason, values) for row in changed])
    return len(changed)


def _permit(actor: Actor, rows: Sequence[Row], verb: StateVerb, reason: str, revision: int | None) -> str:
    """Pass where all rows may move, and answer the reason as it is kept; raises NotAllowed, Invalid or Refused."""
    for workspace in {_workspace(row) for row in rows}:
        actor.require(Right.CHANGE_STATE, workspace)
    reason = _checked(reason)
    for row in rows:
        refuse_stale(row, revision)
    refused = {row.name: why for row in rows if (why := refusal(row, verb))}
    if refused:
        if len(rows) == 1:
            raise Refused("ceiling", refused[rows[0].name], {"rows": refused})
        raise Refused(
            "ceiling",
            f"{len(refused)} of {len(rows)} cannot change, so nothing was changed.",
            {"rows": refused},
        )
    return reason


def _moved(actor: Actor, row: Row, verb: StateVerb, reason: str, values: dict[str, Any]) -> AuditEntry:
    """Give the row at hand what was stored, and answer the entry of it."""
    before = {"state": row.state, "api_state": row.api_state}
    for field, value in values.items():
        setattr(row, field, value)
    row.revision += 1
    # The database says the same of the stored one.
    row.state = row.layers.effective.value
    after = {"state": row.state, "api_state": row.api_state}
    differing = {field for field in before if before[field] != after[field]}
    return audit.entry(
        actor=actor,
        verb=audit.Verb(verb.value),
        subject=audit.Subject(_KINDS[type(row)], row.name, _workspace(row).uid),
        now=row.updated_at,
        reason=reason,
        before={field: before[field] for field in sorted(differing)},
        after={field: after[field] for field in sorted(differing)},
    )


def _workspace(row: Row) -> Workspace:
    return row.image.workspace if isinstance(row, Version) else row.workspace


def _checked(reason: str) -> str:
    if not reason:
        return ""
    try:
        return check_reason(reason)
    except ValueError as fault:
        raise Invalid({"reason": str(fault)}) from None
