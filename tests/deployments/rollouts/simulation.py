"""What an engine would show, as data that changes from turn to turn, and a worker that is disturbed at its work.

The engine here keeps the promises of its contract and no more: it knows nothing of rollouts. What becomes of each
workload is laid down beforehand (`Fate`), and so is what disturbs each turn (`Turn`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from deployments.engines.contract import Phase as Life
from deployments.engines.contract import Seen, SeenWorkload, Share, Traffic, Wanted, Workload
from deployments.planning.modes import Mode
from deployments.rollouts.decide import Decision, decide
from deployments.rollouts.snapshot import Composed, Intent, Phase, Rollout, Snapshot, Step
from tests.deployments.rollouts.pictures import NOW, rollout, snapshot, step

SECONDS_A_TURN: Final = 10
WITHIN: Final = 30.0
TURNS_MAX: Final = 60  # for all that is left to do once nothing disturbs it any more


@dataclass(frozen=True)
class Fate:
    """What becomes of a workload: turns until it is ready (0: never), and how many turns each of its lives lasts.

    After the last of `lives` it lives on for good or, where it is `mortal`, never is ready again.
    """

    ready_after: int = 1
    lives: tuple[int, ...] = ()
    is_mortal: bool = False


@dataclass(frozen=True)
class Turn:
    """What disturbs a turn, and what people want from then on."""

    is_cut_off: bool = False  # killed between recording and applying
    is_stale: bool = False  # sees what the turn before it saw
    is_silent: bool = False  # the router does not answer
    is_ahead: bool = False  # the engine prefers what it started last, as a cluster does that rolls by itself
    is_wiped: bool = False  # whatever ran is lost, and nothing remembers it
    is_away: bool = False  # nobody has looked for long
    intent: Intent | None = None


@dataclass
class Running:
    """A workload that exists."""

    workload: Workload
    since: datetime
    number: int
    life: Life = Life.STARTING
    turns: int = 0
    was_ready: bool = False
    deaths: int = 0
    cause: str = ""

    def becomes(self, life: Life, now: datetime, cause: str = "") -> None:
        """Begin another phase of its life."""
        self.life, self.since, self.turns, self.cause = life, now, 0, cause
        self.was_ready |= life is Life.READY


@dataclass
class Machine:
    """An engine. `cares` is its promise that another ready version stands in, `judges` that what is late is FAILED."""

    fates: Mapping[str, Fate]
    cares: bool = True
    judges: bool = True
    running: dict[str, Running] = field(default_factory=dict)
    wanted: Wanted | None = None
    in_force: Traffic | None = None
    is_ahead: bool = False
    started: int = 0

    def observe(self, now: datetime = NOW, *, silent: bool = False) -> Seen:
        """The picture at an instant; what was to be ready by now and is not has failed."""
        for each in self.running.values():
            if self.judges and each.life is Life.STARTING and now - each.since > timedelta(seconds=WITHIN):
                each.becomes(Life.FAILED, now, "The scorer was not ready in time")
        workloads = {
            key: SeenWorkload(key, of.composition, of.version, each.life, each.since, each.cause, each.deaths)
            for key, each in self.running.items()
            for of in (each.workload,)
        }
        return Seen("d1", workloads, None if silent else self.in_force, "http://127.0.0.1:1/d1")

    def apply(self, wanted: Wanted, now: datetime) -> None:
        """One step towards what is wanted; nothing is asked to stop before the router has let go of it."""
        self.wanted = wanted
        for workload in wanted.workloads:
            found = self.running.get(workload.key)
            assert found is None or found.workload == workload, "a key names one unchanging workload"
            if found is None:
                self.started += 1
                self.running[workload.key] = Running(workload, now, self.started)
        routes = self.routes()
        if self.in_force == routes:
            needed = {each.key for each in wanted.workloads} | (routes.keys() if routes else set())
            for key, each in self.running.items():
                if key not in needed and each.life is not Life.DRAINING:
                    each.becomes(Life.DRAINING, now)

    def pass_time(self, now: datetime) -> None:
        """What happens by itself until the next turn."""
        for each in list(self.running.values()):
            each.turns += 1
            self._live(each, self.fates.get(each.workload.key, Fate()), now)
        self.in_force = self.routes()

    def wipe(self) -> None:
        """Lose everything."""
        self.running, self.in_force, self.wanted = {}, None, None

    def routes(self) -> Traffic | None:
        """Where requests go: to what is wanted if it is ready, else to what stands in for it."""
        if self.wanted is None or self.wanted.traffic is None:
            return None
        chosen = {each.key: self._chosen(each) for each in self.wanted.workloads}
        traffic = self.wanted.traffic
        shares = [
            Share(chosen[each.workload], each.weight)
            for each in traffic.shares
            if each.weight and chosen[each.workload]
        ]
        mirror = chosen[traffic.mirror] if traffic.mirror and shares else ""
        mode = Mode.SHADOW if mirror else Mode.SPLIT if len(shares) > 1 else Mode.SINGLE
        return Traffic(mode, tuple(shares), mirror) if shares else None

    def _chosen(self, wanted: Workload) -> str:
        able = [
            each
            for key, each in self.running.items()
            if each.life is Life.READY
            and each.workload.composition == wanted.composition
            and (self.cares or key == wanted.key)
        ]
        held = self.in_force.keys() if self.in_force else frozenset()

        def liking(each: Running) -> tuple[int, bool, bool, int]:
            key = each.workload.key
            return each.number if self.is_ahead else 0, key == wanted.key, key in held, each.number

        return max(able, key=liking).workload.key if able else ""

    def _live(self, each: Running, fate: Fate, now: datetime) -> None:
        is_over = fate.is_mortal and each.deaths >= len(fate.lives) > 0
        is_able = fate.ready_after > 0 and not is_over
        match each.life:
            case Life.STARTING if is_able and each.turns >= fate.ready_after:
                each.becomes(Life.READY, now)
            case Life.READY if each.deaths < len(fate.lives) and each.turns >= fate.lives[each.deaths]:
                each.deaths += 1
                each.becomes(Life.FAILED, now, "The scorer was killed")
            case Life.FAILED if each.was_ready:
                each.becomes(Life.STARTING, now)
            case Life.DRAINING:
                del self.running[each.workload.key]


@dataclass(frozen=True)
class Taken:
    """A turn that was taken: what it saw, what it decided, and what the router then did."""

    before: Snapshot
    picture: Seen
    decision: Decision
    after: Snapshot
    now: datetime
    left: Seen


def begin(mode: Mode, weights: Sequence[int], machine: Machine, *, never_up: Sequence[str] = ()) -> Snapshot:
    """A deployment that runs the old versions, about to be moved to the new ones; some may never have come up."""
    steps = [shortened(step(number, Phase.PENDING)) for number in range(1, len(weights) + 1)]
    given = snapshot(rollout(*steps), mode)
    compositions = tuple(
        replace(each, workload=at.old, weight=weight)
        for each, at, weight in zip(given.compositions, steps, weights, strict=True)
    )
    for at in steps:
        machine.started += 1
        machine.running[at.old.key] = found = Running(at.old, NOW, machine.started)
        if at.old.key in never_up:
            found.becomes(Life.FAILED, NOW, "The scorer never came up")
        else:
            found.becomes(Life.READY, NOW)
    given = replace(given, compositions=compositions)
    machine.wanted = decide(replace(given, rollout=None), machine.observe(), NOW).wanted
    machine.in_force = machine.routes()
    return given


def shortened(at: Step) -> Step:
    """A step whose workloads may take as long as the simulation gives them."""
    old, new, again = (replace(each, ready_within_seconds=WITHIN) for each in (at.old, at.new, at.again))
    return replace(at, old=old, new=new, again=again)


def recorded(before: Snapshot, decision: Decision) -> Snapshot:
    """What the next turn reads once a decision was written down."""
    steps = {each.composition: each for each in decision.rollout.steps} if decision.rollout else {}

    def served(each: Composed) -> Composed:
        if each.uid not in decision.settled:
            return each
        at = steps[each.uid]
        workloads = {of.key: of for of in (at.old, at.new, at.again)}
        return replace(each, workload=workloads[decision.settled[each.uid]])

    return replace(
        before,
        compositions=tuple(served(each) for each in before.compositions),
        health=decision.health,
        health_message=decision.health_message,
        rollout=decision.rollout,
    )


def play(
    given: Snapshot, machine: Machine, turns: Sequence[Turn], watch: Callable[[Taken], None] = lambda taken: None
) -> tuple[Snapshot, list[Taken]]:
    """Turn after turn until the rollout is over, undisturbed after the given ones, and a few more at rest."""
    taken: list[Taken] = []
    now, picture = NOW, machine.observe()
    at_rest = 0
    while at_rest < 8:
        number = len(taken)
        assert number < len(turns) + TURNS_MAX, "it does not end"
        turn = turns[number] if number < len(turns) else Turn(intent=Intent.RUN)
        now += timedelta(seconds=3600 if turn.is_away else SECONDS_A_TURN)
        if turn.is_wiped:
            machine.wipe()
        given = wished(given, turn.intent)
        fresh = machine.observe(now, silent=turn.is_silent)
        shown, picture = (picture if turn.is_stale else fresh), fresh
        decision = decide(given, shown, now)
        after = recorded(given, decision)
        machine.is_ahead = turn.is_ahead
        if not turn.is_cut_off:
            assert decision.wanted is not None
            machine.apply(decision.wanted, now)
        machine.pass_time(now)
        taken.append(Taken(given, shown, decision, after, now, machine.observe(now)))
        watch(taken[-1])
        is_over = after.rollout is None or after.rollout.status.is_over
        at_rest += is_over and number >= len(turns)
        # What is over is no longer read.
        given = replace(after, rollout=None) if is_over else after
    return given, taken


def wished(given: Snapshot, intent: Intent | None) -> Snapshot:
    """A snapshot once people have said what they want; an abort stands."""
    if given.rollout is None or intent is None or given.rollout.intent is Intent.ABORT:
        return given
    return replace(given, rollout=replace(given.rollout, intent=intent, intent_by="alice"))


def ended(taken: Sequence[Taken]) -> Rollout:
    """The rollout as it ended."""
    return next(at.after.rollout for at in taken if at.after.rollout is not None and at.after.rollout.status.is_over)
