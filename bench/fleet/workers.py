"""Worker processes, and what they cost."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlops_console.processes import bound_to_parent

ROOT: Final = Path(__file__).resolve().parents[2]
SECONDS_TO_START: Final = 120.0
SECONDS_TO_STOP: Final = 60
SAMPLE_SECONDS: Final = 1.0
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_TURNS: Final = re.compile(r'^mlops_console_worker_turns_total\{outcome="(\w+)"\} ([0-9.e+]+)$', re.MULTILINE)


@dataclass
class Worker:
    """A worker, the file with what it has said, and the most memory that it was seen to have, in bytes."""

    process: subprocess.Popen[bytes]
    log: Path
    peak: int = 0

    def cpu_seconds(self) -> float:
        """The time that it has spent on a processor, in its own code and in the system's."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory(self) -> int:
        """Its memory in bytes, its share of what is shared included (PSS)."""
        return proportional(self.process.pid)

    def resident_peak(self) -> int:
        """The most memory that it ever had in bytes, with all that is shared."""
        return _kilobytes(Path(f"/proc/{self.process.pid}/status"), "VmHWM:")

    def turns(self) -> Counter[str]:
        """How many turns it has taken, by what became of them."""
        address = re.search(r"http://\S+(?=/healthz)", self.log.read_text(encoding="utf-8"))
        if address is None:
            return Counter()
        with urllib.request.urlopen(f"{address[0]}/metrics", timeout=30) as answer:  # noqa: S310 - our own worker's
            found = _TURNS.findall(answer.read().decode())
        return Counter({outcome: int(float(count)) for outcome, count in found})

    def has_started(self) -> bool:
        """Whether its loop runs; raises RuntimeError where it has ended."""
        if self.process.poll() is not None:
            raise RuntimeError(f"a worker ended with exit code {self.process.returncode}")
        return "The worker is ready." in self.log.read_text(encoding="utf-8")


@contextmanager
def working(count: int, folder: Path) -> Iterator[list[Worker]]:
    """So many workers, told to stop in the end; raises RuntimeError for one that does not start."""
    started: list[Worker] = []
    done = threading.Event()
    sampler = threading.Thread(target=_sample, args=(started, done), name="memory")
    try:
        started.extend(_start(folder) for _ in range(count))
        until(lambda: all(each.has_started() for each in started), "a worker is ready", SECONDS_TO_START)
        sampler.start()
        yield started
    except Exception as error:
        error.add_note("\n".join(each.log.read_text(encoding="utf-8")[-3000:] for each in started))
        raise
    finally:
        done.set()
        if sampler.ident is not None:
            sampler.join()
        for each in started:
            each.process.terminate()
        for each in started:
            _end(each.process)


def until(holds: Callable[[], object], what: str, seconds: float, *, pause: float = 0.2) -> None:
    """Wait for something; raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:.0f} s: {what}")
        time.sleep(pause)


def proportional(pid: int) -> int:
    """The memory of a process in bytes, its share of what is shared included (PSS)."""
    return _kilobytes(Path(f"/proc/{pid}/smaps_rollup"), "Pss:")


def _start(folder: Path) -> Worker:
    log = folder / f"worker-{time.monotonic_ns()}.log"
    command = [sys.executable, str(ROOT / "manage.py"), "run_worker", "--metrics-port=0"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            bound_to_parent(command, "KILL"), stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=ROOT
        )
    return Worker(process, log)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _sample(workers: list[Worker], done: threading.Event) -> None:
    while not done.wait(SAMPLE_SECONDS):
        for each in workers:
            if each.process.poll() is None:
                each.peak = max(each.peak, each.memory())


def _kilobytes(file: Path, name: str) -> int:
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    return 0
