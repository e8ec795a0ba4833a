"""A plan as JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deployments.planning.plan import Plan
from deployments.planning.snapshot import VersionFact
from deployments.planning.steps import Caution, CautionCode, Code, Kind, Step
from deployments.planning.targets import parse_target, target_text
from runtimes.rules.lifecycle import State


def to_data(plan: Plan) -> dict[str, Any]:
    """A plan as what JSON holds."""
    return {
        "deployment": plan.deployment,
        "targets": {experiment_id: target_text(target) for experiment_id, target in plan.targets.items()},
        "steps": [_step_data(step) for step in plan.steps],
        "fingerprint": plan.fingerprint,
    }


def from_data(data: Mapping[str, Any]) -> Plan:
    """The plan that `to_data` wrote; raises KeyError or ValueError for anything else."""
    return Plan(
        deployment=data["deployment"],
        targets={experiment_id: parse_target(text) for experiment_id, text in data["targets"].items()},
        steps=tuple(_step(each) for each in data["steps"]),
        fingerprint=data["fingerprint"],
    )


def _step_data(step: Step) -> dict[str, Any]:
    return {
        "kind": step.kind.value,
        "composition": step.composition,
        "experiment_id": step.experiment_id,
        "experiment_name": step.experiment_name,
        "runtime": step.runtime,
        "before": step.before and _version_data(step.before),
        "after": step.after and _version_data(step.after),
        "code": step.code and step.code.value,
        "sentence": step.sentence,
        "cure": step.cure,
        "warnings": [{"code": each.code.value, "sentence": each.sentence} for each in step.warnings],
    }


def _step(data: Mapping[str, Any]) -> Step:
    return Step(
        kind=Kind(data["kind"]),
        composition=data["composition"],
        experiment_id=data["experiment_id"],
        experiment_name=data["experiment_name"],
        runtime=data["runtime"],
        before=_version(data["before"]) if data["before"] else None,
        after=_version(data["after"]) if data["after"] else None,
        code=Code(data["code"]) if data["code"] else None,
        sentence=data["sentence"],
        cure=data["cure"],
        warnings=tuple(Caution(CautionCode(each["code"]), each["sentence"]) for each in data["warnings"]),
    )


def _version_data(version: VersionFact) -> dict[str, Any]:
    return {
        "name": version.name,
        "number": version.number,
        "reference": version.reference,
        "state": version.state.value,
        "readiness_probe_path": version.readiness_probe_path,
        "architectures": list(version.architectures),
    }


def _version(data: Mapping[str, Any]) -> VersionFact:
    return VersionFact(
        name=data["name"],
        number=data["number"],
        reference=data["reference"],
        state=State(data["state"]),
        readiness_probe_path=data["readiness_probe_path"],
        architectures=tuple(data["architectures"]),
    )
