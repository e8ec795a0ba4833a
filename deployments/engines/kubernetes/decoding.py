"""From what the API server sends to objects, without what nobody here reads: of thousands of pods that is most."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec
from lightkube.core.resource import NamespacedResource
from lightkube.models.meta_v1 import ManagedFieldsEntry, ObjectMeta
from lightkube.resources.apps_v1 import ReplicaSet
from lightkube.resources.core_v1 import Pod


class Refused(Exception):
    """What the API server answers instead, by HTTP status and its own words."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class _Metadata(ObjectMeta):
    # Read by a name that no object has, and so skipped.
    managedFields: list[ManagedFieldsEntry] | None = msgspec.field(name="-", default=None)  # noqa: N815


class _PodSpec(msgspec.Struct):
    nodeName: str | None = None  # noqa: N815


class _Pod(Pod):
    metadata: _Metadata | None = None
    spec: _PodSpec | None = None  # type: ignore[assignment]


class _ReplicaSetSpec(msgspec.Struct):
    replicas: int | None = None


class _ReplicaSet(ReplicaSet):
    metadata: _Metadata | None = None
    spec: _ReplicaSetSpec = msgspec.field(default_factory=_ReplicaSetSpec)  # type: ignore[assignment]


class _ListMetadata(msgspec.Struct):
    resourceVersion: str = ""  # noqa: N815
    more: str = msgspec.field(name="continue", default="")


class _List(msgspec.Struct):
    metadata: _ListMetadata
    items: list[msgspec.Raw]


class _Event(msgspec.Struct):
    type: str
    object: msgspec.Raw


class _Versioned(msgspec.Struct):
    metadata: _ListMetadata


class _Status(msgspec.Struct):
    code: int = 0
    message: str = ""


_LEAN: Final[dict[type, type]] = {Pod: _Pod, ReplicaSet: _ReplicaSet}
_list = msgspec.json.Decoder(_List)
_event = msgspec.json.Decoder(_Event)
_bookmark = msgspec.json.Decoder(_Versioned)
_status = msgspec.json.Decoder(_Status)


class Decoder:
    """Reads answers about one kind of objects; raises msgspec.MsgspecError for what is none."""

    def __init__(self, kind: type[NamespacedResource]) -> None:
        model = _LEAN.get(kind, kind)
        self._object: Callable[[bytes | msgspec.Raw], Any]
        if issubclass(model, msgspec.Struct):
            self._object = msgspec.json.Decoder(model).decode
        else:
            self._object = lambda data: kind(msgspec.json.decode(data))  # type: ignore[call-arg]  # lightkube's dict

    def page(self, body: bytes) -> tuple[list[Any], str, str]:
        """Objects of a list, its version, and what to ask for the next page by, `""` on the last."""
        found = _list.decode(body)
        return [slim(self._object(raw)) for raw in found.items], found.metadata.resourceVersion, found.metadata.more

    def event(self, line: bytes) -> tuple[str, Any, str]:
        """What happened, to which object (None for a bookmark), and the version after it; raises Refused."""
        event = _event.decode(line)
        if event.type == "BOOKMARK":
            return event.type, None, _bookmark.decode(event.object).metadata.resourceVersion
        if event.type == "ERROR":
            status = _status.decode(event.object)
            raise Refused(status.code, status.message)
        found = slim(self._object(event.object))
        return event.type, found, found.metadata.resourceVersion


def refusal(code: int, body: bytes) -> Refused:
    """What an answer that is no success says."""
    try:
        return Refused(code, _status.decode(body).message)
    except msgspec.MsgspecError:
        return Refused(code, "")


def slim(found: Any) -> Any:
    """An object without what is known of who owns which part of its status; changed in place."""
    if isinstance(found, dict):
        # Otherwise lightkube makes its metadata anew whenever they are asked for.
        found["metadata"] = found.metadata  # type: ignore[attr-defined]
    if entries := found.metadata.managedFields:
        found.metadata.managedFields = [each for each in entries if each.subresource != "status"]
    return found
