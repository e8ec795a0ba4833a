"""From an entry of `runtimes` to the runtime it wants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic.alias_generators import to_camel

from runtimes.bootstrap.entries import required, state_and_reason
from runtimes.bootstrap.faults import COMPOSITION, Faults, Path
from runtimes.bootstrap.items import WantedRuntime
from runtimes.bootstrap.shape import RuntimeEntry, choices, shaped
from runtimes.rules import runtime as rules
from runtimes.rules import security_context
from runtimes.rules.names import check_model_type, check_uid, quoted
from runtimes.rules.runtime import RuntimeSpec
from runtimes.rules.versions import parse_version


def wanted_runtime(
    uid: str, value: Any, versions: Mapping[str, list[str] | None], faults: Faults
) -> WantedRuntime | None:
    """The runtime after noting its faults, or None when it is no mapping.

    `versions` are those of every image in the file, None where they cannot be told.
    """
    path: Path = (*COMPOSITION, "runtimes", uid)
    faults.check(path, check_uid, uid)
    entry = shaped(RuntimeEntry, value, path, faults)
    if entry is None:
        return None
    state, reason = state_and_reason(entry, path, faults)
    model_type = required(entry.model_type or "", (*path, "modelType"), faults)
    if model_type:
        faults.check((*path, "modelType"), check_model_type, model_type)
    image, pinned_version = _bound(entry.runtime_image or "", (*path, "runtimeImage"), versions, faults)
    return WantedRuntime(
        uid=uid,
        model_type=model_type,
        image=image,
        pinned_version=pinned_version,
        spec=_spec(uid, entry, path, faults),
        state=state,
        state_reason=reason,
    )


def _bound(name: str, path: Path, versions: Mapping[str, list[str] | None], faults: Faults) -> tuple[str, str]:
    """The image and the pinned version, or "", that `image-id` or `image-id@version` stands for."""
    uid, at, number = required(name, path, faults).partition("@")
    if name and uid not in versions:
        faults.add(path, f"This file has no runtime image {quoted(uid)}. {choices(uid, versions)}")
    version = faults.check(path, parse_version, number) if at else None
    known = versions.get(uid)
    if version and known is not None and version not in known:
        faults.add(path, f"The image {quoted(uid)} has no version {version}. {choices(version, known)}")
    return uid, version or ""


def _spec(uid: str, entry: RuntimeEntry, path: Path, faults: Faults) -> RuntimeSpec:
    spec = RuntimeSpec(
        display_name=(entry.display_name or "").strip() or uid,
        description=(entry.description or "").strip(),
        environment_variables=entry.environment_variables or {},
        data_volume_read_only=entry.data_volume_read_only,
        volumes=entry.volumes or [],
        security_context=entry.security_context or {},
        selector=entry.selector or {},
        scoring_endpoint=(entry.scoring_endpoint or "").strip(),
    )
    for part, fault in rules.faults(spec).items():
        field, _, rest = part.partition(".")
        faults.add((*path, to_camel(field), *([rest] if rest else [])), fault)
    if faults.below((*path, "securityContext")):
        return spec
    return replace(spec, security_context=security_context.normalised(spec.security_context))
