"""`manage.py run_worker`: looks after deployments until it is told to stop."""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import threading
from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from types import FrameType
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from deployments.actions.waking import CHANNEL
from deployments.engines.registry import engine_named
from deployments.rollouts.claims import LEASE, seconds_until_due
from deployments.rollouts.turn import turn
from mlops_console.actor import ActorKind, system
from mlops_console.faults import StartFault

_LOG: Final = logging.getLogger(__name__)
SECONDS_ASLEEP_MAX: Final = 5.0
SECONDS_AFTER_A_FAULT: Final = 1.0
LEASE_SECONDS_MAX: Final = 3_600


class Command(BaseCommand):
    """Turns, one after the other; sleeps while nothing is due, and is woken by the database."""

    help = "Carry out what people want of deployments, until told to stop. Any number of workers may run at once."
    requires_system_checks = ()  # they load every page, and none is served here

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "--lease-seconds",
            type=_seconds,
            default=int(LEASE.total_seconds()),
            metavar="N",
            help="how long nobody takes over from a worker that has fallen silent (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Work until SIGTERM or Ctrl-C; the turn that is under way is finished."""
        stopping, bell = _until_told()
        lease = timedelta(seconds=options["lease_seconds"])
        engine = engine_named(settings.ENGINE, settings.DATA_DIR / "engine", settings.ENGINE_PORT)
        actor = system(ActorKind.WORKER, f"worker {socket.gethostname()} {os.getpid()}")
        self.stdout.write("The worker is ready.")
        self.stdout.flush()
        while not stopping.is_set():
            try:
                _attend(lease)
                if not turn(engine=engine, actor=actor, now=timezone.now(), lease=lease):
                    _sleep(bell)
            except (DatabaseError, InterfaceError, StartFault) as fault:
                _LOG.warning("The database does not answer: %s", fault)
                connection.close()
                stopping.wait(SECONDS_AFTER_A_FAULT)
            except Exception:  # noqa: BLE001 - logged whole
                # One deployment that trips over a fault of ours must not keep the others from being looked after.
                _LOG.exception("A turn failed")
                stopping.wait(SECONDS_AFTER_A_FAULT)


def _until_told() -> tuple[threading.Event, socket.socket]:
    """What is set, and what can be read, once a signal has told the worker to stop."""
    stopping = threading.Event()
    bell, cord = socket.socketpair()
    cord.setblocking(False)
    signal.set_wakeup_fd(cord.detach(), warn_on_full_buffer=False)

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    return stopping, bell


def _attend(lease: timedelta) -> None:
    """Listen on the connection, which may be a new one, and let it hold no lock longer than a lease.

    Otherwise a worker that is stopped amid a transaction would keep its deployment from all others for ever.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SET idle_in_transaction_session_timeout = '{lease.total_seconds():.0f}s'")
        cursor.execute(f"LISTEN {CHANNEL}")


def _sleep(bell: socket.socket) -> None:
    """Wait until something is due, somebody calls, or five seconds are over."""
    due = seconds_until_due()
    patience = SECONDS_ASLEEP_MAX if due is None else min(due, SECONDS_ASLEEP_MAX)
    # Calls that came together with the answers to other queries lie there already.
    if not list(connection.connection.notifies(timeout=0)):
        select.select([connection.connection, bell], [], [], patience)


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= LEASE_SECONDS_MAX):
        raise ArgumentTypeError(f"{text!r} is not a whole number of seconds from 1 to {LEASE_SECONDS_MAX:,}.")
    return int(text)
