"""What all objects have in common, and the note on each of what exactly was applied.

By the note a turn without work needs no call, and drift has both its sides: the cluster fills in defaults and others
write beside us, so an object alone does not say what was wanted of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lightkube.core.resource import Resource, api_info
from lightkube.models.meta_v1 import ObjectMeta

from deployments.engines.kubernetes import names

Manifest = dict[str, Any]


def manifest(
    kind: type[Resource],
    name: str,
    labels: Mapping[str, str],
    annotations: Mapping[str, str] | None = None,
    **content: Any,
) -> Manifest:
    """An object, as yet without namespace, owner and note."""
    metadata: Manifest = {"name": name, "labels": dict(labels)}
    if annotations:
        metadata["annotations"] = dict(annotations)
    of = api_info(kind).resource
    return {"apiVersion": of.api_version, "kind": of.kind, "metadata": metadata, **content}


def noted(wanted: Manifest, owner: ObjectMeta, *, version: str = "") -> Manifest:
    """What to apply for an object that is wanted: owned, with the note; `version` is the resourceVersion it had when
    it was read, without which nothing that was written since is refused."""
    metadata = {
        **wanted["metadata"],
        "annotations": wanted["metadata"].get("annotations", {}) | {names.APPLIED: compact(wanted)},
        "ownerReferences": [reference(owner)],
    }
    if version:
        metadata["resourceVersion"] = version
    return {**wanted, "metadata": metadata}


def applied_to(metadata: ObjectMeta | None) -> Manifest | None:
    """What was applied to an object, by its note; None without a note that can be read."""
    try:
        note = ((metadata.annotations if metadata else None) or {})[names.APPLIED]
        found = json.loads(note)
    except (KeyError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def reference(owner: ObjectMeta) -> Manifest:
    """What makes an object go with its deployment's anchor, which in turn waits for it."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": owner.name,
        "uid": owner.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def compact(content: Mapping[str, Any]) -> str:
    """JSON that is the same whenever the content is."""
    return json.dumps(dict(content), sort_keys=True, separators=(",", ":"))
