"""A real database, a real engine and real workers for tests of the worker, and somebody who keeps asking for scores."""

from __future__ import annotations

import http.client
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection
from django.utils import timezone

from deployments import storage
from deployments.actions.deployments import Wish, create_deployment
from deployments.actions.experiments import complete_artifact, create_artifact, create_experiment
from deployments.engines.local.engine import LocalEngine
from deployments.models import Composition, Deployment, Event, Experiment, Lease, Rollout, RolloutStep
from deployments.planning.modes import Mode
from deployments.rollouts.turn import turn
from mlops_console.actor import Actor, ActorKind, system
from runtimes.models import Runtime
from tests.cast import Cast
from tests.deployments.engines.harness import MODEL, REQUEST, RIGHT, asked, connected
from tests.factories import make_image, make_runtime, make_version

PATIENCE_SECONDS = 40.0
PAUSE_SECONDS = 0.02
NOT_OURS = {"TEST_DATA_DIR", "PYTEST_CURRENT_TEST"}
WORKER = system(ActorKind.WORKER, "worker of a test")


@dataclass
class Stage:
    """What one test works on; the engine may be shared with others."""

    cast: Cast
    data_dir: Path

    @property
    def engine(self) -> LocalEngine:
        """An engine in the data folder, as any worker of it has."""
        return LocalEngine(self.data_dir / "engine")

    @property
    def owner(self) -> Actor:
        """Who may do everything in the workspace."""
        return self.cast.actor("owner")

    def runtime(self, versions: str = "v1.0.0") -> Runtime:
        """A runtime on an image with these versions."""
        return make_runtime(make_image(self.cast.workspace, versions=versions))

    def deployment(self, runtime: Runtime, *weights: int) -> Deployment:
        """One that is to run on a runtime: single, or split by the weights."""
        wishes = [Wish(experiment=self.experiment(), runtime=runtime.name, weight=each) for each in weights or (None,)]
        return create_deployment(
            actor=self.owner,
            workspace=self.cast.workspace,
            display_name="Prices",
            mode=Mode.SPLIT if weights else Mode.SINGLE,
            wishes=wishes,
            now=timezone.now(),
        )

    def experiment(self) -> str:
        """The id of a new experiment whose model answers the harness's request rightly."""
        now, place = timezone.now(), self.cast.workspace
        file = create_artifact(actor=self.owner, workspace=place, now=now)
        stored = storage.store(file.uid, [json.dumps(MODEL).encode()])
        complete_artifact(actor=self.owner, uid=file.uid, stored=stored, now=now)
        made = create_experiment(
            actor=self.owner,
            workspace=place,
            display_name=f"Price model {Experiment.objects.count() + 1}",
            model_type="h2o3_mojo",
            artifact=file.uid,
            now=now,
        )
        return made.uid

    def turn_until(self, holds: Callable[[], object]) -> None:
        """Take turns in this process until something holds; no turn waits for its time."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            assert time.monotonic() < deadline, story()
            Lease.objects.update(look_at=timezone.now() - timedelta(minutes=1))
            assert turn(engine=self.engine, actor=WORKER, now=timezone.now())
            time.sleep(0.05)


def environment(data_dir: Path, **changes: str) -> dict[str, str]:
    """What a `run_worker` needs to work on this test's database."""
    ours = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    place = connection.settings_dict
    url = f"postgresql:///{place['NAME']}?host={quote(str(place['HOST']), safe='')}&user={place['USER']}"
    paths = os.pathsep.join(filter(None, [str(settings.BASE_DIR), os.environ.get("PYTHONPATH", "")]))
    return ours | {
        "DATABASE_URL": url,
        "DATA_DIR": str(data_dir),
        "DJANGO_SETTINGS_MODULE": "mlops_console.settings",
        "PYTHONPATH": paths,
        **changes,
    }


def until(holds: Callable[[], object], *, seconds: float = PATIENCE_SECONDS, every: float = 0.02) -> None:
    """Wait for workers to bring something about; fails with the story so far."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, story()
        time.sleep(every)


def is_healthy(deployment: Deployment) -> bool:
    """Whether the worker has seen it healthy."""
    return Deployment.objects.filter(pk=deployment.pk, health="HEALTHY").exists()


def is_over(rollout: Rollout) -> bool:
    """Whether nothing more will happen."""
    return Rollout.objects.get(pk=rollout.pk).is_over


def reached(rollout: Rollout, *phases: str) -> bool:
    """Whether a step of a rollout is in one of these phases."""
    return RolloutStep.objects.filter(rollout=rollout, phase__in=phases).exists()


def versions(deployment: Deployment) -> list[str]:
    """What its compositions run, in order."""
    rows = Composition.objects.filter(deployment=deployment).order_by("position")
    return list(rows.values_list("version__version", flat=True))


def story() -> str:
    """What happened so far, for a test that fails."""
    rows = list(Deployment.objects.values_list("health", "health_message"))
    steps = list(RolloutStep.objects.values_list("phase", flat=True))
    rollouts = list(Rollout.objects.values_list("status", "cause"))
    return f"{rows} {rollouts} {steps} {[str(each) for each in Event.objects.order_by('pk')]}"


@dataclass
class Callers:
    """A few clients that ask for scores without a break, bounded in number; two of three keep their connections."""

    address: str
    most: int = 4_000
    answered: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Ask while the block runs."""
        threads = [threading.Thread(target=self._keep if keeps else self._renew) for keeps in (True, True, False)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def check(self, seen: Sequence[str]) -> None:
        """Nothing failed, and each of these versions has answered, and no other."""
        assert not self.failures, self.failures[:5]
        assert set(self.answered) == set(seen)

    def _keep(self) -> None:
        with connected(self.address) as kept:
            for _ in range(self.most):
                if not self._ask(kept):
                    return

    def _renew(self) -> None:
        for _ in range(self.most):
            with connected(self.address) as fresh:
                if not self._ask(fresh):
                    return

    def _ask(self, over: http.client.HTTPConnection) -> bool:
        if self._stop.wait(PAUSE_SECONDS):
            return False
        try:
            answer = asked(over, self.address, "/model/score", REQUEST)
            if answer.status == http.client.OK and answer.json()["score"] == RIGHT:
                self.answered[answer.headers["X-Scorer-Version"]] += 1
            else:
                self.failures.append(f"{answer.status} {answer.body[:100]!r}")
        except (OSError, http.client.HTTPException) as error:
            self.failures.append(repr(error))
        return True


def bad_version(runtime: Runtime, version: str) -> None:
    """A version that never becomes ready."""
    make_version(runtime.image, version, reference=f"h2oai/scorer-neverready:{version.removeprefix('v')}")
