"""What there is to write and to delete, from what is wanted and what there is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.apps_v1 import Deployment as K8sDeployment
from lightkube.resources.apps_v1 import ReplicaSet
from lightkube.resources.core_v1 import ConfigMap, Pod, Service
from lightkube.resources.policy_v1 import PodDisruptionBudget
from msgspec import convert

from deployments.engines.contract import Wanted
from deployments.engines.kubernetes import names
from deployments.engines.kubernetes.manifests import anchors
from deployments.engines.kubernetes.manifests.objects import noted
from deployments.engines.kubernetes.pictures import Composed, HTTPRoute, Picture
from deployments.engines.kubernetes.steps import Delete, DeleteSecret, Step, Steps, Write, steps_to
from tests.deployments.engines.kubernetes.things import OPTIONS, wanted, workload

ANCHOR = ObjectMeta(name="d-1", namespace="models", uid="u-1", resourceVersion="1")
NOTHING = Picture()
OLD, NEW = workload("a-1"), workload("a-2", version="v2.0.0", image="registry.example.org/scorer:2.0.0")
B = workload("b-1")
HIDING = workload("a-1", environment={"TOKEN": "t"})


def steps(of: Wanted, picture: Picture = NOTHING) -> Steps:
    """The steps from a picture."""
    return steps_to(of, picture, OPTIONS, sleeps=True)


def told(found: Iterable[Step]) -> list[str]:
    """Steps in words."""
    words = []
    for each in found:
        match each:
            case Write(manifest=manifest):
                words.append(f"write {manifest['kind']} {manifest['metadata']['name']}")
            case Delete(live=live):
                words.append(f"delete {live.kind} {live.metadata.name}")
            case DeleteSecret(name=name):
                words.append(f"delete Secret {name}")
    return words


def after(of: Wanted, picture: Picture = NOTHING, *, ready: str = "") -> Picture:
    """The picture once the steps were done, with a replica set for each K8s Deployment, and a pod where it is ready."""
    done = steps(of, picture)
    anchor = convert(anchors.anchor(of, done.secrets), ConfigMap)
    anchor.metadata = replace_of(ANCHOR, annotations=anchor.metadata.annotations if anchor.metadata else None)
    route, found = picture.route, dict(picture.compositions)
    for each in done.steps:
        if isinstance(each, Delete):
            composition = each.live.metadata.labels[names.COMPOSITION]
            found.pop(composition, None)
        elif isinstance(each, Write):
            applied = noted(each.manifest, ANCHOR)
            composition = applied["metadata"]["labels"].get(names.COMPOSITION, "")
            has = found.get(composition, Composed())
            match applied["kind"]:
                case "HTTPRoute":
                    route = HTTPRoute.from_dict(applied)
                case "Deployment":
                    sets = {**has.replica_sets, f"rs-{len(has.replica_sets)}": replica_set(applied)}
                    found[composition] = replace(has, deployment=convert(applied, K8sDeployment), replica_sets=sets)
                case "Service" if composition:
                    found[composition] = replace(has, service=convert(applied, Service))
                case "PodDisruptionBudget":
                    found[composition] = replace(has, budget=convert(applied, PodDisruptionBudget))
    for composition in ready:
        found[composition] = replace(found[composition], pods={"p": ready_pod()})
    return Picture("models", anchor, found, route)


def replace_of(metadata: ObjectMeta, **changes: Any) -> ObjectMeta:
    """Metadata with other values."""
    return convert(metadata.to_dict() | changes, ObjectMeta)


def replica_set(deployment: dict[str, Any]) -> ReplicaSet:
    """What the cluster makes of a K8s Deployment: its note and its template's labels."""
    template, annotations = deployment["spec"]["template"], deployment["metadata"]["annotations"]
    metadata = {"name": "rs", "labels": template["metadata"]["labels"], "annotations": annotations}
    return convert({"metadata": metadata, "spec": {"selector": {}}}, ReplicaSet)


