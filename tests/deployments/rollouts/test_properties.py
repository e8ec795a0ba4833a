"""What holds for every rollout, whatever fails, is wanted, or is cut off at any turn."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from deployments.engines.contract import Phase as Life
from deployments.planning.modes import Mode
from deployments.rollouts.decide import decide
from deployments.rollouts.snapshot import Intent, Phase, Snapshot, Status
from deployments.rollouts.wanted import answers
from tests.deployments.rollouts.pictures import NEW, OLD
from tests.deployments.rollouts.simulation import Fate, Machine, Taken, Turn, begin, ended, play, recorded

KEYS: Final = [f"c{number}-{which}" for number in (1, 2, 3) for which in ("0", "1", "1-again")]

weights = st.sampled_from([0, 30, 100])
deployments: st.SearchStrategy[tuple[Mode, list[int]]] = st.one_of(
    st.tuples(st.just(Mode.SINGLE), st.just([100])),
    st.tuples(st.just(Mode.SPLIT), st.lists(weights, min_size=2, max_size=3).filter(any)),
    st.tuples(st.just(Mode.SHADOW), st.just([100, 100])),
)
bad_fates = st.builds(
    Fate,
    ready_after=st.sampled_from([1, 1, 2, 3, 0]),
    lives=st.lists(st.integers(1, 6), max_size=3).map(tuple),
    is_mortal=st.booleans(),
)
fates = st.one_of(st.just(Fate()), bad_fates)
rarely = st.sampled_from([False] * 7 + [True])
turns = st.builds(
    Turn,
    is_cut_off=rarely,
    is_stale=rarely,
    is_silent=rarely,
    is_ahead=rarely,
    is_wiped=st.sampled_from([False] * 20 + [True]),
    is_away=st.sampled_from([False] * 20 + [True]),
    intent=st.sampled_from([None] * 12 + [Intent.PAUSE, Intent.RUN, Intent.RUN, Intent.ABORT]),
)


def watch(taken: Taken) -> None:
    """What holds in every turn."""
    wanted = taken.decision.wanted
    assert wanted is not None
    keys = {each.key for each in wanted.workloads}
    # What is recorded as serving is let go of only when the router has said that something else serves.
    assert {each.workload.key for each in taken.after.compositions} <= keys
    assert len(keys) <= len(taken.after.compositions) + 1
    for uid, key in taken.decision.settled.items():
        composed = next(each for each in taken.before.compositions if each.uid == uid)
        assert key != composed.workload.key
        assert taken.picture.phase(key) is Life.READY
        routed = taken.picture.traffic.keys() if taken.picture.traffic else frozenset()
        assert {each for each in routed if each.startswith(f"{uid}-")} <= {key}
        assert key in routed or composed.is_mirror or not answers(taken.before, composed)
    # Requests go to a version of every composition that has one ready.
    in_force = taken.left.traffic.keys() if taken.left.traffic else frozenset()
    for each in taken.after.compositions:
        ready = {
            key
            for key, at in taken.left.workloads.items()
            if at.composition == each.uid and at.phase is Life.READY and key in keys
        }
        if ready and answers(taken.after, each):
            assert any(key.startswith(f"{each.uid}-") for key in in_force)


@given(
    deployments,
    st.fixed_dictionaries(dict.fromkeys(KEYS, fates)),
    st.sampled_from([None, None, None, "c1-0", "c2-0", "c3-0"]),
    st.booleans(),
    st.lists(turns, max_size=60),
)
@settings(max_examples=250, deadline=None)
def test_every_rollout_ends_on_old_or_new_as_it_says(
    deployment: tuple[Mode, list[int]], of: dict[str, Fate], never_up: str | None, judges: bool, disturbed: list[Turn]
) -> None:
    never = [never_up] if never_up else []
    machine = Machine({**of, **dict.fromkeys(never, Fate(ready_after=0))}, judges=judges)
    last, taken = play(begin(*deployment, machine, never_up=never), machine, disturbed, watch)
    check_the_end(last, taken, machine)


def check_the_end(last: Snapshot, taken: list[Taken], machine: Machine) -> None:
    """Every composition serves as its phase says, nothing else is left, and nothing was told twice."""
    over = ended(taken)
    phases = {each.phase for each in over.steps}
    allowed = {
        Status.SUCCEEDED: {Phase.DONE},
        Status.ROLLED_BACK: {Phase.UNDONE, Phase.PENDING},
        Status.FAILED: {Phase.DONE, Phase.UNDONE, Phase.PENDING},
    }
    assert phases <= allowed[over.status]
    serving = {each.uid: each.workload for each in last.compositions}
    for each in over.steps:
        assert serving[each.composition].version == (NEW if each.phase is Phase.DONE else OLD)
    assert bool(over.cause) is (over.status is not Status.SUCCEEDED)
    told = Counter((each.kind, each.composition) for at in taken for each in at.decision.happenings)
    assert all(count == 1 for (kind, _), count in told.items() if kind != "paused"), told
    keys = {each.key for each in serving.values()}
    wanted = taken[-1].decision.wanted
    assert wanted is not None
    assert {each.key for each in wanted.workloads} == keys >= set(machine.running)


@given(
    deployments,
    st.dictionaries(st.sampled_from(KEYS), st.builds(Fate, ready_after=st.integers(0, 3))),
    st.lists(turns, max_size=60),
)
@settings(max_examples=150, deadline=None)
def test_requests_are_only_ever_asked_to_go_to_what_is_ready(
    deployment: tuple[Mode, list[int]], of: dict[str, Fate], disturbed: list[Turn]
) -> None:
    """On an engine where nothing stands in for anything, and on which what is ready stays so unless it is stopped."""

    def never_without(taken: Taken) -> None:
        assert taken.left.traffic is not None
        served = taken.left.traffic.keys()
        of = [each.uid for each in taken.after.compositions if each.is_mirror or answers(taken.after, each)]
        assert sorted(key.partition("-")[0] for key in served) == of

    machine = Machine({key: fate for key, fate in of.items() if not key.endswith("-0")}, cares=False)
    calm = [replace(turn, is_wiped=False, is_ahead=False) for turn in disturbed]
    last, taken = play(begin(*deployment, machine), machine, calm, never_without)
    check_the_end(last, taken, machine)


@given(
    deployments,
    st.fixed_dictionaries(dict.fromkeys(KEYS, fates)),
    st.lists(turns, max_size=40),
)
@settings(max_examples=80, deadline=None)
def test_an_unchanged_picture_leads_to_rest(
    deployment: tuple[Mode, list[int]], of: dict[str, Fate], disturbed: list[Turn]
) -> None:
    """Deciding is repeatable, and from a picture that does not change it soon has no more to do or to tell."""

    def settles(taken: Taken) -> None:
        assert decide(taken.before, taken.picture, taken.now) == taken.decision
        before, told = taken.before, Counter[tuple[str, str]]()
        for _ in range(4 * len(deployment[1]) + 3):
            decision = decide(before, taken.picture, taken.now)
            after = recorded(before, decision)
            if after == before:
                break
            before = after
            told.update((each.kind, each.composition) for each in decision.happenings)
        assert recorded(before, decision) == before
        assert (decision.happenings, decision.settled) == ((), {})
        assert all(count == 1 for count in told.values())

    machine = Machine(of)
    play(begin(*deployment, machine), machine, disturbed, settles)
