"""`manage.py run_worker`: looks after deployments until it is told to stop."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from types import FrameType
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from deployments.actions.waking import CHANNEL
from deployments.engines.registry import engine_named
from deployments.rollouts.claims import seconds_until_due
from deployments.rollouts.turn import turn
from mlops_console.actor import ActorKind, system

_LOG: Final = logging.getLogger(__name__)
SECONDS_ASLEEP_MAX: Final = 5.0
SECONDS_AFTER_A_FAULT: Final = 1.0


class Command(BaseCommand):
    """Turns, one after the other; sleeps while nothing is due, and is woken by the database."""

    help = "Carry out what people want of deployments, until told to stop. Any number of workers may run at once."

    def handle(self, *args: Any, **options: Any) -> None:
        """Work until SIGTERM or Ctrl-C; the turn that is under way is finished."""
        stopping = threading.Event()

        def stop(number: int, frame: FrameType | None) -> None:
            stopping.set()

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, stop)
        engine = engine_named(settings.ENGINE, settings.DATA_DIR / "engine", settings.ENGINE_PORT)
        actor = system(ActorKind.WORKER, f"worker {socket.gethostname()} {os.getpid()}")
        self.stdout.write("The worker is ready.")
        self.stdout.flush()
        while not stopping.is_set():
            try:
                if not turn(engine=engine, actor=actor, now=timezone.now()):
                    _sleep(stopping)
            except (DatabaseError, InterfaceError) as fault:
                _LOG.warning("The database does not answer: %s", fault)
                connection.close()
                stopping.wait(SECONDS_AFTER_A_FAULT)
            except Exception:
                # One deployment that trips over a fault of ours must not keep the others from being looked after.
                _LOG.exception("A turn failed")
                stopping.wait(SECONDS_AFTER_A_FAULT)


def _sleep(stopping: threading.Event) -> None:
    """Wait until something is due, somebody calls, or five seconds are over."""
    due = seconds_until_due()
    patience = SECONDS_ASLEEP_MAX if due is None else min(due, SECONDS_ASLEEP_MAX)
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {CHANNEL}")
    for _ in connection.connection.notifies(timeout=patience, stop_after=1):
        break
