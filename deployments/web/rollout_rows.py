"""A rollout as its page shows it: step bars, people's verbs, and the picture of its traffic."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from django.urls import reverse

from deployments import rollout_queries as queries
from deployments.models import Event, Rollout, RolloutStep
from deployments.rollouts.snapshot import Intent, Phase, Status
from deployments.rollouts.traffic import Sample, picture
from deployments.web.picture import Drawing, clock, drawing
from runtimes.models import Version

STEPS_MAX: Final = 50
EVENTS_MAX: Final = 50
FORWARD: Final[Mapping[Phase, str]] = {
    Phase.PENDING: "Pending",
    Phase.STARTING: "Starting",
    Phase.SHIFTING: "Moving traffic",
    Phase.DRAINING: "Draining",
    Phase.DONE: "Done",
}
BACK: Final[Mapping[Phase, str]] = {
    Phase.UNDO_STARTING: "Starting again",
    Phase.UNDO_SHIFTING: "Moving back",
    Phase.UNDO_DRAINING: "Draining",
    Phase.UNDONE: "Undone",
}
_ICONS: Final = {"pause": ("pause", ""), "resume": ("play", "primary"), "abort": ("octagon-x", "danger")}


@dataclass(frozen=True)
class Stage:
    """One phase of a bar: `done`, `now` or `ahead`."""

    label: str
    state: str


@dataclass(frozen=True)
class StepRow:
    """One composition with its bar; it has not begun where the rollout was over before its turn came."""

    step: RolloutStep
    stages: tuple[Stage, ...]
    is_undone: bool
    has_begun: bool


@dataclass(frozen=True)
class EventRow:
    """Something that happened, and how long after the start."""

    event: Event
    after: str


def stages_of(phase: Phase, *, is_over: bool = False, unneeded: Collection[Phase] = ()) -> tuple[Stage, ...]:
    """The bar of a composition in a phase: the way forward, or once it is undone, the way back.

    `unneeded` are phases of the way back that it is spared.
    """
    way = {each: label for each, label in BACK.items() if each not in unneeded} if phase in BACK else FORWARD
    if is_over and phase is Phase.PENDING:
        return tuple(Stage(label, "ahead") for label in way.values())
    at = list(way).index(phase)
    ended = phase in (Phase.DONE, Phase.UNDONE)
    states = ("done" if place < at or ended else "now" if place == at else "ahead" for place in range(len(way)))
    return tuple(Stage(label, state) for label, state in zip(way.values(), states, strict=True))


def verbs_of(rollout: Rollout) -> list[dict[str, str]]:
    """What somebody with the right may want of a rollout now, as buttons."""
    if rollout.is_over or rollout.intent == Intent.ABORT or rollout.status == Status.UNDOING:
        return []
    words = ["resume" if rollout.intent == Intent.PAUSE else "pause", "abort"]
    arguments = [rollout.deployment.workspace.uid, rollout.pk]
    return [
        {
            "label": word.title(),
            "url": reverse(f"deployments:rollout-{word}", args=arguments),
            "icon": _ICONS[word][0],
            "tone": _ICONS[word][1],
        }
        for word in words
    ]


def live_context(rollout: Rollout) -> dict[str, Any]:
    """What the part of the page takes that follows a rollout while it runs."""
    counts = queries.phase_counts(rollout)
    # Where all are shown, none changes its place while one looks at it.
    steps = list(queries.steps_of(rollout, under_way_first=sum(counts.values()) > STEPS_MAX)[:STEPS_MAX])
    shifted = queries.compositions_shifted(rollout)
    events = queries.latest_events(rollout, EVENTS_MAX + 1)
    samples = [Sample(each.at, each.workload, each.answered, each.failed) for each in queries.traffic_of(rollout)]
    return {
        "steps": [_step_row(rollout, step, had_moved=step.composition_id in shifted) for step in steps],
        "more_steps": sum(counts.values()) - len(steps),
        "step_count": sum(counts.values()),
        "settled_count": counts.get(Phase.DONE.value, 0) + counts.get(Phase.UNDONE.value, 0),
        "events": [
            EventRow(each, clock((each.at - rollout.created_at).total_seconds())) for each in events[:EVENTS_MAX]
        ],
        "has_more_events": len(events) > EVENTS_MAX,
        "traffic": _traffic(samples, rollout, steps),
        "is_counted": bool(samples),
        "took": clock((rollout.ended_at - rollout.created_at).total_seconds()) if rollout.ended_at else "",
    }


def marks_of(rollout: Rollout) -> dict[str, str]:
    """Two marks: `state` moves when what people may do changes, `since` when there is anything new to show."""
    event, look = queries.latest_change(rollout)
    state = f"{rollout.status}-{rollout.intent}".lower()
    shown = (rollout.waiting, rollout.deployment.trouble, bool(rollout.deployment.drift))
    told = sha256(repr(shown).encode()).hexdigest()[:8]
    return {"state": state, "since": f"{state}-{event}-{look}-{told}"}


def _step_row(rollout: Rollout, step: RolloutStep, *, had_moved: bool) -> StepRow:
    phase = Phase(step.phase)
    unneeded = set()
    if step.undo_workload == step.old_workload:
        unneeded.add(Phase.UNDO_STARTING)
        if not had_moved:
            unneeded.add(Phase.UNDO_SHIFTING)
    stages = stages_of(phase, is_over=rollout.is_over, unneeded=unneeded - {phase})
    return StepRow(step, stages, phase in BACK, not (rollout.is_over and phase is Phase.PENDING))


def _traffic(samples: Sequence[Sample], rollout: Rollout, steps: Iterable[RolloutStep]) -> Drawing | None:
    found = picture(samples, _labels(rollout, list(steps)))
    return None if found is None else drawing(found)


def _labels(rollout: Rollout, steps: list[RolloutStep]) -> dict[str, str]:
    """The version of each workload, the old ones first: they stand at the bottom of the picture."""
    versions: dict[str, Version] = {}
    for step in steps:
        versions |= {step.old_workload: step.before, step.again_workload: step.before}
    for step in steps:
        versions[step.new_workload] = step.after
    for composition in queries.versions_serving(rollout.deployment):
        versions.setdefault(composition.workload, composition.version)
    images = {version.image_id for version in versions.values()}
    return {
        key: version.version if len(images) == 1 else f"{version.image.display_name} {version.version}"
        for key, version in versions.items()
    }
