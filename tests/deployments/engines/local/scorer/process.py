"""Running the reference scorer by itself."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployments.engines.local.guarded import PROJECT
from tests.deployments.engines.harness import Answer, ask
from tests.mlops_console.machine import eventually


@dataclass
class Running:
    """A scorer process and where it answers."""

    process: subprocess.Popen[bytes]
    address: str
    log: Path

    def ask(self, path: str, body: Any = None, method: str = "", **headers: str) -> Answer:
        """One request; a body that is no text is sent as JSON."""
        text = body if body is None or isinstance(body, str | bytes) else json.dumps(body)
        return ask(self.address, path, text, method, **headers)

    def score(self, body: Any) -> Any:
        """The answer to a scoring request, which must be good."""
        answer = self.ask("/model/score", body)
        assert answer.status == 200, answer
        return answer.json()

    def ready(self) -> bool:
        """Whether it says that it is."""
        return self.ask("/readyz").status == 200

    def end(self) -> int:
        """Ask it to end, and wait; answers the exit code."""
        self.process.terminate()
        return self.process.wait(30)


@contextmanager
def running(folder: Path, *options: str, model: Any = None, env: dict[str, str] | None = None) -> Iterator[Running]:
    """A scorer that has opened its port, of a model.json if one is given."""
    folder.mkdir(exist_ok=True)
    report, log = folder / "port.json", folder / "log"
    if model is not None:
        (folder / "model.json").write_text(json.dumps(model))
        options = (*options, f"--artifact={folder / 'model.json'}")
    command = [
        sys.executable,
        "-E",
        "-s",
        "-S",
        "-m",
        "deployments.engines.local.scorer",
        f"--report={report}",
        *options,
    ]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=PROJECT, stderr=out, env=env or {})
    try:
        assert eventually(lambda: report.exists() or process.poll() is not None)
        port = json.loads(report.read_text())["port"] if report.exists() else 0
        yield Running(process, f"http://127.0.0.1:{port}", log)
    finally:
        process.kill()
        process.wait()


def since(began: float) -> float:
    """Seconds gone by."""
    return time.monotonic() - began