def ready_pod() -> Pod:
    """A pod that gets requests."""
    return convert({"metadata": {"name": "p"}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}}, Pod)


def deployment_of(picture: Picture, composition: str = "a") -> K8sDeployment:
    """The K8s Deployment of a composition."""
    found = picture.compositions[composition].deployment
    assert found is not None
    return found


A_NAME, B_NAME, D_NAME = names.object_name("d-1", "a"), names.object_name("d-1", "b"), names.object_name("d-1")


def test_everything_is_made_in_an_order_that_works() -> None:
    """What others name comes before them."""
    several = workload("b-1", replicas=2, environment={"TOKEN": "t"})
    assert told(steps(wanted(OLD, several, weights={"a-1": 1, "b-1": 1})).steps) == [
        f"write Secret {names.object_name('d-1', 'b-1')}",
        f"write Service {A_NAME}",
        f"write Deployment {A_NAME}",
        f"write Service {B_NAME}",
        f"write Deployment {B_NAME}",
        f"write PodDisruptionBudget {B_NAME}",
        f"write HTTPRoute {D_NAME}",
    ]


def test_at_rest_there_is_nothing_to_do() -> None:
    """Whatever the cluster has filled in."""
    of = wanted(HIDING)
    picture = after(of, ready="a")
    assert steps(of, picture).steps == ()
    spec = deployment_of(picture).spec
    assert spec is not None
    spec.paused = False
    assert steps(of, picture).steps == ()


def test_an_upgrade_is_one_write() -> None:
    """The K8s Deployment follows the last workload, and the route says nothing of versions."""
    picture = after(wanted(OLD), ready="a")
    for of in (wanted(OLD, NEW, weights={"a-1": 1}), wanted(OLD, NEW), wanted(NEW)):
        (step,) = steps(of, picture).steps
        assert isinstance(step, Write)
        assert step.manifest["spec"]["template"]["spec"]["containers"][0]["image"] == NEW.image
        assert step.live is deployment_of(picture)
    assert steps(wanted(NEW), after(wanted(OLD, NEW), picture, ready="a")).steps == ()


def test_what_a_key_names_does_not_change() -> None:
    """Its replicas may."""
    picture = after(wanted(OLD), ready="a")
    other = replace(OLD, image="registry.example.org/other:9", environment={"A": "1"})
    assert steps(wanted(other), picture).steps == ()
    deployment, budget = steps(wanted(replace(other, replicas=2)), picture).steps
    assert isinstance(deployment, Write)
    assert deployment.manifest["spec"]["replicas"] == 2
    assert deployment.manifest["spec"]["template"]["spec"]["containers"][0]["image"] == OLD.image
    assert told([budget]) == [f"write PodDisruptionBudget {A_NAME}"]


def test_what_comes_back_is_what_it_was() -> None:
    """From the replica set that still has its note, so that its pods can stay."""
    picture = after(wanted(NEW), after(wanted(OLD), ready="a"), ready="a")
    (step,) = steps(wanted(NEW, replace(OLD, environment={"A": "1"})), picture).steps
    assert isinstance(step, Write)
    (first,) = [each for each in steps(wanted(OLD)).steps if isinstance(each, Write) and "template" in str(each)]
    assert step.manifest["spec"]["template"] == first.manifest["spec"]["template"]


def test_what_is_not_wanted_goes_once_nothing_is_sent_there() -> None:
    """First the route, then the rest."""
    both = wanted(OLD, B, weights={"a-1": 1, "b-1": 1})
    picture = after(both, ready="ab")
    assert told(steps(wanted(OLD), picture).steps) == [f"write HTTPRoute {D_NAME}"]
    picture = after(wanted(OLD), picture, ready="a")
    assert told(steps(wanted(OLD), picture).steps) == [f"delete Deployment {B_NAME}", f"delete Service {B_NAME}"]
    assert steps(wanted(OLD), after(wanted(OLD), picture)).steps == ()


