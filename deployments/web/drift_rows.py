"""Drift as its page and its dialogs show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from deployments.drifts import choices_for
from deployments.models import Deployment
from deployments.planning.adoption import Choice, can_be_adopted
from deployments.rollouts.snapshot import Reapply


@dataclass(frozen=True, kw_only=True)
class DriftPart:
    """What differs of a deployment, who has asked for it to be undone, and what may be done about it now."""

    rows: tuple[Choice, ...]
    can_adopt: bool
    asked: Reapply | None
    verbs: Sequence[dict[str, Any]]


def drift_part(deployment: Deployment, *, may_write: bool, is_rolling: bool) -> DriftPart | None:
    """The part of a deployment's page about its drift; None where there is none."""
    rows = choices_for(deployment)
    if not rows:
        return None
    can_adopt = can_be_adopted(rows) and not deployment.paused and not is_rolling
    return DriftPart(
        rows=rows,
        can_adopt=can_adopt,
        asked=deployment.reapply,
        verbs=_verbs(deployment, can_adopt=can_adopt) if may_write else (),
    )


def what_of(choice: Choice) -> str:
    """What of a deployment differs, for people."""
    name = f"{choice.composition.experiment_name}: " if choice.composition else ""
    return f"{name}{choice.line.where}"


def _verbs(deployment: Deployment, *, can_adopt: bool) -> list[dict[str, Any]]:
    words = [("adopt", "Adopt", "check")] if can_adopt else []
    words.append(("reapply", "Re-apply", "undo-2"))
    arguments = [deployment.workspace.uid, deployment.uid]
    return [
        {"label": label, "url": reverse(f"deployments:deployment-{verb}", args=arguments), "icon": icon, "tone": ""}
        for verb, label, icon in words
    ]
