"""What stands for a deployment as a whole, owns the rest of it, and holds the fence between workers."""

from __future__ import annotations

import json
from collections.abc import Collection

from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ConfigMap, Namespace

from deployments.engines.contract import Wanted
from deployments.engines.kubernetes import names
from deployments.engines.kubernetes.manifests.objects import Manifest, manifest

_SECRETS = "secrets"


def anchor(wanted: Wanted, secrets: Collection[str]) -> Manifest:
    """A deployment's anchor under the caller's epoch; `secrets` are the names of all Secrets that may exist of it."""
    return manifest(
        ConfigMap,
        names.object_name(wanted.deployment),
        names.labels(wanted.deployment),
        {names.EPOCH: str(wanted.epoch), names.TITLE: wanted.title, names.WORKSPACE: wanted.workspace},
        data={_SECRETS: json.dumps(sorted(secrets))},
    )


def epoch_of(anchor: ConfigMap | None) -> int:
    """The highest epoch that has written."""
    said = _annotations(anchor.metadata if anchor else None).get(names.EPOCH, "")
    return int(said) if said.isdecimal() else 0


def secrets_of(anchor: ConfigMap | None) -> frozenset[str]:
    """The Secrets that may exist."""
    return frozenset(json.loads(((anchor.data if anchor else None) or {}).get(_SECRETS) or "[]"))


def says_the_same(anchor: ConfigMap, wanted: Manifest) -> bool:
    """Whether an anchor says what is wanted of it, but for the epoch."""
    found, said = _annotations(anchor.metadata), dict(wanted["metadata"]["annotations"])
    del said[names.EPOCH]
    return anchor.data == wanted["data"] and all(found.get(key) == value for key, value in said.items())


def namespace(name: str, workspace: str) -> Manifest:
    """The namespace of a workspace."""
    return manifest(
        Namespace,
        name,
        {**names.OURS, "app.kubernetes.io/part-of": names.MANAGER},
        {names.WORKSPACE: workspace},
    )


def _annotations(metadata: ObjectMeta | None) -> dict[str, str]:
    return dict((metadata.annotations if metadata else None) or {})
