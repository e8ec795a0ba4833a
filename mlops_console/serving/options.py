"""The options of `manage.py up`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence


def port(text: str) -> int:
    """A TCP port; raises ArgumentTypeError for anything but 0 to 65535."""
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number from 1 to 65535, or 0 for a free one")
    return int(text)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what `up` understands."""
    parser.add_argument("--demo", action="store_true", help="fill the console with a catalogue and four users")
    parser.add_argument("--port", type=port, default=8000, help="0 picks a free one (default: 8000)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--data-dir", help="where the database and secrets live (default: DATA_DIR, else .data)")


def data_dir_of(arguments: Sequence[str]) -> str | None:
    """The data folder that `up` was asked for: settings need it before any command is parsed."""
    if list(arguments[:1]) != ["up"]:
        return None
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    parser.add_argument("--data-dir")
    try:
        known, _ = parser.parse_known_args(arguments[1:])
    except argparse.ArgumentError:
        return None  # the command itself complains, with its usage
    value: str | None = known.data_dir
    return value
