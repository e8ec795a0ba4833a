"""`manage.py run_worker`: looks after deployments until it is told to stop."""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import threading
from argparse import ArgumentParser, ArgumentTypeError
from contextlib import suppress
from datetime import timedelta
from functools import partial
from types import FrameType
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from deployments.actions.waking import CHANNEL
from deployments.engines.registry import engine_named
from deployments.observing.worker import DATABASE_FAULT, FAILED, add_options, pulse_of
from deployments.rollouts.claims import LEASE, look_at, seconds_until_due
from deployments.rollouts.ear import Ear
from deployments.rollouts.turn import turn
from mlops_console.actor import ActorKind, system
from mlops_console.faults import StartFault

_LOG: Final = logging.getLogger(__name__)
SECONDS_ASLEEP_MAX: Final = 5.0
SECONDS_AFTER_A_FAULT: Final = 1.0
PAUSE_SECONDS: Final = 0.1  # between two times that what the engine tells is passed on while there is work anyway
LEASE_SECONDS_MAX: Final = 3_600


class Command(BaseCommand):
    """Turns, one after the other; sleeps while nothing is due, and is woken by the database."""

    help = "Carry out what people want of deployments, until told to stop. Any number of workers may run at once."
    requires_system_checks = ()  # they load every page, and none is served here
    _attended: object = None

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "--lease-seconds",
            type=_seconds,
            default=int(LEASE.total_seconds()),
            metavar="N",
            help="how long nobody takes over from a worker that has fallen silent (default: %(default)s)",
        )
        add_options(parser, seconds=_seconds)

    def handle(self, *args: Any, **options: Any) -> None:
        """Work until SIGTERM or Ctrl-C; the turn that is under way is finished."""
        pulse, address = pulse_of(options)
        stopping, bell, cord = _until_told()
        lease = timedelta(seconds=options["lease_seconds"])
        engine = engine_named(settings.ENGINE, **settings.ENGINE_OPTIONS)
        ear = Ear(partial(_ring, cord))
        tells = engine.listen(ear.hear)
        actor = system(ActorKind.WORKER, f"worker {socket.gethostname()} {os.getpid()}")
        self.stdout.write("The worker is ready.")
        if address:
            self.stdout.write(f"How it is doing: {address}/healthz and {address}/metrics")
        self.stdout.flush()
        take = partial(turn, engine=engine, actor=actor, lease=lease, tells=tells)
        while not stopping.is_set():
            pulse.come_round()
            try:
                self._attend(lease)
                _pass_on(ear, PAUSE_SECONDS)
                if not pulse.turn(lambda: take(now=timezone.now())) and not _pass_on(ear):
                    _sleep(bell)
            except (DatabaseError, InterfaceError, StartFault) as fault:
                _LOG.warning("The database does not answer: %s", fault)
                pulse.count(DATABASE_FAULT)
                connection.close()
                stopping.wait(SECONDS_AFTER_A_FAULT)
            except Exception:  # noqa: BLE001 - logged whole
                # One deployment that trips over a fault of ours must not keep the others from being looked after.
                _LOG.exception("A turn failed")
                pulse.count(FAILED)
                stopping.wait(SECONDS_AFTER_A_FAULT)
        engine.close()

    def _attend(self, lease: timedelta) -> None:
        """Listen on the connection if it is a new one, and let it hold no lock longer than a lease.

        Otherwise a worker that is stopped amid a transaction would keep its deployment from all others for ever.
        """
        connection.ensure_connection()
        if connection.connection is self._attended:
            return
        with connection.cursor() as cursor:
            cursor.execute(f"SET idle_in_transaction_session_timeout = '{lease.total_seconds():.0f}s'")
            cursor.execute(f"LISTEN {CHANNEL}")
        self._attended = connection.connection


def _until_told() -> tuple[threading.Event, socket.socket, socket.socket]:
    """What is set once a signal has told the worker to stop, a bell that rings then, and a cord to ring it."""
    stopping = threading.Event()
    bell, cord = socket.socketpair()
    bell.setblocking(False)
    cord.setblocking(False)
    signal.set_wakeup_fd(cord.fileno(), warn_on_full_buffer=False)

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    return stopping, bell, cord


def _ring(cord: socket.socket) -> None:
    with suppress(BlockingIOError):  # it rings already
        cord.send(b"!")


def _pass_on(ear: Ear, pause_seconds: float = 0.0) -> bool:
    """Have looked at what the engine has told of; False where that is nothing."""
    told = ear.take(pause_seconds)
    try:
        look_at(told)
    except (DatabaseError, InterfaceError, StartFault):
        for deployment in told:
            ear.hear(deployment)
        raise
    return bool(told)


def _sleep(bell: socket.socket) -> None:
    """Wait until something is due, somebody calls, or five seconds are over."""
    due = seconds_until_due()
    patience = SECONDS_ASLEEP_MAX if due is None else min(due, SECONDS_ASLEEP_MAX)
    # Calls that came together with the answers to other queries lie there already.
    if not list(connection.connection.notifies(timeout=0)):
        select.select([connection.connection, bell], [], [], patience)
    with suppress(BlockingIOError):
        bell.recv(4096)


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= LEASE_SECONDS_MAX):
        raise ArgumentTypeError(f"{text!r} is not a whole number of seconds from 1 to {LEASE_SECONDS_MAX:,}.")
    return int(text)
