"""The volumes of a runtime."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from deployments.engines.kubernetes.manifests.objects import Manifest

SIZE: Final = "10Gi"  # of an ephemeral volume whose runtime names none: a claim needs one


def volume(said: Mapping[str, Any]) -> Manifest:
    """A volume of a pod: an empty folder, or a claim that is made with the pod and goes with it.

    Of its properties a folder knows `medium` and `sizeLimit`, a claim `size`, `storageClassName` and `accessMode`.
    """
    properties = said.get("properties") or {}
    if said["type"] == "EMPTY_DIR":
        limit = properties.get("sizeLimit") or properties.get("size")
        folder = {"medium": properties.get("medium"), "sizeLimit": limit}
        return {"name": said["id"], "emptyDir": {key: value for key, value in folder.items() if value}}
    claim: Manifest = {
        "accessModes": [properties.get("accessMode") or "ReadWriteOnce"],
        "resources": {"requests": {"storage": properties.get("size") or SIZE}},
    }
    if "storageClassName" in properties:
        claim["storageClassName"] = properties["storageClassName"]
    return {"name": said["id"], "ephemeral": {"volumeClaimTemplate": {"spec": claim}}}


def mounts(said: Mapping[str, Any]) -> Iterator[Manifest]:
    """Where a volume is seen."""
    for path in said["mountPaths"]:
        yield {"name": said["id"], "mountPath": path} | ({"readOnly": True} if said.get("readOnly") else {})
