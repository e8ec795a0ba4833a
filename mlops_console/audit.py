"""Writing the audit trail: called by actions, inside their transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from mlops_console.actor import Actor
from mlops_console.models import AuditEntry


class Verb(StrEnum):
    """What can be done to a subject."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    DEPRECATE = "deprecate"
    DISABLE = "disable"
    ENABLE = "enable"
    ACTIVATE = "activate"
    BOOTSTRAP = "bootstrap"
    REVOKE = "revoke"
    PAUSE = "pause"
    RESUME = "resume"
    UPGRADE = "upgrade"
    ABORT = "abort"
    MOVE = "move"
    FINISH = "finish"
    ADOPT = "adopt"
    REAPPLY = "reapply"


class Kind(StrEnum):
    """What a subject is."""

    RUNTIME = "runtime"
    IMAGE = "runtime image"
    VERSION = "version"
    MODEL_TYPE = "model type"
    WORKSPACE = "workspace"
    MEMBERSHIP = "membership"
    USER = "user"
    TOKEN = "token"  # noqa: S105 a kind of subject, no secret
    VALUES = "values file"
    EXPERIMENT = "experiment"
    ARTIFACT = "artifact"
    MODEL = "registered model"
    DEPLOYMENT = "deployment"
    ROLLOUT = "rollout"


@dataclass(frozen=True)
class Subject:
    """The row an entry is about, by its resource name."""

    kind: Kind
    name: str
    workspace: str = ""


def entry(
    *,
    actor: Actor,
    verb: Verb,
    subject: Subject,
    now: datetime,
    reason: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """An unsaved entry; `before` and `after` hold only what differs, secrets masked."""
    return AuditEntry(
        at=now,
        actor_kind=actor.kind.value,
        actor=actor.name,
        verb=verb.value,
        subject_kind=subject.kind.value,
        subject=subject.name,
        workspace=subject.workspace,
        reason=reason,
        before=dict(before or {}),
        after=dict(after or {}),
        request_id=actor.request_id,
    )


def record(entries: Iterable[AuditEntry]) -> None:
    """Append entries in one statement per thousand."""
    AuditEntry.objects.bulk_create(entries, batch_size=1000)
