"""Which engines there are; a setting names one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from deployments.engines.contract import Engine, EngineFault
from deployments.engines.local.engine import LocalEngine

ENGINES: Final[dict[str, Callable[[Path, int], Engine]]] = {"local": LocalEngine}


def engine_named(name: str, folder: Path, port: int = 0) -> Engine:
    """The engine of that name, keeping its files in `folder` and answering on `port`; raises EngineFault."""
    if name not in ENGINES:
        raise EngineFault(f"There is no engine {name!r}; there are: {', '.join(sorted(ENGINES))}.")
    return ENGINES[name](folder, port)
