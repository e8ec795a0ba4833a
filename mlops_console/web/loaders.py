"""Templates are written to be read; what is sent need not carry their indentation, a third of a list page."""

from __future__ import annotations

import re
from typing import Final

from django.template import Origin
from django.template.loaders import filesystem

# Where blanks are shown as they stand.
_KEPT: Final = re.compile(r"(<(pre|textarea)\b.*?</\2>)", re.DOTALL)
_INDENT: Final = re.compile(r"\s*\n\s*")


class Loader(filesystem.Loader):
    """Reads templates from `DIRS` without their indentation and blank lines."""

    def get_contents(self, origin: Origin) -> str:
        """The source of a template; raises TemplateDoesNotExist."""
        return without_indent(super().get_contents(origin))


def without_indent(source: str) -> str:
    """A template in which every run of blanks that holds a line's end is that end alone."""
    parts = _KEPT.split(source)
    return "".join(
        part if number % 3 == 1 else _INDENT.sub("\n", part) for number, part in enumerate(parts) if number % 3 != 2
    )
