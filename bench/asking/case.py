"""What a case is: one job, asked of the console, of the floor and of Django's admin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias
from urllib.parse import urlencode

from bench.asking.visitor import Ask


class Variant(StrEnum):
    """Who answers."""

    CONSOLE = "console"
    FRAGMENT = "fragment"
    FLOOR = "floor"
    ADMIN = "admin"


class Group(StrEnum):
    """What kind of answer a case is, and so which targets it has to meet."""

    LIST = "list pages"
    PAGE = "other pages"
    API_LIST = "lists of the API"
    API = "other reads of the API"
    WRITE = "writes"
    PREVIEW = "previews of upgrades"


Asks: TypeAlias = "dict[Variant, Sequence[Ask]]"


@dataclass(frozen=True)
class Case:
    """The same job for each variant that does it; requests of one variant are sent in turn.

    `grows` says that the case has to take as long at a million runtimes as at a thousand.
    """

    name: str
    group: Group
    asks: Asks
    grows: bool = False
    needs_form: str = ""  # the page whose form a POST comes from


def query(values: dict[str, str]) -> str:
    """A query string, `""` where there is nothing to ask."""
    return f"?{urlencode(values)}" if values else ""
