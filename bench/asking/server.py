"""The web server as `manage.py up` starts it, on a database that is filled already."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlops_console.management.commands.up import web_server
from mlops_console.processes import bound_to_parent
from mlops_console.serving.listening import listen
from mlops_console.serving.readiness import wait_until_ready

ROOT: Final = Path(__file__).resolve().parents[2]
CONSOLE, BESIDE = "mlops_console.settings", "bench.beside.settings"
WORKERS: Final = 2
SECONDS_TO_STOP: Final = 30
_PSS: Final = "Pss:"


@dataclass(frozen=True)
class Server:
    """A running web server."""

    port: int
    pid: int

    def workers(self) -> list[int]:
        """The processes that answer, by number; none where the system does not tell."""
        try:
            return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]
        except OSError:
            return []

    def memory(self) -> list[int]:
        """The memory of each worker in bytes, its share of what is shared included (PSS)."""
        return [_proportional(pid) for pid in self.workers()]


def environment(data_dir: Path | None, settings: str) -> dict[str, str]:
    """The environment of a console on a folder, or on the database of DATABASE_URL with a folder for its secrets."""
    kept = {name: value for name, value in os.environ.items() if name not in ("DJANGO_SETTINGS_MODULE", "SECRET_KEY")}
    changes = {"DJANGO_SETTINGS_MODULE": settings, "WEB_WORKERS": str(WORKERS), "PYTHONPATH": str(ROOT)}
    changes["LOG_LEVEL"] = "WARNING"  # a word for each sign-in is left out
    if data_dir is not None:
        kept.pop("DATABASE_URL", None)
        changes["DATA_DIR"] = str(data_dir)
    return kept | changes


@contextmanager
def serving(env: Mapping[str, str]) -> Iterator[Server]:
    """A server that answers, stopped in the end; raises StartFault."""
    listener = listen("127.0.0.1", 0)
    port = int(listener.getsockname()[1])
    descriptor = listener.fileno()
    command = bound_to_parent(web_server(descriptor), "TERM")
    process = subprocess.Popen(command, pass_fds=[descriptor], stdin=subprocess.DEVNULL, env=env, cwd=ROOT)
    listener.close()
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", ended=lambda: _ended(process))
        yield Server(port, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def run(module: str, *options: str, env: Mapping[str, str], seconds: float) -> str:
    """What a module of ours prints; raises CalledProcessError or TimeoutExpired."""
    command = [sys.executable, "-m", module, *options]
    return subprocess.run(
        command, env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=seconds, check=True
    ).stdout


def _ended(process: subprocess.Popen[bytes]) -> str | None:
    code = process.poll()
    return None if code is None else f"the web server ended with exit code {code}"


def _proportional(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(_PSS):
            return int(line.split()[1]) * 1024
    return 0
