"""`manage.py stop_engine [--now]`: the end of what runs on this machine; `up` calls it at its start and its end."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from deployments.engines.contract import EngineFault
from deployments.engines.local.engine import LocalEngine
from deployments.engines.registry import engine_named
from deployments.rollouts.claims import release_all


class Command(BaseCommand):
    """Stops scorers and router of this machine; a worker that runs starts them again. A cluster goes on."""

    help = "Stop the scorers and the router on this machine. A worker that runs starts them again. A cluster goes on."
    requires_system_checks = ()  # they load every page, and none is served here

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "--now",
            action="store_true",
            help="do not let them finish what they have, and let workers begin anew: for what a killed console left",
        )

    def handle(self, *args: Any, now: bool, **options: Any) -> None:
        """Stop them; raises CommandError where the engine cannot."""
        try:
            engine = engine_named(settings.ENGINE, **settings.ENGINE_OPTIONS)
            if now and isinstance(engine, LocalEngine):
                engine.clear_leftovers()
            elif not now:
                engine.stop_all()
        except EngineFault as fault:
            raise CommandError(str(fault)) from None
        if now:
            release_all()
        elif not isinstance(engine, LocalEngine):
            self.stdout.write("What runs in the cluster goes on.")
