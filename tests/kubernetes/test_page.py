"""docs/kubernetes.md says what the chart does."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from django.db import connection
from django.utils import timezone

from deployments.models import Lease
from tests.cast import Cast
from tests.factories import make_deployment, make_image, make_runtime
from tests.kubernetes.chart import CHART, MINIMAL, ROOT, VALUES, Helm, containers, environment, granted, pod_specs
from tests.kubernetes.control_plane import ControlPlane

pytestmark = pytest.mark.kubernetes
PAGE = (ROOT / "docs" / "kubernetes.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def rows(heading: str) -> list[list[str]]:
    """The cells of the tables under a heading, without their heads."""
    part = re.split(r"^## ", PAGE.partition(f"## {heading}\n")[2], flags=re.MULTILINE)[0]
    lines = [line for line in part.splitlines() if line.startswith("|") and not line.startswith("|---")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines][1:]


def quoted(text: str) -> list[str]:
    return re.findall("`([^`]+)`", text)


def test_every_verb_of_the_role_is_told_with_its_reason(helm: Helm) -> None:
    told: set[tuple[str, str]] = set()
    on: list[str] = []
    for what, verbs, why in rows("What the worker may do"):
        on = on if what == "the same" else quoted(what)
        assert why
        told |= {(verb, resource) for verb in quoted(verbs) for resource in on}
    assert told == granted(helm.render(MINIMAL))
    for given in ({"createNamespaces": False}, {"namespace": "scorers"}):
        assert granted(helm.render(MINIMAL, given={"engine": given})) == told - {("create", "namespaces")}


def test_the_values_of_the_page_can_be_installed(helm: Helm, control_plane: ControlPlane) -> None:
    gateway, values = blocks("yaml")
    control_plane.kubectl("create", "namespace", "gateways")
    flags = ("--dry-run=server", "--validate=strict", "--warnings-as-errors")
    control_plane.kubectl("apply", *flags, "-f", "-", stdin=gateway)
    rendered = helm.render(given=yaml.safe_load(values))
    assert {each["image"] for pod in pod_specs(rendered).values() for each in containers(pod)} == {
        "registry.example.org/mlops-console:0.1.0"
    }


def test_every_value_and_variable_of_the_page_exists(helm: Helm) -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())

    def found(path: str) -> Any:
        part = values
        for step in path.split("."):
            part = part[step]
        return part

    table = rows("Values")
    for given, _, _ in table:
        for path in quoted(given):
            found(path)
    told = {name for _, variables, _ in table for name in quoted(variables)}
    pod = pod_specs(helm.render(VALUES / "full.yaml"))["console-mlops-console-web"]
    there = set(environment(pod["containers"][0]))
    assert told == there - {"DATA_DIR", "ENGINE", "PGSSLROOTCERT", "TZ"}


def test_the_statement_after_a_restore_raises_every_epoch(cast: Cast) -> None:
    lease = make_deployment(make_runtime(make_image(cast.workspace, versions="v1.0.0"))).lease
    Lease.objects.filter(pk=lease.pk).update(epoch=7, holder="gone", until=timezone.now())
    (statement,) = blocks("sql")
    with connection.cursor() as cursor:
        cursor.execute(statement)
    lease.refresh_from_db()
    assert (lease.epoch, lease.holder, lease.until) == (1_000_007, "", None)
