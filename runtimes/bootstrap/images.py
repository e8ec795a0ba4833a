"""From an entry of `runtimeImages` to the image and the versions it wants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtimes.bootstrap.entries import required, state_and_reason
from runtimes.bootstrap.faults import COMPOSITION, Faults, Path
from runtimes.bootstrap.items import WantedImage, WantedVersion
from runtimes.bootstrap.shape import ImageEntry, ImagePart, VersionEntry, shaped
from runtimes.rules.names import check_description, check_display_name, check_uid
from runtimes.rules.versions import (
    ImageReference,
    check_architectures,
    check_probe_path,
    parse_reference,
    version_for,
)


def wanted_image(uid: str, value: Any, registry: str, faults: Faults) -> WantedImage | None:
    """The image after noting its faults, or None when it is no mapping; `registry` is the chart's, or ""."""
    path: Path = (*COMPOSITION, "runtimeImages", uid)
    faults.check(path, check_uid, uid)
    entry = shaped(ImageEntry, value, path, faults)
    if entry is None:
        return None
    state, reason = state_and_reason(entry, path, faults)
    name = faults.check((*path, "displayName"), check_display_name, entry.display_name) if entry.display_name else uid
    versions: dict[str, WantedVersion] = {}
    for number, each in enumerate(entry.versions or ()):
        if version := _version(each, (*path, "versions", number), registry, versions, faults):
            versions[version.version] = version
    return WantedImage(
        uid=uid,
        display_name=name or uid,
        description=faults.check((*path, "description"), check_description, entry.description or "") or "",
        versions=tuple(versions.values()),
        state=state,
        state_reason=reason,
    )


def _version(
    value: Any, path: Path, registry: str, before: Mapping[str, WantedVersion], faults: Faults
) -> WantedVersion | None:
    entry = shaped(VersionEntry, value, path, faults)
    if entry is None:
        return None
    state, reason = state_and_reason(entry, path, faults)
    probe = faults.check((*path, "readinessProbePath"), check_probe_path, entry.readiness_probe_path or "")
    architectures = faults.check((*path, "architectures"), check_architectures, entry.architectures or ())
    reference = _reference(entry.image, (*path, "image"), registry, faults)
    if reference is None:
        return None
    source: Path = (*path, "version") if entry.version else (*path, "image", "tag")
    version = faults.check(source, version_for, reference, entry.version or "")
    if version in before:
        faults.add(source, f"The image has a version {version} already.")
    return WantedVersion(
        version=version or "",
        reference=str(reference),
        readiness_probe_path=probe or "",
        architectures=architectures or (),
        state=state,
        state_reason=reason,
    )


def _reference(value: Any, path: Path, registry: str, faults: Faults) -> ImageReference | None:
    """The whole reference; each part is first checked by itself, so that a fault is told at its key."""
    part = None if faults.below(path) else shaped(ImagePart, value or {}, path, faults)
    if part is None:
        return None
    repository = required(part.repository or "", (*path, "repository"), faults)
    tag = f":{part.tag}" if part.tag else ""
    registry_alone = f"{part.registry}/x" if part.registry else "x"
    for key, alone in (("registry", registry_alone), ("repository", repository or "x"), ("tag", f"x{tag}")):
        faults.check((*path, key), parse_reference, alone)
    if faults.below(path):
        return None
    reference = faults.check(path, parse_reference, f"{repository}{tag}")
    prefix = part.registry or ("" if reference and reference.registry else registry)
    return faults.check(path, parse_reference, f"{prefix}/{reference}") if reference and prefix else reference
