"""Deprecate, disable, enable and activate: images, versions, runtimes, and many runtimes at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, TypeVar

from django.db import transaction

from mlops_console import audit
from mlops_console.access import Right
from mlops_console.actor import Actor
from mlops_console.errors import Invalid, Missing, Refused
from mlops_console.models import AuditEntry, Workspace
from runtimes import queries
from runtimes.actions.checks import refuse_stale
from runtimes.bootstrap import REMOVED_REASON
from runtimes.models import Runtime, RuntimeImage, Version
from runtimes.rules.ceiling import Decision, DecisionKind, decide
from runtimes.rules.lifecycle import State, StateVerb, check_reason

Row = Runtime | RuntimeImage | Version

R = TypeVar("R", Runtime, RuntimeImage, Version)

_MOVED: Final = ("api_state", "api_reason", "api_state_at", "api_state_by", "revision", "updated_at")
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
    found = queries.find_runtime(actor, workspace, uid)
    _change(actor, _locked(Runtime, [found.pk]), verb, reason, now, revision)
    return queries.find_runtime(actor, workspace, uid)


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
    found = queries.find_image(actor, workspace, uid)
    _change(actor, _locked(RuntimeImage, [found.pk]), verb, reason, now, revision)
    return queries.find_image(actor, workspace, uid)


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
    found = queries.find_version(actor, workspace, image, version)
    _change(actor, _locked(Version, [found.pk]), verb, reason, now, revision)
    return queries.find_version(actor, workspace, image, version)


@transaction.atomic
def change_runtime_states(
    *, actor: Actor, keys: Sequence[int], verb: StateVerb, now: datetime, reason: str = ""
) -> int:
    """Move many runtimes, all or none, and answer how many changed.

    Raises Missing when one is gone since it was chosen, NotAllowed, Invalid, or Refused listing each row that
    cannot move with its reason.
    """
    refuse_too_many(keys)
    rows = _locked(Runtime, keys)
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


def _locked(model: type[R], keys: Iterable[int]) -> list[R]:
    """Rows locked in the order of their keys, so that two bulk changes cannot wait for each other."""
    rows = model._default_manager.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk")
    return list(rows.select_related("image__workspace" if model is Version else "workspace"))


def preview(*, actor: Actor, row: Row, verb: StateVerb, reason: str = "", revision: int | None = None) -> Decision:
    """What a verb would do to a row now; raises what the change itself would raise, and changes nothing."""
    _permit(actor, [row], verb, reason, revision)
    return decide(row.layers, verb)


def _change(
    actor: Actor, rows: Sequence[R], verb: StateVerb, reason: str, now: datetime, revision: int | None = None
) -> int:
    reason = _permit(actor, rows, verb, reason, revision)
    changed = [row for row in rows if decide(row.layers, verb).changes]
    audit.record([_move(actor, row, verb, reason, now) for row in changed])
    if changed:
        type(changed[0])._default_manager.bulk_update(changed, _MOVED, batch_size=1000)
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


def _move(actor: Actor, row: Row, verb: StateVerb, reason: str, now: datetime) -> AuditEntry:
    before = {"state": row.layers.effective.value, "api_state": row.api_state}
    row.api_state = verb.target.value
    row.api_reason = "" if verb.target is State.ACTIVE else reason
    row.api_state_at, row.api_state_by, row.updated_at = now, actor.name, now
    row.revision += 1
    after = {"state": row.layers.effective.value, "api_state": row.api_state}
    differing = {field for field in before if before[field] != after[field]}
    return audit.entry(
        actor=actor,
        verb=audit.Verb(verb.value),
        subject=audit.Subject(_KINDS[type(row)], row.name, _workspace(row).uid),
        now=now,
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
