"""What a turn makes of what somebody else has changed: told once, and undone only where a person saw just that."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from deployments.engines.contract import Drift, Field, Seen
from deployments.rollouts.advance import Happening
from deployments.rollouts.decide import SECONDS_AT_REST, SECONDS_MOVING, Decision, decide
from deployments.rollouts.drift import REAPPLY_WITHIN, from_data, mark_of, mark_of_all, to_data
from deployments.rollouts.snapshot import Phase, Reapply
from tests.deployments.rollouts.pictures import NOW, rollout, seen, snapshot, step, workload

IMAGE: Final = Drift("c1", Field.IMAGE, "Deployment d1-c1, image", "scorer:c1-0", "scorer:x", "kubectl-set")
REPLICAS: Final = Drift("c1", Field.REPLICAS, "Deployment d1-c1, replicas", "1", "3", "kubectl")
OTHER: Final = Drift("c1", Field.OTHER, "Deployment d1-c1, variable A", "sesame", "", "")
ROUTE: Final = Drift("", Field.OTHER, "HTTPRoute d1, rules", "a", "b", "argocd")
MOVING: Final = rollout(step(1, Phase.SHIFTING))


def at_rest(*drift: Drift) -> Seen:
    """A healthy deployment, with what differs."""
    return replace(seen("c1-0=READY", "c1-0"), drift=drift)


def asked(*lines: Drift, seconds_ago: float = 5) -> Reapply:
    """That alice saw these lines and wants them undone."""
    return Reapply(lines=frozenset(map(mark_of, lines)), by="alice", at=NOW - timedelta(seconds=seconds_ago))


def decided(before: tuple[Drift, ...], now: tuple[Drift, ...], ask: Reapply | None = None, **fields: Any) -> Decision:
    """What is decided where the last look found `before` and this one `now`."""
    return decide(snapshot(drift=before, reapply=ask, **fields), at_rest(*now), NOW)


def told(decision: Decision) -> list[str]:
    """The kinds of what there is to tell."""
    return [each.kind for each in decision.drift.happenings]


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        pytest.param((), (), [], id="nothing"),
        pytest.param((), (IMAGE,), ["drifted"], id="it appears"),
        pytest.param((IMAGE,), (IMAGE,), [], id="it is as it was"),
        pytest.param((IMAGE, REPLICAS), (REPLICAS, IMAGE), [], id="in another order"),
        pytest.param((IMAGE,), (replace(IMAGE, found="scorer:y"),), ["drift-changed"], id="it changes"),
        pytest.param((IMAGE,), (IMAGE, REPLICAS), ["drift-changed"], id="more of it"),
        pytest.param((IMAGE,), (), ["drift-over"], id="it ends"),
    ],
)
def test_it_is_told_when_it_appears_changes_and_ends(
    before: tuple[Drift, ...], now: tuple[Drift, ...], expected: list[str]
) -> None:
    decision = decided(before, now)
    assert told(decision) == expected
    assert sorted(decision.drift.lines, key=str) == sorted(now, key=str)
    assert decision.wanted
    assert not decision.wanted.reapply
    assert decision.look_in_seconds == SECONDS_AT_REST


@pytest.mark.parametrize(
    ("lines", "sentence", "composition"),
    [
        pytest.param(
            (IMAGE,),
            "Changed outside of the console: Deployment d1-c1, image is scorer:x instead of scorer:c1-0, "
            "by kubectl-set.",
            "c1",
            id="what, from what, by whom",
        ),
        pytest.param((OTHER,), "Changed outside of the console: Deployment d1-c1, variable A.", "c1", id="no values"),
        pytest.param(
            (OTHER, ROUTE),
            "Changed outside of the console: HTTPRoute d1, rules, by argocd; Deployment d1-c1, variable A.",
            "",
            id="of the whole deployment",
        ),
        pytest.param(
            tuple(replace(OTHER, where=f"variable {each}") for each in "ABCDE"),
            "Changed outside of the console: variable A; variable B; variable C; and 2 more.",
            "c1",
            id="many",
        ),
    ],
)
def test_the_sentence(lines: tuple[Drift, ...], sentence: str, composition: str) -> None:
    (happening,) = decided((), lines).drift.happenings
    assert happening == Happening("drifted", sentence, composition)


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        pytest.param(IMAGE, True, id="another image"),
        pytest.param(replace(IMAGE, found="scorer:c1-0"), False, id="the image that is wanted by now"),
        pytest.param(REPLICAS, True, id="another number"),
        pytest.param(replace(REPLICAS, wanted="3", found="1"), False, id="the number that is wanted by now"),
        pytest.param(replace(OTHER, found="1"), True, id="another thing"),
        pytest.param(replace(IMAGE, composition="c9", found="scorer:c1-0"), True, id="of what is not there"),
    ],
)
def test_what_was_found_may_be_what_is_wanted_by_now(line: Drift, counts: bool) -> None:
    assert decided((), (line,)).drift.lines == ((line,) if counts else ())


def test_in_a_rollout_what_is_wanted_is_where_it_goes() -> None:
    there, back = replace(IMAGE, found=workload("c1-1").image), replace(IMAGE, found=workload("c1-0").image)
    picture = replace(seen("c1-0=READY c1-1=READY", "c1-0"), drift=(there, back))
    assert decide(snapshot(MOVING), picture, NOW).drift.lines == (back,)


@pytest.mark.parametrize(
    ("ask", "now", "forces", "stays", "expected"),
    [
        pytest.param(asked(IMAGE), (IMAGE,), True, True, [], id="just what was seen"),
        pytest.param(asked(IMAGE, REPLICAS), (REPLICAS,), True, True, ["drift-changed"], id="a part is left of it"),
        pytest.param(asked(IMAGE), (), False, False, ["reapplied"], id="it is done"),
        pytest.param(
            asked(IMAGE), (IMAGE, replace(REPLICAS, wanted="3", found="1")), True, True, [], id="beside what is wanted"
        ),
        pytest.param(
            asked(seconds_ago=999), (replace(IMAGE, found="scorer:c1-0"),), True, True, ["drift-over"], id="adopted"
        ),
        pytest.param(
            asked(IMAGE), (IMAGE, REPLICAS), False, False, ["drift-changed", "reapply-stopped"], id="one line more"
        ),
        pytest.param(
            asked(IMAGE),
            (replace(IMAGE, found="scorer:y"),),
            False,
            False,
            ["drift-changed", "reapply-stopped"],
            id="another value",
        ),
        pytest.param(
            asked(IMAGE),
            (replace(IMAGE, by="argocd"),),
            False,
            False,
            ["drift-changed", "reapply-stopped"],
            id="by somebody else",
        ),
        pytest.param(asked(IMAGE, seconds_ago=119), (IMAGE,), True, True, [], id="within its time"),
        pytest.param(asked(IMAGE, seconds_ago=121), (IMAGE,), False, False, ["reapply-stopped"], id="in vain"),
        pytest.param(asked(IMAGE, seconds_ago=121), (), False, False, ["reapplied"], id="late"),
    ],
)
def test_it_is_undone_where_somebody_asked_for_just_that(
    ask: Reapply, now: tuple[Drift, ...], forces: bool, stays: bool, expected: list[str]
) -> None:
    decision = decided((IMAGE,), now, ask)
    assert decision.wanted
    assert decision.wanted.reapply is forces
    assert decision.drift.reapply == (ask if stays else None)
    assert told(decision) == expected
    assert (decision.look_in_seconds == SECONDS_MOVING) is forces


def test_the_sentences_name_who_asked_and_how_long_it_was_tried() -> None:
    (done,) = decided((IMAGE,), (), asked(IMAGE)).drift.happenings
    assert done.sentence == "Everything is as the console wants it again, as alice asked."
    *_, stopped = decided((IMAGE,), (REPLICAS,), asked(IMAGE)).drift.happenings
    assert stopped.sentence.startswith("Nothing more is re-applied for alice, who saw something else")
    late = asked(IMAGE, seconds_ago=REAPPLY_WITHIN.total_seconds() + 1)
    (stopped,) = decided((IMAGE,), (IMAGE,), late).drift.happenings
    assert "alice asked to be re-applied still differs after 2 minutes" in stopped.sentence


def test_what_is_paused_has_drift_as_well_and_it_can_be_undone() -> None:
    decision = decided((), (ROUTE,), asked(ROUTE), paused=True)
    assert (decision.drift.lines, told(decision)) == ((ROUTE,), ["drifted"])
    assert decision.wanted
    assert (decision.wanted.workloads, decision.wanted.reapply) == ((), True)
    over = decided((ROUTE,), (), None, paused=True)
    assert (over.drift.lines, told(over)) == ((), ["drift-over"])


def test_what_is_deleted_has_none() -> None:
    decision = decided((IMAGE,), (IMAGE,), asked(IMAGE), deleted=True)
    assert (decision.wanted, decision.drift.lines, decision.drift.reapply, told(decision)) == (None, (), None, [])


def test_what_is_stored_is_what_was_seen() -> None:
    lines = (IMAGE, REPLICAS, OTHER, ROUTE)
    assert from_data(to_data(lines)) == lines
    assert all(isinstance(each.field, Field) for each in from_data(to_data(lines)))


@pytest.mark.parametrize("name", ["composition", "where", "wanted", "found", "by"])
def test_a_mark_is_another_one_as_soon_as_anything_is(name: str) -> None:
    changed: dict[str, Any] = {name: "else"}
    other = replace(IMAGE, **changed)
    assert mark_of(other) != mark_of(IMAGE)
    assert mark_of_all((other, REPLICAS)) != mark_of_all((IMAGE, REPLICAS))
    assert mark_of_all((REPLICAS, IMAGE)) == mark_of_all((IMAGE, REPLICAS))
