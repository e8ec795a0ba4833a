"""Which runtimes an experiment can be deployed on, and why the others do not match (R5, R14)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from deployments.planning.snapshot import ImageFact, RuntimeFact, VersionFact, World
from runtimes.rules.lifecycle import State
from runtimes.rules.selectors import matches


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A runtime with what decides whether an experiment may run on it."""

    runtime: RuntimeFact
    model_type: str
    selector: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Match:
    """Whether a candidate takes an experiment: in which version, with which warning, or why not."""

    candidate: Candidate
    version: VersionFact | None = None
    why_not: str = ""
    warning: str = ""

    @property
    def ok(self) -> bool:
        """Whether it can be chosen."""
        return not self.why_not


def match(candidates: Iterable[Candidate], world: World, model_type: str, metadata: Mapping[str, str]) -> list[Match]:
    """Every candidate with its answer for an experiment, those that take it first.

    An experiment without a model type (`""`) is taken by runtimes of any; raises KeyError for a world that lacks
    what a candidate is bound to.
    """
    found = [match_one(each, world, model_type, metadata) for each in candidates]
    return sorted(found, key=lambda answer: not answer.ok)


def match_one(candidate: Candidate, world: World, model_type: str, metadata: Mapping[str, str]) -> Match:
    """The answer of one candidate; raises KeyError as `match` does."""
    runtime = candidate.runtime
    if model_type and candidate.model_type != model_type:
        sentence = f"It is for the model type {candidate.model_type}; the experiment's is {model_type}."
        return Match(candidate=candidate, why_not=sentence)
    if runtime.state is State.DISABLED:
        return Match(candidate=candidate, why_not="It is disabled.")
    told = matches(candidate.selector, metadata)
    if not told.ok:
        return Match(candidate=candidate, why_not=f"Its selector does not match: {told.reason}.")
    pinned = None if runtime.pinned is None else world.version(runtime.pinned)
    image = world.images[pinned.image if pinned else runtime.image]
    name = image.display_name
    if image.state is State.DISABLED:
        return Match(candidate=candidate, why_not=f"Its runtime image {name} is disabled.")
    version = pinned or image.current
    if version is None:
        sentence = f"Its runtime image {name} has no version that is active or deprecated."
        return Match(candidate=candidate, why_not=sentence)
    if version.state is State.DISABLED:
        return Match(candidate=candidate, why_not=f"It is pinned to {version.number} of {name}, which is disabled.")
    return Match(candidate=candidate, version=version, warning=_warning(runtime, image, version))


def _warning(runtime: RuntimeFact, image: ImageFact, version: VersionFact) -> str:
    states = (
        ("the runtime", runtime.state),
        (f"the runtime image {image.display_name}", image.state),
        (f"version {version.number}", version.state),
    )
    deprecated = [what for what, state in states if state is State.DEPRECATED]
    return f"Deprecated, that is usable but on the way out: {', '.join(deprecated)}." if deprecated else ""
