"""Strict readers of environment variables: a wrong value stops the start and says what is allowed."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from mlops_console.faults import StartFault

FLAGS = {"true": True, "1": True, "false": False, "0": False}


class SettingFault(StartFault):
    """A setting has a value it cannot have."""

    def __init__(self, name: str, value: str, allowed: str) -> None:
        super().__init__(f"{name} is {value!r}; allowed: {allowed}")


def text(name: str, default: str = "") -> str:
    """The value of a variable without surrounding space; an empty one counts as not set."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool) -> bool:
    """A yes or no; raises SettingFault for anything but true, false, 1 and 0."""
    value = text(name)
    if not value:
        return default
    if value.lower() not in FLAGS:
        raise SettingFault(name, value, "true, false, 1 or 0")
    return FLAGS[value.lower()]


def integer(name: str, *, default: int, minimum: int, maximum: int) -> int:
    """A whole number within bounds; raises SettingFault for anything else."""
    value = text(name)
    if not value:
        return default
    if not re.fullmatch(r"[0-9]{1,18}", value) or not minimum <= int(value) <= maximum:
        raise SettingFault(name, value, f"a whole number from {minimum} to {maximum}")
    return int(value)


def choice(name: str, *, default: str, allowed: Sequence[str]) -> str:
    """One of a few words, in whatever case; raises SettingFault for anything else."""
    value = text(name)
    if not value:
        return default
    for word in allowed:
        if word.lower() == value.lower():
            return word
    raise SettingFault(name, value, ", ".join(allowed))


def words(name: str, *, default: Sequence[str] = ()) -> list[str]:
    """A comma-separated list; empty parts are dropped."""
    return [part for part in (part.strip() for part in text(name).split(",")) if part] or list(default)


def hosts(name: str, *, default: Sequence[str]) -> list[str]:
    """Host names a request may be for; raises SettingFault for anything with a scheme, port or path."""
    found = words(name, default=default)
    for host in found:
        if not re.fullmatch(r"\*|\.?[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:]+\]", host):
            raise SettingFault(name, host, "host names separated by commas, without scheme, port or path")
    return found


def origins(name: str) -> list[str]:
    """Web origins such as https://console.example.org; raises SettingFault for anything else."""
    found = words(name)
    for origin in found:
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"} or not parts.netloc or origin != f"{parts.scheme}://{parts.netloc}":
            raise SettingFault(name, origin, "origins separated by commas, such as https://console.example.org")
    return found


def path(name: str, *, default: Path) -> Path:
    """An absolute path; a relative one counts from the current folder and `~` is the home folder."""
    value = text(name)
    return (Path(value).expanduser() if value else default).absolute()


def file(name: str) -> Path | None:
    """An existing file that can be read, or None when not set; raises SettingFault."""
    if not text(name):
        return None
    found = path(name, default=Path())
    if not found.is_file() or not os.access(found, os.R_OK):
        raise SettingFault(name, text(name), "a file that exists and can be read")
    return found
