"""Small files that are written whole or not at all, and locks."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from deployments.engines.contract import EngineFault, Fenced

PATIENCE_SECONDS = 3.0
DIGITS = 20


def write(path: Path, content: Mapping[str, Any], *, aside: Path | None = None) -> None:
    """Replace a JSON file in one piece; `aside` is a folder of the same file system to prepare it in."""
    unfinished = _prepared(path, content, aside or path.parent)
    unfinished.replace(path)


def write_once(path: Path, content: Mapping[str, Any]) -> None:
    """Make a JSON file in one piece unless there is one: of two writers the first wins."""
    unfinished = _prepared(path, content, path.parent)
    with suppress(FileExistsError):
        path.hardlink_to(unfinished)
    unfinished.unlink()


def read(path: Path) -> dict[str, Any] | None:
    """A JSON file's object, None when there is no such file; raises EngineFault when it is damaged."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError:
        raise EngineFault(f"{path} is damaged: stop the console and remove it.") from None
    return content


def _prepared(path: Path, content: Mapping[str, Any], folder: Path) -> Path:
    unfinished = folder / f"{path.name}.{uuid4().hex}.new"
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        json.dump(content, out)
    return unfinished


@contextmanager
def sole(path: Path) -> Iterator[int | None]:
    """An open file with its lock held, None when another holds it; any copy of the file keeps the lock."""
    with path.open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield lock.fileno()


@dataclass(frozen=True)
class Turn:
    """One caller's turn at a deployment."""

    path: Path
    lock: int

    def check(self) -> None:
        """Raise Fenced when the turn was taken away; call it right before each act."""
        if not _is(self.path, self.lock):
            raise Fenced("Another worker has taken this deployment over.")


@contextmanager
def turn(path: Path, epoch: int) -> Iterator[Turn]:
    """One caller at a time, epochs never falling; raises Fenced, and EngineFault when another stays too long.

    A caller that was stopped amid its turn loses it to one with a higher epoch, and learns so at its next check.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if _locked(lock) and _is(path, lock):
                _enter(lock, epoch)
                yield Turn(path, lock)
                return
            if time.monotonic() > deadline:
                if epoch <= _epoch_in(lock):
                    raise EngineFault("Another worker is busy with this deployment.")
                _seize(path, epoch)
        finally:
            os.close(lock)
        time.sleep(0.02)


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is(path: Path, lock: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(lock))
    except FileNotFoundError:
        return False


def _enter(lock: int, epoch: int) -> None:
    known = _epoch_in(lock)
    if epoch < known:
        raise Fenced(f"This deployment is at epoch {known}; a worker with epoch {epoch} changes nothing.")
    if epoch > known:
        os.pwrite(lock, str(epoch).zfill(DIGITS).encode(), 0)


def _epoch_in(lock: int) -> int:
    return int(os.pread(lock, DIGITS, 0) or b"0")


def _seize(path: Path, epoch: int) -> None:
    # a new file under the old name: the lock of whoever slept on the old one means nothing any more
    fresh = path.with_name(f"{path.name}.{uuid4().hex}.new")
    fresh.write_text(str(epoch).zfill(DIGITS), encoding="ascii")
    fresh.replace(path)
