"""Leases: one worker a deployment, and none that comes back from the dead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection, transaction
from django.utils import timezone

from deployments.models import Lease
from deployments.rollouts import claims
from deployments.rollouts.claims import Claim, Lost
from deployments.rollouts.heartbeat import heartbeat
from tests.cast import Cast
from tests.factories import make_deployment, make_image, make_runtime
from tests.mlops_console.machine import eventually

pytestmark = pytest.mark.django_db(transaction=True)
SHORT = timedelta(milliseconds=600)


@pytest.fixture
def leases(cast: Cast) -> list[Lease]:
    """Five deployments that are due, the first for longest."""
    runtime = make_runtime(make_image(cast.workspace, versions="v1.0.0"))
    made = [make_deployment(runtime, name=f"D{number}").lease for number in range(5)]
    for number, each in enumerate(made):
        due(each, -60 + number)
    return made


def due(lease: Lease, seconds: float) -> None:
    """Have a deployment looked at so many seconds from now."""
    Lease.objects.filter(pk=lease.pk).update(look_at=timezone.now() + timedelta(seconds=seconds))


def take(holder: str = "w", lease: timedelta = claims.LEASE) -> Claim:
    """A claim that must be had."""
    found = claims.claim(holder, lease)
    assert found
    return found


def end_of(claim: Claim) -> None:
    """Let a lease be over."""
    past = timezone.now() - timedelta(minutes=10)
    Lease.objects.filter(pk=claim.deployment).update(until=past, look_at=past)


def until(claim: Claim) -> datetime:
    """When a lease is over that somebody holds."""
    found = Lease.objects.get(pk=claim.deployment).until
    assert found
    return found


def at_once(*jobs: Callable[[], object]) -> None:
    """Run each in a thread and with a connection of its own."""
    barrier = Barrier(len(jobs))

    def run(job: Callable[[], object]) -> None:
        try:
            barrier.wait()
            job()
        finally:
            connection.close()

    threads = [Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_what_has_waited_longest_comes_first_and_what_is_not_due_not_at_all(leases: list[Lease]) -> None:
    due(leases[0], 60)
    due(leases[3], -600)
    order = [leases[3].pk, leases[1].pk, leases[2].pk, leases[4].pk]
    assert [take().deployment for _ in order] == order
    assert claims.claim("w") is None


def test_a_claim_raises_the_epoch_and_says_who_holds_it_until_when(leases: list[Lease]) -> None:
    claim = take("worker 7", timedelta(seconds=40))
    row = Lease.objects.get(pk=claim.deployment)
    assert (row.epoch, row.holder, claim.epoch) == (leases[0].epoch + 1, "worker 7", row.epoch)
    assert row.until
    assert timedelta(seconds=38) < row.until - timezone.now() <= timedelta(seconds=40)


def test_a_claim_knows_how_long_nobody_came(leases: list[Lease]) -> None:
    assert timedelta(seconds=59) < take().late < timedelta(seconds=120)


def test_workers_that_come_at_once_get_different_deployments(leases: list[Lease]) -> None:
    found: list[Claim | None] = []
    at_once(*[lambda: found.append(claims.claim("w"))] * 8)
    assert sorted(each.deployment for each in found if each) == sorted(each.pk for each in leases)
    assert found.count(None) == 3


def test_nobody_waits_for_a_row_that_another_transaction_holds(leases: list[Lease]) -> None:
    found: list[Claim | None] = []
    with transaction.atomic():
        list(Lease.objects.select_for_update().filter(pk=leases[0].pk))
        at_once(lambda: found.append(claims.claim("w")))
    assert [each and each.deployment for each in found] == [leases[1].pk]


def test_a_lease_that_is_over_is_anybodys_and_its_holder_has_lost_it(leases: list[Lease]) -> None:
    old = take("first")
    end_of(old)
    new = take("second")
    assert (new.deployment, new.epoch) == (old.deployment, old.epoch + 1)
    with transaction.atomic(), pytest.raises(Lost, match=f"under epoch {old.epoch}"):
        claims.hold(old)
    assert claims.renew(old) is False
    claims.release(old, 0)
    row = Lease.objects.get(pk=new.deployment)
    assert (row.holder, row.epoch) == ("second", new.epoch)
    assert row.until is not None
    with transaction.atomic():
        claims.hold(new)


def test_one_that_is_over_but_nobody_else_took_is_still_its_holders(leases: list[Lease]) -> None:
    claim = take()
    end_of(claim)
    with transaction.atomic():
        claims.hold(claim)
    assert claims.renew(claim)
    assert all(take().deployment != claim.deployment for _ in leases[1:])


def test_release_says_when_to_look_again(leases: list[Lease]) -> None:
    claim = take()
    claims.release(claim, 30)
    row = Lease.objects.get(pk=claim.deployment)
    assert (row.holder, row.until) == ("", None)
    assert timedelta(seconds=28) < row.look_at - timezone.now() <= timedelta(seconds=30)


def test_release_keeps_a_look_that_was_asked_for_meanwhile(leases: list[Lease]) -> None:
    claim = take()
    due(leases[0], -1)
    assert take().deployment != claim.deployment
    claims.release(claim, 30)
    assert Lease.objects.get(pk=claim.deployment).look_at < timezone.now()


def test_a_heartbeat_keeps_a_lease_and_ends_with_the_turn(leases: list[Lease]) -> None:
    claim = take(lease=SHORT)
    first = until(claim)
    with heartbeat(claim):
        assert eventually(lambda: until(claim) > first + SHORT, seconds=5)
    last = until(claim)
    assert not eventually(lambda: until(claim) != last, seconds=0.5)


def test_a_heartbeat_does_not_prolong_what_another_holds(leases: list[Lease]) -> None:
    old = take("first", SHORT)
    with heartbeat(old):
        end_of(old)
        new = take("second")
        end = until(new)
        assert not eventually(lambda: until(new) != end, seconds=0.5)


def test_a_console_that_starts_alone_lets_go_of_what_a_killed_one_held(leases: list[Lease]) -> None:
    claim = take("killed")
    claims.release_all()
    assert Lease.objects.filter(holder="", until=None, look_at__lte=timezone.now()).count() == 5
    claimed = {each.deployment: each.epoch for each in (take("new") for _ in leases)}
    assert claimed[claim.deployment] == claim.epoch + 1


@pytest.mark.parametrize(
    ("look_at", "held", "seconds"),
    [
        pytest.param(-5, None, 0, id="due"),
        pytest.param(8, None, 8, id="later"),
        pytest.param(-5, 6, 6, id="held"),
        pytest.param(8, 6, 8, id="held-and-later"),
        pytest.param(4, -5, 4, id="over"),
    ],
)
def test_how_long_a_worker_may_sleep(leases: list[Lease], look_at: float, held: float | None, seconds: float) -> None:
    Lease.objects.exclude(pk=leases[0].pk).delete()
    due(leases[0], look_at)
    Lease.objects.update(until=None if held is None else timezone.now() + timedelta(seconds=held))
    assert claims.seconds_until_due() == pytest.approx(seconds, abs=1)


def test_without_deployments_a_worker_may_sleep_for_ever(cast: Cast) -> None:
    assert claims.seconds_until_due() is None
