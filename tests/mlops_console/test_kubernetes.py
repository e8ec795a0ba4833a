"""What the engine for clusters is told: read strictly, and asked for only where it runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from deployments.engines.kubernetes.options import Options
from mlops_console.env import SettingFault
from mlops_console.faults import StartFault
from mlops_console.kubernetes import console_url, kubernetes_settings

NEEDED = {
    "KUBERNETES_GATEWAY": "gateways/mlops",
    "KUBERNETES_ADDRESS": "https://models.example.org/",
    "KUBERNETES_CONSOLE_URL": "http://mlops-console.mlops.svc:8000/",
    "KUBERNETES_FETCH_IMAGE": "registry.example.org:5000/mlops-console:0.1.0",
}


@pytest.fixture(autouse=True)
def needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more than what there has to be."""
    for name in [*filter(lambda name: name.startswith("KUBERNETES_"), os.environ), "KUBECONFIG"]:
        monkeypatch.delenv(name, raising=False)
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)


def test_what_is_needed_is_enough() -> None:
    assert Options(**kubernetes_settings()) == Options(
        gateway="gateways/mlops",
        address="https://models.example.org",
        fetch_image="registry.example.org:5000/mlops-console:0.1.0",
    )
    assert console_url() == "http://mlops-console.mlops.svc:8000"


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("KUBECONFIG", __file__, "kubeconfig", Path(__file__)),
        ("KUBERNETES_KUBECONFIG", __file__, "kubeconfig", Path(__file__)),
        ("KUBERNETES_CONTEXT", "Admin@Prod", "context", "Admin@Prod"),
        ("KUBERNETES_NAMESPACE", "models", "namespace", "models"),
        ("KUBERNETES_NAMESPACE", "{workspace}", "namespace", "{workspace}"),
        ("KUBERNETES_NAMESPACE", "a-{workspace}-b", "namespace", "a-{workspace}-b"),
        ("KUBERNETES_CREATE_NAMESPACES", "false", "create_namespaces", False),
        ("KUBERNETES_ADDRESS", "http://10.0.0.7:8080/models", "address", "http://10.0.0.7:8080/models"),
        ("KUBERNETES_ADDRESS", "http://[::1]:80", "address", "http://[::1]:80"),
        ("KUBERNETES_FETCH_IMAGE", "console@sha256:abc", "fetch_image", "console@sha256:abc"),
        ("KUBERNETES_PULL_SECRETS", "one, two.three", "pull_secrets", ("one", "two.three")),
        ("KUBERNETES_MIN_READY_SECONDS", "0", "min_ready_seconds", 0),
        ("KUBERNETES_GRACE_SECONDS", "90", "grace_seconds", 90),
        ("KUBERNETES_RESYNC_SECONDS", "60", "resync_seconds", 60),
    ],
)
def test_what_is_allowed_is_read(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, field: str, expected: object
) -> None:
    monkeypatch.setenv(name, value)
    assert kubernetes_settings()[field] == expected


def test_its_own_kubeconfig_comes_before_that_of_everybody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config").touch()
    monkeypatch.setenv("KUBERNETES_KUBECONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("KUBECONFIG", __file__)
    assert kubernetes_settings()["kubeconfig"] == tmp_path / "config"


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("KUBERNETES_KUBECONFIG", "/no/such/file", "a file that exists and can be read"),
        ("KUBECONFIG", "/no/such:/file", "a file that exists and can be read"),
        ("KUBERNETES_NAMESPACE", "Models", "a namespace, with {workspace} in it"),
        ("KUBERNETES_NAMESPACE", "mlops-{team}", "a namespace, with {workspace} in it"),
        ("KUBERNETES_NAMESPACE", "{workspace}-{workspace}", "a namespace, with {workspace} in it"),
        ("KUBERNETES_NAMESPACE", f"{'m' * 60}{{workspace}}", "a namespace, with {workspace} in it"),
        ("KUBERNETES_CREATE_NAMESPACES", "maybe", "true, false, 1 or 0"),
        ("KUBERNETES_GATEWAY", "", "the Gateway's namespace/name; ENGINE=kubernetes needs it"),
        ("KUBERNETES_GATEWAY", "mlops", "the Gateway's namespace/name"),
        ("KUBERNETES_ADDRESS", "", "an address such as https://models.example.org; ENGINE=kubernetes needs it"),
        ("KUBERNETES_ADDRESS", "models.example.org", "an address such as"),
        ("KUBERNETES_ADDRESS", "https://models.example.org?a=b", "an address such as"),
        ("KUBERNETES_ADDRESS", "https://u:p@models.example.org", "an address such as"),
        ("KUBERNETES_FETCH_IMAGE", "", "an image that holds this console; ENGINE=kubernetes needs it"),
        ("KUBERNETES_FETCH_IMAGE", "an image", "an image that holds this console"),
        ("KUBERNETES_PULL_SECRETS", "one,Two", "names of Secrets separated by commas"),
        ("KUBERNETES_MIN_READY_SECONDS", "-1", "a whole number from 0 to 3600"),
        ("KUBERNETES_GRACE_SECONDS", "0", "a whole number from 1 to 86400"),
        ("KUBERNETES_RESYNC_SECONDS", "0.5", "a whole number from 10 to 86400"),
    ],
)
def test_anything_else_is_refused_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, allowed: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingFault) as fault:
        kubernetes_settings()
    assert str(fault.value).startswith(f"{name} is ")
    assert allowed in str(fault.value)


@pytest.mark.parametrize("value", ["", "console", "ftp://console"])
def test_pods_need_an_address_of_the_console(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("KUBERNETES_CONSOLE_URL", value)
    with pytest.raises(SettingFault, match="KUBERNETES_CONSOLE_URL is"):
        console_url()


def starting(data_dir: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """What becomes of a command that a console with these settings starts."""
    ours = {name: value for name, value in os.environ.items() if name not in ("DJANGO_SETTINGS_MODULE", *NEEDED)}
    ours |= {"DATA_DIR": str(data_dir), **env}
    return subprocess.run(
        [sys.executable, *arguments],
        env=ours,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_a_cluster_none_of_it_is_asked_for(tmp_path: Path) -> None:
    code = "from mlops_console import settings; print(settings.ENGINE_OPTIONS, repr(settings.KUBERNETES_CONSOLE_URL))"
    made = starting(tmp_path, "-c", code, KUBERNETES_GATEWAY="?")
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout.endswith("'port': 0} ''\n")


def test_without_the_extra_the_console_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(StartFault, match="lightkube is not installed: install the extra `kubernetes`"):
        kubernetes_settings()


def test_stopping_the_engine_leaves_a_cluster_alone(tmp_path: Path) -> None:
    made = starting(tmp_path, "manage.py", "stop_engine", ENGINE="kubernetes", **NEEDED)
    assert (made.returncode, made.stdout, made.stderr) == (0, "What runs in the cluster goes on.\n", "")
