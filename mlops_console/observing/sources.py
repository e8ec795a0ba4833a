"""What apps above this one have to tell at a scrape: they say so here, in their `ready`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from prometheus_client import Metric

# Reads the database, with a constant number of queries.
Source: TypeAlias = Callable[[], Iterable[Metric]]
SOURCES: Final[list[Source]] = []


def tell_metrics(source: Source) -> None:
    """Have something told at each scrape."""
    if source not in SOURCES:
        SOURCES.append(source)
