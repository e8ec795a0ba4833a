"""From rows to the snapshot that a turn decides from.

In one statement, written out: a worker reads one again and again, and Django takes ten times as long to put together
what it needs in five.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import connection

from deployments import storage
from deployments.downloads import download_of
from deployments.engines.contract import Workload
from deployments.models import ACTIVE
from deployments.planning.modes import Mode
from deployments.rollouts.contents import workload_of
from deployments.rollouts.drift import from_data
from deployments.rollouts.snapshot import (
    Composed,
    Health,
    Intent,
    Phase,
    Reapply,
    Rollout,
    Snapshot,
    Status,
    Step,
    StepKeys,
    Trouble,
)

_READ: Final = """
    SELECT
        deployment.uid AS name, deployment.display_name AS title, workspace.uid AS workspace, deployment.mode,
        deployment.revision, deployment.paused, deployment.deleted_at IS NOT NULL AS deleted, deployment.health,
        deployment.health_message, deployment.health_at, deployment.address, deployment.trouble, deployment.trouble_at,
        deployment.drift::json, deployment.reapply_lines::json, deployment.reapply_by, deployment.reapply_at,
        (
            SELECT json_agg(json_build_object(
                'uid', composition.uid, 'experiment', experiment.display_name, 'workload', composition.workload,
                'weight', composition.weight, 'is_mirror', composition.is_mirror
            ) ORDER BY composition.position)
            FROM deployments_composition AS composition
            JOIN deployments_experiment AS experiment ON experiment.id = composition.experiment_id
            WHERE composition.deployment_id = deployment.id
        ) AS compositions,
        (
            SELECT json_agg(json_build_object('key', spec.key, 'composition', composition.uid, 'content', spec.content))
            FROM deployments_workloadspec AS spec
            JOIN deployments_composition AS composition ON composition.id = spec.composition_id
            WHERE composition.deployment_id = deployment.id
        ) AS specs,
        (
            SELECT json_build_object(
                'key', rollout.id, 'number', rollout.number, 'status', rollout.status, 'intent', rollout.intent,
                'intent_by', rollout.intent_by, 'intent_reason', rollout.intent_reason, 'reason', rollout.reason,
                'cause', rollout.cause, 'waiting', rollout.waiting, 'steps', (
                    SELECT json_agg(json_build_object(
                        'key', step.id, 'position', step.position, 'composition_key', step.composition_id,
                        'composition', composition.uid, 'experiment', experiment.display_name,
                        'before', step.before_id, 'after', step.after_id, 'phase', step.phase,
                        'phase_at', step.phase_at, 'old', step.old_workload, 'new', step.new_workload,
                        'again', step.again_workload, 'undo_key', step.undo_workload
                    ) ORDER BY step.position)
                    FROM deployments_rolloutstep AS step
                    JOIN deployments_composition AS composition ON composition.id = step.composition_id
                    JOIN deployments_experiment AS experiment ON experiment.id = composition.experiment_id
                    WHERE step.rollout_id = rollout.id
                )
            )
            FROM deployments_rollout AS rollout
            WHERE rollout.deployment_id = deployment.id AND rollout.status = ANY(%s)
        ) AS rollout
    FROM deployments_deployment AS deployment
    JOIN console_workspace AS workspace ON workspace.id = deployment.workspace_id
    WHERE deployment.id = %s
"""


def snapshot_of(key: int) -> Snapshot | None:
    """A deployment with its active rollout; None where it is gone."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, [ACTIVE, key])
        found = cursor.fetchone()
        names = [each.name for each in cursor.description or ()]
    if found is None:
        return None
    row = dict(zip(names, found, strict=True))
    workloads = {each["key"]: _workload(each) for each in row["specs"] or ()}
    return Snapshot(
        name=row["name"],
        title=row["title"],
        workspace=row["workspace"],
        mode=Mode(row["mode"]),
        compositions=tuple(
            Composed(**{**each, "workload": workloads[each["workload"]]}) for each in row["compositions"] or ()
        ),
        revision=row["revision"],
        paused=row["paused"],
        deleted=row["deleted"],
        health=Health(row["health"]),
        health_message=row["health_message"],
        health_at=row["health_at"],
        address=row["address"],
        trouble=Trouble(row["trouble"], row["trouble_at"]) if row["trouble_at"] else None,
        drift=from_data(row["drift"]),
        reapply=_reapply(row),
        rollout=_rollout(row["rollout"], workloads) if row["rollout"] else None,
    )


def _rollout(row: Mapping[str, Any], workloads: Mapping[str, Workload]) -> Rollout:
    return Rollout(
        key=row["key"],
        number=row["number"],
        reason=row["reason"],
        status=Status(row["status"]),
        intent=Intent(row["intent"]),
        intent_by=row["intent_by"],
        intent_reason=row["intent_reason"],
        cause=row["cause"],
        waiting=row["waiting"],
        steps=tuple(_step(each, workloads) for each in row["steps"] or ()),
    )


def _step(row: Mapping[str, Any], workloads: Mapping[str, Workload]) -> Step:
    return Step(
        position=row["position"],
        composition=row["composition"],
        experiment=row["experiment"],
        phase=Phase(row["phase"]),
        phase_at=datetime.fromisoformat(row["phase_at"]),
        old=workloads[row["old"]],
        new=workloads[row["new"]],
        again=workloads[row["again"]],
        undo_key=row["undo_key"],
        keys=StepKeys(row["key"], row["composition_key"], row["before"], row["after"]),
    )


def _workload(row: Mapping[str, Any]) -> Workload:
    artifact = row["content"]["artifact"]
    return workload_of(
        row["key"],
        row["composition"],
        row["content"],
        artifact=str(storage.path_of(artifact)) if artifact else "",
        download=download_of(artifact) if artifact else None,
    )


def _reapply(row: Mapping[str, Any]) -> Reapply | None:
    if row["reapply_at"] is None:
        return None
    return Reapply(lines=frozenset(row["reapply_lines"]), by=row["reapply_by"], at=row["reapply_at"])
