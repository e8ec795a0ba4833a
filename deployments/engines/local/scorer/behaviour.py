"""Image names that make the scorer misbehave, for tests and demonstrations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

DEFAULT_SECONDS: Final = {"slow": 3.0, "neverready": 0.0, "crash": 5.0}
_SUFFIX: Final = re.compile(r"-(?P<kind>slow|neverready|crash)(?:-(?P<seconds>[0-9]{1,4}))?$")


@dataclass(frozen=True)
class Behaviour:
    """When the scorer becomes ready and how long it lasts, in seconds; None is never."""

    ready_after: float | None = 0.0
    crash_after: float | None = None


def behaviour_of(image: str) -> Behaviour:
    """What the repository's name asks for by its end: `-slow`, `-neverready`, `-crash`, or with seconds `-slow-8`."""
    repository = image.partition("@")[0].rpartition("/")[2].partition(":")[0]
    asked = _SUFFIX.search(repository)
    if not asked:
        return Behaviour()
    seconds = float(asked["seconds"] or DEFAULT_SECONDS[asked["kind"]])
    if asked["kind"] == "slow":
        return Behaviour(ready_after=seconds)
    if asked["kind"] == "crash":
        return Behaviour(crash_after=seconds)
    return Behaviour(ready_after=None)
