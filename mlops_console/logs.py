"""Log lines: one per record, and none of them tells a secret."""

from __future__ import annotations

import logging
import re

SECRETS = re.compile(
    r"""(?ix)
    (?P<before>
        \bbearer\s+
      | \b(?:password|passwd|secret|token|api_?key|credential)s?["']?\s*[=:]\s*["']?
      | ://[^\s:/@]*:(?=[^\s/@]+@)
    )
    (?P<secret>[^\s"',;&@]+)
    """
)
CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")


def without_secrets(text: str) -> str:
    """The text with dots in place of passwords, tokens and keys."""
    return SECRETS.sub(r"\g<before>…", text)


class LineFormatter(logging.Formatter):
    """`2026-11-24T12:00:00 INFO name: message`, tracebacks folded into the same line."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", datefmt="%Y-%m-%dT%H:%M:%S%z")

    def format(self, record: logging.LogRecord) -> str:
        """One printable line."""
        return CONTROL.sub(_escaped, without_secrets(super().format(record)))


def _escaped(match: re.Match[str]) -> str:
    return " ⏎ " if match[0] == "\n" else repr(match[0])[1:-1]
