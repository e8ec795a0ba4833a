"""A plan as the wizard shows it: rows, capped and counted, and two plans beside each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import F
from django.utils.safestring import SafeString

from deployments.models import Deployment, WorkloadSpec
from deployments.planning import Difference, Kind, Plan, Step, VariableChange, differences, variable_changes
from deployments.rollouts.contents import resolved
from mlops_console.web.stencils import Stencil, joined

ROWS_MAX: Final = 200
SIDES_MAX: Final = 50
_ROW: Final = Stencil("deployments/_upgrade_row.html")

# label, tone and icon
BADGES: Final[Mapping[Kind, tuple[str, str, str]]] = {
    Kind.UPGRADE: ("Upgrade", "good", "circle-arrow-up"),
    Kind.ROLLBACK: ("Roll back", "warning", "circle-arrow-down"),
    Kind.SWITCH: ("Switch", "accent", "arrow-left-right"),
    Kind.SKIP: ("Skip", "plain", "skip-forward"),
    Kind.BLOCKED: ("Blocked", "danger", "ban"),
}
# What needs a person comes first where not all can be shown.
_RANKS: Final = {Kind.BLOCKED: 0, Kind.SKIP: 2}


@dataclass(frozen=True)
class Badge:
    """A kind of step in a word, with its tone and icon, and how often it occurs where that is counted."""

    label: str
    tone: str
    icon: str
    count: int = 0


@dataclass(frozen=True)
class PlanRow:
    """One step with what is shown of it."""

    step: Step
    badge: Badge
    variables: tuple[VariableChange, ...] = ()
    has_namesake: bool = False


@dataclass(frozen=True)
class Sides:
    """One composition in an old and a new plan; None where a plan does not have it."""

    old: PlanRow | None
    new: PlanRow | None
    differs: bool


def badge_of(kind: Kind, count: int = 0) -> Badge:
    """The badge of a kind."""
    return Badge(*BADGES[kind], count)


def shown(deployment: Deployment, plan: Plan) -> dict[str, Any]:
    """What the template of a preview takes."""
    steps = list(plan.steps)
    if len(steps) > ROWS_MAX:
        steps = sorted(steps, key=lambda each: _RANKS.get(each.kind, 1))[:ROWS_MAX]
    variables = _variables(deployment, steps)
    names = Counter(step.experiment_name for step in plan.steps)
    rows = [
        PlanRow(
            step,
            badge_of(step.kind),
            variables.get(step.composition, ()),
            has_namesake=names[step.experiment_name] > 1 and bool(step.experiment_name),
        )
        for step in steps
    ]
    return {
        "rows": rows,
        "rows_html": joined(map(_row_html, rows)),
        "total": len(plan.steps),
        "more": len(plan.steps) - len(steps),
        "counts": [badge_of(kind, count) for kind, count in plan.counts.items() if count],
        "is_noop": plan.is_noop,
        "moving": len(plan.changes),
        "blocked": len(plan.blocked),
    }


def beside(old: Plan, new: Plan) -> dict[str, Any]:
    """What the template of two plans takes: every row of both, where there are many, first those that differ."""
    found = differences(old, new)
    olds = {step.key: step for step in old.steps}
    every = [Difference(olds.get(step.key), step) for step in new.steps]
    every += [each for each in found if each.new is None]
    rows = [Sides(_row(each.old), _row(each.new), each.old != each.new) for each in every]
    if len(rows) > SIDES_MAX:
        rows = sorted(rows, key=lambda each: not each.differs)[:SIDES_MAX]
    return {"sides": rows, "differing": len(found), "more": len(every) - len(rows)}


def _row_html(row: PlanRow) -> SafeString:
    """A row of the preview. Versions make up its kind: many compositions move from one to the same other."""
    step = row.step
    texts = {
        "name": step.experiment_name or step.experiment_id,
        "experiment": step.experiment_id,
        "sentence": step.sentence,
        "cure": step.cure,
    }
    return _ROW.fill(
        texts,
        badge=row.badge,
        before=step.before,
        after=step.after,
        has_namesake=row.has_namesake,
        has_cure=bool(step.cure),
        warnings=step.warnings,
        variables=row.variables,
    )


def _row(step: Step | None) -> PlanRow | None:
    return PlanRow(step, badge_of(step.kind)) if step else None


def _variables(deployment: Deployment, steps: Sequence[Step]) -> dict[str, tuple[VariableChange, ...]]:
    """By composition, the variables with which a moved one starts otherwise than the one that runs."""
    moving = [step.composition for step in steps if step.kind.moves]
    specs = WorkloadSpec.objects.filter(
        composition__deployment=deployment, composition__uid__in=moving, key=F("composition__workload")
    )
    rows = specs.values_list(
        "composition__uid",
        "content__environment",
        "composition__runtime__environment_variables",
        "composition__options",
    )
    return {
        uid: variable_changes(before, resolved({**after, **deployment.environment_variables}, options))
        for uid, before, after, options in rows
    }
