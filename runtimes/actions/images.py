"""Making, changing and removing scorer images and their versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from mlops_console import audit
from mlops_console.access import Right
from mlops_console.actor import Actor
from mlops_console.errors import Refused
from mlops_console.models import AuditEntry, Workspace
from mlops_console.queries import scope_for
from runtimes import queries
from runtimes.actions.checks import (
    Faults,
    checked_names,
    checked_uid,
    hold_workspace,
    in_use,
    refuse_managed,
    refuse_stale,
)
from runtimes.models import RuntimeImage, Version
from runtimes.rules.versions import (
    check_architectures,
    check_probe_path,
    parse_reference,
    precedence,
    version_for,
)

_FIELDS = ("display_name", "description")


@transaction.atomic
def create_image(
    *,
    actor: Actor,
    workspace: Workspace,
    display_name: str,
    now: datetime,
    uid: str = "",
    description: str = "",
    reference: str = "",
    version: str = "",
) -> RuntimeImage:
    """Make an image, with a first version where a reference is given.

    Raises Missing, NotAllowed, Invalid, or Refused when the id is taken.
    """
    actor.require(Right.WRITE, workspace)
    hold_workspace(workspace)
    faults = Faults()
    values = {"uid": checked_uid(faults, uid, "ri-")} | checked_names(faults, display_name, description)
    first = _checked_version(faults, reference, version, "", ()) if reference or version else None
    faults.raise_any()
    try:
        with transaction.atomic():
            image = RuntimeImage.objects.create(workspace=workspace, created_at=now, updated_at=now, **values)
    except IntegrityError:
        raise Refused("taken", f"Workspace {workspace.uid} has a runtime image {values['uid']} already.") from None
    _record(actor, audit.Verb.CREATE, image, now, after=values)
    if first is not None:
        _store_version(actor, image, first, now)
    return queries.find_image(scope_for(actor, workspace.uid), image.uid)


@transaction.atomic
def update_image(
    *,
    actor: Actor,
    workspace: str,
    uid: str,
    changes: Mapping[str, str],
    now: datetime,
    version: str = "",
    revision: int | None = None,
) -> RuntimeImage:
    """Change the name or description of an image, or its `reference`, which adds a version.

    `version` names that version where the tag is not to; `revision` is the one the caller saw. Raises Missing,
    NotAllowed, Invalid or Refused.
    """
    image = locked_image(actor, workspace, uid, Right.WRITE)
    refuse_managed(image, "edited")
    refuse_stale(image, revision)
    faults = Faults()
    added = None
    # A program repeats the reference that it read; only another one is a version to add.
    scope = scope_for(actor, workspace)
    if "reference" in changes and changes["reference"] != queries.find_image(scope, uid).current_reference:
        added = _checked_version(faults, changes["reference"], version, "", ())
    values = checked_names(
        faults,
        changes.get("display_name", image.display_name),
        changes.get("description", image.description),
    )
    faults.raise_any()
    before = {field: getattr(image, field) for field in _FIELDS if getattr(image, field) != values[field]}
    if before:
        for field in before:
            setattr(image, field, values[field])
        _touch(image, now, *before)
        after = {field: values[field] for field in before}
        _record(actor, audit.Verb.UPDATE, image, now, before=before, after=after)
    if added is not None:
        _store_version(actor, image, added, now)
    return queries.find_image(scope, uid)


@transaction.atomic
def delete_image(*, actor: Actor, workspace: str, uid: str, now: datetime, revision: int | None = None) -> None:
    """Remove an image with its versions; raises Missing, NotAllowed, or Refused naming what uses it."""
    image = locked_image(actor, workspace, uid, Right.DELETE)
    refuse_managed(image, "deleted")
    refuse_stale(image, revision)
    before = {field: getattr(image, field) for field in ("uid", *_FIELDS)}
    entries = [_version_entry(actor, audit.Verb.DELETE, each, now, before=_shown(each)) for each in _versions(image)]
    entries.append(audit.entry(actor=actor, verb=audit.Verb.DELETE, subject=_subject(image), now=now, before=before))
    try:
        image.delete()
    except ProtectedError as fault:
        raise in_use("runtime image", uid, fault) from None
    audit.record(entries)


@transaction.atomic
def add_version(
    *,
    actor: Actor,
    workspace: str,
    image: str,
    reference: str,
    now: datetime,
    version: str = "",
    readiness_probe_path: str = "",
    architectures: Sequence[str] = (),
) -> Version:
    """Add a version, named explicitly or by the tag of its reference (R4).

    Raises Missing, NotAllowed, Invalid, or Refused when the version is taken or the image is bootstrap-managed.
    """
    row = locked_image(actor, workspace, image, Right.WRITE)
    refuse_managed(row, "extended")
    faults = Faults()
    values = _checked_version(faults, reference, version, readiness_probe_path, architectures)
    faults.raise_any()
    return _store_version(actor, row, values, now)


@transaction.atomic
def delete_version(*, actor: Actor, workspace: str, image: str, version: str, now: datetime) -> None:
    """Remove a version; raises Missing, NotAllowed, or Refused naming what uses it (R8)."""
    row = locked_image(actor, workspace, image, Right.DELETE)
    found = queries.version_of(row, version)
    refuse_managed(found, "deleted")
    entry = _version_entry(actor, audit.Verb.DELETE, found, now, before=_shown(found))
    try:
        found.delete()
    except ProtectedError as fault:
        raise in_use("version", found.version, fault) from None
    audit.record([entry])


def locked_image(actor: Actor, workspace: str, uid: str, right: Right) -> RuntimeImage:
    """One image, locked until the transaction ends; raises Missing or NotAllowed."""
    found = queries.find_image(scope_for(actor, workspace), uid)
    actor.require(right, found.workspace)
    row = RuntimeImage.objects.select_for_update(of=("self",)).select_related("workspace").filter(pk=found.pk)
    return queries.still_there(row, f"Runtime image {uid}")


def _checked_version(
    faults: Faults, reference: str, version: str, readiness_probe_path: str, architectures: Sequence[str]
) -> dict[str, Any]:
    parsed = faults.check("reference", parse_reference, reference.strip())
    number = None
    if parsed is not None:
        number = faults.check("version" if version else "reference", version_for, parsed, version.strip())
    return {
        "reference": str(parsed),
        "version": number or "",
        "precedence": precedence(number) if number else "",
        "readiness_probe_path": faults.check("readiness_probe_path", check_probe_path, readiness_probe_path) or "",
        "architectures": list(faults.check("architectures", check_architectures, architectures) or ()),
    }


def _store_version(actor: Actor, image: RuntimeImage, values: dict[str, Any], now: datetime) -> Version:
    try:
        with transaction.atomic():
            version = Version.objects.create(image=image, created_at=now, updated_at=now, **values)
    except IntegrityError:
        raise Refused("taken", f"Runtime image {image.uid} has a version {values['version']} already.") from None
    audit.record([_version_entry(actor, audit.Verb.CREATE, version, now, after=_shown(version))])
    # The fields of the image stay as they are, and so does the revision that an open form was made from.
    image.updated_at = now
    image.save(update_fields=["updated_at"])
    return version


def _versions(image: RuntimeImage) -> list[Version]:
    versions = list(Version.objects.filter(image=image))
    for version in versions:
        version.image = image
    return versions


def _shown(version: Version) -> dict[str, Any]:
    """A version as the audit trail shows it."""
    fields = ("version", "reference", "readiness_probe_path", "architectures")
    return {field: getattr(version, field) for field in fields if getattr(version, field)}


def _version_entry(
    actor: Actor, verb: audit.Verb, version: Version, now: datetime, **differing: dict[str, Any]
) -> AuditEntry:
    subject = audit.Subject(audit.Kind.VERSION, version.name, version.image.workspace.uid)
    return audit.entry(
        actor=actor,
        verb=verb,
        subject=subject,
        now=now,
        before=differing.get("before"),
        after=differing.get("after"),
    )


def _touch(image: RuntimeImage, now: datetime, *fields: str) -> None:
    image.revision += 1
    image.updated_at = now
    image.save(update_fields=[*fields, "revision", "updated_at"])


def _subject(image: RuntimeImage) -> audit.Subject:
    return audit.Subject(audit.Kind.IMAGE, image.name, image.workspace.uid)


def _record(actor: Actor, verb: audit.Verb, image: RuntimeImage, now: datetime, **differing: Any) -> None:
    audit.record([audit.entry(actor=actor, verb=verb, subject=_subject(image), now=now, **differing)])
