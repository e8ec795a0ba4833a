"""Carrying out steps: every write as the one who was last seen to hold the deployment, and none over what is newer.

The fence is the epoch on a deployment's anchor. It is raised before anything is written, and only from the state in
which the anchor was read. What is then written carries the version that it had when it was read, before the fence. So
a worker that was stopped in between, and whose successor has written since, is refused. What a stopped worker makes
anew cannot be refused so; its successor sees it, and sets it right.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpx2
from lightkube.core.exceptions import ApiError, ConfigError
from lightkube.core.resource import NamespacedResource, api_info
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ConfigMap, Namespace, Secret
from lightkube.types import CascadeType, PatchType
from msgspec import convert

from deployments.engines.contract import EngineFault, Fenced, Wanted
from deployments.engines.kubernetes.cache import Cache
from deployments.engines.kubernetes.client import Cluster
from deployments.engines.kubernetes.faults import fault_of, is_stale
from deployments.engines.kubernetes.manifests import anchors
from deployments.engines.kubernetes.manifests.objects import Manifest, applied_to, noted
from deployments.engines.kubernetes.manifests.ownership import made_ours
from deployments.engines.kubernetes.options import Options
from deployments.engines.kubernetes.pictures import KINDS
from deployments.engines.kubernetes.steps import Delete, DeleteSecret, Live, Step, Write

TRIES: Final = 4  # of a write to an object whose status keeps changing under it
WRITTEN: Final[tuple[type[NamespacedResource], ...]] = (*KINDS, Secret)  # every kind of which an object may exist
_CLASSES: Final = {api_info(kind).resource.kind: kind for kind in WRITTEN}


class Writer:
    """Writes to one cluster, and tells the cache what came of it, so that no turn acts on what is older."""

    def __init__(self, cluster: Cluster, cache: Cache, options: Options) -> None:
        self._cluster = cluster
        self._cache = cache
        self._options = options

    def hold(self, wanted: Wanted, anchor: ConfigMap | None, manifest: Manifest) -> ObjectMeta:
        """Raise the fence and answer the anchor, made first where there is none; raises Fenced, EngineFault."""
        if anchor is None:
            return self._made(manifest, wanted.workspace)
        if anchors.epoch_of(anchor) == wanted.epoch and anchors.says_the_same(anchor, manifest):
            return _metadata(anchor)
        return self._raised(manifest, wanted, anchor)

    def carry_out(self, step: Step, anchor: ObjectMeta) -> None:
        """Do one step; raises Conflict, and EngineFault also where its object has changed since it was read."""
        match step:
            case Write():
                self._write(step, anchor)
            case Delete(live=live):
                self.delete(live)
            case DeleteSecret(name=name):
                self.delete_secret(name, anchor.namespace or "")

    def delete(self, live: Live, cascade: CascadeType = CascadeType.BACKGROUND) -> None:
        """Delete an object as it was read; raises EngineFault, also where it has changed since."""
        doing = ("delete", _title(live), live.metadata.namespace)
        for _ in range(TRIES):
            try:
                left = self._cluster.delete_seen(live, cascade)
            except ApiError as error:
                if error.status.code == 404:
                    break
                if not is_stale(error):
                    raise fault_of(error, *doing) from None
                live = self._as_it_is(live)
            except (httpx2.HTTPError, ConfigError) as error:
                raise fault_of(error, *doing) from None
            else:
                if left is not None and left.metadata.deletionTimestamp:
                    self._cache.note(left)
                    return
                break
        else:
            raise _changed(live)
        self._cache.forget(live)

    def delete_secret(self, name: str, namespace: str) -> None:
        """Delete a Secret, if there is one of this name; raises EngineFault."""
        with told("delete", f"Secret {name}", namespace):
            try:
                self._cluster.delete(Secret, name, namespace=namespace)
            except ApiError as error:
                if error.status.code != 404:
                    raise

    # -- the anchor ------------------------------------------------------------------------------------------------

    def _made(self, manifest: Manifest, workspace: str) -> ObjectMeta:
        namespace = self._options.namespace_of(workspace)
        name = manifest["metadata"]["name"]
        with told("create", f"ConfigMap {name}", namespace):
            try:
                return self._create(manifest, namespace)
            except ApiError as error:
                if error.status.code == 409:
                    raise EngineFault(
                        f"ConfigMap {name} in {namespace} has appeared since it was looked for."
                    ) from None
                if error.status.code != 404:
                    raise
        self._make_namespace(namespace, workspace)
        with told("create", f"ConfigMap {name}", namespace):
            return self._create(manifest, namespace)

    def _create(self, manifest: Manifest, namespace: str) -> ObjectMeta:
        found = self._cluster.create(convert(manifest, ConfigMap), namespace=namespace)
        self._cache.note(found)
        return _metadata(found)

    def _make_namespace(self, name: str, workspace: str) -> None:
        if not self._options.create_namespaces:
            raise EngineFault(f"There is no namespace {name}, and the console is not to make any: make it first.")
        with told("create", f"Namespace {name}"):
            try:
                self._cluster.create(convert(anchors.namespace(name, workspace), Namespace))
            except ApiError as error:
                if error.status.code != 409:  # made by another worker in the meantime
                    raise

    def _raised(self, manifest: Manifest, wanted: Wanted, found: ConfigMap) -> ObjectMeta:
        metadata = _metadata(found)
        change = {
            "metadata": {
                "annotations": manifest["metadata"]["annotations"],
                "resourceVersion": metadata.resourceVersion,
            },
            "data": manifest["data"],
        }
        with told("write", _title(found), metadata.namespace or ""):
            try:
                found = self._cluster.patch(
                    ConfigMap,
                    metadata.name or "",
                    change,
                    namespace=metadata.namespace,
                    patch_type=PatchType.MERGE,
                )
            except ApiError as error:
                if not is_stale(error):
                    raise
                now = self._cluster.get(ConfigMap, metadata.name or "", namespace=metadata.namespace)
                self._cache.note(now)
                check_epoch(now, wanted.deployment, wanted.epoch)
                raise _changed(found) from None
        self._cache.note(found)
        return _metadata(found)

    # -- all else --------------------------------------------------------------------------------------------------

    def _write(self, step: Write, anchor: ObjectMeta) -> None:
        kind, name, namespace = step.manifest["kind"], step.manifest["metadata"]["name"], anchor.namespace or ""
        live = step.live
        with told("write", f"{kind} {name}", namespace):
            is_ours = not step.force
            for _ in range(TRIES):
                try:
                    if not is_ours:
                        live, is_ours = self._taken_over(live), True
                    version = live.metadata.resourceVersion if live else ""
                    found = self._apply(noted(step.manifest, anchor, version=version), namespace, force=step.force)
                except ApiError as error:
                    if live is not None and is_stale(error):
                        live = self._as_it_is(live)
                    elif kind == "Secret" and error.status.code == 422:
                        # Left by a worker that came no further, with what was right then; nothing runs on it yet.
                        self.delete_secret(name, namespace)
                    else:
                        raise
                else:
                    if kind != "Secret":
                        self._cache.note(found)
                    return
        raise EngineFault(f"{kind} {name} in {namespace} keeps changing while it is written.")

    def _apply(self, manifest: Manifest, namespace: str, *, force: bool) -> Any:
        return self._cluster.patch(
            _CLASSES[manifest["kind"]],
            manifest["metadata"]["name"],
            manifest,
            namespace=namespace,
            patch_type=PatchType.APPLY,
            force=force,
        )

    def _taken_over(self, live: Live) -> Live:
        """An object with all of its specification ours, so that applying it also takes away what others have added."""
        change = [
            # Replaced by what it should be: else it is another's object by now, and refused as such.
            {"op": "replace", "path": "/metadata/resourceVersion", "value": live.metadata.resourceVersion},
            {"op": "replace", "path": "/metadata/managedFields", "value": made_ours(live.to_dict())},
        ]
        now = self._cluster.patch(
            type(live), live.metadata.name, change, namespace=live.metadata.namespace, patch_type=PatchType.JSON
        )
        self._cache.note(now)
        return now

    def _as_it_is(self, live: Live) -> Live:
        """An object read again, if only its status has changed; raises EngineFault where somebody has written it."""
        was = live.metadata
        try:
            now = self._cluster.get(type(live), was.name, namespace=was.namespace)
        except ApiError as error:
            if error.status.code != 404:
                raise
            self._cache.forget(live)
            raise _changed(live) from None
        self._cache.note(now)
        is_same = (now.metadata.uid, now.metadata.generation, now.metadata.deletionTimestamp) == (
            was.uid,
            was.generation,
            was.deletionTimestamp,
        )
        if not is_same or applied_to(now.metadata) != applied_to(was):
            raise _changed(live)
        return now


def check_epoch(anchor: ConfigMap | None, deployment: str, epoch: int) -> None:
    """Raise Fenced where somebody with a higher epoch has written."""
    known = anchors.epoch_of(anchor)
    if epoch < known:
        raise Fenced(f"{deployment} is at epoch {known}; a worker with epoch {epoch} changes nothing.")


@contextmanager
def told(doing: str, what: str, where: str = "") -> Iterator[None]:
    """Turn errors of the client into faults, in the words of `fault_of`."""
    try:
        yield
    except (httpx2.HTTPError, ConfigError) as error:
        raise fault_of(error, doing, what, where) from None


def _changed(live: Live) -> EngineFault:
    return EngineFault(f"{_title(live)} in {live.metadata.namespace} has changed since it was read.")


def _title(live: Live) -> str:
    return f"{api_info(live).resource.kind} {live.metadata.name}"


def _metadata(anchor: ConfigMap) -> ObjectMeta:
    return anchor.metadata or ObjectMeta()
