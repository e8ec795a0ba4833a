"""What tests of engines share: what a rig is, a patient caller, and clients that hammer a deployment."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from deployments.engines.contract import Engine, Phase, Seen, Share, Traffic, Wanted, Workload
from deployments.planning.modes import Mode

PATIENCE = 25.0  # seconds
MODEL = {"kind": "linear", "target": "price", "intercept": 1, "inputs": [{"name": "x", "coefficient": 2}]}
REQUEST = json.dumps({"fields": ["x"], "rows": [[3]]})
RIGHT = [[7.0]]


@dataclass(frozen=True)
class Answer:
    """What a request came to."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


Ask = Callable[[str, str | None], Answer]  # a path and perhaps a body


class Rig(Protocol):
    """One kind of engine as tests need it.

    `rolls` says that the engine goes from one version of a composition to the next by itself, as a cluster does;
    `patience` is how many seconds anything may take, `hammered` how many requests clients get in while a composition
    moves there and back.
    """

    rolls: bool
    patience: float
    hammered: int

    @property
    def engine(self) -> Engine:
        """The engine of the first worker."""

    def asking(self, address: str) -> AbstractContextManager[Ask]:
        """One client of a deployment, which keeps its connection if it has one to keep."""

    def copies(self, deployment: str, key: str) -> int:
        """How many requests were mirrored to a workload."""

    def reopen(self) -> Engine:
        """An engine of a worker that has just been started in the same world."""

    def image(self, kind: str) -> str:
        """An image that is `good`, `slow`, `neverready` or `crash`, which ends soon after it has become ready."""

    def kill(self, deployment: str, key: str) -> None:
        """End a workload's scorer without a warning."""


@dataclass
class Caller:
    """What a worker does, without its rules: apply and observe, until something holds."""

    rig: Rig
    model: Path

    def workload(self, key: str, version: str = "v1.0.0", *, kind: str = "good", **more: Any) -> Workload:
        """A workload; its composition is what stands before the first hyphen of its key."""
        more = {"artifact": str(self.model), "image": self.rig.image(kind)} | more
        return Workload(key=key, composition=key.partition("-")[0], version=version, **more)

    def until(self, wanted: Wanted, holds: Callable[[Seen], bool], *, engine: Engine | None = None) -> Seen:
        """Call again and again until it holds; fails the test when that takes too long."""
        engine = engine or self.rig.engine
        deadline = time.monotonic() + self.rig.patience
        while True:
            engine.apply(wanted)
            seen = engine.observe(wanted.deployment)
            if holds(seen):
                return seen
            assert time.monotonic() < deadline, f"still {seen}"
            time.sleep(0.02)

    def reach(self, wanted: Wanted) -> Seen:
        """Call until all that is wanted is ready, requests go where they should, and nothing else is left.

        With an engine that rolls by itself, what is wanted comes to the last workload of each composition.
        """
        end = rolled(wanted) if self.rig.rolls else wanted
        keys = {workload.key for workload in end.workloads}
        return self.until(
            wanted,
            lambda seen: (
                seen.serves(end.traffic)
                and seen.workloads.keys() == keys
                and all(seen.phase(key) is Phase.READY for key in keys)
            ),
        )

    def score(self, address: str) -> Answer:
        """One scoring request of a client that comes for it alone."""
        return self.ask(address, "/model/score", REQUEST)

    def ask(self, address: str, path: str, body: str | None = None) -> Answer:
        """One request of a client that comes for it alone."""
        with self.rig.asking(address) as asking:
            return asking(path, body)

    def hammer(self, address: str, **more: Any) -> Hammer:
        """Clients of a deployment."""
        return Hammer(self.rig, address, **more)

    def remove(self, deployment: str) -> None:
        """Call until a deployment is gone."""
        deadline = time.monotonic() + self.rig.patience
        while deployment in self.rig.engine.deployments():
            assert time.monotonic() < deadline, f"{deployment} is still there"
            self.rig.engine.remove(deployment)
            time.sleep(0.02)


