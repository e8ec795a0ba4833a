"""What apps above this one have standing on runtimes, images and versions: they say so here, in their `ready`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from django.db.models import QuerySet

from mlops_console.actor import Actor
from runtimes.models import Runtime, RuntimeImage, Version
from runtimes.web.states import affected

Rows: TypeAlias = QuerySet[Runtime] | QuerySet[RuntimeImage] | QuerySet[Version]


@dataclass(frozen=True, kw_only=True)
class Use:
    """What stands on some rows: the first few items as dialogs list them, how many in all, and that in words.

    `url` leads to all of them, if there is a page for that; `none` is said where nothing does.
    """

    title: str
    summary: str
    items: Sequence[dict[str, Any]]
    total: int
    url: str = ""
    none: str = ""

    @property
    def more(self) -> int:
        """How many there are beside the items."""
        return max(0, self.total - len(self.items))


# Takes whoever looks, the workspace of the address they look at, and the rows; counts only what they may see.
Source: TypeAlias = Callable[[Actor, str, Rows], Use]
# Takes whoever looks and the rows; answers how much of what they may see stands on each, by its key.
Count: TypeAlias = Callable[[Actor, Rows], Mapping[int, int]]
_SOURCES: Final[dict[Source, Count]] = {}


def tell_uses(source: Source, count: Count) -> None:
    """Let pages and dialogs of this app show what stands on its rows in another."""
    _SOURCES[source] = count


def uses_of(actor: Actor, workspace: str, rows: Rows) -> list[Use]:
    """What stands on some rows, app by app, for a page that says where they are used."""
    return [source(actor, workspace, rows) for source in _SOURCES]


def use_counts(actor: Actor, rows: Rows) -> Counter[int]:
    """On how many things each row is used, by its key."""
    counts: Counter[int] = Counter()
    for count in _SOURCES.values():
        counts.update(count(actor, rows))
    return counts


def uses_affected(actor: Actor, workspace: str, rows: Rows) -> list[dict[str, Any]]:
    """The same as the lists of a dialog; no list where there is nothing."""
    return [affected(use.summary, use.items, use.total) for use in uses_of(actor, workspace, rows) if use.total]
