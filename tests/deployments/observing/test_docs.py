"""docs/operations.md names every metric there is, with its labels, and none that is not."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from django.conf import settings
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families as parse

from deployments.observing.worker import Pulse
from tests.cast import Cast

TEXT = (settings.BASE_DIR / "docs" / "operations.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (`(?:mlops_console|process)_[^|]*)\|([^|]*)\|", TEXT, re.MULTILINE)
DOCUMENTED = {
    name: set(re.findall(r"`(\w+)`", labels)) for names, labels in ROWS for name in re.findall(r"`(\w+)`", names)
}


def named(metric: Metric) -> str:
    """The name that people see."""
    return f"{metric.name}_total" if metric.type == "counter" else metric.name


def labels_of(metrics: Iterable[Metric]) -> dict[str, set[str]]:
    """By name, the labels that samples have, but for the bounds of buckets."""
    return {named(each): {name for sample in each.samples for name in sample.labels} - {"le"} for each in metrics}


@pytest.mark.django_db
def test_every_metric_is_documented_and_no_other(cast: Cast) -> None:
    client = cast.client("admin")
    assert client.get("/version").status_code == 200  # so that some request was counted
    told = labels_of(parse(client.get("/metrics").content.decode())) | labels_of(Pulse(60).registry.collect())
    assert told.keys() == DOCUMENTED.keys()
    for name, labels in told.items():
        # Values stand beside a label where there are few.
        assert labels <= DOCUMENTED[name], name
