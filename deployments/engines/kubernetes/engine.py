"""The Kubernetes engine: what is wanted becomes objects, what there is comes from watches."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property

from lightkube.core.resource import api_info
from lightkube.types import CascadeType

from deployments.engines.contract import EngineFault, Seen, Wanted, check_name
from deployments.engines.kubernetes import names
from deployments.engines.kubernetes.cache import Cache
from deployments.engines.kubernetes.client import Cluster, connect
from deployments.engines.kubernetes.events import Events
from deployments.engines.kubernetes.manifests import anchors
from deployments.engines.kubernetes.manifests.secrets import secret_name
from deployments.engines.kubernetes.options import Options
from deployments.engines.kubernetes.pictures import KINDS
from deployments.engines.kubernetes.pods import is_ending
from deployments.engines.kubernetes.runs import labels_of
from deployments.engines.kubernetes.steps import Live, steps_to
from deployments.engines.kubernetes.writing import Writer, check_epoch, told


class KubernetesEngine:
    """Runs every composition as a K8s Deployment; connects when it is first asked for something."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._cache = Cache(lambda: self._cluster, options)
        self._events = Events(lambda: self._cluster)
        self._leaving: set[str] = set()  # removed, and not yet looked for in the cluster itself

    def listen(self, heard: Callable[[str], None]) -> bool:
        """Call `heard` with a deployment's name whenever a watch tells of it."""
        self._cache.listen(heard)
        return True

    def apply(self, wanted: Wanted) -> None:
        """Move a deployment one step towards what is wanted; raises EngineFault, Conflict, Fenced."""
        if not self._options.fetch_image and any(each.download for each in wanted.workloads):
            raise EngineFault("KUBERNETES_FETCH_IMAGE is not set: nothing could bring scorers their models.")
        picture = self._cache.picture(wanted.deployment)
        check_epoch(picture.anchor, wanted.deployment, wanted.epoch)
        if is_ending(picture.anchor):
            raise EngineFault(f"{wanted.deployment} is still being removed from the cluster.")
        plan = steps_to(wanted, picture, self._options, sleeps=self._sleeps)
        manifest = anchors.anchor(wanted, plan.secrets)
        if not plan.steps and picture.anchor is not None and anchors.says_the_same(picture.anchor, manifest):
            return
        self._leaving.discard(wanted.deployment)
        anchor = self._writer.hold(wanted, picture.anchor, manifest)
        for step in plan.steps:
            self._writer.carry_out(step, anchor)

    def observe(self, deployment: str) -> Seen:
        """Look at a deployment; raises EngineFault while the watches do not tell everything."""
        picture = self._cache.picture(check_name(deployment))
        address = f"{self._options.address.rstrip('/')}/{deployment}" if picture.route is not None else ""
        return self._events.look(picture, deployment, address)

    def remove(self, deployment: str, *, epoch: int = 0) -> None:
        """Take a deployment one step towards its end; raises EngineFault, Fenced.

        First its route goes, so that nothing is asked to stop that still gets requests, then its anchor with all that
        it owns. That nothing is left is read from the cluster itself: a watch may be behind.
        """
        self._leaving.add(check_name(deployment))
        picture = self._cache.picture(deployment)
        check_epoch(picture.anchor, deployment, epoch)
        if picture.is_empty:
            if not self._left(deployment):
                self._leaving.discard(deployment)
        elif picture.route is not None:
            self._end(picture.route)
        elif picture.anchor is not None:
            self._end(picture.anchor, CascadeType.FOREGROUND)
        else:  # somebody has deleted the anchor and let the rest be
            self._left(deployment)

    def deployments(self) -> Iterable[str]:
        """The deployments of which anything exists; raises EngineFault."""
        return sorted(set(self._cache.deployments()) | self._leaving)

    def traffic_counts(self, deployment: str) -> None:
        """Nothing: a gateway counts for itself."""

    def stop_all(self) -> None:
        """Nothing: scorers outlive the console."""

    def close(self) -> None:
        """End the watches and let go of connections."""
        self._cache.close()
        if "_cluster" in self.__dict__:
            self._cluster.close()

    def _end(self, live: Live | None, cascade: CascadeType = CascadeType.BACKGROUND) -> None:
        if live is not None and not is_ending(live):
            self._writer.delete(live, cascade)

    def _left(self, deployment: str) -> bool:
        """Whether the cluster has anything of a deployment; what belongs to nobody is deleted.

        Secrets are not listed, as the right to list them is one to read them all: they go by the names that the
        workloads tell which used them.
        """
        found: list[Live] = []
        for kind in KINDS:
            namespace = self._options.watched_namespace or "*"
            with told("list", api_info(kind).plural, namespace):
                found += self._cluster.list(kind, namespace=namespace, labels={names.DEPLOYMENT: deployment})
        secrets = {
            (secret_name(deployment, key), live.metadata.namespace)
            for live in found
            if (key := labels_of(live).get(names.KEY))
        }
        for name, namespace in sorted(secrets):
            self._writer.delete_secret(name, namespace)
        for live in found:
            if not live.metadata.ownerReferences:
                self._end(live)
        return bool(found)

    @cached_property
    def _cluster(self) -> Cluster:
        return connect(self._options)

    @cached_property
    def _writer(self) -> Writer:
        return Writer(self._cluster, self._cache, self._options)

    @cached_property
    def _sleeps(self) -> bool:
        with told("read", "the version"):
            return self._cluster.sleeps()
