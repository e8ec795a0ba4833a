"""Everything that one run has measured, and where."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.asking.case import Group, Variant
from bench.asking.export import Exported
from bench.asking.timing import Timed


@dataclass(frozen=True)
class Result:
    """One contender of one case."""

    size: int
    case: str
    group: Group
    variant: Variant
    grows: bool
    timed: Timed


@dataclass
class Results:
    """One run."""

    command: str
    machine: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    sizes: list[int] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)  # that each part of the run took
    rows: list[Result] = field(default_factory=list)
    again: list[str] = field(default_factory=list)  # cases that were measured twice
    faults: dict[str, str] = field(default_factory=dict)  # by case
    memory: list[int] = field(default_factory=list)  # of each worker of the console alone, after the run, in bytes
    export: Exported | None = None
    wrk: str = ""

    def of(self, variant: Variant, *groups: Group) -> Iterator[Result]:
        """The results of one variant, of some groups or of all."""
        return (each for each in self.rows if each.variant is variant and (not groups or each.group in groups))

    def find(self, size: int, case: str, variant: Variant) -> Timed | None:
        """What one contender took."""
        found = (each for each in self.of(variant) if (each.size, each.case) == (size, case))
        return next((each.timed for each in found), None)

    def data(self) -> dict[str, Any]:
        """The run as JSON has it."""
        return asdict(self)


def machine() -> dict[str, str]:
    """What this ran on, and how busy that was."""
    return {
        "system": platform.platform(),
        "processor": _from("/proc/cpuinfo", "model name") or platform.processor() or "unknown",
        "cores": str(os.cpu_count()),
        "memory": _from("/proc/meminfo", "MemTotal") or "unknown",
        "Python": platform.python_version(),
        "load average before": _load(),
    }


def note_end(about: dict[str, str]) -> None:
    """Add how busy the machine was in the end."""
    about["load average after"] = _load()


def _load() -> str:
    return ", ".join(f"{each:.1f}" for each in os.getloadavg())


def _from(file: str, name: str) -> str:
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")
