"""Where the files of artifacts lie: beside the database, each under its id, whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import md5, sha256
from pathlib import Path
from typing import Final

from django.conf import settings

from mlops_console.errors import Invalid, Refused

SIZE_MAX: Final = 1024 * 1024 * 1024
_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


@dataclass(frozen=True)
class Stored:
    """What is known of a file that has arrived: bytes and checksums in hexadecimal digits."""

    size: int
    md5: str
    sha256: str


def path_of(uid: str) -> Path:
    """Where the file of an artifact lies; raises ValueError for what is no id of ours."""
    if not uid or not set(uid) <= _LETTERS:
        raise ValueError(f"{uid!r} is no id of an artifact")
    return Path(settings.DATA_DIR) / "artifacts" / uid[:2] / uid


def store(uid: str, chunks: Iterable[bytes]) -> Stored:
    """Write a file aside and put it into place when it is whole.

    Raises Invalid for one of more than 1 GiB, and Refused where there is one already: what somebody has taken note of
    is never replaced.
    """
    target = path_of(uid)
    target.parent.mkdir(parents=True, exist_ok=True)
    size, weak, strong = 0, md5(usedforsecurity=False), sha256()
    descriptor, aside = tempfile.mkstemp(dir=target.parent, prefix=f".{uid}.")
    try:
        with os.fdopen(descriptor, "wb") as out:
            for chunk in chunks:
                size += len(chunk)
                if size > SIZE_MAX:
                    raise Invalid({"file": f"The file is larger than {SIZE_MAX:,} bytes."})
                weak.update(chunk)
                strong.update(chunk)
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        # Unlike a rename, a link fails where there is something.
        os.link(aside, target)
    except FileExistsError:
        raise Refused("taken", f"The artifact {uid} has its file already.") from None
    finally:
        Path(aside).unlink(missing_ok=True)
    return Stored(size, weak.hexdigest(), strong.hexdigest())


def known(uid: str) -> Stored | None:
    """What is known of a file that lies there, read anew; None where there is none."""
    size, weak, strong = 0, md5(usedforsecurity=False), sha256()
    try:
        with path_of(uid).open("rb") as file:
            while chunk := file.read(1024 * 1024):
                size += len(chunk)
                weak.update(chunk)
                strong.update(chunk)
    except FileNotFoundError:
        return None
    return Stored(size, weak.hexdigest(), strong.hexdigest())


def remove(uid: str) -> None:
    """Remove the file of an artifact, if there is one."""
    with suppress(FileNotFoundError):
        path_of(uid).unlink()
