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
        return Match(candidate=candidate, why_not=f"It is for {candidate.model_type}, the experiment is {model_type}.")
    if runtime.state is State.DISABLED:
        return Match(candidate=candidate, why_not="It is disabled.")
    told = matches(candidate.selector, metadata)
    if not told.ok:
        return Match(candidate=candidate, why_not=f"Its selector does not match: {told.reason}.")
    pinned = world.version(runtime.pinned) if runtime.pinned else None
    image = world.images[pinned.image if pinned else runtime.image]
    version = pinned or image.current
    if why_not := _unusable(image, version):
        return Match(candidate=candidate, why_not=why_not)
    return Match(candidate=candidate, version=version, warning=_warning(runtime, image, version))


def _unusable(image: ImageFact, version: VersionFact | None) -> str:
    if image.state is State.DISABLED:
        return f"Its runtime image {image.display_name} is disabled."
    if version is None:
        return f"Its runtime image {image.display_name} has no version that is active or deprecated."
    if version.state is State.DISABLED:
        return f"It is pinned to {version.number} of {image.display_name}, which is disabled."
    return ""


def _warning(runtime: RuntimeFact, image: ImageFact, version: VersionFact | None) -> str:
    deprecated = [
        what
        for what, state in (
            ("the runtime", runtime.state),
            (f"the runtime image {image.display_name}", image.state),
            (f"version {version.number}" if version else "", version.state if version else State.ACTIVE),
        )
        if state is State.DEPRECATED
    ]
    return f"Deprecated: {', '.join(deprecated)}." if deprecated else ""
