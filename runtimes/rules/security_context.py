"""The security context of a scorer's container."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

ID_MAX: Final = 2**31 - 1
PROFILES: Final = ("RuntimeDefault", "Unconfined", "Localhost")
_FLAGS: Final = ("allowPrivilegeEscalation", "privileged", "runAsNonRoot", "readOnlyRootFilesystem")
_IDS: Final = ("runAsUser", "runAsGroup")
_KNOWN: Final = frozenset({*_FLAGS, *_IDS, "capabilities", "seccompProfile"})
_CAPABILITY: Final = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


def faults(context: Mapping[str, Any]) -> dict[str, str]:
    """A sentence for each fault by its path, such as `seccompProfile.type`."""
    return dict(_faults(context))


def normalised(context: Mapping[str, Any]) -> dict[str, Any]:
    """A sound context without what is not set, its ids as numbers."""
    kept: dict[str, Any] = {key: value for key, value in context.items() if value is not None and value != ""}
    for name in _IDS:
        if name in kept:
            kept[name] = int(kept[name])
    for name in ("capabilities", "seccompProfile"):
        inner = {key: list(value) if isinstance(value, tuple) else value for key, value in kept.pop(name, {}).items() if value}
        if inner:
            kept[name] = inner
    return kept


def _faults(context: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for unknown in sorted(set(context) - _KNOWN):
        yield unknown, f"A security context has no {unknown}; it has {', '.join(sorted(_KNOWN))}."
    for name in _FLAGS:
        if not isinstance(context.get(name), bool | None):
            yield name, "Say true or false."
    for name in _IDS:
        if not _is_id(context.get(name)):
            yield name, f"Give a whole number from 0 to {ID_MAX}."
    if context.get("privileged") is True and context.get("allowPrivilegeEscalation") is False:
        yield "allowPrivilegeEscalation", "A privileged container can always escalate; it cannot be both."
    if context.get("runAsNonRoot") is True and context.get("runAsUser") in (0, "0"):
        yield "runAsUser", "User 0 is root, which the context forbids by runAsNonRoot."
    yield from _capability_faults(context.get("capabilities"))
    yield from _seccomp_faults(context.get("seccompProfile"))


def _capability_faults(capabilities: Any) -> Iterator[tuple[str, str]]:
    if capabilities is None:
        return
    if not isinstance(capabilities, Mapping) or set(capabilities) - {"add", "drop"}:
        yield "capabilities", "Capabilities have the lists add and drop."
        return
    for verb, names in capabilities.items():
        if not isinstance(names, list | tuple | None):
            yield f"capabilities.{verb}", "Give a list of capabilities."
            continue
        for number, name in enumerate(names or ()):
            if not isinstance(name, str) or not _CAPABILITY.fullmatch(name):
                yield f"capabilities.{verb}.{number}", f"{name!r} is not a capability such as NET_BIND_SERVICE or ALL."


def _seccomp_faults(profile: Any) -> Iterator[tuple[str, str]]:
    if profile is None:
        return
    if not isinstance(profile, Mapping) or set(profile) - {"type", "localhostProfile"}:
        yield "seccompProfile", "A seccomp profile has a type and, for Localhost, a localhostProfile."
        return
    kind, path = profile.get("type") or "", profile.get("localhostProfile") or ""
    if kind and kind not in PROFILES:
        yield "seccompProfile.type", f"The type is one of {', '.join(PROFILES)}."
    if kind == "Localhost" and not path:
        yield "seccompProfile.localhostProfile", "The type Localhost needs a profile on the node."
    if path and kind != "Localhost":
        yield "seccompProfile.localhostProfile", "Only the type Localhost takes a profile."
    if path and (not isinstance(path, str) or len(path) > 400 or not path.isprintable()):
        yield "seccompProfile.localhostProfile", "The profile is a path of up to 400 printable characters."


def _is_id(value: Any) -> bool:
    if value is None or value == "":
        return True
    if isinstance(value, bool):
        return False
    if isinstance(value, str):
        return value.isascii() and value.isdigit() and len(value) <= 10 and int(value) <= ID_MAX
    return isinstance(value, int) and 0 <= value <= ID_MAX
