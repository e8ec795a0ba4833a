"""Which worker looks after which deployment: leases with a fencing epoch.

The database's clock decides, so that workers on machines whose clocks differ agree on whose turn it is. What every
turn asks is written out, as Django takes longer to put it together than the database to answer it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models.functions import Now

from deployments.models import Lease

LEASE: Final = timedelta(seconds=15)

# In one statement, and so without a transaction of its own. Whoever asks for a look during the turn moves `look_at`
# away from where the claim leaves it.
_CLAIM: Final = """
    WITH due AS MATERIALIZED (
        SELECT deployment_id, look_at FROM deployments_lease
        WHERE (until IS NULL OR until < STATEMENT_TIMESTAMP()) AND look_at <= STATEMENT_TIMESTAMP()
        ORDER BY look_at LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    UPDATE deployments_lease AS lease
    SET holder = %(holder)s, epoch = lease.epoch + 1, claimed_at = STATEMENT_TIMESTAMP(),
        until = STATEMENT_TIMESTAMP() + make_interval(secs => %(seconds)s),
        look_at = STATEMENT_TIMESTAMP() + make_interval(secs => %(seconds)s)
    FROM due WHERE lease.deployment_id = due.deployment_id
    RETURNING lease.deployment_id, lease.epoch, lease.look_at, lease.claimed_at - due.look_at
"""
_HOLD: Final = "SELECT FROM deployments_lease WHERE deployment_id = %s AND epoch = %s FOR UPDATE"
_RELEASE: Final = """
    UPDATE deployments_lease SET holder = '', until = NULL,
        look_at = CASE look_at WHEN %s THEN STATEMENT_TIMESTAMP() + make_interval(secs => %s) ELSE look_at END
    WHERE deployment_id = %s AND epoch = %s
"""
# What somebody else has locked is left out: whoever claims it looks at it anyway, and so does whoever it was told to.
_LOOK: Final = """
    WITH told AS MATERIALIZED (
        SELECT lease.deployment_id FROM unnest(%s::text[], %s::float[]) AS word(uid, seconds)
        JOIN deployments_deployment AS deployment ON deployment.uid = word.uid
        JOIN deployments_lease AS lease ON lease.deployment_id = deployment.id
        WHERE lease.look_at > STATEMENT_TIMESTAMP() AND (lease.claimed_at IS NULL
            OR lease.claimed_at < STATEMENT_TIMESTAMP() - make_interval(secs => word.seconds))
        FOR UPDATE OF lease SKIP LOCKED
    )
    UPDATE deployments_lease AS lease SET look_at = STATEMENT_TIMESTAMP()
    FROM told WHERE lease.deployment_id = told.deployment_id
"""


class Lost(Exception):
    """The lease is another worker's by now: whatever this one was about to do, it must not."""


@dataclass(frozen=True)
class Claim:
    """The right to act on a deployment for as long as nobody else has a higher epoch, which nobody gets before the
    lease is over; `look_at` is as the claim left it, `late` how long the deployment had been due."""

    deployment: int
    epoch: int
    look_at: datetime
    late: timedelta = timedelta()
    lease: timedelta = LEASE


def claim(holder: str, lease: timedelta = LEASE) -> Claim | None:
    """Take the deployment that has waited longest for somebody to look at it; None where none is due."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"holder": holder, "seconds": lease.total_seconds()})
        row = cursor.fetchone()
    if row is None:
        return None
    deployment, epoch, look_at, late = row
    return Claim(deployment, epoch, look_at, late, lease)


def look_at(told: Mapping[str, float]) -> None:
    """Have deployments looked at now that an engine has told of, by uid with how many seconds ago it did.

    Those are left alone that somebody has looked at since.
    """
    if not told:
        return
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, [list(told), list(told.values())])


def hold(claim: Claim) -> None:
    """Lock the lease until the transaction ends; raises Lost."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [claim.deployment, claim.epoch])
        if cursor.fetchone() is None:
            raise Lost(f"deployment {claim.deployment} is no longer held under epoch {claim.epoch}")


def renew(claim: Claim) -> bool:
    """Keep a lease for another while; False where it is lost."""
    return bool(Lease.objects.filter(pk=claim.deployment, epoch=claim.epoch).update(until=Now() + claim.lease))


def release(claim: Claim, look_in_seconds: float) -> None:
    """Let go of a deployment, to be looked at again after some seconds, or at once where people asked for it since."""
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE, [claim.look_at, look_in_seconds, claim.deployment, claim.epoch])


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
