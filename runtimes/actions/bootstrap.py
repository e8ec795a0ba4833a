"""Bringing a values file into `global` (R7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import PurePath
from typing import Any, Final, cast

from django.db import transaction

from mlops_console import audit
from mlops_console.actor import Actor
from mlops_console.models import GLOBAL, AuditEntry, Workspace
from runtimes import bootstrap as rules
from runtimes.actions.runtimes import FIELDS, normalised
from runtimes.models import BootstrapRun, ModelType, Runtime, RuntimeImage, Version
from runtimes.models.layered import Layered
from runtimes.rules.lifecycle import State
from runtimes.rules.runtime import RuntimeSpec
from runtimes.rules.versions import precedence

_STATE_VERBS: Final = {
    State.ACTIVE: audit.Verb.ENABLE,
    State.DEPRECATED: audit.Verb.DEPRECATE,
    State.DISABLED: audit.Verb.DISABLE,
}
_KINDS: Final = {
    rules.Kind.IMAGE: audit.Kind.IMAGE,
    rules.Kind.VERSION: audit.Kind.VERSION,
    rules.Kind.RUNTIME: audit.Kind.RUNTIME,
}
Rows = dict[rules.Key, Layered]


@transaction.atomic
def apply_values(
    *, actor: Actor, values: rules.Values, source: str, now: datetime, dry_run: bool = False
) -> rules.Diff:
    """Make `global` what a values file wants and answer what that changed; a dry run only answers.

    Raises NotAllowed, or ValuesFaults for entries that no stored row can become.
    """
    actor.require_platform_admin("apply a values file")
    # Two processes that start at once take turns here; the second finds nothing left to do.
    workspace = Workspace.objects.select_for_update().get(uid=GLOBAL)
    rows = _stored(workspace)
    diff = rules.reconcile(_present(rows), values)
    if dry_run:
        return diff
    entries = _make_known(actor, values.model_types, now)
    entries += [_apply(actor, workspace, rows, change, source, now) for change in diff.changes]
    if _remember(diff, values.digest, source, now):
        subject = audit.Subject(audit.Kind.VALUES, source[-400:], GLOBAL)
        after = {"digest": values.digest, "changes": len(diff.changes), "held": len(diff.held)}
        entries.append(audit.entry(actor=actor, verb=audit.Verb.BOOTSTRAP, subject=subject, now=now, after=after))
    audit.record(entries)
    return diff


def _make_known(actor: Actor, names: Sequence[str], now: datetime) -> list[AuditEntry]:
    """Add the model types that were not known, and answer an entry for each."""
    known = set(ModelType.objects.filter(name__in=names).values_list("name", flat=True))
    new = [name for name in names if name not in known]
    ModelType.objects.bulk_create([ModelType(name=name, display_name=name) for name in new], ignore_conflicts=True)
    return [
        audit.entry(
            actor=actor,
            verb=audit.Verb.CREATE,
            subject=audit.Subject(audit.Kind.MODEL_TYPE, f"modelTypes/{name}"),
            now=now,
            after={"display_name": name},
        )
        for name in new
    ]


def _stored(workspace: Workspace) -> Rows:
    """Every row of `global` by its key."""
    rows: Rows = {}
    for image in RuntimeImage.objects.select_for_update().filter(workspace=workspace).order_by("pk"):
        image.workspace = workspace
        rows[rules.Key(rules.Kind.IMAGE, image.uid)] = image
    versions = Version.objects.select_for_update(of=("self",)).filter(image__workspace=workspace)
    for version in versions.select_related("image").order_by("pk"):
        version.image.workspace = workspace
        rows[rules.Key(rules.Kind.VERSION, version.image.uid, version.version)] = version
    runtimes = Runtime.objects.select_for_update(of=("self",)).filter(workspace=workspace)
    for runtime in runtimes.select_related("image", "pinned_version").order_by("pk"):
        runtime.workspace = workspace
        rows[rules.Key(rules.Kind.RUNTIME, runtime.uid)] = runtime
    return rows


def _present(rows: Rows) -> rules.Present:
    """The stored rows as the rules take them."""
    versions: dict[int, list[rules.PresentVersion]] = {}
    for row in rows.values():
        if isinstance(row, Version):
            versions.setdefault(row.image_id, []).append(
                rules.PresentVersion(
                    version=row.version,
                    reference=row.reference,
                    readiness_probe_path=row.readiness_probe_path,
                    architectures=tuple(row.architectures),
                    **_layers(row),
                )
            )
    return rules.Present(
        images=tuple(
            rules.PresentImage(
                uid=row.uid,
                display_name=row.display_name,
                description=row.description,
                versions=tuple(versions.get(row.pk, ())),
                **_layers(row),
            )
            for row in rows.values()
            if isinstance(row, RuntimeImage)
        ),
        runtimes=tuple(
            rules.PresentRuntime(
                uid=row.uid,
                model_type=row.model_type_id,
                image=row.image.uid,
                pinned_version=row.pinned_version.version if row.pinned_version else "",
                spec=RuntimeSpec(**{name: getattr(row, name) for name in FIELDS}),
                **_layers(row),
            )
            for row in rows.values()
            if isinstance(row, Runtime)
        ),
    )


def _layers(row: Layered) -> dict[str, Any]:
    return {"layers": row.layers, "platform_reason": row.platform_reason}


def _apply(
    actor: Actor, workspace: Workspace, rows: Rows, change: rules.Change, source: str, now: datetime
) -> AuditEntry:
    row = rows.get(change.key)
    if row is None:
        row = _NEW[change.key.kind](workspace, rows, change.key)
        row.created_at = now
        rows[change.key] = row
    wanted = change.wanted
    if wanted is not None and change.action is not rules.Action.STATE:
        for name, value in _content(rows, wanted).items():
            setattr(row, name, value)
    state = wanted.state if wanted else State.DISABLED
    reason = wanted.state_reason if wanted else rules.REMOVED_REASON
    if change.action is not rules.Action.UPDATE:
        row.platform_state, row.platform_reason, row.platform_state_at = state.value, reason, now
    # A new row begins at revision 1.
    row.revision += row.pk is not None
    row.updated_at = now
    row.save()
    return audit.entry(
        actor=actor,
        verb=_verb(change, state),
        subject=audit.Subject(_KINDS[change.key.kind], row.name, GLOBAL),
        now=now,
        reason=reason
        if change.action in (rules.Action.STATE, rules.Action.REMOVE)
        else f"applied {PurePath(source).name}",
        before=change.before,
        after=change.after,
    )


def _new_image(workspace: Workspace, rows: Rows, key: rules.Key) -> Layered:
    return RuntimeImage(workspace=workspace, uid=key.uid)


def _new_version(workspace: Workspace, rows: Rows, key: rules.Key) -> Layered:
    image = cast("RuntimeImage", rows[rules.Key(rules.Kind.IMAGE, key.uid)])
    return Version(image=image, version=key.version, precedence=precedence(key.version))


def _new_runtime(workspace: Workspace, rows: Rows, key: rules.Key) -> Layered:
    return Runtime(workspace=workspace, uid=key.uid)


_NEW: Final[dict[rules.Kind, Callable[[Workspace, Rows, rules.Key], Layered]]] = {
    rules.Kind.IMAGE: _new_image,
    rules.Kind.VERSION: _new_version,
    rules.Kind.RUNTIME: _new_runtime,
}


def _content(rows: Rows, wanted: rules.WantedImage | rules.WantedVersion | rules.WantedRuntime) -> dict[str, Any]:
    """What the columns of a row become."""
    if not isinstance(wanted, rules.WantedRuntime):
        return wanted.content()
    return normalised(wanted.spec) | {
        "model_type_id": wanted.model_type,
        "image": rows[rules.Key(rules.Kind.IMAGE, wanted.image)],
        "pinned_version": rows.get(rules.Key(rules.Kind.VERSION, wanted.image, wanted.pinned_version)),
    }


def _verb(change: rules.Change, state: State) -> audit.Verb:
    if change.action is rules.Action.CREATE:
        return audit.Verb.CREATE
    if change.action is rules.Action.UPDATE:
        return audit.Verb.UPDATE
    if state is State.ACTIVE and change.key.kind is rules.Kind.VERSION:
        return audit.Verb.ACTIVATE
    return _STATE_VERBS[state]


def _remember(diff: rules.Diff, digest: str, source: str, now: datetime) -> bool:
    """Note that a file was applied; the same file once more only moves the time it was last seen."""
    last = BootstrapRun.objects.first()
    if last is not None and last.digest == digest and not diff.changes:
        last.seen_at = now
        last.save(update_fields=["seen_at"])
        return False
    changes = [
        {"action": change.action, "key": str(change.key), "before": change.before, "after": change.after}
        for change in diff.changes
    ]
    BootstrapRun.objects.create(applied_at=now, seen_at=now, source=source[-500:], digest=digest, changes=changes)
    return True
