"""What keeps an engine from doing its work for a deployment: told once it lasts, and once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from deployments.engines.contract import Workload
from deployments.rollouts.advance import Happening
from deployments.rollouts.snapshot import Trouble
from mlops_console.logs import without_secrets
from runtimes.rules.environment import looks_secret

SECONDS_MIN: Final = 2.0
SECONDS_MAX: Final = 10.0
_LONGEST: Final = 1_000
_SHORTEST_SECRET: Final = 4


def troubled(before: Trouble | None, sentence: str, now: datetime) -> tuple[Trouble, Happening | None]:
    """What is to be known of trouble after one more fault, and what there is to tell.

    The first fault may be nothing but two who wrote at once: trouble is what the next turn meets as well.
    """
    if before is None:
        return Trouble("", now), None
    told = None
    if not before.sentence:
        told = Happening("trouble", f"The engine cannot do its work now: {sentence}")
    return Trouble(sentence, before.at), told


def relieved(before: Trouble) -> Happening | None:
    """What there is to tell once trouble is over."""
    return Happening("trouble-over", "The engine can do its work again.") if before.sentence else None


def sentence_of(fault: str, workloads: Iterable[Workload]) -> str:
    """A fault as it may be shown: without the secrets that somebody else may have put into it."""
    secrets = {
        value
        for workload in workloads
        for key, value in workload.environment.items()
        if looks_secret(key) and len(value) >= _SHORTEST_SECRET
    }
    for secret in sorted(secrets, key=len, reverse=True):
        fault = fault.replace(secret, "…")
    return without_secrets(fault)[:_LONGEST]


def look_in_seconds(before: Trouble | None, now: datetime) -> float:
    """After how many seconds to try again: the less often, the longer it has lasted."""
    if before is None:
        return SECONDS_MIN
    return min(SECONDS_MAX, max(SECONDS_MIN, (now - before.at).total_seconds() / 4))
