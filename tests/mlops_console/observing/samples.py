"""Reading what a scrape tells, as Prometheus does."""

from __future__ import annotations

from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as plain

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str) -> Samples:
    """Every sample by its name and labels; the text is Prometheus' own or OpenMetrics, and well formed."""
    parse = openmetrics if text.endswith("# EOF\n") else plain
    found = [sample for family in parse(text) for sample in family.samples]
    told = {(each.name, frozenset(each.labels.items())): each.value for each in found}
    assert len(told) == len(found), "a sample is told twice"
    return told


def value(told: Samples, name: str, **labels: str) -> float:
    """One sample; fails where there is none."""
    return told[f"mlops_console_{name}", frozenset(labels.items())]


def total(told: Samples, name: str, **labels: str) -> float:
    """The sum of the samples of a name that carry at least these labels."""
    wanted = set(labels.items())
    return sum(each for (known, has), each in told.items() if known == f"mlops_console_{name}" and wanted <= has)


def labels_of(told: Samples, name: str, label: str) -> set[str]:
    """The values that a label has in the samples of a name."""
    return {dict(has)[label] for known, has in told if known == f"mlops_console_{name}"}
