"""Drift from turn to turn: what a worker writes down of it, and what survives where one is killed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from django.utils import timezone

from deployments.actions.drift import adopt_drift, reapply_drift
from deployments.engines.contract import Drift, Field, Phase, Seen, SeenWorkload
from deployments.models import Deployment, Event
from deployments.rollouts import claims
from deployments.rollouts.claims import Claim
from deployments.rollouts.decide import Decision, decide
from deployments.rollouts.drift import mark_of_all
from deployments.rollouts.reading import snapshot_of
from deployments.rollouts.recording import Overtaken, record
from deployments.rollouts.snapshot import Snapshot
from tests.cast import Cast
from tests.deployments.rollouts.stage import WORKER
from tests.factories import make_deployment, make_image, make_runtime

pytestmark = pytest.mark.django_db


@dataclass
class Case:
    """A deployment that a worker holds, and what the engine shows of it."""

    cast: Cast
    claim: Claim
    drift: tuple[Drift, ...] = ()

    @property
    def row(self) -> Deployment:
        """The deployment as it is stored."""
        return Deployment.objects.get()

    def look(self) -> tuple[Snapshot, Decision]:
        """The first half of a turn."""
        found = snapshot_of(self.claim.deployment)
        assert found
        workload = found.compositions[0].workload
        seen = SeenWorkload(workload.key, workload.composition, workload.version, Phase.READY, timezone.now())
        picture = Seen(found.name, {workload.key: seen}, None, "", self.drift)
        return found, decide(found, picture, timezone.now())

    def write(self, snapshot: Snapshot, decision: Decision) -> None:
        """The second half, up to what the engine is told."""
        now = timezone.now()
        record(claim=self.claim, actor=WORKER, snapshot=snapshot, decision=decision, address="", now=now)

    def turn(self) -> bool:
        """A whole turn; answers whether the engine is told to undo what others did."""
        snapshot, decision = self.look()
        self.write(snapshot, decision)
        assert decision.wanted
        return decision.wanted.reapply

    def reapply(self) -> None:
        """Somebody wants it undone as it stands."""
        row = self.row
        reapply_drift(
            actor=self.cast.actor("operator"),
            workspace="lab",
            uid=row.uid,
            mark=mark_of_all(row.drift_lines),
            reason="No.",
            now=timezone.now(),
        )

    def kinds(self) -> list[str]:
        """What the time line says."""
        return list(Event.objects.order_by("pk").values_list("kind", flat=True))


@pytest.fixture
def case(cast: Cast) -> Case:
    make_deployment(make_runtime(make_image(cast.workspace, versions="v1.0.0 v1.1.0")), health="HEALTHY")
    claim = claims.claim("w")
    assert claim
    return Case(cast, claim)


@pytest.fixture
def line(case: Case) -> Drift:
    """What somebody changed."""
    uid = case.row.compositions.get().uid
    return Drift(uid, Field.IMAGE, "Deployment d, image", "h2oai/h2o3-mojo:1.1.0", "h2oai/h2o3-mojo:1.0.0", "kubectl")


def test_it_is_written_down_once_and_taken_away_when_it_is_over(case: Case, line: Drift) -> None:
    assert not case.turn()
    assert (case.row.drift, case.kinds()) == ([], [])
    case.drift = (line,)
    for _ in range(2):
        assert not case.turn()
        assert case.row.drift_lines == (line,)
        assert case.kinds() == ["drifted"]
    event = Event.objects.get()
    assert event.composition
    assert (event.composition.uid, event.rollout) == (line.composition, None)
    case.drift = ()
    case.turn()
    assert (case.row.drift, case.kinds()) == ([], ["drifted", "drift-over"])


def test_a_wish_to_undo_it_outlives_workers_and_ends_with_it(case: Case, line: Drift) -> None:
    case.drift = (line,)
    case.turn()
    case.reapply()
    # As often as a worker is killed before it tells the engine.
    assert [case.turn(), case.turn()] == [True, True]
    case.drift = ()
    assert not case.turn()
    row = case.row
    assert (row.drift, row.reapply, row.reapply_lines, row.reapply_by) == ([], None, [], "")
    assert case.kinds() == ["drifted", "want-reapply", "reapplied"]
    case.drift = (line,)
    assert not case.turn(), "a wish is for once"


def test_what_nobody_has_seen_is_not_undone(case: Case, line: Drift) -> None:
    case.drift = (line,)
    case.turn()
    case.reapply()
    case.drift = (line, replace(line, field=Field.REPLICAS, wanted="1", found="9"))
    assert not case.turn()
    assert case.row.reapply is None
    assert len(case.row.drift) == 2
    assert case.kinds() == ["drifted", "want-reapply", "drift-changed", "reapply-stopped"]


def test_a_wish_does_not_last_for_ever(case: Case, line: Drift) -> None:
    case.drift = (line,)
    case.turn()
    case.reapply()
    Deployment.objects.update(reapply_at=timezone.now() - timedelta(minutes=3))
    assert not case.turn()
    assert (case.row.reapply, case.row.drift_lines) == (None, (line,))
    assert case.kinds()[-1] == "reapply-stopped"


def test_a_wish_that_comes_during_a_turn_is_for_the_next_one(case: Case, line: Drift) -> None:
    case.drift = (line,)
    case.turn()
    half = case.look()
    case.reapply()
    with pytest.raises(Overtaken):
        case.write(*half)
    assert case.row.reapply
    assert case.turn()


def test_what_is_adopted_during_a_turn_does_not_come_back(case: Case, line: Drift) -> None:
    case.drift = (line,)
    case.turn()
    half = case.look()
    row = case.row
    adopt_drift(
        actor=case.cast.actor("operator"),
        workspace="lab",
        uid=row.uid,
        mark=mark_of_all(row.drift_lines),
        reason="Meant.",
        now=timezone.now(),
    )
    with pytest.raises(Overtaken):
        case.write(*half)
    # The engine shows it until it was told, but it is what is wanted by now.
    Deployment.objects.update(reapply_at=timezone.now() - timedelta(minutes=3))
    assert [case.turn(), case.turn()] == [True, True]
    assert (case.row.drift, case.kinds()) == ([], ["drifted", "adopted"])
    assert case.row.compositions.get().version.version == "v1.0.0"
    case.drift = ()
    assert not case.turn()
    assert (case.row.reapply, case.kinds()) == (None, ["drifted", "adopted", "reapplied"])
