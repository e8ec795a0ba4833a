"""A deployment as a turn of the worker sees it: frozen, and complete for deciding what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from deployments.engines.contract import Drift, Workload
from deployments.planning.modes import Mode


class Phase(StrEnum):
    """How far one composition is in a rollout, forwards and back."""

    PENDING = "PENDING"
    STARTING = "STARTING"
    SHIFTING = "SHIFTING"
    DRAINING = "DRAINING"
    DONE = "DONE"
    UNDO_STARTING = "UNDO_STARTING"
    UNDO_SHIFTING = "UNDO_SHIFTING"
    UNDO_DRAINING = "UNDO_DRAINING"
    UNDONE = "UNDONE"

    @property
    def label(self) -> str:
        """The phase in words."""
        return _PHASES[self]


_PHASES = {
    Phase.PENDING: "Waiting",
    Phase.STARTING: "Starting the new version",
    Phase.SHIFTING: "Moving traffic",
    Phase.DRAINING: "Draining the old version",
    Phase.DONE: "Done",
    Phase.UNDO_STARTING: "Starting the old version again",
    Phase.UNDO_SHIFTING: "Moving traffic back",
    Phase.UNDO_DRAINING: "Draining the new version",
    Phase.UNDONE: "Undone",
}


class Status(StrEnum):
    """How far a rollout is."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    UNDOING = "UNDOING"
    SUCCEEDED = "SUCCEEDED"
    ROLLED_BACK = "ROLLED_BACK"
    FAILED = "FAILED"

    @property
    def label(self) -> str:
        """The status in words."""
        return "Waiting for a worker" if self is Status.PENDING else self.value.capitalize().replace("_", " ")

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self in (Status.SUCCEEDED, Status.ROLLED_BACK, Status.FAILED)


class Intent(StrEnum):
    """What people want of a rollout."""

    RUN = "RUN"
    PAUSE = "PAUSE"
    ABORT = "ABORT"

    @property
    def label(self) -> str:
        """The intent in a word."""
        return self.value.capitalize()


class Health(StrEnum):
    """What the worker last saw of a deployment."""

    PENDING = "PENDING"
    LAUNCHING = "LAUNCHING"
    HEALTHY = "HEALTHY"
    UNHEALTHY = "UNHEALTHY"
    FAILED = "FAILED"
    STOPPED = "STOPPED"
    TERMINATING = "TERMINATING"

    @property
    def label(self) -> str:
        """The health in a word."""
        return self.value.capitalize()


@dataclass(frozen=True)
class StepKeys:
    """By what a step is stored, its composition, and the versions before and after."""

    step: int = 0
    composition: int = 0
    before: int = 0
    after: int = 0


@dataclass(frozen=True, kw_only=True)
class Step:
    """One composition in a rollout: what ran before, what is to run, and what runs again if it is undone."""

    position: int
    composition: str
    experiment: str
    phase: Phase
    phase_at: datetime
    old: Workload
    new: Workload
    again: Workload
    # The key that serves after the step was undone; `""` until undoing begins.
    undo_key: str = ""
    keys: StepKeys = StepKeys()


@dataclass(frozen=True, kw_only=True)
class Rollout:
    """A rollout that is not over."""

    key: int = 0
    number: int
    reason: str = ""
    status: Status
    intent: Intent
    intent_by: str = ""
    intent_reason: str = ""
    cause: str = ""
    # What is in the way of the composition that is under way.
    waiting: str = ""
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Composed:
    """A composition with what runs it now."""

    uid: str
    experiment: str
    workload: Workload
    weight: int = 100
    is_mirror: bool = False


@dataclass(frozen=True)
class Trouble:
    """What keeps the engine from doing its work, since when; no sentence while it may still have been a moment's."""

    sentence: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Reapply:
    """That somebody wants drift to be undone: the marks of the lines that they saw, and of no others."""

    lines: frozenset[str]
    by: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A deployment with its compositions, and the rollout that moves them if there is one."""

    name: str
    title: str = ""
    workspace: str = ""
    mode: Mode
    compositions: tuple[Composed, ...]
    revision: int = 0
    paused: bool = False
    deleted: bool = False
    health: Health = Health.PENDING
    health_message: str = ""
    health_at: datetime | None = None
    address: str = ""
    trouble: Trouble | None = None
    # How long until now nobody looked after it, or the engine could do nothing for it.
    gap: timedelta = timedelta()
    # What differed when somebody looked last, and what people want of that.
    drift: tuple[Drift, ...] = ()
    reapply: Reapply | None = None
    rollout: Rollout | None = None
