"""Which worker looks after which deployment: leases with a fencing epoch, kept alive by a heartbeat.

The database's clock decides, so that workers on machines whose clocks differ agree on whose turn it is.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import DatabaseError, connection, transaction
from django.db.models import Case, Q, When
from django.db.models.functions import Now

from deployments.models import Lease

LEASE: Final = timedelta(seconds=15)
BEATS: Final = 3  # in the time that a lease lasts


class Lost(Exception):
    """The lease is another worker's by now: whatever this one was about to do, it must not."""


@dataclass(frozen=True)
class Claim:
    """The right to act on a deployment for as long as nobody else has a higher epoch, which nobody gets before the
    lease is over; `look_at` is as the claim left it."""

    deployment: int
    epoch: int
    look_at: datetime
    lease: timedelta = LEASE


@transaction.atomic
def claim(holder: str, lease: timedelta = LEASE) -> Claim | None:
    """Take the deployment that has waited longest for somebody to look at it; None where none is due."""
    free = Q(until__isnull=True) | Q(until__lt=Now())
    rows = Lease.objects.select_for_update(skip_locked=True).filter(free, look_at__lte=Now())
    due = rows.annotate(clock=Now()).order_by("look_at").first()
    if due is None:
        return None
    # Whoever asks for a look during the turn moves `look_at` away from there.
    epoch, end = due.epoch + 1, due.clock + lease
    Lease.objects.filter(pk=due.pk).update(holder=holder, epoch=epoch, until=end, look_at=end)
    return Claim(due.pk, epoch, end, lease)


def hold(claim: Claim) -> None:
    """Lock the lease until the transaction ends; raises Lost."""
    if not Lease.objects.select_for_update().filter(pk=claim.deployment, epoch=claim.epoch).exists():
        raise Lost(f"deployment {claim.deployment} is no longer held under epoch {claim.epoch}")


def renew(claim: Claim) -> bool:
    """Keep a lease for another while; False where it is lost."""
    return bool(Lease.objects.filter(pk=claim.deployment, epoch=claim.epoch).update(until=Now() + claim.lease))


def release(claim: Claim, look_in_seconds: float) -> None:
    """Let go of a deployment, to be looked at again after some seconds, or at once where people asked for it since."""
    later = When(look_at=claim.look_at, then=Now() + timedelta(seconds=look_in_seconds))
    ours = Lease.objects.filter(pk=claim.deployment, epoch=claim.epoch)
    ours.update(holder="", until=None, look_at=Case(later, default="look_at"))


def release_all() -> None:
    """Let go of everything, to be looked at now: for a console that starts and knows that no worker of it is left.

    Should there be one after all, it loses its deployments as if its lease were over.
    """
    Lease.objects.update(holder="", until=None, look_at=Now())


def seconds_until_due() -> float | None:
    """How long nothing is due; None where nothing ever is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXTRACT(EPOCH FROM MIN(GREATEST(look_at, COALESCE(until, look_at))) - now()) FROM deployments_lease"
        )
        row = cursor.fetchone()
    return None if row is None or row[0] is None else max(0.0, float(row[0]))


@contextmanager
def heartbeat(claim: Claim) -> Iterator[None]:
    """Renew a lease from a thread of its own for as long as a turn takes."""
    stopped = threading.Event()
    every_seconds = claim.lease.total_seconds() / BEATS

    def beat() -> None:
        try:
            while not stopped.wait(every_seconds) and renew(claim):
                pass
        except DatabaseError:
            # The turn itself meets the same fault, or loses the lease, and says so.
            return
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()
