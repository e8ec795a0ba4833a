"""A console of its own, on the database of the settings: what it deploys, its upgrades, and what becomes of them.

To be imported once the settings have been read.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Sequence
from typing import Final

from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from deployments import storage
from deployments.actions.deployments import Wish, create_deployment
from deployments.actions.experiments import complete_artifact, create_artifact, create_experiment
from deployments.actions.rollouts import upgrade
from deployments.models import Deployment, Rollout
from deployments.planning.modes import Mode
from deployments.planning.targets import ToVersion
from mlops_console.actions.people import create_person
from mlops_console.actions.workspaces import create_workspace
from mlops_console.actor import ActorKind, system
from mlops_console.models import Workspace
from runtimes.actions.images import add_version, create_image
from runtimes.actions.runtimes import create_runtime
from runtimes.rules.runtime import RuntimeSpec

WORKSPACE: Final = "fleet"
PERSON: Final = "bench"
MODEL: Final = b'{"kind": "linear", "target": "price", "intercept": 1, "inputs": [{"name": "x", "coefficient": 2}]}'
_MODEL_TYPE: Final = "h2o3_mojo"
_REPOSITORY: Final = "registry.example.org:5000/bench/scorer"  # its pods are ready soon


class Console:
    """A new console."""

    def __init__(self) -> None:
        self._actor = system(ActorKind.COMMAND, PERSON)
        self._minor = 0
        self.uids: list[str] = []
        self.password = secrets.token_urlsafe(16)
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)

    @property
    def reference(self) -> str:
        """The image of the newest version."""
        return f"{_REPOSITORY}:1.{self._minor}.0"

    def fill(self, count: int, replicas: int) -> None:
        """Make so many deployments, each of one composition with a model's file, for a worker to bring up."""
        now, actor = timezone.now(), self._actor
        create_person(actor=actor, username=PERSON, password=self.password, is_platform_admin=True, now=now)
        place = create_workspace(actor=actor, uid=WORKSPACE, display_name="Fleet", description="", now=now)
        image = create_image(
            actor=actor, workspace=place, uid="scorer", display_name="Scorer", reference=self.reference, now=now
        )
        runtime = create_runtime(
            actor=actor,
            workspace=place,
            uid="scorer",
            model_type=_MODEL_TYPE,
            runtime_image=image.name,
            spec=RuntimeSpec(display_name="Scorer"),
            now=now,
        )
        options = {"kubernetesResourceSpec": {"replicas": replicas}}
        for number in range(count):
            wish = Wish(experiment=self._experiment(place, number), runtime=runtime.name, options=options)
            made = create_deployment(
                actor=actor,
                workspace=place,
                display_name=f"Prices {number}",
                mode=Mode.SINGLE,
                wishes=[wish],
                now=timezone.now(),
            )
            self.uids.append(made.uid)

    def healthy(self) -> int:
        """How many deployments are up."""
        return Deployment.objects.filter(health="HEALTHY").count()

    def upgrade(self, uids: Sequence[str]) -> Upgrades:
        """Upgrade deployments to a version that is new, all in one moment."""
        self._minor += 1
        version = add_version(
            actor=self._actor, workspace=WORKSPACE, image="scorer", reference=self.reference, now=timezone.now()
        )
        targets = {"*": ToVersion(version.name)}
        # No worker sees any of them before all have begun.
        with transaction.atomic():
            rollouts = [
                upgrade(actor=self._actor, workspace=WORKSPACE, uid=uid, targets=targets, now=timezone.now())
                for uid in uids
            ]
        return Upgrades(time.monotonic(), [each for each in rollouts if each])

    def transactions(self) -> int:
        """How many transactions the database has seen; a query outside of one is one."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
            )
            return int(cursor.fetchone()[0])

    def _experiment(self, place: Workspace, number: int) -> str:
        now, actor = timezone.now(), self._actor
        file = create_artifact(actor=actor, workspace=place, now=now)
        complete_artifact(actor=actor, uid=file.uid, stored=storage.store(file.uid, [MODEL]), now=now)
        made = create_experiment(
            actor=actor,
            workspace=place,
            display_name=f"Prices {number}",
            model_type=_MODEL_TYPE,
            artifact=file.uid,
            now=now,
        )
        return made.uid


class Upgrades:
    """Rollouts that were started at one moment."""

    def __init__(self, began: float, rollouts: Sequence[Rollout]) -> None:
        self._began = began
        self._rows = Rollout.objects.filter(pk__in=[each.pk for each in rollouts])
        self._pause = 0.02 if len(rollouts) == 1 else 0.5

    def waited_for(self, seconds: float) -> float:
        """Wait until all are over, for so long at most; answers the seconds since they were started."""
        while time.monotonic() - self._began < seconds and self._rows.filter(ended_at=None).exists():
            time.sleep(self._pause)
        return time.monotonic() - self._began

    def failures(self) -> Counter[str]:
        """What those say that have not succeeded, and how many of them."""
        rows = self._rows.exclude(status="SUCCEEDED")
        return Counter(f"{status}: {cause or 'not over'}" for status, cause in rows.values_list("status", "cause"))

    def seconds_each(self) -> list[float]:
        """How long each took from a worker's first look at it to its end."""
        rows = self._rows.filter(ended_at__isnull=False).values_list("started_at", "ended_at")
        return [(end - start).total_seconds() for start, end in rows if start and end]
