"""What lists of the runtime service can be filtered and ordered by, and what updates may change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mlops_console.api.conditions import Field, Fields, Kind
from mlops_console.keyset import Order
from runtimes.rules.lifecycle import State

_STATED: Final[Fields] = {
    "state": Field("state", Kind.CHOICE, tuple(State)),
    "create_time": Field("created_at", Kind.INSTANT),
    "update_time": Field("updated_at", Kind.INSTANT),
}
IMAGES: Final[Fields] = {"display_name": Field("display_name"), "description": Field("description"), **_STATED}
RUNTIMES: Final[Fields] = {**IMAGES, "model_type": Field("model_type_id")}
VERSIONS: Final[Fields] = {"image": Field("reference"), **_STATED}

BY_NAME: Final = Order(("display_name", "uid"))
HIGHEST_FIRST: Final = Order(("-precedence",))

# From the paths of an update mask to fields of RuntimeSpec; the body calls `volume_mounts` `volumes`.
RUNTIME_MASK: Final = {
    "display_name": "display_name",
    "description": "description",
    "environment_variables": "environment_variables",
    "data_volume_read_only": "data_volume_read_only",
    "volume_mounts": "volumes",
    "security_context": "security_context",
    "selector": "selector",
    "scoring_endpoint": "scoring_endpoint",
}
RUNTIME_CLEARED: Final[Mapping[str, Any]] = {
    "display_name": "",
    "description": "",
    "environment_variables": {},
    "data_volume_read_only": None,
    "volumes": [],
    "security_context": {},
    "selector": {},
    "scoring_endpoint": "",
}
IMAGE_MASK: Final = {"display_name": "display_name", "description": "description", "docker_image": "reference"}
IMAGE_CLEARED: Final[Mapping[str, Any]] = {"display_name": "", "description": "", "reference": ""}
