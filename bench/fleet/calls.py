"""What the console asked of the API server, from its audit log."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from deployments.engines.kubernetes.client import AGENT
from tests.kubernetes.audit import Request
from tests.kubernetes.control_plane import ControlPlane

WATCH = "watch"


@dataclass
class Calls:
    """Requests by verb and resource; `watches` were opened, and `refused` are those requests that failed."""

    asked: Counter[str] = field(default_factory=Counter)
    watches: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def count(self) -> int:
        """How many, without the watches."""
        return self.asked.total()


class Auditor:
    """Counts what the console asks from one moment on."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self._before = len(self._all())

    def calls(self) -> Calls:
        """What was asked since then."""
        found = Calls()
        for each in self._all()[self._before :]:
            if each.verb == WATCH:
                found.watches += 1
                continue
            found.asked[_named(each)] += 1
            if each.code >= 400:
                found.refused[f"{_named(each)}: {each.code}"] += 1
        return found

    def _all(self) -> list[Request]:
        return self._plane.requests(user_agent=AGENT)


def _named(request: Request) -> str:
    # What is asked about no kind of objects has a path, perhaps with a query.
    thing = "/".join(filter(None, (request.resource.partition("?")[0], request.subresource)))
    return f"{request.verb} {thing}"
