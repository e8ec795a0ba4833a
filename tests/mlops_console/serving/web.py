"""Running the web server by itself, as a pod does, on a database that the test may stop."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from django.conf import settings

from mlops_console.database import supply
from mlops_console.database.cluster import DATABASE, SUPERUSER, Cluster
from mlops_console.management.commands.up import web_server
from mlops_console.serving.listening import listen
from tests.mlops_console.observing.samples import Samples, samples
from tests.mlops_console.serving.console import environment

TOKEN = "only-for-scrapes-of-this-test-0123456789"
POD = "10.42.0.17:8000"  # what probes and scrapes call it by, which is no name of it
SECONDS_TO_START = 90


@dataclass(frozen=True)
class Web:
    """A web server that was started."""

    process: subprocess.Popen[bytes]
    port: int
    data_dir: Path
    log: Path

    def ask(self, path: str, method: str = "GET", *, host: str = "127.0.0.1", **headers: str) -> tuple[int, str]:
        """Status and body of a request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, headers={"Host": host, **headers})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def is_alive(self) -> bool:
        """What a kubelet hears."""
        return self.ask("/healthz", host=POD)[0] == http.client.OK

    def readiness(self) -> tuple[int, str]:
        """What a kubelet hears, too."""
        return self.ask("/readyz", host=POD)

    def scrape(self) -> Samples:
        """What Prometheus hears."""
        status, text = self.ask("/metrics", host=POD, Authorization=f"Bearer {TOKEN}")
        assert status == http.client.OK, text
        return samples(text)

    def workers(self) -> set[int]:
        """The processes that answer."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return set(map(int, children))

    def folders(self) -> list[Path]:
        """Where it and others on its data folder count."""
        return sorted(self.data_dir.glob("metrics/web-*"))


@contextmanager
def web(data_dir: Path, url: str, **changes: str) -> Iterator[Web]:
    """A web server that lives, whether or not its database does; killed in the end if the test has not stopped it."""
    data_dir.mkdir(parents=True, exist_ok=True)
    listener, log = listen("127.0.0.1", 0), data_dir / "web.log"
    env = environment(DATA_DIR=str(data_dir), DATABASE_URL=url, METRICS_TOKEN=TOKEN, **changes)
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(settings.BASE_DIR), env.get("PYTHONPATH", "")]))
    with log.open("wb") as out:
        process = subprocess.Popen(
            web_server(listener.fileno()), cwd=data_dir, env=env, pass_fds=[listener.fileno()], stderr=out
        )
    try:
        made = Web(process, listener.getsockname()[1], data_dir, log)
        listener.close()
        assert made.is_alive()  # waits in the queue of the socket until somebody answers
        yield made
    finally:
        process.kill()
        process.wait()


def command(*arguments: str, **changes: str) -> None:
    """A management command, outside the test's own settings."""
    line = [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments, "--verbosity=0"]
    subprocess.run(line, env=environment(SECRET_KEY="x" * 50, **changes), check=True, timeout=120)


@dataclass(frozen=True)
class Server:
    """A PostgreSQL of the test's own."""

    cluster: Cluster

    @property
    def url(self) -> str:
        """What DATABASE_URL says."""
        return f"postgresql:///{DATABASE}?host={quote(str(self.cluster.sockets), safe='')}&user={SUPERUSER}"

    def migrate(self) -> None:
        """Make the console's tables."""
        command("migrate", DATABASE_URL=self.url)

    def start(self) -> None:
        """Start it, or start it again."""
        supply.ensure(self.cluster)

    def stop(self) -> None:
        """Stop it, whoever is connected."""
        os.kill(self._pid(), signal.SIGINT)
        assert supply.until_stopped(self.cluster, seconds_in_use=30)

    def connections(self) -> int:
        """How many clients are connected, or wait to be."""
        return Path("/proc/net/unix").read_text().count(f"{self.cluster.sockets}/.s.PGSQL")

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Let it take connections and answer to none."""
        first = self._pid()
        os.kill(first, signal.SIGSTOP)
        # Those that it has for connections. There will be no more of them now, but some may be about to end.
        others = list(map(int, Path(f"/proc/{first}/task/{first}/children").read_text().split()))
        self._tell(others, signal.SIGSTOP)
        try:
            yield
        finally:
            self._tell([*others, first], signal.SIGCONT)

    def _pid(self) -> int:
        return int((self.cluster.data / "postmaster.pid").read_text().splitlines()[0])

    @staticmethod
    def _tell(processes: list[int], number: signal.Signals) -> None:
        for pid in processes:
            with suppress(ProcessLookupError):
                os.kill(pid, number)


@contextmanager
def server(home: Path) -> Iterator[Server]:
    """A PostgreSQL that is gone in the end."""
    cluster = Cluster(home, durable=False)
    supply.ensure(cluster)
    try:
        yield Server(cluster)
    finally:
        supply.leave(cluster)
        assert supply.until_stopped(cluster, seconds_in_use=10)
