"""Workloads, wishes and options for tests of what is made of them."""

from __future__ import annotations

from typing import Any

from deployments.engines.contract import Share, Traffic, Wanted, Workload
from deployments.engines.kubernetes.options import Options
from deployments.planning.modes import Mode

OPTIONS = Options(namespace="models", fetch_image="registry.example.org/mlops-console:1", gateway="ingress/public")
# What people may call things: `_`, 63 characters, a digit in front, a number alone.
AWKWARD = ("a_b", "a_b" * 21, "9-lives", "4", "a-" * 31 + "a", "x")


def workload(key: str = "a-1", **more: Any) -> Workload:
    """A workload; its composition is what stands before the last hyphen of its key."""
    plain = {"composition": key.rpartition("-")[0], "version": "v1.0.0", "image": "registry.example.org/scorer:1.0.0"}
    return Workload(key=key, **plain | more)


def wanted(*workloads: Workload, deployment: str = "d-1", weights: dict[str, int] | None = None, **more: Any) -> Wanted:
    """What is wanted: requests go by weights, or to the last workload."""
    if "traffic" not in more:
        shares = tuple(Share(key, weight) for key, weight in (weights or {workloads[-1].key: 1}).items())
        more["traffic"] = Traffic(Mode.SPLIT if len(shares) > 1 else Mode.SINGLE, shares)
    return Wanted(deployment, workloads, **more)
