"""Leases that last as long as a turn: a thread of the process renews those that are held whenever its heart beats.

One thread for all turns, as most are over long before it beats.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from django.db import DatabaseError, InterfaceError, connection

from deployments.rollouts.claims import Claim, renew
from mlops_console.faults import StartFault

_LOG: Final = logging.getLogger(__name__)
BEATS: Final = 3  # in the time that a lease lasts


class _Heart:
    """Beats for the claims that are held."""

    def __init__(self, lease: timedelta) -> None:
        self._lock = threading.Lock()
        self._held: set[Claim] = set()
        self._pause_seconds = lease.total_seconds() / BEATS
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()

    @contextmanager
    def holding(self, claim: Claim) -> Iterator[None]:
        """Beat for a claim; in the end, a beat that is under way ends first."""
        with self._lock:
            self._held.add(claim)
        try:
            yield
        finally:
            with self._lock:
                self._held.discard(claim)

    def _beat(self) -> None:
        pause = threading.Event()
        while not pause.wait(self._pause_seconds):
            with self._lock:
                if self._held:
                    self._renew()

    def _renew(self) -> None:
        try:
            self._held = {claim for claim in self._held if renew(claim)}
        except (DatabaseError, InterfaceError, StartFault):
            # The turn itself meets the same fault, or loses the lease, and says so.
            return
        except Exception:  # noqa: BLE001 whatever it meets, the next beat is for all turns to come
            _LOG.exception("Leases could not be renewed")
        finally:
            connection.close()


_hearts: dict[timedelta, _Heart] = {}


@contextmanager
def heartbeat(claim: Claim) -> Iterator[None]:
    """Renew a lease for as long as a turn takes."""
    if claim.lease not in _hearts:
        _hearts[claim.lease] = _Heart(claim.lease)
    with _hearts[claim.lease].holding(claim):
        yield