def rolled(wanted: Wanted) -> Wanted:
    """What an engine that rolls by itself makes of what is wanted."""
    last = {workload.composition: workload for workload in wanted.workloads}
    to = {workload.key: last[workload.composition].key for workload in wanted.workloads}
    traffic = wanted.traffic and replace(
        wanted.traffic,
        shares=tuple(replace(share, workload=to[share.workload]) for share in wanted.traffic.shares),
        mirror=to.get(wanted.traffic.mirror, ""),
    )
    return replace(wanted, workloads=tuple(last.values()), traffic=traffic)


def single(deployment: str, *workloads: Workload, to: str = "", epoch: int = 0) -> Wanted:
    """One composition; requests go to the last workload, or to the one named."""
    key = to or workloads[-1].key
    return Wanted(deployment, workloads, Traffic(Mode.SINGLE, (Share(key),)), epoch)


def split(deployment: str, weights: dict[str, int], *workloads: Workload) -> Wanted:
    """Several compositions with weights by key."""
    shares = tuple(Share(key, weight) for key, weight in weights.items())
    return Wanted(deployment, workloads, Traffic(Mode.SPLIT, shares))


def shadow(deployment: str, *workloads: Workload) -> Wanted:
    """The first workload answers, the last gets copies."""
    return Wanted(deployment, workloads, Traffic(Mode.SHADOW, (Share(workloads[0].key),), workloads[-1].key))


def ask(address: str, path: str, body: str | bytes | None = None, method: str = "", **headers: str) -> Answer:
    """One request on a connection of its own."""
    with connected(address) as connection:
        return asked(connection, address, path, body, method, **headers)


def asked(
    connection: http.client.HTTPConnection,
    address: str,
    path: str,
    body: str | bytes | None = None,
    method: str = "",
    **headers: str,
) -> Answer:
    """One request on a connection."""
    base = address.partition("://")[2].partition("/")[2]
    connection.request(method or ("GET" if body is None else "POST"), f"/{base}{path}" if base else path, body, headers)
    response = connection.getresponse()
    return Answer(response.status, dict(response.getheaders()), response.read())


@contextmanager
def connected(address: str) -> Iterator[http.client.HTTPConnection]:
    """A connection to where an address leads."""
    connection = http.client.HTTPConnection(address.partition("://")[2].partition("/")[0], timeout=20)
    try:
        yield connection
    finally:
        connection.close()


def score(address: str) -> Answer:
    """One scoring request."""
    return ask(address, "/model/score", REQUEST)


@dataclass
class Hammer:
    """Clients that score without a pause, half of them on connections that they keep."""

    rig: Rig
    address: str
    most: int = 4_000  # requests of one client
    answered: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    @property
    def requests(self) -> int:
        """How many were sent."""
        return sum(self.answered.values()) + len(self.failures)

    @contextmanager
    def clients(self, keeping: int = 4, renewing: int = 4) -> Iterator[None]:
        """Hammer while the block runs."""
        threads = [threading.Thread(target=self._keep) for _ in range(keeping)]
        threads += [threading.Thread(target=self._renew) for _ in range(renewing)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _keep(self) -> None:
        with self.rig.asking(self.address) as asking:
            self._repeat(lambda: asking("/model/score", REQUEST))

    def _renew(self) -> None:
        def once() -> Answer:
            with self.rig.asking(self.address) as asking:
                return asking("/model/score", REQUEST)

        self._repeat(once)

    def _repeat(self, send: Callable[[], Answer]) -> None:
        for _ in range(self.most):
            if self._stop.is_set():
                return
            try:
                answer = send()
                if answer.status == 200 and answer.json()["score"] == RIGHT:
                    self.answered[answer.headers["X-Scorer-Version"]] += 1
                else:
                    self.failures.append(f"{answer.status} {answer.body[:100]!r}")
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
