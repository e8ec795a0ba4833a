"""What every engine promises, whatever runs the scorers: a cluster, or processes on this machine.

A caller says what is to exist and where requests go (`Wanted`), again and again, and looks at what there is (`Seen`).
Nothing is remembered between calls, so whoever calls may be killed at any instant and another goes on. The promises:

- A workload gets requests only once it is ready, and none any more before it is asked to stop.
- While a workload that should get requests is not ready, another ready one of its composition stands in for it, so
  that `apply` with only the new version moves a composition without a gap, and an unfit version changes nothing.
- Compositions without a ready workload are left out; with none at all, requests are answered 503.
- A workload that is not wanted any more is drained, then stopped: it finishes the requests that it has.
- A key names one unchanging workload: one that exists is never altered to fit other content under its key, but for
  the number of replicas, which an engine that has any follows without starting anything again.
- A workload that has been ready and then dies is FAILED, and is started again after a pause that grows. One that never
  was ready stays FAILED until its key is no longer wanted.
- Of several workloads of one composition, the last in `Wanted.workloads` is where the composition is going. An engine
  that rolls by itself, as a cluster does, rolls to that one: it may run ahead of `Wanted.traffic` within a composition,
  and has no other version to stand in once it has rolled. Read `Seen.traffic` instead of assuming it.
- What somebody else has changed is seen as `Seen.drift` and left as it is, unless `Wanted.reapply` asks to undo it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

from deployments.planning.modes import Mode

NAME: Final = re.compile(r"[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?")


class EngineFault(Exception):
    """What keeps an engine from doing its work now, as a sentence; trying again later is safe."""


class Conflict(EngineFault):
    """Somebody else has changed what is to be written; nothing of it was, and a person has to decide."""


class Fenced(EngineFault):
    """The caller's epoch is over: another worker has taken the deployment, and nothing (more) was changed."""


class Phase(StrEnum):
    """Where a workload is in its life."""

    STARTING = "STARTING"
    READY = "READY"
    FAILED = "FAILED"
    DRAINING = "DRAINING"
    GONE = "GONE"


@dataclass(frozen=True)
class Download:
    """Where a scorer on another machine gets its model's file: an address, and the bearer token to show there."""

    url: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class Workload:
    """One composition on one version; raises ValueError for a key or composition that is no plain name.

    Keys are unique in their deployment. Values of `environment` are resolved already. `artifact` is the path of the
    model's file on this machine, or nothing; `download` is how another machine gets it. Resources (`requests` and
    `limits`), architectures, selector, volumes, security context and `data_read_only` (the scorer may not write where
    its model lies) are handed to engines that know them.
    """

    key: str
    composition: str
    version: str
    image: str
    environment: Mapping[str, str] = field(default_factory=dict)
    readiness_path: str = "/readyz"
    replicas: int = 1
    artifact: str = ""
    download: Download | None = None
    ready_within_seconds: float = 300
    resources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    architectures: Sequence[str] = ()
    selector: Mapping[str, str] = field(default_factory=dict)
    volumes: Sequence[Mapping[str, Any]] = ()
    security_context: Mapping[str, Any] | None = None
    data_read_only: bool = False

    def __post_init__(self) -> None:
        check_name(self.key)
        check_name(self.composition)


@dataclass(frozen=True)
class Share:
    """The part of the requests that goes to a workload, in proportion to the other weights."""

    workload: str
    weight: int = 1


@dataclass(frozen=True)
class Traffic:
    """Who answers requests, and who gets a copy of each; raises ValueError for a form that its mode does not have."""

    mode: Mode
    shares: tuple[Share, ...]
    mirror: str = ""

    def __post_init__(self) -> None:
        if not self.shares or any(each.weight < 0 for each in self.shares) or not any(e.weight for e in self.shares):
            raise ValueError("traffic needs weights of at least 0, one of them above")
        if len(self.shares) > 1 and self.mode is not Mode.SPLIT:
            raise ValueError(f"{self.mode} has one share, not {len(self.shares)}")
        if bool(self.mirror) != (self.mode is Mode.SHADOW):
            raise ValueError("a mirror belongs to SHADOW, and SHADOW needs one")

    def keys(self) -> frozenset[str]:
        """The workloads that get requests or copies."""
        named = {share.workload for share in self.shares if share.weight}
        return frozenset(named | ({self.mirror} if self.mirror else set()))


