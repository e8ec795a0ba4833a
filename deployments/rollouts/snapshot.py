"""A deployment as a turn of the worker sees it: frozen, and complete for deciding what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from deployments.engines.contract import Workload
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


@dataclass(frozen=True, kw_only=True)
class Rollout:
    """A rollout that is not over."""

    number: int
    status: Status
    intent: Intent
    intent_by: str = ""
    intent_reason: str = ""
    cause: str = ""
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Composed:
    """A composition with what runs it now."""

    uid: str
    experiment: str
    workload: Workload
    weight: int = 100
    is_mirror: bool = False


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A deployment with its compositions, and the rollout that moves them if there is one."""

    name: str
    mode: Mode
    compositions: tuple[Composed, ...]
    paused: bool = False
    deleted: bool = False
    health: Health = Health.PENDING
    health_message: str = ""
    health_at: datetime | None = None
    rollout: Rollout | None = None
