"""The scorer processes of one deployment: a folder each, in which everything that is known about it stands.

`workload.json` says what the workload is and which run of it counts; `run-N` holds what its guardian noted, the port
that the scorer reported, the verdict about its readiness, and its log. `draining.json` is written before it is asked
to stop.
"""

from __future__ import annotations

import http.client
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from deployments.engines.contract import Phase, SeenWorkload, Workload
from deployments.engines.local import causes, scorer
from deployments.engines.local.files import read, sole, write, write_once
from deployments.engines.local.guarded import PLAIN_ENVIRONMENT, PYTHON, Guarded, launch

PROBE_SECONDS = 1.0
SECONDS_TO_DRAIN = 30.0
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 60.0  # seconds before a scorer that has died is started again
LONG_LIFE = 600.0  # seconds after which one that dies counts as if it had never died before
_FRESH: Final[dict[str, Any]] = {"run": 0, "restarts": 0, "proven": False}


@dataclass(frozen=True)
class Scorer:
    """One workload's folder; `base` is the path under which its process answers beside the plain one."""

    folder: Path
    base: str

    @property
    def key(self) -> str:
        """The workload's key."""
        return self.folder.name

    @property
    def run(self) -> Guarded:
        """The process that counts."""
        return Guarded(self.folder / f"run-{self._meta['run']}")

    @property
    def url(self) -> str:
        """Where the process answers, `""` while it has not said."""
        report = read(self.run.folder / "port.json")
        return f"http://127.0.0.1:{report['port']}{self.base}" if report else ""

    def look(self) -> SeenWorkload | None:
        """The workload as it is, None when there is none; asks a starting one whether it is ready."""
        meta = read(self.folder / "workload.json")
        if meta is None:
            return None
        run = Guarded(self.folder / f"run-{meta['run']}")
        phase, since, cause = _phase(self.folder, meta, run)
        if phase is Phase.STARTING:
            with suppress(FileNotFoundError):  # not begun yet, or being cleared by the worker
                self._judge(meta, run)
            phase, since, cause = _phase(self.folder, meta, run)
        if phase is Phase.GONE:
            return None
        return SeenWorkload(
            key=self.key,
            composition=meta["composition"],
            version=meta["version"],
            phase=phase,
            since=datetime.fromtimestamp(since, UTC),
            cause=cause,
            restarts=meta["restarts"],
        )

    def keep(self, workload: Workload, seen: SeenWorkload | None) -> None:
        """Start what does not run or has died, stop what did not become ready; raises EngineFault."""
        if seen is None or seen.phase is Phase.DRAINING:
            # wanted again while it stops: begins anew once it has stopped
            if not self.folder.exists() or self.clear():
                self._start(workload, _FRESH)
        elif seen.phase is Phase.STARTING and not self.run.begun:
            self._start(workload, None)  # whoever was starting it may have been killed
        elif seen.phase is Phase.FAILED:
            self._mend(workload, seen)

    def drain(self) -> None:
        """Let it finish what it has and stop, and clear its folder once it has; raises EngineFault."""
        write_once(self.folder / "draining.json", {"at": time.time()})
        if not self.clear():
            self.run.ask_to_stop()

    def clear(self) -> bool:
        """Remove the folder if nothing runs in it; answers whether it did."""
        with sole(self.folder / "lock") as lock:
            if lock is None:
                return False
            shutil.rmtree(self.folder, ignore_errors=True)
        return not self.folder.exists()

    def _mend(self, workload: Workload, seen: SeenWorkload) -> None:
        if self.run.alive():
            self.run.ask_to_stop()
            return
        proven = self._meta["proven"] or bool((read(self.run.folder / "verdict.json") or {}).get("ready"))
        ended = self.run.ended()
        tries = 0 if ended and ended.lasted > LONG_LIFE else min(seen.restarts, 10)
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2**tries)
        if proven and time.time() >= seen.since.timestamp() + pause:
            self._start(workload, {"run": self._meta["run"] + 1, "restarts": seen.restarts + 1, "proven": True})

    def _start(self, workload: Workload, run: dict[str, Any] | None) -> None:
        """Start the run that counts, or first make a new one that counts, unless a process lives already."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with sole(self.folder / "lock") as lock:
            if lock is None:
                return
            if run:
                of = {"composition": workload.composition, "version": workload.version, "at": time.time()}
                readiness = {"path": workload.readiness_path, "within": workload.ready_within_seconds}
                write(self.folder / "workload.json", {**run, **of, **readiness})
                shutil.rmtree(self.folder / f"run-{run['run'] - 2}", ignore_errors=True)
            folder = self.run.folder
            folder.mkdir(exist_ok=True)
            variables = {**PLAIN_ENVIRONMENT, **workload.environment}
            if workload.selector:
                variables["SCORER_SELECTOR"] = json.dumps(dict(workload.selector))
            launch(folder, lock, self._command(workload, folder), variables, grace=SECONDS_TO_DRAIN)

    def _command(self, workload: Workload, folder: Path) -> list[str]:
        options = {
            "image": workload.image,
            "version": workload.version,
            "artifact": str(Path(workload.artifact).absolute()) if workload.artifact else "",
            "id": workload.composition,
            "readiness-path": workload.readiness_path,
            "base": self.base,
            "report": str(folder / "port.json"),
        }
        return [*PYTHON, "-m", scorer.__name__, *(f"--{name}={value}" for name, value in options.items())]

    def _judge(self, meta: dict[str, Any], run: Guarded) -> None:
        """Note for good that a starting process is ready, or that its time is over."""
        answer = _probe(self.url, meta["path"]) if self.url else "it has opened no port"
        verdict = run.folder / "verdict.json"
        if not answer:
            write_once(verdict, {"ready": True, "at": time.time()})
        elif time.time() > meta["at"] + meta["within"]:
            write_once(verdict, {"ready": False, "at": time.time(), "cause": causes.not_ready(meta["within"], answer)})

    @property
    def _meta(self) -> dict[str, Any]:
        return read(self.folder / "workload.json") or _FRESH


def scorers_in(folder: Path, deployment: str) -> Iterator[Scorer]:
    """The workloads of a deployment that have a folder."""
    with suppress(FileNotFoundError):
        for each in sorted(folder.iterdir()):
            yield Scorer(each, f"/{deployment}.{each.name}")


def _phase(folder: Path, meta: dict[str, Any], run: Guarded) -> tuple[Phase, float, str]:
    """Phase, since when, and why."""
    ended = run.ended()
    if draining := read(folder / "draining.json"):
        return (Phase.GONE if ended else Phase.DRAINING), draining["at"], ""
    verdict = read(run.folder / "verdict.json") or {}
    if verdict.get("ready") is False:
        return Phase.FAILED, verdict["at"], verdict["cause"]
    if ended:
        return Phase.FAILED, ended.at or verdict.get("at", meta["at"]), causes.of_the_end(ended.code, run.last_words())
    if verdict:
        return Phase.READY, verdict["at"], ""
    return Phase.STARTING, meta["at"], ""


def _probe(url: str, path: str) -> str:
    """Nothing when the readiness path answers with a status below 400, else what it answered."""
    address, base = url.removeprefix("http://").split("/", 1)
    connection = http.client.HTTPConnection(address, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", f"/{base}{path}")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"{path} did not answer ({str(error) or type(error).__name__})"
    finally:
        connection.close()
    return "" if 200 <= status < 400 else f"{path} answered {status}"
