"""Everything that the web server tells about itself and about what it finds in the database, as text."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Final

from django.db import DatabaseError
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder

from mlops_console.faults import StartFault
from mlops_console.observing import readiness
from mlops_console.observing.requests import counted
from mlops_console.observing.sources import SOURCES

_LOG: Final = logging.getLogger(__name__)


class _Everything:
    """A collector as prometheus-client knows them."""

    def collect(self) -> Iterator[Metric]:
        """Requests always; what the database knows, where it answers."""
        yield from counted()
        known = _known()
        help_text = "Whether the database answers and has the tables of this code; what it would tell is left out else."
        yield GaugeMetricFamily("mlops_console_database_up", help_text, value=known is not None)
        yield from known or ()


def scrape(accept: str) -> tuple[bytes, str]:
    """The metrics and their content type: OpenMetrics where `accept` asks for it, else Prometheus' own text."""
    encode, content_type = choose_encoder(accept)
    return encode(_Everything()), content_type


def _known() -> Iterable[Metric] | None:
    # Asked with a limit first: a scrape tells that the database hangs, and does not hang with it.
    if readiness.fault():
        return None
    try:
        return [metric for source in SOURCES for metric in source()]
    except (DatabaseError, StartFault) as error:
        _LOG.warning("The database does not answer to a scrape: %s", error)
        return None
