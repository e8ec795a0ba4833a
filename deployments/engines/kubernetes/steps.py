"""What there is to write and to delete so that a cluster comes one step nearer to what is wanted; pure.

Nothing is written that was written already, whatever has become of it since: what others have changed is theirs until
somebody asks to apply again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lightkube.core.resource import api_info
from lightkube.models.meta_v1 import ObjectMeta

from deployments.engines.contract import Conflict, Wanted, Workload
from deployments.engines.kubernetes import names
from deployments.engines.kubernetes.drift import Difference, differences
from deployments.engines.kubernetes.manifests import anchors, compositions, routes
from deployments.engines.kubernetes.manifests.objects import Manifest, applied_to
from deployments.engines.kubernetes.manifests.ownership import left_by_hand
from deployments.engines.kubernetes.manifests.secrets import secret, secret_name
from deployments.engines.kubernetes.manifests.templates import pod_template
from deployments.engines.kubernetes.options import Options
from deployments.engines.kubernetes.pictures import Composed, Picture
from deployments.engines.kubernetes.pods import is_ending, is_ready

Live = Any  # an object as the cluster has it, of one of its many classes


@dataclass(frozen=True)
class Write:
    """Apply an object; `live` is what there was of it, and `force` undoes what others have made of it."""

    manifest: Manifest
    live: Live | None = None
    force: bool = False


@dataclass(frozen=True)
class Delete:
    """Delete an object, if it still is as it was seen."""

    live: Live


@dataclass(frozen=True)
class DeleteSecret:
    """Delete a Secret, if there is one of this name."""

    name: str


Step = Write | Delete | DeleteSecret


@dataclass(frozen=True)
class Steps:
    """Steps in their order; `secrets` are the names of the Secrets that may exist after them."""

    steps: tuple[Step, ...]
    secrets: frozenset[str]


def steps_to(wanted: Wanted, picture: Picture, options: Options, *, sleeps: bool) -> Steps:
    """The steps from a picture towards what is wanted; `sleeps` as pod templates take it. Raises Conflict."""
    return _Planner(wanted, picture, options, sleeps).steps()


@dataclass(frozen=True)
class _Planner:
    wanted: Wanted
    picture: Picture
    options: Options
    sleeps: bool

    def steps(self) -> Steps:
        goals = {workload.composition: workload for workload in self.wanted.workloads}
        hidden = [each for goal in goals.values() if (each := self._secret(goal))]
        listed = anchors.secrets_of(self.picture.anchor)
        kept = (listed & self._named()) | {each["metadata"]["name"] for each in hidden}
        found: list[Step] = [Write(each) for each in hidden]
        for goal in goals.values():
            found += self._composition(goal)
        found += self._route()
        found += self._leftovers(goals)
        found += [DeleteSecret(name) for name in sorted(listed - kept)]
        return Steps(tuple(found), frozenset(kept))

    def _composition(self, goal: Workload) -> Iterator[Step]:
        name, has = self.wanted.deployment, self._composed(goal)
        yield from self._write(compositions.service(name, goal.composition), has.service)
        template = _template_of(has, goal.key) or pod_template(name, goal, self.options, sleeps=self.sleeps)
        yield from self._write(compositions.k8s_deployment(name, goal, template, self.options), has.deployment)
        if budget := compositions.budget(name, goal):
            yield from self._write(budget, has.budget)
        elif has.budget:
            yield from _delete(has.budget)

    def _secret(self, goal: Workload) -> Manifest | None:
        """The Secret that is still to be written, if a workload has one."""
        found = secret(self.wanted.deployment, goal)
        is_there = found and found["metadata"]["name"] in anchors.secrets_of(self.picture.anchor)
        return None if is_there and _template_of(self._composed(goal), goal.key) else found

    def _route(self) -> Iterator[Step]:
        name, live = self.wanted.deployment, self.picture.route
        route = routes.route(self.wanted, self._ready(), self.options)
        to, was = routes.services_of(route["spec"]), routes.services_of(live.get("spec") if live else None)
        nowhere = names.object_name(name)
        if nowhere in to - was:
            yield Write(routes.nowhere(name))
        yield from self._write(route, live)

    def _leftovers(self, goals: Collection[str]) -> Iterator[Step]:
        """What runs compositions that are not wanted any more, once the route does not name them any more either."""
        route = self.picture.route
        routed = routes.services_of(route.get("spec") if route else None)
        for uid, has in self.picture.compositions.items():
            if uid not in goals and names.object_name(self.wanted.deployment, uid) not in routed:
                for live in (has.deployment, has.budget, has.service):
                    yield from _delete(live)

    def _write(self, manifest: Manifest, live: Live | None) -> Iterator[Step]:
        if live is None:
            yield Write(manifest)
            return
        if is_ending(live):
            return  # made anew once it has gone
        is_written = applied_to(live.metadata) == manifest and _is_owned(live.metadata, self.picture)
        if is_written and not self.wanted.reapply:
            return
        now = live.to_dict()
        since = {each.path for each in differences(applied_to(live.metadata) or {}, now)}
        changed = [each for each in differences(manifest, now) if any(_meet(each.path, path) for path in since)]
        if changed and not self.wanted.reapply:
            raise Conflict(
                f"{api_info(live).resource.kind} {live.metadata.name} was changed by somebody else: {_told(changed)}."
                " It was not written; adopt what was changed, or apply again."
            )
        if changed or not is_written:
            # What was adopted, or undone by hand, is taken over as well: it would be theirs, too, and the next change a
            # conflict although nothing differs.
            yield Write(manifest, live, force=bool(since) or left_by_hand(now))

    def _composed(self, goal: Workload) -> Composed:
        return self.picture.compositions.get(goal.composition, Composed())

    def _ready(self) -> set[str]:
        return {uid for uid, has in self.picture.compositions.items() if any(map(is_ready, has.pods.values()))}

    def _named(self) -> set[str]:
        """The names that the Secrets of everything have that runs, may run again, or is wanted."""
        keys = {workload.key for workload in self.wanted.workloads}
        for has in self.picture.compositions.values():
            keys |= {_key_of(each.metadata) for each in has.replica_sets.values()}
            if has.deployment is not None and has.deployment.spec is not None:
                keys.add(_key_of(has.deployment.spec.template.metadata))
        return {secret_name(self.wanted.deployment, key) for key in keys}


def _template_of(has: Composed, key: str) -> Manifest | None:
    """The template that a workload was given, if it was: by the K8s Deployment, or the replica set that has its note.

    What a key names never changes, so this is taken as it is, whatever a template for the workload would be today.
    """
    for live in (has.deployment, *has.replica_sets.values()):
        template = ((applied_to(live.metadata) if live else None) or {}).get("spec", {}).get("template")
        if template and template["metadata"]["labels"][names.KEY] == key:
            return dict(template)
    return None


def _told(changed: Iterable[Difference]) -> str:
    """What others have made of an object that would not stay if it were written, and who.

    The API server itself refuses only half of it: what was taken away has no owner, and what was added is let be.
    """
    return ", ".join(f"{' '.join(each.path)} by {each.by or 'an unnamed manager'}" for each in changed)


def _meet(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether one of two paths is, or leads to, the other."""
    return all(mine == theirs for mine, theirs in zip(one, other, strict=False))


def _is_owned(metadata: ObjectMeta, picture: Picture) -> bool:
    anchor = picture.anchor.metadata if picture.anchor else None
    return anchor is not None and any(each.uid == anchor.uid for each in metadata.ownerReferences or ())


def _key_of(metadata: ObjectMeta | None) -> str:
    return str(((metadata.labels if metadata else None) or {}).get(names.KEY, ""))


def _delete(live: Live | None) -> Iterator[Step]:
    if live is not None and not is_ending(live):
        yield Delete(live)
