"""From a workload to the pods that run it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from deployments.engines.contract import Download, Workload
from deployments.engines.kubernetes.manifests.objects import compact
from deployments.engines.kubernetes.manifests.secrets import secret, secret_name
from deployments.engines.kubernetes.manifests.templates import pod_template, security_context
from tests.deployments.engines.kubernetes.things import OPTIONS, workload

SECRETS = {"API_TOKEN": "t0psecret", "DB_PASSWORD": "pa55w0rd", "LICENSE_KEY": "l1cense"}
DOWNLOAD = Download("https://console.example.org/artifacts/7", "b3arer")


def spec_of(of: Workload, **options: Any) -> dict[str, Any]:
    """The specification of a workload's pods."""
    found: dict[str, Any] = pod_template("d-1", of, replace(OPTIONS, **options), sleeps=True)["spec"]
    return found


def scorer_of(of: Workload, **options: Any) -> dict[str, Any]:
    """The scorer's container."""
    (found,) = spec_of(of, **options)["containers"]
    return dict(found)


def test_a_plain_workload() -> None:
    """What every pod has, whatever its runtime says."""
    template = pod_template("d-1", workload(ready_within_seconds=300), OPTIONS, sleeps=True)
    (scorer,) = template["spec"].pop("containers")
    assert template["spec"] == {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 60,
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {
                    "matchLabels": {"mlops-console.dev/deployment": "d-1", "mlops-console.dev/composition": "a"}
                },
                "matchLabelKeys": ["pod-template-hash"],
            }
        ],
    }
    probe = {"httpGet": {"path": "/readyz", "port": "http"}}
    assert scorer == {
        "name": "scorer",
        "image": "registry.example.org/scorer:1.0.0",
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "startupProbe": {**probe, "periodSeconds": 2, "timeoutSeconds": 2, "failureThreshold": 150},
        "readinessProbe": {**probe, "periodSeconds": 5, "timeoutSeconds": 3, "failureThreshold": 3},
        "lifecycle": {"preStop": {"sleep": {"seconds": 10}}},
        "securityContext": security_context({}),
    }


def test_what_pods_are_found_by() -> None:
    """Labels hold what a label can hold, an annotation the exact version."""
    metadata = pod_template("d_1", workload("a_b-7", version="v1.0.0-rc.1+build.7"), OPTIONS, sleeps=True)["metadata"]
    assert metadata["annotations"] == {"app.kubernetes.io/version": "v1.0.0-rc.1+build.7"}
    labels = metadata["labels"]
    assert labels["app.kubernetes.io/version"] == "v1.0.0-rc.1_build.7"
    assert [labels[f"mlops-console.dev/{each}"] for each in ("deployment", "composition", "workload")] == [
        "d_1",
        "a_b",
        "a_b-7",
    ]


def test_no_secret_stands_in_a_pod() -> None:
    """Neither variables whose name says so nor the artifact's token; they are in a Secret that cannot be changed."""
    of = workload(environment={"THREADS": "4", **SECRETS}, download=DOWNLOAD)
    written = compact(pod_template("d-1", of, OPTIONS, sleeps=True))
    hidden = secret("d-1", of)
    assert hidden is not None
    for value in (*SECRETS.values(), DOWNLOAD.token):
        assert value not in written
        assert value not in compact(hidden)  # base64
    name = secret_name("d-1", "a-1")
    assert (hidden["metadata"]["name"], hidden["immutable"]) == (name, True)
    assert hidden["data"].keys() == SECRETS.keys() | {"artifact-token"}
    assert [each for each in scorer_of(of)["env"] if "valueFrom" in each] == [
        {"name": key, "valueFrom": {"secretKeyRef": {"name": name, "key": key}}} for key in sorted(SECRETS)
    ]
    assert secret("d-1", workload(environment={"THREADS": "4"})) is None


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain", "plain"),
        ("$(THREADS)", "$$(THREADS)"),
        ("$", "$$"),
        ("$$(A)", "$$$$(A)"),
        ("a$b", "a$$b"),
        ("", ""),
    ],
)
def test_variables_stand_as_they_are_meant(value: str, written: str) -> None:
    """The cluster makes `$` of `$$`, and would put another variable in place of `$(NAME)`."""
    assert scorer_of(workload(environment={"A": value}))["env"] == [{"name": "A", "value": written}]


def test_a_selector_is_told_as_the_local_engine_does() -> None:
    """In one variable."""
    assert scorer_of(workload(selector={"b": "2", "a": "1"}))["env"] == [
        {"name": "SCORER_SELECTOR", "value": '{"a":"1","b":"2"}'}
    ]


def test_a_model_is_fetched_before_the_scorer_starts() -> None:
    """By the console's own image, into a folder that the scorer may be kept from writing."""
    of = workload(download=DOWNLOAD, data_read_only=True)
    spec = spec_of(of)
    (fetch,), (scorer,) = spec["initContainers"], spec["containers"]
    assert fetch["image"] == OPTIONS.fetch_image
    assert fetch["command"] == [
        "python", "-m", "deployments.engines.kubernetes.fetch", DOWNLOAD.url, "/mnt/artifact/model",
    ]  # fmt: skip
    assert fetch["securityContext"] == security_context({"readOnlyRootFilesystem": True})
    assert spec["volumes"] == [{"name": "0-artifact", "emptyDir": {}}]
    assert fetch["volumeMounts"] == [{"name": "0-artifact", "mountPath": "/mnt/artifact"}]
    assert scorer["volumeMounts"] == [{"name": "0-artifact", "mountPath": "/mnt/artifact", "readOnly": True}]
    assert {"name": "SCORER_ARTIFACT", "value": "/mnt/artifact/model"} in scorer["env"]
    assert "readOnly" not in scorer_of(workload(download=DOWNLOAD))["volumeMounts"][0]


