"""A workspace with a runtime, and shorthands for the actions under test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from deployments.actions import plans, rollouts
from deployments.actions.deployments import Wish, create_deployment
from deployments.models import Deployment, Plan, Rollout
from deployments.planning.modes import Mode
from deployments.planning.targets import Latest, Target, Targets
from mlops_console.models import AuditEntry
from runtimes.models import Runtime
from tests.cast import Cast
from tests.factories import make_deployment, make_experiment, make_image, make_runtime, make_version


@dataclass
class World:
    """One runtime on an image with versions 1.0.0 and 1.1.0, and what is done in its workspace."""

    cast: Cast
    runtime: Runtime

    def create(self, *experiments: str, role: str = "operator", mode: Mode = Mode.SINGLE, **fields: Any) -> Deployment:
        """Create a deployment of experiments by id, on the runtime unless `runtime` names another."""
        name = fields.pop("runtime", self.runtime.name)
        weights = fields.pop("weights", [None] * len(experiments))
        wishes = [
            Wish(experiment=uid, runtime=name, weight=weight) for uid, weight in zip(experiments, weights, strict=True)
        ]
        values: dict[str, Any] = {"workspace": self.cast.workspace, "display_name": "Churn", "now": timezone.now()}
        return create_deployment(actor=self.cast.actor(role), mode=mode, wishes=wishes, **values | fields)

    def experiment(self, name: str = "Churn 1", **fields: Any) -> str:
        """A new experiment's id."""
        return make_experiment(self.cast.workspace, name, **fields).uid

    def running(self, *names: str, version: str = "v1.0.0") -> Deployment:
        """A deployment that runs a version, with an experiment of each name."""
        found = self.runtime.image.versions.get(version=version)
        made = [make_experiment(self.cast.workspace, name) for name in names or ("A",)]
        return make_deployment(self.runtime, *made, version=found)

    def upgrade(self, deployment: Deployment, role: str = "operator", **fields: Any) -> Rollout | None:
        """Upgrade everything to the latest version, unless `targets` say otherwise."""
        targets: dict[str, Target] = fields.pop("targets", {"*": Latest()})
        return rollouts.upgrade(
            actor=self.cast.actor(role),
            workspace="lab",
            uid=deployment.uid,
            targets=targets,
            now=timezone.now(),
            **{"reason": "A CVE."} | fields,
        )

    def plan(self, deployment: Deployment, role: str = "operator", targets: Targets | None = None) -> Plan:
        """Make a plan for experiments by id, or for all."""
        wanted = targets or {"*": Latest()}
        kept, _ = plans.make_plan(
            actor=self.cast.actor(role), workspace="lab", uid=deployment.uid, targets=wanted, now=timezone.now()
        )
        return kept

    def start(self, deployment: Deployment, plan: Plan, role: str = "operator", **fields: Any) -> Rollout | None:
        """Start a plan."""
        return rollouts.start_plan(
            actor=self.cast.actor(role),
            workspace="lab",
            uid=deployment.uid,
            plan=plan.uid,
            now=timezone.now(),
            **{"reason": "A CVE."} | fields,
        )


def make_world(cast: Cast) -> World:
    """The world that each test begins with."""
    return World(cast, make_runtime(make_image(cast.workspace, versions="v1.0.0 v1.1.0")))


def trail(verb: str) -> list[AuditEntry]:
    """The audit entries of a verb."""
    return list(AuditEntry.objects.filter(verb=verb).order_by("pk"))


def disabled_version(runtime: Runtime, version: str = "v1.2.0") -> str:
    """The resource name of a version that nobody may use."""
    return make_version(runtime.image, version, api_state="DISABLED").name
