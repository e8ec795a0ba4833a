"""Runtimes as lists show them to programs: what RuntimeShape says of a row, made of plain values.

RuntimeShape stays the contract, and a test holds this against it; of a thousand rows it takes a sixth of the time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from django.db.models import Expression, F, Func, Subquery, TextField
from django.db.models.functions import Cast

from mlops_console.access import Right
from mlops_console.actor import Actor
from mlops_console.models import Workspace
from mlops_console.statements import Among, Statement
from runtimes.api.shapes import CapabilitiesShape, SeccompProfileShape, SecurityContextShape, VolumeShape
from runtimes.listing import looked_up
from runtimes.models import Runtime, Version
from runtimes.models.layered import reason_of
from runtimes.rules.environment import masked


class WireRow(NamedTuple):
    """A runtime with the names of what it belongs to and runs; objects are JSON, and instants as the wire has them."""

    pk: int
    uid: str
    workspace_id: int
    workspace: str
    display_name: str
    description: str
    model_type: str
    image_workspace: str
    image: str
    pinned_version: str | None
    environment_variables: str
    data_volume_read_only: bool | None
    volumes: str
    security_context: str
    scoring_endpoint: str
    selector: str
    state: str
    api_state: str
    api_reason: str
    api_state_at: str | None
    platform_state: str | None
    platform_reason: str
    platform_state_at: str | None
    created_at: str
    updated_at: str
    managed_by_bootstrap: bool


class _Instant(Func):
    """An instant as a text: taking it apart only to put it together again costs more than the rest of a row."""

    template = """to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    output_field = TextField()


_OBJECTS: Final = ("environment_variables", "volumes", "security_context", "selector")
_INSTANTS: Final = ("api_state_at", "platform_state_at", "created_at", "updated_at")
_COLUMNS: Final[Mapping[str, str | Expression | Subquery]] = {
    "workspace": looked_up(Workspace, "workspace", "uid"),
    "model_type": "model_type_id",
    "image_workspace": looked_up(Workspace, "image__workspace", "uid"),
    "image": "image__uid",
    "pinned_version": looked_up(Version, "pinned_version", "version"),
    **{name: Cast(name, TextField()) for name in _OBJECTS},
    **{name: _Instant(name) for name in _INSTANTS},
}
_SHOWN: Final = [_COLUMNS.get(name, name) for name in WireRow._fields]
_ROWS: Final = Statement(lambda pks: Runtime.objects.order_by().filter(Among(F("pk"), pks)).values_list(*_SHOWN))
_VOLUME: Final = tuple(VolumeShape().fields)
_CONTEXT: Final = tuple(SecurityContextShape().fields)
_NUMBERS: Final = ("runAsUser", "runAsGroup")
_INNER: Final = {
    "capabilities": tuple(CapabilitiesShape().fields),
    "seccompProfile": tuple(SeccompProfileShape().fields),
}


def wire_rows(pks: Sequence[Any]) -> Iterator[WireRow]:
    """The rows of some primary keys, in no order; whoever asks has found the keys in a scope."""
    return map(WireRow._make, _ROWS.rows(pks=list(pks)))


def to_wire(rows: Iterable[WireRow], actor: Actor) -> list[dict[str, Any]]:
    """The rows as the caller may see them (R12), each in the order of RuntimeShape and without what is null."""

    @cache
    def reveals(key: int, uid: str) -> bool:
        return actor.may(Right.WRITE, Workspace(pk=key, uid=uid))

    # Many rows of a page say the same; no longer than for one page, for there are secrets among it.
    given, hidden = cache(_object), cache(_masked)
    volumes, context = cache(_volumes), cache(_security_context)
    found = []
    for row in rows:
        image = f"workspaces/{row.image_workspace}/runtimeImages/{row.image}"
        held = row.platform_state == row.state != row.api_state
        reason = reason_of(row.api_state, row.api_reason, row.platform_state, row.platform_reason)
        variables = given if reveals(row.workspace_id, row.workspace) else hidden
        shown = {
            "name": f"workspaces/{row.workspace}/runtimes/{row.uid}",
            "displayName": row.display_name,
            "description": row.description,
            "modelType": row.model_type,
            "runtimeImage": f"{image}/versions/{row.pinned_version}" if row.pinned_version else image,
            "environmentVariables": variables(row.environment_variables),
            "dataVolumeReadOnly": row.data_volume_read_only,
            "volumes": volumes(row.volumes),
            "securityContext": context(row.security_context),
            "scoringEndpoint": row.scoring_endpoint,
            "selector": given(row.selector),
            "state": row.state,
            "stateReason": reason or None,
            "stateUpdateTime": _instant(row.platform_state_at if held else row.api_state_at),
            "createTime": _instant(row.created_at),
            "updateTime": _instant(row.updated_at),
            "managedByBootstrap": row.managed_by_bootstrap,
        }
        found.append({key: value for key, value in shown.items() if value is not None})
    return found


def _object(given: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(given)
    return found


def _masked(variables: str) -> dict[str, str]:
    return masked(_object(variables))


def _volumes(given: str) -> list[dict[str, Any]]:
    return [_known(volume, _VOLUME) for volume in json.loads(given)]


def _security_context(given: str) -> dict[str, Any] | None:
    """What is set in it, ids as int64 of the wire; None where nothing is."""
    context = json.loads(given)
    shown = _known(context, _CONTEXT)
    shown |= {name: str(shown[name]) for name in _NUMBERS if name in shown}
    shown |= {name: _known(shown[name], fields) for name, fields in _INNER.items() if name in shown}
    return shown if context else None


def _known(given: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    return {name: given[name] for name in fields if given.get(name) is not None}


def _instant(at: str | None) -> str | None:
    """The instant without a fraction of nothing."""
    return at and at.replace(".000000Z", "Z")
