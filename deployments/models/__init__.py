"""Experiments, deployments with their compositions, and rollouts."""

from deployments.models.deployments import Composition, Deployment
from deployments.models.experiments import Artifact, Experiment, ModelVersion, RegisteredModel
from deployments.models.rollouts import (
    ACTIVE,
    Event,
    Lease,
    Plan,
    Rollout,
    RolloutStep,
    TrafficCount,
)
from deployments.models.workloads import WorkloadSpec

__all__ = [
    "ACTIVE",
    "Artifact",
    "Composition",
    "Deployment",
    "Event",
    "Experiment",
    "Lease",
    "ModelVersion",
    "Plan",
    "RegisteredModel",
    "Rollout",
    "RolloutStep",
    "TrafficCount",
    "WorkloadSpec",
]
