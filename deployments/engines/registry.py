"""Which engines there are; a setting names one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from deployments.engines.contract import Engine, EngineFault
from deployments.engines.local.engine import LocalEngine


def _kubernetes(**options: Any) -> Engine:
    # Loaded by those alone who run it: its client is an extra, and no small one.
    from deployments.engines.kubernetes.engine import KubernetesEngine
    from deployments.engines.kubernetes.options import Options

    return KubernetesEngine(Options(**options))


ENGINES: Final[dict[str, Callable[..., Engine]]] = {"local": LocalEngine, "kubernetes": _kubernetes}


def engine_named(name: str, **options: Any) -> Engine:
    """The engine of that name with its own options; raises EngineFault where there is none."""
    if name not in ENGINES:
        raise EngineFault(f"There is no engine {name!r}; there are: {', '.join(sorted(ENGINES))}.")
    return ENGINES[name](**options)
