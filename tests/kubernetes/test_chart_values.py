"""Which values the chart refuses, and how it says so."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from tests.kubernetes.chart import (
    CHART,
    MINIMAL,
    Helm,
    Refused,
    entry,
)

pytestmark = pytest.mark.kubernetes


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"web": {"replicas": "two"}}, "at '/web/replicas': got string, want integer"),
        ({"web": {"replcas": 3}}, "at '/web': additional properties 'replcas' not allowed"),
        ({"worker": {"replicas": -1}}, "at '/worker/replicas': minimum: got -1, want 0"),
        ({"worker": {"metricsPort": 80}}, "at '/worker/metricsPort': minimum: got 80, want 1,024"),
        ({"worker": {"extraEnv": [{"name": "A", "value": 1}]}}, "at '/worker/extraEnv/0/value': got number, want"),
        ({"secure": "yes"}, "at '/secure': got string, want boolean"),
        ({"logLevel": "LOUD"}, "at '/logLevel': value must be one of 'DEBUG', 'INFO', 'WARNING', 'ERROR'"),
        ({"hosts": "console.example.org"}, "at '/hosts': got string, want array"),
        ({"hosts": ["https://console.example.org"]}, "at '/hosts/0': 'https://console.example.org' does not match"),
        ({"csrfTrustedOrigins": ["console.example.org"]}, "at '/csrfTrustedOrigins/0': 'console.example.org' does not"),
        ({"listenAddress": "everywhere"}, "at '/listenAddress': 'everywhere' does not match"),
        ({"image": {"registry": 5}}, "at '/image/registry': got number, want string"),
        ({"image": {"digest": "latest"}}, "at '/image/digest': 'latest' does not match"),
        ({"image": {"pullPolicy": "Sometimes"}}, "at '/image/pullPolicy': value must be one of 'Always'"),
        ({"database": {"url": "postgresql://…"}}, "at '/database': additional properties 'url' not allowed"),
        ({"artifacts": {"accessMode": "RWX"}}, "at '/artifacts/accessMode': value must be one of 'ReadWriteMany'"),
        ({"artifacts": {"size": "big"}}, "at '/artifacts/size': 'big' does not match"),
        ({"engine": {"gateway": "models"}}, "at '/engine/gateway': 'models' does not match"),
        ({"engine": {"address": "models.example.org"}}, "at '/engine/address': 'models.example.org' does not match"),
        ({"engine": {"namespace": "mlops_{workspace}"}}, "at '/engine/namespace': 'mlops_{workspace}' does not match"),
        ({"engine": {"readySeconds": 0}}, "at '/engine/readySeconds': minimum: got 0, want 1"),
        ({"labels": {"app.kubernetes.io/name": "mine"}}, "invalid propertyName 'app.kubernetes.io/name'"),
        ({"metrics": {"serviceMonitor": {"interval": 30}}}, "serviceMonitor/interval': got number, want string"),
        ({"networkPolicy": {"egress": {}}}, "at '/networkPolicy/egress': got object, want array"),
        (entry("runtimeimages", value={}), "value must be one of 'runtimeImages', 'runtimes'"),
        (entry("runtimes", value=[]), "at '/config/deployer/composition/runtimes': got array, want object"),
        (entry("runtimes", value={"Bad": {}}), "composition/runtimes': additional properties 'Bad' not allowed"),
        (entry("runtimes", "a", "modeltype", value="x"), "runtimes/a': additional properties 'modeltype' not allowed"),
        (
            entry("runtimes", "a", "state", value="GONE"),
            "runtimes/a/state': value must be one of 'ACTIVE', 'DEPRECATED'",
        ),
        (
            entry("runtimes", "a", "environmentVariables", value={"A": 1}),
            "environmentVariables/A': got number, want string",
        ),
        (entry("runtimes", "a", "selector", value={"a": True}), "runtimes/a/selector/a': got boolean, want string"),
        (
            entry("runtimeImages", "a", "versions", value=[{"image": {"tag": 1.5}}]),
            "versions/0/image/tag': got number, want",
        ),
        (
            entry("runtimeImages", "a", "versions", value=[{"image": "a:1.0.0"}]),
            "a/versions/0/image': got string, want null",
        ),
    ],
)
def test_a_wrong_value_is_named(helm: Helm, values: Any, said: str) -> None:
    with pytest.raises(Refused) as refusal:
        helm.render(MINIMAL, given=values)
    assert said in str(refusal.value)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"database": {"existingSecret": ""}}, "database.existingSecret: name the Secret that holds the"),
        ({"engine": {"gateway": ""}}, "engine.gateway: give the Gateway that routes to scorers, as namespace/name"),
        ({"engine": {"address": ""}}, "engine.address: give the base address at which clients reach the Gateway"),
        ({"artifacts": {"persistence": False}}, "web.replicas: more than one web pod needs a volume that all of them"),
        ({"artifacts": {"accessMode": "ReadWriteOnce"}}, "web.replicas: more than one web pod needs a volume that all"),
        ({"engine": {"namespace": f"{'a' * 40}{{workspace}}b"}}, "engine.namespace: at most 40 characters around"),
        ({"ingress": {"enabled": True}}, "hosts: an Ingress or HTTPRoute needs at least one host name"),
        ({"httpRoute": {"enabled": True}}, "hosts: an Ingress or HTTPRoute needs at least one host name"),
        ({"httpRoute": {"enabled": True}, "hosts": ["a.example.org"]}, "httpRoute.parentRefs: name the Gateway"),
        ({"metrics": {"serviceMonitor": {"enabled": True}}}, "metrics.existingSecret: without a token /metrics"),
    ],
)  # fmt: skip
def test_what_is_missing_or_contradictory_is_named(helm: Helm, values: Any, said: str) -> None:
    with pytest.raises(Refused) as refusal:
        helm.render(MINIMAL, given=values)
    assert said in str(refusal.value)


def test_the_schema_knows_every_value_that_there_is() -> None:
    """Where a key of values.yaml is in no schema, a misspelt one would pass beside it."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())

    def unknown(given: Any, shape: Any, path: str) -> list[str]:
        shape = schema["definitions"][shape["$ref"].rpartition("/")[2]] if "$ref" in shape else shape
        known = shape.get("properties")
        if not isinstance(given, dict) or known is None:
            return []
        strange = [f"{path}.{key}" for key in given if key not in known]
        return strange + [
            fault for key in given.keys() & known for fault in unknown(given[key], known[key], f"{path}.{key}")
        ]

    assert unknown(values, schema, "") == []
    assert set(values) == set(schema["properties"])


def test_the_schema_is_closed_but_where_other_charts_have_keys() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())

    def opened(shape: Any, path: str) -> list[str]:
        if not isinstance(shape, dict):
            return []
        is_open = "properties" in shape and shape.get("additionalProperties", True) is True
        return ([path] if is_open else []) + [
            each for key, part in shape.items() for each in opened(part, f"{path}/{key}")
        ]

    composition = "/properties/config/properties/deployer/properties/composition"
    parts = composition.split("/properties/")
    around = ["/properties/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
    assert set(opened(schema, "")) == {*around, "/properties/image"}
    for section in ("runtimeImages", "runtimes"):
        shape = schema
        for step in f"{composition}/properties/{section}".strip("/").split("/"):
            shape = shape[step]
        assert shape["additionalProperties"] is False


def test_the_notes_know_every_value_that_there_is() -> None:
    """They tell keys that the chart does not know: those of other charts, and misspelt ones."""
    known = re.search(r"\$known := list (.*) }}", (CHART / "templates" / "NOTES.txt").read_text())
    assert known
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert set(json.loads(f"[{known[1].replace(' ', ', ')}]")) == {*values, "global"}
