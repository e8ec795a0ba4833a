"""`manage.py demo_traffic [--rate N] [--seconds N]`: steady requests to every healthy deployment of this machine."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any, Final

from django.core.management.base import BaseCommand
from django.db import connection

from deployments.demo.traffic import Stream
from deployments.models import Deployment
from deployments.rollouts.snapshot import Health

RATE_MAX: Final = 500
SECONDS_MAX: Final = 24 * 3600


class Command(BaseCommand):
    """Sends, waits for the end, prints a line."""

    help = "Send scoring requests to every healthy deployment on this machine, so that the pictures move."
    requires_system_checks = ()  # they load every page, and none is served here

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "--rate", type=_upto(RATE_MAX), default=20, metavar="N", help="requests a second, all in all (default: 20)"
        )
        parser.add_argument(
            "--seconds", type=_upto(SECONDS_MAX), default=600, metavar="N", help="when to stop (default: 600)"
        )

    def handle(self, *args: Any, rate: int, seconds: int, **options: Any) -> None:
        """Send until the time is over, or until SIGTERM or Ctrl-C."""
        stopped = threading.Event()

        def stop(number: int, frame: FrameType | None) -> None:
            stopped.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        stream = Stream(_addresses)
        lasted = stream.run(rate, seconds, stopped)
        self.stdout.write(stream.tally.summary(lasted))


def _addresses() -> Sequence[str]:
    rows = Deployment.objects.filter(health=Health.HEALTHY.value, deleted_at__isnull=True).exclude(address="")
    found = list(rows.order_by("pk").values_list("address", flat=True))
    connection.close()  # nothing is asked for seconds
    return found


def _upto(maximum: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) <= 6 and 1 <= int(text) <= maximum):
            raise ArgumentTypeError(f"{text!r} is not a whole number from 1 to {maximum:,}.")
        return int(text)

    return number
