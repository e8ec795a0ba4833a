"""Deciding which workloads get requests; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from deployments.engines.contract import Phase, SeenWorkload, Share, Traffic, Wanted
from deployments.planning.modes import Mode


@dataclass(frozen=True)
class Routes:
    """Workloads with weights above 0, by key, and the one that gets a copy of each request."""

    shares: tuple[tuple[str, int], ...] = ()
    mirror: str = ""

    def keys(self) -> frozenset[str]:
        """The workloads that get requests or copies."""
        return frozenset({key for key, _ in self.shares} | ({self.mirror} if self.mirror else set()))

    def traffic(self) -> Traffic | None:
        """The same in the words of the contract, None for nothing."""
        if not self.shares:
            return None
        mode = Mode.SHADOW if self.mirror else Mode.SPLIT if len(self.shares) > 1 else Mode.SINGLE
        return Traffic(mode, tuple(Share(key, weight) for key, weight in self.shares), self.mirror)


def choose(wanted: Wanted, seen: Mapping[str, SeenWorkload], in_force: Routes | None) -> Routes:
    """Where requests can go right now: to what is wanted if it is ready, else to what stands in for it."""
    if wanted.traffic is None:
        return Routes()
    compositions = {workload.key: workload.composition for workload in wanted.workloads}
    serving = in_force.keys() if in_force else frozenset()

    def ready(key: str) -> str:
        able = [e for e in seen.values() if e.composition == compositions[key] and e.phase is Phase.READY]
        best = max(able, key=lambda each: (each.key == key, each.key in serving, each.since), default=None)
        return best.key if best else ""

    shares: dict[str, int] = {}
    for share in wanted.traffic.shares:
        if share.weight and (key := ready(share.workload)):
            shares[key] = shares.get(key, 0) + share.weight
    mirror = ready(wanted.traffic.mirror) if wanted.traffic.mirror and shares else ""
    return Routes(tuple(shares.items()), mirror)
