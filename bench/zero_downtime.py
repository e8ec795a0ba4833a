"""Whether an upgrade loses requests: `python -m bench.zero_downtime [--rolls 20] [--requests 100000]`.

A split deployment on the local engine of a console of its own, in a temporary folder, is upgraded and rolled back in
turn while 8 clients that keep their connections and 8 that do not score without a break. In every other roll the
worker is killed with SIGKILL at a random instant, once or more. Everything stays on the loopback, ends by itself, and
leaves nothing; exit code 1 where a request failed or a rollout did not end as it should.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployments.models import Deployment, Rollout

ROOT = Path(__file__).resolve().parent.parent
KEEPING, RENEWING = 8, 8
LEASE_SECONDS = 2
ROLL_SECONDS_MAX = 90.0
REST_SECONDS = 3.0  # between two rolls
ALL_SECONDS_MAX = 3_600.0
KILL_AFTER = (0.0, 4.0)  # seconds into a roll
MODEL = b'{"kind": "linear", "target": "price", "intercept": 1, "inputs": [{"name": "x", "coefficient": 2}]}'


def main() -> int:
    """Measure, print, and answer the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rolls", type=int, default=20, help="upgrades and rollbacks (default: 20)")
    parser.add_argument("--requests", type=int, default=100_000, help="go on until there are so many (default: 100000)")
    parser.add_argument("--seed", type=int, default=None, help="of the instants at which the worker is killed")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10_000)
    with tempfile.TemporaryDirectory(prefix="zero-downtime-") as folder:
        os.environ |= {"DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "mlops_console.settings", "LOG_LEVEL": "ERROR"}
        os.environ.pop("DATABASE_URL", None)
        return _measure(Path(folder), options.rolls, options.requests, seed)


def _measure(folder: Path, rolls: int, requests: int, seed: int) -> int:
    import django
    from django.core.management import call_command

    django.setup()
    from django.db import connection

    from mlops_console.database import supply
    from mlops_console.database.cluster import Cluster

    call_command("migrate", interactive=False, verbosity=0)
    chances = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    bench = Bench(folder)
    try:
        bench.deploy()
        with bench.clients(folder / "requests.txt"):
            for number in range(rolls):
                bench.roll(number, chances)
                _say(f"\rroll {number + 1} of {rolls}, worker killed {bench.kills} times ", end="")
                time.sleep(REST_SECONDS)
            bench.until(lambda: _count(folder / "requests.txt") >= requests, seconds=ALL_SECONDS_MAX)
    finally:
        bench.worker.kill()
        bench.worker.wait()
        call_command("stop_engine")
        connection.close()
        supply.leave(Cluster(folder.resolve() / "postgres"))
    return report(read(folder / "requests.txt"), bench, seed)


@dataclass
class Bench:
    """A deployment, its worker, and when it rolled."""

    folder: Path
    kills: int = 0
    faults: list[str] = field(default_factory=list)
    windows: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.worker = self.start_worker()

    def start_worker(self) -> subprocess.Popen[bytes]:
        """A worker that takes over from a silent one after two seconds."""
        command = [sys.executable, str(ROOT / "manage.py"), "run_worker", f"--lease-seconds={LEASE_SECONDS}"]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def deploy(self) -> None:
        """Bring up a split deployment on the older of two versions."""
        from django.utils import timezone

        from deployments import storage
        from deployments.actions.deployments import Wish, create_deployment
        from deployments.actions.experiments import complete_artifact, create_artifact, create_experiment
        from deployments.planning.modes import Mode
        from mlops_console.actions.workspaces import create_workspace
        from mlops_console.actor import ActorKind, system
        from runtimes.actions.images import add_version, create_image
        from runtimes.actions.runtimes import create_runtime
        from runtimes.rules.runtime import RuntimeSpec

        now, self.actor = timezone.now(), system(ActorKind.COMMAND, "bench")
        place = create_workspace(actor=self.actor, uid="bench", display_name="Bench", description="", now=now)
        image = create_image(
            actor=self.actor,
            workspace=place,
            uid="scorer",
            display_name="Scorer",
            reference="bench/scorer:1.0.0",
            now=now,
        )
        self.names = [f"{image.name}/versions/v1.0.0", f"{image.name}/versions/v1.1.0"]
        runtime = create_runtime(
            actor=self.actor,
            workspace=place,
            uid="scorer",
            model_type="h2o3_mojo",
            runtime_image=image.name,
            spec=RuntimeSpec(display_name="Scorer"),
            now=now,
        )
        wishes = []
        for name, weight in (("A", 30), ("B", 70)):
            file = create_artifact(actor=self.actor, workspace=place, now=now)
            complete_artifact(actor=self.actor, uid=file.uid, stored=storage.store(file.uid, [MODEL]), now=now)
            made = create_experiment(
                actor=self.actor,
                workspace=place,
                display_name=name,
                model_type="h2o3_mojo",
                artifact=file.uid,
                now=now,
            )
            wishes.append(Wish(experiment=made.uid, runtime=runtime.name, weight=weight))
        self.deployment: Deployment = create_deployment(
            actor=self.actor, workspace=place, display_name="Prices", mode=Mode.SPLIT, wishes=wishes, now=now
        )
        add_version(actor=self.actor, workspace="bench", image="scorer", reference="bench/scorer:1.1.0", now=now)
        self.until(self._is_healthy)

    @contextmanager
    def clients(self, out: Path) -> Iterator[None]:
        """Score from two processes of their own, so that measuring is not in the way of what is measured."""
        self.deployment.refresh_from_db()
        parts = [out.with_suffix(f".{number}") for number in range(2)]
        command = [sys.executable, str(ROOT / "bench" / "clients.py"), self.deployment.address]
        shares = [str(KEEPING // 2), str(RENEWING // 2)]
        running = [subprocess.Popen([*command, *shares, str(part)], stdin=subprocess.PIPE) for part in parts]
        try:
            time.sleep(REST_SECONDS)
            yield
        finally:
            for each in running:
                each.communicate(timeout=60)

    def roll(self, number: int, chances: random.Random) -> None:
        """Go to the other version, in every other roll with a worker that does not live to see it."""
        from django.utils import timezone

        from deployments.actions.rollouts import upgrade
        from deployments.planning.targets import ToVersion

        target = self.names[(number + 1) % 2]
        began = time.time()
        rollout = upgrade(
            actor=self.actor,
            workspace="bench",
            uid=self.deployment.uid,
            targets={"*": ToVersion(target)},
            now=timezone.now(),
        )
        assert rollout  # noqa: S101 - there is always another version to go to
        if number % 2:
            for _ in range(chances.choice((1, 1, 2))):
                time.sleep(chances.uniform(*KILL_AFTER))
                self.worker.kill()
                self.worker.wait()
                self.worker = self.start_worker()
                self.kills += 1
        self.until(lambda: self._is_over(rollout), seconds=ROLL_SECONDS_MAX)
        self.windows.append((began, time.time()))
        rollout.refresh_from_db()
        runs = sorted(set(self.deployment.compositions.values_list("version__version", flat=True)))
        if (rollout.status, runs) != ("SUCCEEDED", [target.rpartition("/")[2]]):
            self.faults.append(f"roll {number + 1} ended {rollout.status} on {', '.join(runs)}: {rollout.cause}")

    def until(self, holds: object, seconds: float = ROLL_SECONDS_MAX) -> None:
        """Wait for something; raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while not holds():  # type: ignore[operator]
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {seconds:.0f} s")
            time.sleep(0.1)

    def _is_healthy(self) -> bool:
        self.deployment.refresh_from_db()
        return self.deployment.health == "HEALTHY"

    def _is_over(self, rollout: Rollout) -> bool:
        rollout.refresh_from_db()
        return rollout.is_over


@dataclass(frozen=True)
class Request:
    """One request: when, for how long in seconds, and what became of it."""

    at: float
    took: float
    said: str


def _parts(out: Path) -> list[Path]:
    return [out.with_suffix(f".{number}") for number in range(2)]


def _count(out: Path) -> int:
    return sum(part.read_bytes().count(b"\n") for part in _parts(out) if part.exists())


def read(out: Path) -> list[Request]:
    """Every request of every client."""
    found = []
    for part in _parts(out):
        for line in part.read_text(encoding="utf-8").splitlines():
            at, took, said = line.split(" ", 2)
            found.append(Request(float(at), float(took), said))
    return found


def report(requests: Sequence[Request], bench: Bench, seed: int) -> int:
    """Print the table and answer the exit code."""
    rolling: list[Request] = []
    resting: list[Request] = []
    for each in requests:
        amid = any(began <= each.at + each.took and each.at <= ended for began, ended in bench.windows)
        (rolling if amid else resting).append(each)
    failed = [each for each in requests if each.said.startswith("!")]
    _say(f"\n\n{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    _say(
        f"{len(bench.windows)} rolls of {_mean_length(bench.windows):.1f} s on average; "
        f"the worker was killed {bench.kills} times (--seed {seed})\n"
    )
    _say(f"{'':14}{'requests':>10}{'failed':>8}{'a second':>10}{'median':>10}{'p99':>10}{'longest':>10}")
    for name, part in (("during a roll", rolling), ("at rest", resting), ("all", list(requests))):
        _say(_row(name, part, bench.windows))
    for fault in (*bench.faults, *(f"{each.at:.3f} {each.said}" for each in failed[:20])):
        _say(fault)
    return 1 if failed or bench.faults else 0


def _row(name: str, part: Sequence[Request], windows: Sequence[tuple[float, float]]) -> str:
    took = sorted(each.took for each in part) or [0.0]
    failed = sum(each.said.startswith("!") for each in part)
    rolled = sum(ended - began for began, ended in windows)
    whole = max((each.at for each in part), default=0.0) - min((each.at for each in part), default=0.0)
    seconds = {"during a roll": rolled, "at rest": whole - rolled}.get(name, whole) or 1.0
    times = "".join(f"{1000 * value:>7.1f} ms" for value in (_at(took, 0.5), _at(took, 0.99), took[-1]))
    return f"{name:14}{len(part):>10,}{failed:>8,}{len(part) / seconds:>10,.0f}{times}"


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _mean_length(windows: Sequence[tuple[float, float]]) -> float:
    return sum(ended - began for began, ended in windows) / max(1, len(windows))


def _say(text: str, end: str = "\n") -> None:
    sys.stdout.write(text + end)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
