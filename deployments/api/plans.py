"""Answers about upgrades: what one would do, and how those that were started get on."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from deployments.models import Rollout, RolloutStep
from deployments.planning.plan import Plan
from deployments.planning.snapshot import VersionFact
from deployments.planning.steps import CautionCode, Code, Kind, Step
from deployments.rollouts.snapshot import Intent, Phase, Status
from mlops_console.api.fields import Text, Wire
from runtimes.models.layered import STATES

KINDS = [kind.value for kind in Kind]
CODES = [code.value for code in Code]
CAUTIONS = [code.value for code in CautionCode]
STATUSES = [status.value for status in Status]
INTENTS = [intent.value for intent in Intent]
PHASES = [phase.value for phase in Phase]


class PlannedVersion(Wire):
    """A version as a plan sees it."""

    name = Text(help_text="Resource name.")
    image = Text(help_text="The container image.")
    state = serializers.ChoiceField(choices=STATES)


class WarningShape(Wire):
    """What to know before; it blocks nothing."""

    code = serializers.ChoiceField(choices=CAUTIONS)
    message = Text()


@extend_schema_serializer(component_name="UpgradeStep")
class StepShape(Wire):
    """What becomes of one composition."""

    kind = serializers.ChoiceField(choices=KINDS)
    experimentId = Text()
    experimentName = Text(help_text="Empty for an experiment that the deployment does not have.")
    runtime = Text()
    code = serializers.ChoiceField(choices=CODES, required=False, help_text="Of what is skipped or blocked.")
    message = Text(help_text="Why.")
    cure = Text(help_text="What would change that; empty for moves.")
    before = PlannedVersion(required=False, help_text="What runs now.")
    after = PlannedVersion(required=False, help_text="What is to run.")
    warnings = WarningShape(many=True)


@extend_schema_serializer(component_name="UpgradePlan")
class PlanShape(Wire):
    """What an upgrade would do."""

    deployment = Text(help_text="Resource name.")
    steps = StepShape(many=True)
    changes = serializers.IntegerField(help_text="How many compositions would move.")
    blocked = serializers.IntegerField(help_text="How many cannot; with any, the upgrade is refused whole.")
    fingerprint = Text(
        help_text="Of all that the plan rests on: an upgrade that is given it does just this or nothing."
    )


@extend_schema_serializer(component_name="RolloutStep")
class RolloutStepShape(Wire):
    """How far one composition is."""

    experimentId = Text()
    experimentName = Text()
    phase = serializers.ChoiceField(choices=PHASES)
    phaseTime = serializers.DateTimeField(help_text="Since when.")
    before = Text(help_text="Resource name of the version that ran before.")
    after = Text(help_text="Resource name of the version that is to run.")


class EventShape(Wire):
    """Something that happened on the way."""

    time = serializers.DateTimeField()
    kind = Text()
    message = Text()


@extend_schema_serializer(component_name="Rollout")
class RolloutShape(Wire):
    """An upgrade being carried out."""

    name = Text(help_text="workspaces/W/deployments/D/rollouts/N")
    number = serializers.IntegerField()
    status = serializers.ChoiceField(choices=STATUSES)
    intent = serializers.ChoiceField(choices=INTENTS, help_text="What people want of it.")
    cause = Text(help_text="Why it was undone; empty otherwise.")
    waiting = Text(help_text="What is in the way of the composition that is under way; empty otherwise.")
    reason = Text(help_text="Why it was started.")
    startedBy = Text()
    createTime = serializers.DateTimeField()
    startTime = serializers.DateTimeField(required=False)
    endTime = serializers.DateTimeField(required=False)
    steps = RolloutStepShape(many=True)
    events = EventShape(many=True, required=False, help_text="In order; only where one rollout is asked for.")


def plan_data(plan: Plan) -> dict[str, Any]:
    """A plan in the wire's words."""
    return {
        "deployment": plan.deployment,
        "steps": [_step(each) for each in plan.steps],
        "changes": len(plan.changes),
        "blocked": len(plan.blocked),
        "fingerprint": plan.fingerprint,
    }


def rollout_data(rollout: Rollout, deployment: str, **more: Any) -> dict[str, Any]:
    """A rollout, its steps read with it, in the wire's words; `deployment` is a resource name."""
    return {
        "name": f"{deployment}/rollouts/{rollout.number}",
        "number": rollout.number,
        "status": rollout.status,
        "intent": rollout.intent,
        "cause": rollout.cause,
        "waiting": "" if rollout.is_over else rollout.waiting,
        "reason": rollout.reason,
        "startedBy": rollout.started_by,
        "createTime": rollout.created_at,
        "startTime": rollout.started_at,
        "endTime": rollout.ended_at,
        "steps": [_rollout_step(each) for each in rollout.steps.all()],
        **more,
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "kind": step.kind.value,
        "experimentId": step.experiment_id,
        "experimentName": step.experiment_name,
        "runtime": step.runtime,
        "code": step.code.value if step.code else None,
        "message": step.sentence,
        "cure": step.cure,
        "before": _version(step.before),
        "after": _version(step.after),
        "warnings": [{"code": each.code.value, "message": each.sentence} for each in step.warnings],
    }


def _version(version: VersionFact | None) -> dict[str, str] | None:
    return {"name": version.name, "image": version.reference, "state": version.state.value} if version else None


def _rollout_step(step: RolloutStep) -> dict[str, Any]:
    return {
        "experimentId": step.composition.experiment.uid,
        "experimentName": step.composition.experiment.display_name,
        "phase": step.phase,
        "phaseTime": step.phase_at,
        "before": step.before.name,
        "after": step.after.name,
    }
