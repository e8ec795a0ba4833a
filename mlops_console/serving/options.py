"""The options of `manage.py up`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import Final

ENGINES: Final = ("local", "kubernetes")
# Scorers of the demo are ready in a second or never: nobody should wait minutes to see an upgrade undone.
DEMO_READY_SECONDS: Final = "30"


def port(text: str) -> int:
    """A TCP port; raises ArgumentTypeError for anything but 0 to 65535."""
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number from 1 to 65535, or 0 for a free one")
    return int(text)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what `up` understands."""
    parser.add_argument(
        "--demo", action="store_true", help="fill the console with a catalogue, four users and what they have deployed"
    )
    parser.add_argument("--port", type=port, default=8000, help="0 picks a free one (default: 8000)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--data-dir", help="where the database and secrets live (default: DATA_DIR, else .data)")
    parser.add_argument(
        "--engine",
        choices=ENGINES,
        help="what runs the scorers: local, as processes of this machine, or kubernetes, a cluster (default: ENGINE)",
    )


def settings_of(arguments: Sequence[str]) -> dict[str, str]:
    """What `up` was asked for that is a setting, as variables: settings are read before any command is parsed."""
    if list(arguments[:1]) != ["up"]:
        return {}
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    parser.add_argument("--data-dir", dest="DATA_DIR")
    parser.add_argument("--engine", dest="ENGINE")
    parser.add_argument("--demo", dest="READY_SECONDS", action="store_const", const=DEMO_READY_SECONDS)
    try:
        known, _ = parser.parse_known_args(arguments[1:])
    except argparse.ArgumentError:
        return {}  # the command itself complains, with its usage
    found = {name: value for name, value in vars(known).items() if value}
    if os.environ.get("READY_SECONDS"):
        found.pop("READY_SECONDS", None)
    return found
