"""What the wire asks of an upgrade, and what it says where an upgrade is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from deployments.actions.rollouts import upgrade
from deployments.models import Rollout
from deployments.planning.steps import Code
from deployments.planning.targets import WILDCARD, Latest, Target, Targets, ToImage, ToVersion
from mlops_console.actor import Actor
from mlops_console.errors import Invalid, Missing, Refused

_IMAGE: Final = re.compile(r"workspaces/[^/]+/runtimeImages/[^/]+")


def targets_of(given: Sequence[Mapping[str, Any]] | None, place: str = "targets") -> Targets:
    """The targets of an upgrade by experiment; none at all are the latest for everything. Raises Invalid."""
    targets: dict[str, Target] = {}
    for number, each in enumerate(given or ()):
        experiment = each.get("experimentId", "")
        target = _target(each.get("runtimeImageVersion", ""))
        if not experiment:
            raise Invalid({f"{place}.{number}.experimentId": "Name an experiment."})
        if targets.setdefault(experiment, target) != target:
            raise Invalid({f"{place}.{number}": "Another target says something else of this experiment."})
    return targets or {WILDCARD: Latest()}


def start(
    *,
    actor: Actor,
    workspace: str,
    uid: str,
    targets: Targets,
    now: datetime,
    reason: str = "",
    fingerprint: str = "",
    place: str = "targets",
) -> Rollout | None:
    """Start an upgrade; raises what the action raises, but for what is not there what the wire has for that."""
    try:
        return upgrade(
            actor=actor,
            workspace=workspace,
            uid=uid,
            targets=targets,
            now=now,
            reason=reason,
            fingerprint=fingerprint,
        )
    except Refused as fault:
        raise _worded(fault, targets, place) from None


def _target(name: str) -> Target:
    if not name:
        return Latest()
    return ToImage(name) if _IMAGE.fullmatch(name) else ToVersion(name)


def _worded(fault: Refused, targets: Targets, place: str) -> Exception:
    """An unknown experiment is a wrong request and an unknown version is missing; all else stays a refusal."""
    rows = fault.data.get("blocked", ())
    at = {experiment: number for number, experiment in enumerate(targets)}
    if unknown := [row for row in rows if row["code"] == Code.UNKNOWN_EXPERIMENT]:
        return Invalid({f"{place}.{at[row['experiment']]}.experimentId": row["why"] for row in unknown})
    if missing := [row for row in rows if row["code"] == Code.UNKNOWN_VERSION]:
        return Missing(" ".join(row["why"] for row in missing))
    return fault
