"""What of a deployment's drift may be kept: the rules of an upgrade (R5, R9) for images, the API's for replicas."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final

from deployments.engines.contract import Drift, Field
from deployments.planning.modes import REPLICAS_MAX
from deployments.planning.plan import plan
from deployments.planning.snapshot import CompositionFact, DeploymentFact, VersionFact, World
from deployments.planning.steps import Caution, Step
from deployments.planning.targets import ToVersion

_GLOBAL: Final = "workspaces/global/"
_REAPPLY: Final = 'press "Re-apply" to undo it'


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One line of drift: the version or the number of replicas to keep, or why neither can be, and what helps."""

    line: Drift
    composition: CompositionFact | None = None
    version: VersionFact | None = None
    replicas: int | None = None
    warnings: tuple[Caution, ...] = ()
    why_not: str = ""
    cure: str = ""

    @property
    def can_be_kept(self) -> bool:
        """Whether the console can take it over."""
        return not self.why_not

    @property
    def kept_as(self) -> str:
        """What it would be in the console; `""` where it cannot be kept."""
        if self.version is not None:
            return self.version.number
        return "" if self.replicas is None else f"{self.replicas} replica{'' if self.replicas == 1 else 's'}"


def choices(deployment: DeploymentFact, world: World, lines: Iterable[Drift]) -> tuple[Choice, ...]:
    """What may become of each line; whether the deployment is paused or rolls out is the caller's to ask."""
    by_uid = {each.uid: each for each in deployment.compositions}
    return tuple(_choice(deployment, world, line, by_uid.get(line.composition)) for line in lines)


def can_be_adopted(found: Collection[Choice]) -> bool:
    """Whether all of it can be kept: while any of it is in the way, nothing can be written of what was kept."""
    return bool(found) and all(each.can_be_kept for each in found)


def _choice(deployment: DeploymentFact, world: World, line: Drift, composition: CompositionFact | None) -> Choice:
    if composition is not None and line.field is Field.IMAGE:
        return _image(deployment, world, line, composition)
    if composition is not None and line.field is Field.REPLICAS:
        return _replicas(line, composition)
    return Choice(
        line=line,
        composition=composition,
        why_not="The console writes this itself, from the runtime and the deployment: there is nowhere to keep it.",
        cure=f"If it is meant, change the runtime or the deployment; here, {_REAPPLY}.",
    )


def _replicas(line: Drift, composition: CompositionFact) -> Choice:
    number = int(line.found) if line.found.isdecimal() else 0
    if 1 <= number <= REPLICAS_MAX:
        return Choice(line=line, composition=composition, replicas=number)
    return Choice(
        line=line,
        composition=composition,
        why_not=f"A composition has 1 to {REPLICAS_MAX} replicas, not {line.found or 'none'}.",
        cure=f'To stop a deployment, press "Pause"; here, {_REAPPLY}.',
    )


def _image(deployment: DeploymentFact, world: World, line: Drift, composition: CompositionFact) -> Choice:
    steps = [
        _step(deployment, world, composition, each) for each in _versions(deployment, world, composition, line.found)
    ]
    # Of two names for one image, one that may be used is as good as the other.
    step = next((each for each in steps if each.kind.moves), steps[0] if steps else None)
    if step is None:
        return Choice(
            line=line,
            composition=composition,
            why_not=f"No runtime image that this deployment may use has a version with the reference {line.found}.",
            cure=f"If it is meant, add it as a version to a runtime image first; else {_REAPPLY}.",
        )
    if step.kind.moves:
        return Choice(line=line, composition=composition, version=step.after, warnings=step.warnings)
    return Choice(
        line=line,
        composition=composition,
        why_not=step.sentence,
        cure=f"If it is meant, let it be used again first; else {_REAPPLY}.",
    )


def _versions(
    deployment: DeploymentFact, world: World, composition: CompositionFact, reference: str
) -> list[VersionFact]:
    """The versions behind a reference that the deployment may know of: of the image that runs first, then of the
    runtime's, then those of its workspace; the highest first."""
    runs, meant = world.version(composition.version).image, world.runtimes[composition.runtime].image
    own = f"workspaces/{deployment.name.split('/')[1]}/"
    known = (each for each in world.images.values() if each.name.startswith((own, _GLOBAL)))
    images = sorted(known, key=lambda each: (each.name != runs, each.name != meant, not each.name.startswith(own)))
    return [
        version
        for image in images
        for version in sorted(image.versions, key=lambda each: each.precedence, reverse=True)
        if version.reference == reference
    ]


def _step(deployment: DeploymentFact, world: World, composition: CompositionFact, version: VersionFact) -> Step:
    """What an upgrade of just this composition to just this version would be."""
    alone = replace(deployment, paused=False, rollout_in_progress=None, compositions=(composition,))
    return plan(alone, world, {composition.experiment_id: ToVersion(version.name)}).steps[0]
