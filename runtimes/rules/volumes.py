"""Volumes of a scorer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from runtimes.rules.names import quoted, text_fault

VOLUMES_MAX: Final = 50
PATHS_MAX: Final = 20
PROPERTIES_MAX: Final = 50
PATH_LENGTH_MAX: Final = 400
PROPERTY_KEY_MAX: Final = 253
PROPERTY_VALUE_MAX: Final = 1024
TYPES: Final = ("EMPTY_DIR", "EPHEMERAL")
FIELDS: Final = ("id", "type", "readOnly", "mountPaths", "properties")
_ID: Final = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")


def faults(volumes: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """A sentence for each fault by its path, such as `0.mountPaths.1`; `""` stands for the whole."""
    if len(volumes) > VOLUMES_MAX:
        return {"": f"There are {len(volumes):,} volumes; at most {VOLUMES_MAX} are allowed."}
    found: dict[str, str] = {}
    ids: dict[str, int] = {}
    taken: set[str] = set()
    for number, volume in enumerate(volumes):
        if not isinstance(volume, Mapping):
            found[str(number)] = f"A volume has the fields {', '.join(FIELDS)}; this is {quoted(volume)}."
            continue
        found |= {f"{number}.{part}": fault for part, fault in _volume_faults(volume, taken)}
        uid = str(volume.get("id", ""))
        if uid in ids:
            found.setdefault(f"{number}.id", f"Volume {ids[uid] + 1} has the same ID.")
        ids.setdefault(uid, number)
    return found


def _volume_faults(volume: Mapping[str, Any], taken: set[str]) -> Iterator[tuple[str, str]]:
    """Faults of one volume; its mount paths are added to those taken."""
    for unknown in sorted(set(volume) - set(FIELDS), key=str):
        yield str(unknown), f"A volume has no {quoted(unknown)}; it has {', '.join(FIELDS)}."
    uid = volume.get("id")
    if not isinstance(uid, str) or not _ID.fullmatch(uid):
        yield "id", "The ID is 1 to 63 lower-case letters, digits and -, from a letter to a letter or digit."
    if volume.get("type") not in TYPES:
        yield "type", f"The type is {' or '.join(TYPES)}."
    if not isinstance(volume.get("readOnly"), bool | None):
        yield "readOnly", "Say true or false."
    yield from _path_faults(volume.get("mountPaths"), taken)
    yield from _property_faults(volume.get("properties"))


def _path_faults(paths: Any, taken: set[str]) -> Iterator[tuple[str, str]]:
    if not isinstance(paths, list | tuple) or not paths:
        yield "mountPaths", "Give at least one path to mount it at."
        return
    if len(paths) > PATHS_MAX:
        yield "mountPaths", f"There are {len(paths):,} mount paths; at most {PATHS_MAX} are allowed."
        return
    for number, path in enumerate(paths):
        if fault := _path_fault(path):
            yield f"mountPaths.{number}", fault
            continue
        plain = _plain(path)
        if plain in taken:
            yield f"mountPaths.{number}", f"{plain} is mounted twice."
        taken.add(plain)


def _path_fault(path: Any) -> str:
    if not isinstance(path, str):
        return f"{quoted(path)} is not a path."
    if fault := text_fault(path, label="The mount path", maximum=PATH_LENGTH_MAX, one_line=True):
        return fault
    if not path.startswith("/") or _plain(path) == "/":
        return f"{quoted(path)} is not an absolute path below the root, such as /tmp."
    if ".." in path.split("/") or ":" in path:
        return f"{quoted(path)} must hold neither .. nor a colon."
    return ""


def _plain(path: str) -> str:
    """A path as the kernel sees it, so that /a/ and //a count as the same mount."""
    return "/" + "/".join(part for part in path.split("/") if part not in ("", "."))


def _property_faults(properties: Any) -> Iterator[tuple[str, str]]:
    if properties is None:
        return
    if not isinstance(properties, Mapping):
        yield "properties", "Give properties as keys with text values."
        return
    if len(properties) > PROPERTIES_MAX:
        yield "properties", f"There are {len(properties):,} properties; at most {PROPERTIES_MAX} are allowed."
        return
    for key, value in properties.items():
        if fault := _property_fault(key, value):
            yield f"properties.{key}", fault


def _property_fault(key: Any, value: Any) -> str:
    if not isinstance(value, str) or not isinstance(key, str) or not key:
        return "A property has a name and a text value."
    if "=" in key:
        return f"The name {quoted(key)} must hold no =, which stands between a name and its value."
    return text_fault(key, label="The name", maximum=PROPERTY_KEY_MAX, one_line=True) or text_fault(
        value, label="The value", maximum=PROPERTY_VALUE_MAX, one_line=True
    )
