"""Volumes of a scorer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from runtimes.rules.names import text_fault

VOLUMES_MAX: Final = 50
PATHS_MAX: Final = 20
TYPES: Final = ("EMPTY_DIR", "EPHEMERAL")
_ID: Final = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_KNOWN: Final = frozenset({"id", "type", "readOnly", "mountPaths", "properties"})


def faults(volumes: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """A sentence for each fault by its path, such as `0.mountPaths.1`; `""` stands for the whole."""
    if len(volumes) > VOLUMES_MAX:
        return {"": f"There are {len(volumes):,} volumes; at most {VOLUMES_MAX} are allowed."}
    found: dict[str, str] = {}
    ids: dict[str, int] = {}
    paths: set[str] = set()
    for number, volume in enumerate(volumes):
        found |= {f"{number}.{part}": fault for part, fault in _volume_faults(volume, paths)}
        uid = str(volume.get("id", ""))
        if uid in ids:
            found.setdefault(f"{number}.id", f"Volume {ids[uid] + 1} has the same ID.")
        ids.setdefault(uid, number)
    return found


def _volume_faults(volume: Mapping[str, Any], taken: set[str]) -> Iterator[tuple[str, str]]:
    """Faults of one volume; its mount paths are added to those taken."""
    for unknown in sorted(set(volume) - _KNOWN):
        yield unknown, f"A volume has no {unknown}; it has {', '.join(sorted(_KNOWN))}."
    if not _ID.fullmatch(str(volume.get("id", ""))):
        yield "id", "The ID is 1 to 63 lower-case letters, digits and -, from a letter to a letter or digit."
    if volume.get("type") not in TYPES:
        yield "type", f"The type is one of {' and '.join(TYPES)}."
    if not isinstance(volume.get("readOnly", False), bool):
        yield "readOnly", "Say true or false."
    paths = volume.get("mountPaths", [])
    if not isinstance(paths, list | tuple) or not paths:
        yield "mountPaths", "Give at least one path to mount it at."
    elif len(paths) > PATHS_MAX:
        yield "mountPaths", f"There are {len(paths):,} mount paths; at most {PATHS_MAX} are allowed."
    else:
        for number, path in enumerate(paths):
            if fault := _path_fault(path, taken):
                yield f"mountPaths.{number}", fault
            taken.add(str(path).rstrip("/"))
    properties = volume.get("properties", {})
    if not isinstance(properties, Mapping):
        yield "properties", "Give properties as keys with text values."
        return
    for key, value in properties.items():
        if not isinstance(value, str) or not key:
            yield f"properties.{key}", "A property has a name and a text value."
        elif fault := text_fault(key + value, label="The property", maximum=1024):
            yield f"properties.{key}", fault


def _path_fault(path: object, taken: set[str]) -> str:
    if not isinstance(path, str) or not path.startswith("/") or path.strip("/") == "":
        return f"{path!r} is not an absolute path below the root, such as /tmp."
    if fault := text_fault(path, label="The mount path", maximum=400):
        return fault
    if ".." in path.split("/") or ":" in path:
        return f"{path!r} must hold neither .. nor a colon."
    return f"{path} is mounted twice." if path.rstrip("/") in taken else ""
