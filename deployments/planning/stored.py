"""A plan as JSON, and back: versions, of which many steps have the same ones, are written once, and nothing is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deployments.planning.plan import Plan
from deployments.planning.snapshot import VersionFact
from deployments.planning.steps import Caution, CautionCode, Code, Kind, Step
from deployments.planning.targets import parse_target, target_text
from runtimes.rules.lifecycle import State


def to_data(plan: Plan) -> dict[str, Any]:
    """A plan as what JSON holds."""
    versions = {each.name: each for step in plan.steps for each in (step.before, step.after) if each}
    places = {name: place for place, name in enumerate(versions)}
    return {
        "deployment": plan.deployment,
        "targets": {experiment_id: target_text(target) for experiment_id, target in plan.targets.items()},
        "versions": [_version_data(each) for each in versions.values()],
        "steps": [_step_data(step, places) for step in plan.steps],
        "fingerprint": plan.fingerprint,
    }


def from_data(data: Mapping[str, Any]) -> Plan:
    """The plan that `to_data` wrote; raises LookupError or ValueError for anything else."""
    versions = [_version(each) for each in data["versions"]]
    return Plan(
        deployment=data["deployment"],
        targets={experiment_id: parse_target(text) for experiment_id, text in data["targets"].items()},
        steps=tuple(_step(each, versions) for each in data["steps"]),
        fingerprint=data["fingerprint"],
    )


def _step_data(step: Step, places: Mapping[str, int]) -> dict[str, Any]:
    data = {
        "kind": step.kind.value,
        "composition": step.composition,
        "experiment_id": step.experiment_id,
        "experiment_name": step.experiment_name,
        "runtime": step.runtime,
        "before": places[step.before.name] if step.before else None,
        "after": places[step.after.name] if step.after else None,
        "code": step.code and step.code.value,
        "sentence": step.sentence,
        "cure": step.cure,
        "warnings": [{"code": each.code.value, "sentence": each.sentence} for each in step.warnings],
    }
    return {name: value for name, value in data.items() if value not in (None, "", [])}


def _step(data: Mapping[str, Any], versions: Sequence[VersionFact]) -> Step:
    return Step(
        kind=Kind(data["kind"]),
        composition=data.get("composition", ""),
        experiment_id=data.get("experiment_id", ""),
        experiment_name=data.get("experiment_name", ""),
        runtime=data.get("runtime", ""),
        before=versions[data["before"]] if "before" in data else None,
        after=versions[data["after"]] if "after" in data else None,
        code=Code(data["code"]) if "code" in data else None,
        sentence=data.get("sentence", ""),
        cure=data.get("cure", ""),
        warnings=tuple(Caution(CautionCode(each["code"]), each["sentence"]) for each in data.get("warnings", ())),
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
