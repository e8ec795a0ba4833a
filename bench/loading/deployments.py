"""Deployments with their experiments, compositions and leases; one of them is very large."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any, Final, TypeAlias

from bench.loading import words
from bench.loading.copying import copy
from bench.loading.fleet import END, Fleet
from bench.loading.runtimes import Runtimes, Usable
from deployments.models import Composition, Deployment, Event, Experiment, Lease, WorkloadSpec
from deployments.planning.modes import COMPOSITIONS_MAX, Mode
from deployments.rollouts.snapshot import Health
from runtimes.rules.environment import resolve

LARGE: Final = "00000000-0000-4000-8000-0000000000aa"  # the id of the one with very many compositions
SMALL: Final = "00000000-0000-4000-8000-0000000000bb"  # and of one with two, in the same workspace
SHARED_EXPERIMENT: Final = 0.2
OFFERED: Final = 20  # runtimes of `global` that every workspace uses
# No worker is to look after what exists only in this database, should anybody start one on it.
NEVER: Final = datetime(2100, 1, 1, tzinfo=UTC)
MODES: Final = (Mode.SINGLE, Mode.SPLIT, Mode.SHADOW)
MODE_WEIGHTS: Final = (50, 85, 100)
HEALTHS: Final = (Health.HEALTHY, Health.UNHEALTHY, Health.LAUNCHING, Health.FAILED, Health.STOPPED)
HEALTH_WEIGHTS: Final = (90, 93, 95, 97, 100)

_EXPERIMENT: Final = (
    "id",
    "workspace_id",
    "uid",
    "display_name",
    "description",
    "model_type_id",
    "metadata",
    "owner_id",
    "created_at",
    "updated_at",
)
_DEPLOYMENT: Final = (
    "id",
    "workspace_id",
    "uid",
    "display_name",
    "description",
    "mode",
    "environment_variables",
    "creator_id",
    "paused",
    "revision",
    "created_at",
    "updated_at",
    "health",
    "health_message",
    "health_at",
    "address",
    "was_rolled_back",
)
_COMPOSITION: Final = (
    "id",
    "deployment_id",
    "position",
    "uid",
    "experiment_id",
    "runtime_id",
    "version_id",
    "workload",
    "weight",
    "is_mirror",
    "options",
)

_Rows: TypeAlias = "list[tuple[Any, ...]]"


@dataclass(frozen=True)
class _Plan:
    """One deployment before it has rows."""

    key: int
    uid: str
    workspace: int
    mode: Mode
    compositions: int


def fill(fleet: Fleet, runtimes: Runtimes, *, count: int, compositions: int, large: int) -> list[tuple[str, str]]:
    """Write so many deployments with so many compositions, `large` of them in one; answers workspaces and names."""
    if not count:
        return []
    plans = _plans(fleet, runtimes, count, compositions, large)
    composed = _Composed(fleet)
    offered = runtimes.usable.get(next(iter(fleet.workspaces)), [])[:OFFERED]
    for plan in plans:
        composed.add(plan, [*runtimes.usable[plan.workspace], *offered])
    copy(Experiment, _EXPERIMENT, composed.experiments)
    copy(Deployment, _DEPLOYMENT, (_deployment(fleet, plan) for plan in plans))
    copy(Composition, _COMPOSITION, composed.compositions)
    copy(WorkloadSpec, ("composition_id", "key", "content", "created_at"), composed.specs)
    epochs = fleet.chances.choices(range(1, 5_000), k=len(plans))
    leases = ((plan.key, epoch, NEVER) for plan, epoch in zip(plans, epochs, strict=True))
    copy(Lease, ("deployment_id", "epoch", "look_at"), leases)
    events = (
        (plan.key, fleet.instant(), "created", f"{fleet.chances.choice(fleet.people)} created the deployment.")
        for plan in plans
    )
    copy(Event, ("deployment_id", "at", "kind", "sentence"), events)
    uids = fleet.workspaces
    return [(uids[plan.workspace], f"workspaces/{uids[plan.workspace]}/deployments/{plan.uid}") for plan in plans]


def _plans(fleet: Fleet, runtimes: Runtimes, count: int, compositions: int, large: int) -> list[_Plan]:
    """The deployments, whose compositions add up."""
    platform, first, *_ = fleet.workspaces
    places = [place for place in fleet.workspaces if place != platform and runtimes.usable.get(place)]
    weights = list(accumulate(1 / (place + 3) for place in range(len(places))))
    plans = [_Plan(1, LARGE, first, Mode.SPLIT, large), _Plan(2, SMALL, first, Mode.SPLIT, 2)]
    for key in range(3, count + 1):
        mode = fleet.chances.choices(MODES, cum_weights=MODE_WEIGHTS)[0]
        place = fleet.chances.choices(places, cum_weights=weights)[0]
        plans.append(_Plan(key, fleet.uuid(), place, mode, 1 if mode is Mode.SINGLE else 2))
    sizes = [plan.compositions for plan in plans]
    growing = [at for at, plan in enumerate(plans) if plan.mode is Mode.SPLIT and at > 1]
    left = compositions - sum(sizes)
    if left < 0 or left > len(growing) * (COMPOSITIONS_MAX - 2):
        raise ValueError(f"{count:,} deployments cannot have {compositions:,} compositions, {large:,} of them in one")
    while left:
        at = fleet.chances.choice(growing)
        if sizes[at] < COMPOSITIONS_MAX:
            sizes[at], left = sizes[at] + 1, left - 1
    return [_Plan(plan.key, plan.uid, plan.workspace, plan.mode, size) for plan, size in zip(plans, sizes, strict=True)]


@dataclass
class _Composed:
    """Rows of experiments, of compositions and of what runs for them; some experiments are served more than once."""

    fleet: Fleet
    experiments: _Rows = field(default_factory=list)
    compositions: _Rows = field(default_factory=list)
    specs: _Rows = field(default_factory=list)
    trained: dict[tuple[int, int], list[int]] = field(default_factory=dict)  # by workspace and runtime
    resolved: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, plan: _Plan, choice: Sequence[Usable]) -> None:
        """The compositions of one deployment, on some runtimes."""
        taken: set[int] = set()
        for position, weight in enumerate(_weights(self.fleet, plan)):
            runtime = self.fleet.chances.choice(choice)
            experiment = self._experiment(plan.workspace, runtime, taken)
            taken.add(experiment)
            key, uid = len(self.compositions) + 1, self.fleet.uuid()
            version, workload = self.fleet.chances.choice(runtime.versions[-3:]), f"{uid}-0"
            mirror = plan.mode is Mode.SHADOW and position > 0
            self.compositions.append(
                (key, plan.key, position, uid, experiment, runtime.key, version, workload, weight, mirror, "{}")
            )
            self.specs.append((key, workload, self._spec(runtime, version), END))

    def _experiment(self, workspace: int, runtime: Usable, taken: Collection[int]) -> int:
        trained = self.trained.setdefault((workspace, runtime.key), [])
        again = [each for each in trained[:3] if each not in taken]
        if again and self.fleet.chances.random() < SHARED_EXPERIMENT:
            return again[0]
        key = len(self.experiments) + 1
        self.experiments.append(_experiment(self.fleet, workspace, key, runtime))
        trained.append(key)
        return key

    def _spec(self, runtime: Usable, version: int) -> str:
        """What a workload runs, as the worker is told it."""
        built = self.fleet.versions[version]
        if runtime.environment not in self.resolved:
            variables = json.loads(runtime.environment)
            self.resolved[runtime.environment] = {name: resolve(value, 0) for name, value in variables.items()}
        content = {
            "version": built.version,
            "image": built.reference,
            "environment": self.resolved[runtime.environment],
            "readiness_path": "/readyz",
            "replicas": 1,
            "artifact": "",
            "ready_within_seconds": 300,
            "resources": {},
            "architectures": built.architectures,
            "selector": json.loads(runtime.selector.text),
            "volumes": json.loads(runtime.volumes),
            "security_context": json.loads(runtime.context) or None,
        }
        return json.dumps(content)


def _weights(fleet: Fleet, plan: _Plan) -> Iterator[int]:
    for _ in range(plan.compositions):
        yield fleet.chances.randint(1, 100) if plan.mode is Mode.SPLIT else 100


def _experiment(fleet: Fleet, workspace: int, key: int, runtime: Usable) -> tuple[Any, ...]:
    made = fleet.instant()
    name = f"{fleet.chances.choice(words.SUBJECTS)} {fleet.chances.choice(words.REGIONS)} {key:x}"
    metadata = json.dumps({**runtime.selector.metadata, "auc": f"0.{fleet.chances.randint(600, 990)}"})
    about = fleet.chances.choice(("", *words.SENTENCES[:2]))
    owner = fleet.person()
    return (
        key, workspace, fleet.uuid(), name, about, runtime.model_type, metadata, owner, made, made
    )  # fmt: skip


def _deployment(fleet: Fleet, plan: _Plan) -> tuple[Any, ...]:
    chances, made = fleet.chances, fleet.instant()
    changed = made + chances.random() * (END - made)
    health = chances.choices(HEALTHS, cum_weights=HEALTH_WEIGHTS)[0]
    if plan.uid in (LARGE, SMALL):
        health = Health.HEALTHY
    paused = health is Health.STOPPED
    said = "The version did not become ready within 300 s." if health is Health.FAILED else ""
    name = f"{chances.choice(words.SUBJECTS)} {chances.choice(words.REGIONS)} live"
    address = f"http://127.0.0.1:9000/{plan.uid}" if health in (Health.HEALTHY, Health.UNHEALTHY) else ""
    about = chances.choice(("", *words.SENTENCES[:3]))
    variables = "{}" if chances.random() < 0.8 else '{"LOG_LEVEL": "DEBUG"}'
    return (
        plan.key, plan.workspace, plan.uid, name, about, plan.mode.value, variables, fleet.person(), paused,
        chances.randint(1, 9), made, changed, health.value, said, changed, address, chances.random() < 0.03,
    )  # fmt: skip
