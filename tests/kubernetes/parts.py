"""How each part of the control plane is called: its flags, by the folder that it lives in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

STAGES = Path(__file__).parent / "stages"
ADDRESSES = {"amd64-1": "10.0.0.1", "amd64-2": "10.0.0.2", "arm64-1": "10.0.0.3", "arm64-2": "10.0.0.4"}
SIZE = {"cpu": "64", "memory": "256Gi", "ephemeral-storage": "1Ti", "pods": "1000"}


def etcd(folder: Path) -> list[str]:
    """A store behind a socket in the folder, which need not survive the machine."""
    return [
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls=unix://{folder}/etcd.sock",
        f"--listen-peer-urls=unix://{folder}/peer.sock",
        "--advertise-client-urls=http://127.0.0.1:2379",  # to nobody: it has one member and one client
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def api_server(folder: Path, port: int) -> list[str]:
    """An API server on loopback that makes its own certificate, asks RBAC and writes an audit log."""
    return [
        f"--etcd-servers=unix://{folder}/etcd.sock",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={folder / 'pki'}",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={folder / 'accounts.key'}",
        f"--service-account-signing-key-file={folder / 'accounts.key'}",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--endpoint-reconciler-type=none",
        f"--audit-policy-file={folder / 'audit-policy.json'}",
        f"--audit-log-path={folder / 'audit.log'}",
        "--audit-log-maxsize=10000",  # in megabytes: in one file, to be counted
        "--shutdown-watch-termination-grace-period=1s",  # without it a stop takes a minute
    ]


def controller_manager(folder: Path) -> list[str]:
    """All controllers, none of which ever doubts a node: they are there as long as we are."""
    return [
        f"--kubeconfig={folder / 'kubeconfigs' / 'system:kube-controller-manager'}",
        f"--service-account-private-key-file={folder / 'accounts.key'}",
        f"--root-ca-file={folder / 'pki' / 'apiserver.crt'}",
        "--secure-port=0",
        "--leader-elect=false",
        "--node-monitor-grace-period=1000h",
        "--resource-quota-sync-period=5s",
        "--concurrent-deployment-syncs=20",
        "--concurrent-replicaset-syncs=20",
        "--concurrent-gc-syncs=20",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
    ]


def scheduler(folder: Path) -> list[str]:
    """The scheduler, as it comes but for its speed."""
    return [
        f"--kubeconfig={folder / 'kubeconfigs' / 'system:kube-scheduler'}",
        "--secure-port=0",
        "--leader-elect=false",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
    ]


def kwok(folder: Path, start: int) -> list[str]:
    """The nodes; each start deals out addresses of its own, as it does not know who has those of the last."""
    stages = [f"--config={path}" for path in sorted(STAGES.glob("*.yaml"))]
    return [
        f"--kubeconfig={folder / 'kubeconfigs' / 'kwok'}",
        "--manage-all-nodes",
        f"--cidr=10.{128 + start % 128}.0.1/16",
        f"--config={folder / 'kwok.json'}",
        *stages,
    ]


KWOK_OPTIONS = {
    "apiVersion": "config.kwok.x-k8s.io/v1alpha1",
    "kind": "KwokConfiguration",
    "options": {"podPlayStageParallelism": 16, "nodePlayStageParallelism": 4},
}


def nodes() -> list[dict[str, Any]]:
    """Two nodes of each architecture, as objects to create."""
    return [_node(name, address) for name, address in ADDRESSES.items()]


def _node(name: str, address: str) -> dict[str, Any]:
    architecture = name.partition("-")[0]
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/arch": architecture, "kubernetes.io/os": "linux"}
    unsaid = dict.fromkeys(("bootID", "kernelVersion", "kubeProxyVersion", "machineID", "osImage", "systemUUID"), "")
    about = {"architecture": architecture, "operatingSystem": "linux"}
    about |= {"kubeletVersion": "kwok", "containerRuntimeVersion": "kwok"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "status": {
            "capacity": SIZE,
            "allocatable": SIZE,
            "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}],
            "nodeInfo": unsaid | about,
        },
    }
