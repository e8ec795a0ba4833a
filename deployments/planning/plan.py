"""From a deployment, its world and what is asked for to a list of steps (R9, R10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from deployments.planning.aims import Aim, Row, rows_of
from deployments.planning.cautions import cautions
from deployments.planning.fingerprints import fingerprint
from deployments.planning.snapshot import DeploymentFact, VersionFact, World
from deployments.planning.steps import Kind, Step, Verdict
from deployments.planning.targets import Target, Targets
from deployments.planning.verdicts import judged, strangers


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What an upgrade would do to a deployment, what was asked for, and the fingerprint of what it rests on."""

    deployment: str
    targets: Mapping[str, Target]
    steps: tuple[Step, ...]
    fingerprint: str

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that move something."""
        return tuple(step for step in self.steps if step.kind.moves)

    @property
    def blocked(self) -> tuple[Step, ...]:
        """The steps that cannot be done."""
        return tuple(step for step in self.steps if step.kind is Kind.BLOCKED)

    @property
    def is_noop(self) -> bool:
        """Whether everything is skipped."""
        return all(step.kind is Kind.SKIP for step in self.steps)

    @property
    def counts(self) -> dict[Kind, int]:
        """The number of steps of each kind, those without any included."""
        counted = dict.fromkeys(Kind, 0)
        for step in self.steps:
            counted[step.kind] += 1
        return counted


@dataclass(frozen=True)
class Difference:
    """A row that is not the same in two plans; None where a plan has no such row."""

    old: Step | None
    new: Step | None


def plan(deployment: DeploymentFact, world: World, targets: Targets) -> Plan:
    """What the targets come to: a step for each composition in order, then one for each experiment that is not there.

    Without targets every composition stays; that an empty list on the wire means all of them is the wire's affair.
    Raises KeyError for a world that lacks what a composition runs or uses.
    """
    rows = tuple(rows_of(deployment, world, targets))
    unknown = (_stranger(experiment_id, verdict) for experiment_id, verdict in strangers(deployment, targets))
    return Plan(
        deployment=deployment.name,
        targets=dict(targets),
        steps=(*(_step(deployment, row, world) for row in rows), *unknown),
        fingerprint=fingerprint(deployment, rows, targets),
    )


def differences(old: Plan, new: Plan) -> tuple[Difference, ...]:
    """The rows that differ between two plans for a deployment, as in the new one, then those it has no more."""
    olds, news = ({step.key: step for step in each.steps} for each in (old, new))
    return tuple(Difference(olds.get(key), news.get(key)) for key in {**news, **olds} if olds.get(key) != news.get(key))


def _step(deployment: DeploymentFact, row: Row, world: World) -> Step:
    judgement = judged(deployment, row)
    if isinstance(judgement, Aim):
        return _move(row, judgement, world)
    kind = judgement.code.kind
    asked = row.aim.version if isinstance(row.aim, Aim) else None
    return Step(
        kind=kind,
        composition=row.composition.uid,
        experiment_id=row.composition.experiment_id,
        experiment_name=row.composition.experiment_name,
        runtime=row.runtime.name,
        before=row.before,
        after=row.before if kind is Kind.SKIP else asked,
        code=judgement.code,
        sentence=judgement.sentence,
        cure=judgement.cure,
    )


def _move(row: Row, aim: Aim, world: World) -> Step:
    kind = _direction(row.before, aim.version)
    return Step(
        kind=kind,
        composition=row.composition.uid,
        experiment_id=row.composition.experiment_id,
        experiment_name=row.composition.experiment_name,
        runtime=row.runtime.name,
        before=row.before,
        after=aim.version,
        sentence=aim.why,
        warnings=tuple(cautions(row, kind, aim, world)),
    )


def _direction(before: VersionFact, after: VersionFact) -> Kind:
    if before.image != after.image:
        return Kind.SWITCH
    return Kind.UPGRADE if after.precedence > before.precedence else Kind.ROLLBACK


def _stranger(experiment_id: str, verdict: Verdict) -> Step:
    return Step(
        kind=verdict.code.kind,
        composition="",
        experiment_id=experiment_id,
        experiment_name="",
        runtime="",
        code=verdict.code,
        sentence=verdict.sentence,
        cure=verdict.cure,
    )
