"""What is wrong with a values file, and where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, ParamSpec, TypeAlias, TypeVar

Path: TypeAlias = tuple[str | int, ...]

P = ParamSpec("P")
T = TypeVar("T")

COMPOSITION: Final[Path] = ("config", "deployer", "composition")
_STEP_MAX: Final = 80


@dataclass(frozen=True)
class Fault:
    """One fault; `path` is that of a key, `line L, column C` for broken YAML, or "" for the whole file."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class ValuesFaults(Exception):
    """A values file that cannot be used, with every fault that was found."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


class Faults:
    """Collects faults, so that all are told at once."""

    def __init__(self) -> None:
        self._found: list[tuple[Path, str]] = []
        self._above: set[Path] = set()

    def add(self, path: Path, message: str) -> None:
        """Note a fault."""
        self._found.append((path, message))
        self._above.update(path[:depth] for depth in range(len(path) + 1))

    def below(self, path: Path) -> bool:
        """Whether a fault was noted at the path or further down."""
        return path in self._above

    def check(self, path: Path, rule: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """What the rule answers, or None after noting its ValueError at the path."""
        try:
            return rule(*args, **kwargs)
        except ValueError as fault:
            self.add(path, str(fault))
            return None

    def raise_any(self) -> None:
        """Pass when nothing was noted, else raise ValuesFaults, sorted by path."""
        if self._found:
            self._found.sort(key=_place)
            raise ValuesFaults(*(Fault(dotted(path), message) for path, message in self._found))


def _place(found: tuple[Path, str]) -> list[tuple[bool, str | int]]:
    """A sort key in which places in a list compare as numbers."""
    return [(isinstance(step, str), step) for step in found[0]]


def dotted(path: Path) -> str:
    """A path as text on one line, whatever its keys hold."""
    return ".".join(_step(str(step)) for step in path)


def _step(text: str) -> str:
    if not text.isprintable():
        text = ascii(text)[1:-1]
    return text if len(text) <= _STEP_MAX else f"{text[:_STEP_MAX]}…"
