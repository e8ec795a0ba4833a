"""Making, changing and removing runtimes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from mlops_console import audit
from mlops_console.access import Right
from mlops_console.actor import Actor
from mlops_console.errors import Immutable, Invalid, Missing, Refused
from mlops_console.models import GLOBAL, AuditEntry, Workspace
from mlops_console.queries import scope_for
from mlops_console.statements import Statement
from runtimes import queries
from runtimes.actions.checks import Faults, checked_uid, hold_workspace, in_use, refuse_managed, refuse_stale
from runtimes.models import ModelType, Runtime, RuntimeImage, Version
from runtimes.rules import runtime as rules
from runtimes.rules import security_context
from runtimes.rules.environment import masked_change
from runtimes.rules.names import check_description, check_display_name
from runtimes.rules.runtime import RuntimeSpec

FIELDS: Final = tuple(each.name for each in fields(RuntimeSpec))
_VARIABLES: Final = "environment_variables"
_MODEL_TYPE: Final = Statement(
    lambda name: ModelType.objects.order_by().select_for_update(no_key=True).filter(name=name).values_list("name")
)
LOCKED: Final = "Model type and runtime image cannot be changed once a runtime exists; create another runtime instead."


def spec_of(runtime: Runtime) -> RuntimeSpec:
    """The changeable part of a stored runtime."""
    return RuntimeSpec(**{field: getattr(runtime, field) for field in FIELDS})


@transaction.atomic
def create_runtime(
    *,
    actor: Actor,
    workspace: Workspace,
    model_type: str,
    runtime_image: str,
    spec: RuntimeSpec,
    now: datetime,
    uid: str = "",
) -> Runtime:
    """Make a runtime on an image or a pinned version, given by resource name.

    Raises Missing, NotAllowed, Invalid, or Refused when the id is taken.
    """
    actor.require(Right.WRITE, workspace)
    faults = Faults(rules.faults(spec))
    number = checked_uid(faults, uid, "r-")
    hold_workspace(workspace)
    # Locked, so that nobody deletes it before this is committed; always the workspace, then the type, then the image.
    if not list(_MODEL_TYPE.rows(name=model_type)):
        faults["model_type"] = f"There is no model type {model_type!r}." if model_type else "Choose a model type."
    bound = faults.check("runtime_image", _bound, actor, workspace, runtime_image)
    if faults or bound is None:
        raise Invalid(faults)
    image, version = bound
    values = normalised(spec)
    try:
        runtime = Runtime.objects.create(
            workspace=workspace,
            uid=number,
            model_type_id=model_type,
            image=image,
            pinned_version=version,
            created_at=now,
            updated_at=now,
            **values,
        )
    except IntegrityError:
        raise Refused("taken", f"Workspace {workspace.uid} has a runtime {number} already.") from None
    after = {"model_type": model_type, "runtime_image": runtime.runtime_image_name}
    after |= {field: value for field, value in values.items() if value not in ("", {}, [], None)}
    _record(actor, audit.Verb.CREATE, runtime, now, after=after)
    return runtime


@transaction.atomic
def update_runtime(
    *,
    actor: Actor,
    workspace: str,
    uid: str,
    changes: Mapping[str, Any],
    now: datetime,
    revision: int | None = None,
    model_type: str | None = None,
    runtime_image: str | None = None,
) -> Runtime:
    """Change some fields of RuntimeSpec.

    A `model_type` or `runtime_image` that differs from the stored one is refused, not dropped (R3); `revision` is
    the one the caller saw. Raises Missing, NotAllowed, Immutable, Invalid or Refused.
    """
    runtime = _locked(actor, workspace, uid, Right.WRITE)
    refuse_managed(runtime, "edited")
    locked = {
        field: LOCKED
        for field, given, stored in (
            ("model_type", model_type, runtime.model_type_id),
            ("runtime_image", runtime_image, runtime.runtime_image_name),
        )
        if given is not None and given != stored
    }
    if locked:
        raise Immutable(locked)
    refuse_stale(runtime, revision)
    new = replace(spec_of(runtime), **changes)
    if found := rules.faults(new):
        raise Invalid(found)
    values = normalised(new)
    differing = [field for field in FIELDS if getattr(runtime, field) != values[field]]
    if differing:
        before = {field: getattr(runtime, field) for field in differing}
        for field in differing:
            setattr(runtime, field, values[field])
        runtime.revision += 1
        runtime.updated_at = now
        runtime.save(update_fields=[*differing, "revision", "updated_at"])
        after = {field: values[field] for field in differing}
        _record(actor, audit.Verb.UPDATE, runtime, now, before=before, after=after)
    return runtime


@transaction.atomic
def delete_runtime(*, actor: Actor, workspace: str, uid: str, now: datetime, revision: int | None = None) -> Runtime:
    """Remove a runtime and answer what it was; raises Missing, NotAllowed, or Refused naming what uses it (R8)."""
    runtime = _locked(actor, workspace, uid, Right.DELETE)
    refuse_managed(runtime, "deleted")
    refuse_stale(runtime, revision)
    entry = _entry(
        actor,
        audit.Verb.DELETE,
        runtime,
        now,
        before={field: value for field, value in asdict(spec_of(runtime)).items() if value}
        | {"model_type": runtime.model_type_id, "runtime_image": runtime.runtime_image_name},
    )
    try:
        runtime.delete()
    except ProtectedError as fault:
        raise in_use("runtime", uid, fault) from None
    audit.record([entry])
    return runtime


def _locked(actor: Actor, workspace: str, uid: str, right: Right) -> Runtime:
    runtime = queries.find_runtime(scope_for(actor, workspace), uid, locked=True)
    actor.require(right, runtime.workspace)
    return runtime


def _bound(actor: Actor, workspace: Workspace, name: str) -> tuple[RuntimeImage, Version | None]:
    """The image, and the pinned version if any, that a resource name stands for; the image is locked.

    Raises ValueError when there is none that a runtime of the workspace may take.
    """
    if not name:
        raise ValueError("Choose a runtime image.")
    place, image_uid, version = split_image_name(name)
    if place not in (workspace.uid, GLOBAL):
        raise ValueError("A runtime takes images of its own workspace or of global.")
    try:
        image = queries.hold_image(scope_for(actor, place), image_uid)
        return image, queries.version_of(image, version) if version else None
    except Missing as fault:
        raise ValueError(fault.message) from None


def split_image_name(name: str) -> tuple[str, str, str]:
    """Workspace, image and version (or `""`) of a resource name; raises ValueError for other texts."""
    match name.split("/"):
        case ["workspaces", workspace, "runtimeImages", image]:
            return workspace, image, ""
        case ["workspaces", workspace, "runtimeImages", image, "versions", version]:
            return workspace, image, version
    raise ValueError("name it as workspaces/W/runtimeImages/I or workspaces/W/runtimeImages/I/versions/vX.Y.Z")


def normalised(spec: RuntimeSpec) -> dict[str, Any]:
    """The columns that a sound spec is stored in."""
    values = asdict(spec)
    return values | {
        "display_name": check_display_name(spec.display_name),
        "description": check_description(spec.description),
        "volumes": list(values["volumes"]),
        "security_context": security_context.normalised(spec.security_context),
    }


def _record(actor: Actor, verb: audit.Verb, runtime: Runtime, now: datetime, **differing: Any) -> None:
    audit.record([_entry(actor, verb, runtime, now, **differing)])


def _entry(actor: Actor, verb: audit.Verb, runtime: Runtime, now: datetime, **differing: dict[str, Any]) -> AuditEntry:
    """An audit entry in which the values of secret-looking variables are masked (R12)."""
    before, after = differing.get("before", {}), differing.get("after", {})
    variables = masked_change(before.get(_VARIABLES, {}), after.get(_VARIABLES, {}))
    return audit.entry(
        actor=actor,
        verb=verb,
        subject=audit.Subject(audit.Kind.RUNTIME, runtime.name, runtime.workspace.uid),
        now=now,
        before=_with_variables(before, variables[0]),
        after=_with_variables(after, variables[1]),
    )


def _with_variables(values: dict[str, Any], variables: dict[str, str]) -> dict[str, Any]:
    return values | {_VARIABLES: variables} if _VARIABLES in values else values