@pytest.mark.parametrize(
    ("volume", "source"),
    [
        ({"type": "EMPTY_DIR"}, {"emptyDir": {}}),
        (
            {"type": "EMPTY_DIR", "properties": {"medium": "Memory", "sizeLimit": "1Gi", "other": "x"}},
            {"emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}},
        ),
        (
            {"type": "EPHEMERAL"},
            {
                "ephemeral": {
                    "volumeClaimTemplate": {
                        "spec": {
                            "accessModes": ["ReadWriteOnce"],
                            "resources": {"requests": {"storage": "10Gi"}},
                        }
                    }
                }
            },
        ),
        (
            {"type": "EPHEMERAL", "properties": {"size": "2Gi", "storageClassName": "fast"}},
            {
                "ephemeral": {
                    "volumeClaimTemplate": {
                        "spec": {
                            "accessModes": ["ReadWriteOnce"],
                            "resources": {"requests": {"storage": "2Gi"}},
                            "storageClassName": "fast",
                        }
                    }
                }
            },
        ),
    ],
)
def test_volumes(volume: dict[str, Any], source: dict[str, Any]) -> None:
    """Of both types, mounted wherever the runtime says."""
    of = workload(volumes=({"id": "tmp", "mountPaths": ["/tmp", "/var/tmp"], "readOnly": None, **volume},))
    spec = spec_of(of)
    assert spec["volumes"] == [{"name": "tmp", **source}]
    assert spec["containers"][0]["volumeMounts"] == [
        {"name": "tmp", "mountPath": "/tmp"},
        {"name": "tmp", "mountPath": "/var/tmp"},
    ]


DEFAULTS = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({}, DEFAULTS),
        ({"runAsUser": 1001, "runAsNonRoot": None}, DEFAULTS | {"runAsUser": 1001}),
        ({"runAsNonRoot": False}, DEFAULTS | {"runAsNonRoot": False}),
        ({"runAsUser": 0}, {key: value for key, value in DEFAULTS.items() if key != "runAsNonRoot"} | {"runAsUser": 0}),
        ({"privileged": True}, {"seccompProfile": {"type": "RuntimeDefault"}, "privileged": True}),
        (
            {"capabilities": {"add": ["SYS_ADMIN"]}},
            {
                "capabilities": {"add": ["SYS_ADMIN"]},
                "runAsNonRoot": True,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
        ),
        ({"capabilities": {"drop": ["CHOWN"]}}, DEFAULTS | {"capabilities": {"drop": ["CHOWN"]}}),
        ({"seccompProfile": {"type": "Unconfined"}}, DEFAULTS | {"seccompProfile": {"type": "Unconfined"}}),
    ],
)
def test_safe_where_the_runtime_says_nothing(said: dict[str, Any], found: dict[str, Any]) -> None:
    """And never in a way that the cluster refuses beside what it says."""
    assert security_context(said) == found


def test_groups_own_claims() -> None:
    """An ephemeral volume would be root's."""
    assert spec_of(workload(security_context={"runAsGroup": 1001}))["securityContext"] == {"fsGroup": 1001}
    assert "securityContext" not in spec_of(workload(security_context={"runAsUser": 1001}))


def test_resources_architectures_and_pull_secrets() -> None:
    """Handed on; the order of architectures does not matter, and empty amounts are left out."""
    of = workload(
        resources={"requests": {"cpu": "500m"}, "limits": {}},
        architectures=("arm64", "amd64"),
        readiness_path="/health",
    )
    spec = spec_of(of, pull_secrets=("one", "two"))
    assert spec["containers"][0]["resources"] == {"requests": {"cpu": "500m"}}
    assert spec["containers"][0]["readinessProbe"]["httpGet"]["path"] == "/health"
    assert spec["imagePullSecrets"] == [{"name": "one"}, {"name": "two"}]
    assert spec["affinity"] == {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [
                    {
                        "matchExpressions": [
                            {"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64", "arm64"]}
                        ]
                    }
                ]
            }
        }
    }


@pytest.mark.parametrize(("seconds", "failures"), [(300, 150), (0.5, 1), (3, 2), (3600, 1800)])
def test_startup_has_the_time_that_readiness_may_take(seconds: float, failures: int) -> None:
    """Every two seconds."""
    assert scorer_of(workload(ready_within_seconds=seconds))["startupProbe"]["failureThreshold"] == failures


@pytest.mark.parametrize(
    ("sleeps", "grace", "pause"),
    [
        (True, 60, {"sleep": {"seconds": 10}}),
        (True, 12, {"sleep": {"seconds": 6}}),
        (False, 60, {"exec": {"command": ["sleep", "10"]}}),
    ],
)
def test_a_pause_before_the_end(sleeps: bool, grace: int, pause: dict[str, Any]) -> None:
    """Half of the grace at most; by a program where the cluster does not know the handler."""
    template = pod_template("d-1", workload(), replace(OPTIONS, grace_seconds=grace), sleeps=sleeps)
    assert template["spec"]["containers"][0]["lifecycle"] == {"preStop": pause}
