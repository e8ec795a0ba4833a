"""What a runtime may be configured with: every field's rule in one answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runtimes.rules import environment, names, security_context, selectors, volumes

ENDPOINT_MAX = 500
_ENDPOINT = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")


@dataclass(frozen=True, kw_only=True)
class RuntimeSpec:
    """The part of a runtime that may change after it was created."""

    display_name: str
    description: str = ""
    environment_variables: Mapping[str, str] = field(default_factory=dict)
    data_volume_read_only: bool | None = None
    volumes: Sequence[Mapping[str, Any]] = ()
    security_context: Mapping[str, Any] = field(default_factory=dict)
    selector: Mapping[str, str] = field(default_factory=dict)
    scoring_endpoint: str = ""


def faults(spec: RuntimeSpec) -> dict[str, str]:
    """A sentence for each faulty field; parts are named by a path such as `environment_variables.OMP_NUM_THREADS`."""
    found = _text_faults(spec)
    for name, inner in (
        ("environment_variables", environment.faults(spec.environment_variables)),
        ("volumes", volumes.faults(spec.volumes)),
        ("security_context", security_context.faults(spec.security_context)),
        ("selector", selectors.faults(spec.selector)),
    ):
        found |= {f"{name}.{path}" if path else name: fault for path, fault in inner.items()}
    return found


def _text_faults(spec: RuntimeSpec) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, rule in (
        ("display_name", names.check_display_name),
        ("description", names.check_description),
        ("scoring_endpoint", check_scoring_endpoint),
    ):
        try:
            rule(getattr(spec, name))
        except ValueError as fault:
            found[name] = str(fault)
    return found


def check_scoring_endpoint(path: str) -> str:
    """The path of a URL, with or without a slash before it; raises ValueError.

    It names no other host and leads nowhere above the deployment that it is appended to.
    """
    if len(path) > ENDPOINT_MAX:
        raise ValueError(f"The scoring endpoint has {len(path):,} characters; at most {ENDPOINT_MAX} are allowed.")
    if not _ENDPOINT.fullmatch(path) or "//" in path or ".." in path.split("/"):
        raise ValueError(
            "The scoring endpoint is the path of a URL, such as model/score, with or without a slash before it."
        )
    return path