def test_what_is_paused_is_sent_nowhere_and_goes() -> None:
    """The anchor and the route stay."""
    nothing = wanted(traffic=None)
    picture = after(wanted(OLD), ready="a")
    assert told(steps(nothing, picture).steps) == [f"write Service {D_NAME}", f"write HTTPRoute {D_NAME}"]
    picture = after(nothing, picture)
    assert told(steps(nothing, picture).steps) == [f"delete Deployment {A_NAME}", f"delete Service {A_NAME}"]
    picture = after(nothing, picture)
    assert (picture.compositions, steps(nothing, picture).steps) == ({}, ())


def test_weights_follow_readiness() -> None:
    """One write when a composition becomes ready or is not any more, none otherwise."""
    of = wanted(OLD, B, weights={"a-1": 1, "b-1": 1})
    none = after(of)
    assert steps(of, none).steps == ()
    one = replace(
        none, compositions={**none.compositions, "a": replace(none.compositions["a"], pods={"p": ready_pod()})}
    )
    assert told(steps(of, one).steps) == [f"write HTTPRoute {D_NAME}"]


def test_a_budget_goes_with_the_second_replica() -> None:
    """It would keep the last pod on its node."""
    picture = after(wanted(replace(OLD, replicas=2)), ready="a")
    assert told(steps(wanted(OLD), picture).steps) == [
        f"write Deployment {A_NAME}",
        f"delete PodDisruptionBudget {A_NAME}",
    ]


def test_secrets_stay_as_long_as_something_may_start_with_them() -> None:
    """By what the anchor has been told of, since they are never read."""
    next_one = replace(HIDING, key="a-2", image="other:2")
    first = after(wanted(HIDING), ready="a")
    old, new = names.object_name("d-1", "a-1"), names.object_name("d-1", "a-2")
    assert anchors.secrets_of(first.anchor) == {old}
    second = after(wanted(next_one), first, ready="a")
    assert steps(wanted(next_one), first).secrets == {old, new}
    assert steps(wanted(next_one), second).steps == ()
    has = second.compositions["a"]
    pruned = {name: each for name, each in has.replica_sets.items() if name != "rs-0"}
    third = replace(second, compositions={"a": replace(has, replica_sets=pruned)})
    found = steps(wanted(next_one), third)
    assert (told(found.steps), set(found.secrets)) == ([f"delete Secret {old}"], {new})


def test_a_secret_that_is_not_known_to_be_there_is_made_again() -> None:
    """The anchor may have been made anew."""
    picture = after(wanted(HIDING), ready="a")
    anchor = convert(anchors.anchor(wanted(HIDING), ()), ConfigMap)
    anchor.metadata = picture.anchor.metadata if picture.anchor else None
    found = steps(wanted(HIDING), replace(picture, anchor=anchor))
    assert told(found.steps) == [f"write Secret {names.object_name('d-1', 'a-1')}"]


def test_what_is_ending_is_let_end() -> None:
    """And made anew afterwards."""
    picture = after(wanted(OLD), ready="a")
    metadata = deployment_of(picture).metadata
    assert metadata is not None
    metadata.deletionTimestamp = datetime.now(UTC)
    assert steps(wanted(NEW), picture).steps == ()
    has = picture.compositions["a"]
    gone = replace(picture, compositions={"a": replace(has, deployment=None)})
    assert told(steps(wanted(NEW), gone).steps) == [f"write Deployment {A_NAME}"]


def test_what_has_lost_its_owner_is_written_again() -> None:
    """Else it would outlive its deployment."""
    picture = after(wanted(OLD), ready="a")
    assert told(steps(wanted(OLD), replace(picture, anchor=None)).steps) == [
        f"write Service {A_NAME}",
        f"write Deployment {A_NAME}",
        f"write HTTPRoute {D_NAME}",
    ]
