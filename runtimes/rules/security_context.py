"""The security context of a scorer's container."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from runtimes.rules.names import quoted, text_fault

ID_MAX: Final = 2**31 - 1
CAPABILITIES_MAX: Final = 64
PROFILE_PATH_MAX: Final = 400
PROFILES: Final = ("RuntimeDefault", "Unconfined", "Localhost")
_FLAGS: Final = ("allowPrivilegeEscalation", "privileged", "runAsNonRoot", "readOnlyRootFilesystem")
_IDS: Final = ("runAsUser", "runAsGroup")
_CAPABILITY_LISTS: Final = ("add", "drop")
_PROFILE_FIELDS: Final = ("type", "localhostProfile")
FIELDS: Final = (*_FLAGS, *_IDS, "capabilities", "seccompProfile")
_CAPABILITY: Final = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


def faults(context: Mapping[str, Any]) -> dict[str, str]:
    """A sentence for each fault by its path, such as `seccompProfile.type`."""
    return dict(_faults(context))


def normalised(context: Mapping[str, Any]) -> dict[str, Any]:
    """A context that `faults` passes, without what is not set and with its ids as numbers."""
    kept = {key: value for key, value in context.items() if value is not None and value != ""}
    for name in _IDS:
        if name in kept:
            kept[name] = int(kept[name])
    for name in ("capabilities", "seccompProfile"):
        inner = {key: _listed(value) for key, value in kept.pop(name, {}).items() if value}
        if inner:
            kept[name] = inner
    return kept


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _faults(context: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _unknown(context, FIELDS, "", "A security context")
    for name in _FLAGS:
        if not isinstance(context.get(name), bool | None):
            yield name, "Say true or false."
    for name in _IDS:
        if not _is_id(context.get(name)):
            yield name, f"Give a whole number from 0 to {ID_MAX}."
    if context.get("privileged") is True and context.get("allowPrivilegeEscalation") is False:
        yield "allowPrivilegeEscalation", "A privileged container can always escalate; it cannot be both."
    if context.get("runAsNonRoot") is True and _is_root(context.get("runAsUser")):
        yield "runAsUser", "User 0 is root, which the context forbids by runAsNonRoot."
    yield from _capability_faults(context.get("capabilities"))
    yield from _seccomp_faults(context.get("seccompProfile"))


def _unknown(part: Mapping[str, Any], known: tuple[str, ...], path: str, what: str) -> Iterator[tuple[str, str]]:
    for name in sorted(set(part) - set(known), key=str):
        yield f"{path}{name}", f"{what} has no {quoted(name)}; it has {', '.join(known)}."


def _capability_faults(capabilities: Any) -> Iterator[tuple[str, str]]:
    if capabilities is None or capabilities == "":
        return
    if not isinstance(capabilities, Mapping):
        yield "capabilities", "Capabilities have the lists add and drop."
        return
    yield from _unknown(capabilities, _CAPABILITY_LISTS, "capabilities.", "Capabilities")
    for verb in _CAPABILITY_LISTS:
        names = capabilities.get(verb)
        if not isinstance(names, list | tuple | None):
            yield f"capabilities.{verb}", "Give a list of capabilities."
        elif names and len(names) > CAPABILITIES_MAX:
            yield f"capabilities.{verb}", f"There are {len(names):,}; at most {CAPABILITIES_MAX} are allowed."
        else:
            for number, name in enumerate(names or ()):
                if not isinstance(name, str) or not _CAPABILITY.fullmatch(name):
                    yield (
                        f"capabilities.{verb}.{number}",
                        f"{quoted(name)} is not a capability such as NET_BIND_SERVICE or ALL.",
                    )


def _seccomp_faults(profile: Any) -> Iterator[tuple[str, str]]:
    if profile is None or profile == "":
        return
    if not isinstance(profile, Mapping):
        yield "seccompProfile", "A seccomp profile has a type and, for Localhost, a localhostProfile."
        return
    yield from _unknown(profile, _PROFILE_FIELDS, "seccompProfile.", "A seccomp profile")
    kind, path = profile.get("type") or "", profile.get("localhostProfile") or ""
    if kind not in ("", *PROFILES) or (path and not kind):
        yield "seccompProfile.type", f"The type is one of {', '.join(PROFILES)}."
    elif fault := _profile_path_fault(kind, path):
        yield "seccompProfile.localhostProfile", fault


def _profile_path_fault(kind: Any, path: Any) -> str:
    if not path:
        return "The type Localhost needs the path of a profile on the node." if kind == "Localhost" else ""
    if kind != "Localhost":
        return f"Only the type Localhost takes a profile, not {kind}."
    if not isinstance(path, str):
        return f"{quoted(path)} is not a path."
    if path.startswith("/") or ".." in path.split("/"):
        return f"{quoted(path)} is not a path below the node's folder of profiles, such as profiles/scorer.json."
    return text_fault(path, label="The profile", maximum=PROFILE_PATH_MAX, one_line=True)


def _is_id(value: Any) -> bool:
    if value is None or value == "":
        return True
    if isinstance(value, bool):
        return False
    if isinstance(value, str):
        return value.isascii() and value.isdigit() and len(value) <= 10 and int(value) <= ID_MAX
    return isinstance(value, int) and 0 <= value <= ID_MAX


def _is_root(value: Any) -> bool:
    return value not in (None, "") and _is_id(value) and int(value) == 0
