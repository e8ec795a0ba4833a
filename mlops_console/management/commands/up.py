"""`manage.py up`: everything the console needs, in one foreground process."""

from __future__ import annotations

import os
import signal
import sys
from argparse import ArgumentParser
from io import StringIO
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection

from mlops_console.faults import StartFault
from mlops_console.serving import demo
from mlops_console.serving.children import Children
from mlops_console.serving.engine import engine_kept
from mlops_console.serving.listening import listen, url_of
from mlops_console.serving.options import add_options
from mlops_console.serving.readiness import wait_until_ready

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Somebody asked the console to stop."""


class Command(BaseCommand):
    """Starts the database, migrates, bootstraps, serves, looks after deployments; stops all of it on Ctrl-C."""

    help = "Run the console: database, migrations, bootstrap, web server and worker, until Ctrl-C."
    requires_system_checks = ()  # they load every page, which the web server is about to do anyway

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what `up` understands."""
        add_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until told to stop; raises StartFault when it cannot start, CommandError when a part ends by itself."""
        for number in STOPPING:
            signal.signal(number, _stop)
        try:
            self._serve(host=options["host"], port=options["port"], with_demo=options["demo"])
        except Stopped:
            self.stdout.write("Stopped.")

    def _serve(self, *, host: str, port: int, with_demo: bool) -> None:
        listener = listen(host, port)
        url = url_of(listener)
        migrate()
        catalogue = settings.RUNTIMES_VALUES or (demo.CATALOGUE if with_demo else None)
        note = settings.DATA_DIR / "demo.json"
        logins = demo.fill(note, catalogue) if with_demo else None
        bootstrap(catalogue)
        collect_files()
        # The worker ends before what it would otherwise start again.
        with engine_kept(settings.DATA_DIR), Children() as children:
            connection.close()
            descriptor = listener.fileno()
            children.start("the web server", web_server(descriptor), keep_open=[descriptor], env=own_environment())
            listener.close()
            wait_until_ready(url, ended=children.ended)
            children.start("the worker", worker(), env=own_environment(), goes_on=True)
            if logins:
                demo.write_note(note, url, logins)
            self._greet(url, note, logins)
            raise CommandError(children.wait())

    def _greet(self, url: str, note: Path, logins: demo.Logins | None) -> None:
        self.stdout.write(f"MLOps Console is ready: {url}")
        if logins:
            self.stdout.write(f"Sign in as {', '.join(logins.tokens)} with the password {logins.password}")
            self.stdout.write(f"Logins and API tokens are kept in {note}")
        self.stdout.write("Ctrl-C stops it.")
        self.stdout.flush()


def migrate() -> None:
    """Start or reach the database and bring its tables up to date; raises StartFault when it does not answer."""
    try:
        connection.ensure_connection()
    except OperationalError as error:
        raise StartFault(f"the database does not answer: {' '.join(str(error).split())}") from None
    call_command("migrate", interactive=False, verbosity=0)


def bootstrap(values: Path | None) -> None:
    """Apply a values file to the global workspace; raises CommandError listing its faults."""
    if values:
        call_command("bootstrap_runtimes", str(values), stdout=StringIO())


def collect_files() -> None:
    """Gather the pages' files where the web server looks; raises StartFault when that folder cannot be used."""
    try:
        call_command("collectstatic", interactive=False, verbosity=0)
    except OSError as error:
        cause = f"the folder for static files {settings.STATIC_ROOT} cannot be used: {error.strerror}"
        raise StartFault(cause) from None


def web_server(descriptor: int) -> list[str]:
    """The command that serves on a socket this process has open."""
    command = [sys.executable, "-m", "gunicorn", "--config", "python:mlops_console.serving.gunicorn"]
    return [*command, "--bind", f"fd://{descriptor}"]


def worker() -> list[str]:
    """The command that looks after deployments."""
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), "run_worker"]


def own_environment() -> dict[str, str]:
    """The environment in which a program finds this code from any folder, and keeps its memory small."""
    paths = [str(settings.BASE_DIR), os.environ.get("PYTHONPATH", "")]
    # Else each of many threads gets a heap of its own from glibc, of which parts stay unused.
    return {"MALLOC_ARENA_MAX": "2"} | os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}


def _stop(number: int, frame: FrameType | None) -> None:
    # stopping takes seconds at most, and a second Ctrl-C must not cut it short
    for later in STOPPING:
        signal.signal(later, signal.SIG_IGN)
    raise Stopped
