"""What an engine tells a worker, from whichever thread, and how that reaches the lease."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection, transaction
from django.utils import timezone

from deployments.models import Lease
from deployments.rollouts import claims
from deployments.rollouts.ear import Ear
from tests.cast import Cast
from tests.factories import make_deployment, make_image, make_runtime

LATER = timedelta(minutes=10)


def test_what_is_told_is_kept_until_it_is_asked_for() -> None:
    ear = Ear(lambda: None)
    assert ear.take() == {}
    for name in ("a", "b", "a"):
        ear.hear(name)
    assert ear.take().keys() == {"a", "b"}
    assert ear.take() == {}


def test_it_says_how_long_ago_it_was_told_last() -> None:
    ear = Ear(lambda: None)
    ear.hear("a")
    assert 0 <= ear.take()["a"] < 60


def test_within_a_pause_nothing_is_passed_on_and_nothing_is_lost() -> None:
    ear = Ear(lambda: None)
    ear.hear("a")
    assert ear.take(3600).keys() == {"a"}
    ear.hear("b")
    assert ear.take(3600) == {}
    assert ear.take().keys() == {"b"}


def test_it_rings_when_there_is_something_again() -> None:
    rings: list[int] = []
    ear = Ear(lambda: rings.append(1))
    for name in ("a", "b"):
        ear.hear(name)
    assert len(rings) == 1
    ear.take()
    ear.hear("a")
    assert len(rings) == 2


def test_many_threads_may_tell_at_once() -> None:
    ear = Ear(lambda: None)

    def tell(place: int) -> None:
        for number in range(200):
            ear.hear(f"{place}-{number}")

    threads = [Thread(target=tell, args=(place,)) for place in range(5)]
    for thread in threads:
        thread.start()
    found: set[str] = set()
    while any(thread.is_alive() for thread in threads):
        found |= ear.take().keys()
    assert len(found | ear.take().keys()) == 1000


@pytest.fixture
def leases(cast: Cast) -> list[Lease]:
    """Three deployments that nobody is to look at for long."""
    runtime = make_runtime(make_image(cast.workspace, versions="v1.0.0"))
    made = [make_deployment(runtime, name=f"D{number}").lease for number in range(3)]
    Lease.objects.update(look_at=timezone.now() + LATER)
    return made


def uid_of(lease: Lease) -> str:
    """What the engine calls it."""
    return lease.deployment.uid


def due() -> set[int]:
    """The deployments that somebody is to look at."""
    return set(Lease.objects.filter(look_at__lte=timezone.now()).values_list("pk", flat=True))


@pytest.mark.django_db
def test_what_was_told_of_is_due_now_and_nothing_else(leases: list[Lease]) -> None:
    claims.look_at({})
    claims.look_at({uid_of(leases[1]): 0.5, "not-ours": 0.1})
    assert due() == {leases[1].pk}


@pytest.mark.django_db
def test_what_waits_for_a_look_already_keeps_its_place(leases: list[Lease]) -> None:
    long_ago = timezone.now() - LATER
    Lease.objects.filter(pk=leases[0].pk).update(look_at=long_ago)
    claims.look_at({uid_of(leases[0]): 0})
    assert Lease.objects.get(pk=leases[0].pk).look_at == long_ago


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("claimed", "told", "is_due"),
    [
        pytest.param(None, 1, True, id="nobody has ever looked"),
        pytest.param(60, 1, True, id="looked before it was told"),
        pytest.param(1, 60, False, id="another worker has looked since"),
    ],
)
def test_two_workers_that_hear_the_same_look_once(
    leases: list[Lease], claimed: float | None, told: float, is_due: bool
) -> None:
    at = None if claimed is None else timezone.now() - timedelta(seconds=claimed)
    Lease.objects.filter(pk=leases[0].pk).update(claimed_at=at)
    claims.look_at({uid_of(leases[0]): told})
    assert bool(due()) is is_due


@pytest.mark.django_db
def test_what_is_told_amid_a_turn_is_looked_at_after_it(leases: list[Lease]) -> None:
    Lease.objects.filter(pk=leases[0].pk).update(look_at=timezone.now())
    claim = claims.claim("w")
    assert claim
    claims.look_at({uid_of(leases[0]): 0})
    claims.release(claim, 600)
    assert due() == {leases[0].pk}


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_what_somebody_else_has_locked(leases: list[Lease]) -> None:
    told = {uid_of(leases[0]): 0.0, uid_of(leases[1]): 0.0}

    def tell() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '1ms'")
            claims.look_at(told)
        finally:
            connection.close()

    with transaction.atomic():
        list(Lease.objects.select_for_update().filter(pk=leases[0].pk))
        thread = Thread(target=tell)
        thread.start()
        thread.join()
    assert due() == {leases[1].pk}
