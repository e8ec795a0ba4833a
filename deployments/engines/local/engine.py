"""The local engine: scorer processes and a router, both of which outlive the worker that started them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from deployments.engines.contract import Counts, Seen, SeenWorkload, Wanted, check_name
from deployments.engines.local.files import Turn, turn
from deployments.engines.local.guarded import Guarded, wait_until
from deployments.engines.local.router import Router, Unreachable
from deployments.engines.local.routes import Routes, choose
from deployments.engines.local.scorers import Scorer, scorers_in

SECONDS_TO_STOP = 5.0
SECONDS_TO_DIE = 5.0


class LocalEngine:
    """Runs one process per workload, whatever its replicas, and keeps all it knows in `folder`; port 0 picks one."""

    def __init__(self, folder: Path, port: int = 0, host: str = "127.0.0.1") -> None:
        self._folder = folder.resolve()
        self._router = Router(self._folder / "router", host, port)

    def listen(self, heard: Callable[[str], None]) -> bool:
        """False: processes tell nobody how they are."""
        return False

    def apply(self, wanted: Wanted) -> None:
        """Move a deployment one step towards what is wanted; raises EngineFault, Fenced."""
        with self._turn(wanted.deployment, wanted.epoch) as mine:
            self._router.ensure()
            scorers, seen = self._look(wanted.deployment)
            for workload in wanted.workloads:
                mine.check()
                self._scorer(wanted.deployment, workload.key).keep(workload, seen.get(workload.key))
            in_force = self._in_force(wanted.deployment)
            planned = choose(wanted, seen, in_force)
            urls = {key: url for key in seen if (url := scorers[key].url)}
            mine.check()
            if not self._router.tell(wanted.deployment, planned, urls, in_force):
                return
            # only now is it certain that the others get no more requests
            for key in scorers.keys() - planned.keys() - {workload.key for workload in wanted.workloads}:
                mine.check()
                scorers[key].drain()

    def observe(self, deployment: str) -> Seen:
        """Look at a deployment; raises EngineFault."""
        routes = self._in_force(check_name(deployment))
        traffic = routes.traffic() if routes else None
        return Seen(deployment, self._look(deployment)[1], traffic, self._router.address(deployment))

    def remove(self, deployment: str, *, epoch: int = 0) -> None:
        """Take a deployment one step towards its end; raises EngineFault, Fenced, Unreachable."""
        with self._turn(deployment, epoch) as mine:
            self._router.forget(deployment)
            if self._router.in_force(deployment) is not None:
                return
            scorers, _ = self._look(deployment)
            for scorer in scorers.values():
                mine.check()
                scorer.drain()
            if not any(self._home(deployment).glob("*")):
                shutil.rmtree(self._home(deployment), ignore_errors=True)

    def deployments(self) -> Iterable[str]:
        """The deployments of which anything exists."""
        homes = self._folder / "deployments"
        names = {home.name for home in homes.iterdir()} if homes.exists() else set()
        return sorted(names | set(self._router.told()))

    def traffic_counts(self, deployment: str) -> Counts:
        """Requests since the router began; raises Unreachable."""
        return self._router.counts(deployment)

    def stop_all(self) -> None:
        """Stop scorers and router, let them finish what they have for a few seconds, and forget every deployment."""
        for run in self._runs():
            run.ask_to_stop()
        self._end(SECONDS_TO_STOP)

    def close(self) -> None:
        """Nothing is held between calls."""

    def clear_leftovers(self) -> int:
        """End at once what a console that was killed has left running here; answers how many processes that were.

        Only for a console that has this folder to itself.
        """
        return self._end(0)

    def _end(self, patience: float) -> int:
        runs = self._runs()
        alive = sum(run.alive() for run in runs)
        for run in wait_until(runs, patience):
            run.kill()
        wait_until(runs, SECONDS_TO_DIE)
        for name in ("deployments", "turns", "router/dynamic"):
            shutil.rmtree(self._folder / name, ignore_errors=True)
        return alive

    def _runs(self) -> list[Guarded]:
        scorers = [scorer for name in self.deployments() for scorer in self._scorers(name).values()]
        return [self._router.run, *(scorer.run for scorer in scorers)]

    def _look(self, deployment: str) -> tuple[dict[str, Scorer], dict[str, SeenWorkload]]:
        scorers = self._scorers(deployment)
        return scorers, {key: seen for key, scorer in scorers.items() if (seen := scorer.look())}

    def _scorers(self, deployment: str) -> dict[str, Scorer]:
        return {scorer.key: scorer for scorer in scorers_in(self._home(deployment), deployment)}

    def _scorer(self, deployment: str, key: str) -> Scorer:
        return Scorer(self._home(deployment) / key, f"/{deployment}.{key}")

    def _home(self, deployment: str) -> Path:
        return self._folder / "deployments" / deployment

    def _in_force(self, deployment: str) -> Routes | None:
        with suppress(Unreachable):
            return self._router.in_force(deployment)
        return None

    @contextmanager
    def _turn(self, deployment: str, epoch: int) -> Iterator[Turn]:
        turns = self._folder / "turns"
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        turns.mkdir(exist_ok=True)
        with turn(turns / check_name(deployment), epoch) as mine:
            yield mine
