"""The web server of a console that has many deployments: its memory once its pages were asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bench.asking.server import CONSOLE, environment, serving
from bench.asking.visitor import Ask, Visitor
from bench.fleet.workers import proportional

VISITORS: Final = 8  # as many as it takes for each process to have some
ROUNDS: Final = 5


def memory_of_web(username: str, password: str, paths: Sequence[str]) -> dict[str, list[int]]:
    """The memory in bytes of the first process and of those that answer, before and after some requests.

    Raises RuntimeError for a page that is not there.
    """
    with serving(environment(None, CONSOLE)) as server:
        processes = [server.pid, *server.workers()]
        found = {"after its start": [proportional(each) for each in processes]}
        visitors = [Visitor(server.port) for _ in range(VISITORS)]
        for visitor in visitors:
            visitor.sign_in(username, password)
        for visitor in visitors * ROUNDS:
            for path in paths:
                status = visitor.ask(Ask(path)).status
                if status != 200:
                    raise RuntimeError(f"{path} answered {status}")
        found[f"after {VISITORS * ROUNDS * len(paths)} pages"] = [proportional(each) for each in processes]
        for visitor in visitors:
            visitor.close()
    return found