@dataclass(frozen=True)
class Wanted:
    """What is to exist of a deployment, and where its requests go (None: nowhere); raises ValueError if contradictory.

    `epoch` is the fencing number of the caller's lease: a call with a lower one than an engine has seen is refused.
    `reapply` undoes what somebody else has changed. `title` and `workspace` are for people and for engines that keep
    workspaces apart.
    """

    deployment: str
    workloads: tuple[Workload, ...]
    traffic: Traffic | None
    epoch: int = 0
    reapply: bool = False
    title: str = ""
    workspace: str = ""

    def __post_init__(self) -> None:
        check_name(self.deployment)
        keys = {workload.key for workload in self.workloads}
        if len(keys) < len(self.workloads):
            raise ValueError("two workloads have the same key")
        if self.traffic and (strange := self.traffic.keys() - keys):
            raise ValueError(f"traffic names {min(strange)}, which is not among the workloads")


@dataclass(frozen=True)
class SeenWorkload:
    """A workload as it is: its phase, since when, what keeps it from being ready, and how often it was started again.

    `cause` is a sentence, always there for FAILED, and for STARTING where something is known to be in its way.
    """

    key: str
    composition: str
    version: str
    phase: Phase
    since: datetime
    cause: str = ""
    restarts: int = 0


class Field(StrEnum):
    """What of a deployment somebody else may have changed."""

    IMAGE = "image"
    REPLICAS = "replicas"
    OTHER = "other"


@dataclass(frozen=True)
class Drift:
    """Something of a composition (`""`: of the whole deployment) that is not as it was written, and by whom.

    `where` names it for people, such as `Deployment d-1-a, container scorer, image`; `by` is the name under which the
    other wrote, `""` where nobody left one.
    """

    composition: str
    field: Field
    where: str
    wanted: str
    found: str
    by: str = ""


@dataclass(frozen=True)
class Seen:
    """A deployment as it is; `traffic` is what the router itself says is in force, None for nothing or no answer.

    `address` is the base of its addresses, such as http://127.0.0.1:21080/d-1, or nothing while there is no router.
    `router` is what keeps the router from doing what it is to, as a sentence, where it says so.
    """

    deployment: str
    workloads: Mapping[str, SeenWorkload]
    traffic: Traffic | None
    address: str
    drift: tuple[Drift, ...] = ()
    router: str = ""

    def phase(self, key: str) -> Phase:
        """The phase of a workload; GONE is what does not exist."""
        seen = self.workloads.get(key)
        return seen.phase if seen else Phase.GONE

    def serves(self, traffic: Traffic | None) -> bool:
        """Whether requests go exactly where `traffic` says."""
        return _routes(self.traffic) == _routes(traffic)


@dataclass(frozen=True)
class Counts:
    """Requests since the router began: by workload and HTTP status, and by status as clients were answered.

    A workload's numbers go away with it, and all begin at zero when the router is started again.
    """

    workloads: Mapping[str, Mapping[int, int]]
    answered: Mapping[int, int]


class Engine(Protocol):
    """What runs scorers; every method raises EngineFault when it cannot do its work now."""

    def listen(self, heard: Callable[[str], None]) -> bool:
        """Call `heard` with a deployment's name, from any thread, whenever it may have changed.

        False from an engine that tells nothing and has to be asked again and again.
        """

    def apply(self, wanted: Wanted) -> None:
        """Move a deployment one step towards what is wanted, without waiting for it; raises Conflict, Fenced."""

    def observe(self, deployment: str) -> Seen:
        """Look at a deployment, whether or not it exists."""

    def remove(self, deployment: str, *, epoch: int = 0) -> None:
        """Take a deployment one step towards its end, reached when `deployments` leaves it out; raises Fenced."""

    def deployments(self) -> Iterable[str]:
        """The deployments of which anything exists."""

    def traffic_counts(self, deployment: str) -> Counts | None:
        """How many requests were answered, and how; None where an engine does not count."""

    def stop_all(self) -> None:
        """Stop all that would outlive the console, as it ends; an engine whose scorers run elsewhere does nothing."""

    def close(self) -> None:
        """Let go of connections and threads; what runs goes on."""


def check_name(name: str) -> str:
    """A deployment, composition or workload key that is a plain name; raises ValueError."""
    if not NAME.fullmatch(name):
        raise ValueError(
            f"{name!r} is not 1 to 63 lower-case letters, digits, _ and -, with a letter or digit at each end"
        )
    return name


def _routes(traffic: Traffic | None) -> tuple[frozenset[Share], str]:
    if traffic is None:
        return frozenset(), ""
    return frozenset(share for share in traffic.shares if share.weight), traffic.mirror
