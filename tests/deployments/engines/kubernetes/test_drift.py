"""What somebody else has changed: by the cluster's book-keeping, with what was wanted from the note."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from lightkube.resources.apps_v1 import Deployment as K8sDeployment
from lightkube.resources.core_v1 import Service

from deployments.engines.contract import Drift, Field
from deployments.engines.kubernetes import names
from deployments.engines.kubernetes.drift import drift_of
from deployments.engines.kubernetes.pictures import Composed, HTTPRoute, Picture
from runtimes.rules.environment import MASK
from tests.deployments.engines.kubernetes.objects import made, metadata, text

CONTAINER = {
    "name": "scorer",
    "image": "scorer:1",
    "ports": [{"containerPort": 8080, "protocol": "TCP", "name": "http"}],
    "env": [{"name": "A", "value": "1"}, {"name": "API_TOKEN", "value": "x"}],
    "resources": {"limits": {"cpu": "1000m"}},
    "args": ["--a", "--b"],
    "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
}
SPEC = {
    "replicas": 2,
    "selector": {"matchLabels": {"a": "b"}},
    "template": {
        "metadata": {"labels": {"a": "b"}, "annotations": {"v": "1"}},
        "spec": {"containers": [CONTAINER], "volumes": [{"name": "tmp", "emptyDir": {}}]},
    },
}
# As the cluster keeps book of who owns what of SPEC.
C = 'k:{"name":"scorer"}'
OWN_CONTAINER: dict[str, Any] = {
    ".": {}, "f:name": {}, "f:image": {}, "f:args": {},
    "f:ports": {
        'k:{"containerPort":8080,"protocol":"TCP"}': {".": {}, "f:containerPort": {}, "f:name": {}, "f:protocol": {}},
    },
    "f:env": {
        'k:{"name":"A"}': {".": {}, "f:name": {}, "f:value": {}},
        'k:{"name":"API_TOKEN"}': {".": {}, "f:name": {}, "f:value": {}},
    },
    "f:resources": {"f:limits": {"f:cpu": {}}},
    "f:volumeMounts": {'k:{"mountPath":"/tmp"}': {".": {}, "f:mountPath": {}, "f:name": {}}},
}  # fmt: skip
OWN = {
    "f:replicas": {},
    "f:selector": {},
    "f:template": {
        "f:metadata": {"f:labels": {"f:a": {}}, "f:annotations": {"f:v": {}}},
        "f:spec": {
            "f:containers": {C: OWN_CONTAINER},
            "f:volumes": {'k:{"name":"tmp"}': {".": {}, "f:name": {}, "f:emptyDir": {}}},
        },
    },
}  # fmt: skip
IN_CONTAINER = ("template", "spec", "containers", 0)
OWN_IN_CONTAINER = ("f:template", "f:spec", "f:containers", C)


def put(tree: Any, path: tuple[Any, ...], value: Any) -> None:
    """Set what is at the end of a path, making the way there; None takes it away."""
    for step in path[:-1]:
        tree = tree[step] if isinstance(tree, list) else tree.setdefault(step, {})
    if value is None:
        del tree[path[-1]]
    elif isinstance(tree, list) and path[-1] == len(tree):
        tree.append(value)
    else:
        tree[path[-1]] = value


def deployment(
    *changes: tuple[tuple[Any, ...], Any], lost: tuple[tuple[str, ...], ...] = (), by: dict[str, Any] | None = None
) -> K8sDeployment:
    """A K8s Deployment with changes, of which the console has lost some fields, and others own what `by` says."""
    spec, own = deepcopy(SPEC), deepcopy(OWN)
    for path, value in changes:
        put(spec, path, value)
    for path in lost:
        put(own, path, None)
    owners = {names.MANAGER: own, **(by or {})}
    entries = [
        {"manager": name, "operation": "Update", "time": text(minutes), "fieldsV1": {"f:spec": tree}}
        for minutes, (name, tree) in enumerate(owners.items())
    ]
    # What the cluster itself writes says nothing about us.
    entries.append({"manager": "kubelet", "subresource": "status", "fieldsV1": {"f:spec": {"f:replicas": {}}}})
    about = metadata("d-1-a", annotations={names.APPLIED: json.dumps({"spec": SPEC})}, managedFields=entries)
    found: K8sDeployment = made(K8sDeployment, {"metadata": about, "spec": spec})
    return found


def shown(live: Any, composition: str = "a") -> list[Drift]:
    """The drift of one object."""
    found = drift_of(Picture("w", None, {composition: Composed(deployment=live)}))
    return list(found)


def owner(path: tuple[str, ...]) -> dict[str, Any]:
    """The book-keeping of somebody who owns one field."""
    tree: dict[str, Any] = {}
    put(tree, path, {})
    return tree


IMAGE = (*OWN_IN_CONTAINER, "f:image")
RESOURCES = (*OWN_IN_CONTAINER, "f:resources")
CPU = (*RESOURCES, "f:limits", "f:cpu")
A_VALUE = (*OWN_IN_CONTAINER, "f:env", 'k:{"name":"A"}', "f:value")
B = {"name": "B", "value": "2"}
ENV_B: dict[str, Any] = {'k:{"name":"B"}': {".": {}, "f:name": {}, "f:value": {}}}
RESTARTED = ("template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt")


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        (deployment(), []),
        # defaults, and what the cluster writes in its own way
        (
            deployment(
                (("strategy",), {"type": "RollingUpdate"}),
                ((*IN_CONTAINER, "imagePullPolicy"), "Always"),
                ((*IN_CONTAINER, "resources", "limits", "cpu"), "1"),
            ),
            [],
        ),
        # the image
        (
            deployment(((*IN_CONTAINER, "image"), "evil:9"), lost=(IMAGE,), by={"kubectl-set": owner(IMAGE)}),
            [Drift("a", Field.IMAGE, "Deployment d-1-a, container scorer, image", "scorer:1", "evil:9", "kubectl-set")],
        ),
        # replicas, whoever sets them
        (
            deployment((("replicas",), 5), lost=(("f:replicas",),), by={"hpa": owner(("f:replicas",))}),
            [Drift("a", Field.REPLICAS, "Deployment d-1-a, replicas", "2", "5", "hpa")],
        ),
        (deployment((("replicas",), 0), lost=(("f:replicas",),)),
         [Drift("a", Field.REPLICAS, "Deployment d-1-a, replicas", "2", "0")]),  # nobody left a name
        # back to what was wanted, by somebody else, or wanted by somebody else as well
        (deployment(lost=(("f:replicas",),), by={"hpa": owner(("f:replicas",))}), []),
        (deployment(by={"argo": owner(("f:replicas",))}), []),
        # other fields: the last who wrote is named
        (
            deployment(((*IN_CONTAINER, "resources", "limits", "cpu"), "4"), lost=(RESOURCES,),
                       by={"first": owner(CPU), "last": owner(CPU)}),
            [Drift("a", Field.OTHER, "Deployment d-1-a, container scorer, resources.limits.cpu", "1000m", "4", "last")],
        ),
        (
            deployment(((*IN_CONTAINER, "env", 0, "value"), "9"), lost=(A_VALUE,), by={"kubectl-edit": owner(A_VALUE)}),
            [Drift("a", Field.OTHER, "Deployment d-1-a, container scorer, variable A, value", "1", "9",
                   "kubectl-edit")],
        ),
        (
            deployment(((*IN_CONTAINER, "args"), ["--c"]), lost=((*OWN_IN_CONTAINER, "f:args"),),
                       by={"x": owner((*OWN_IN_CONTAINER, "f:args"))}),
            [Drift("a", Field.OTHER, "Deployment d-1-a, container scorer, args", '["--a", "--b"]', '["--c"]', "x")],
        ),
        # taken away
        (
            deployment(((*IN_CONTAINER, "resources"), None), lost=(RESOURCES,)),
            [Drift("a", Field.OTHER, "Deployment d-1-a, container scorer, resources",
                   '{"limits": {"cpu": "1000m"}}', "")],
        ),
        (
            deployment(((*IN_CONTAINER, "env"), CONTAINER["env"][1:]),  # type: ignore[index]
                       lost=((*OWN_IN_CONTAINER, "f:env", 'k:{"name":"A"}'),)),
            [Drift("a", Field.OTHER, "Deployment d-1-a, container scorer, variable A", '{"name": "A", "value": "1"}',
                   "")],
        ),
        # added
        (
            deployment(((*IN_CONTAINER, "env", 2), B), by={"kubectl-set": {"f:template": {"f:spec": {"f:containers": {
                C: {"f:env": ENV_B}}}}}}),
            [Drift("a", Field.OTHER, "Deployment d-1-a, container scorer, variable B", "",
                   '{"name": "B", "value": "2"}', "kubectl-set")],
        ),
        (
            deployment((("template", "spec", "containers", 1), {"name": "proxy", "image": "p"}),
                       by={"mesh": {"f:template": {"f:spec": {"f:containers": {
                           'k:{"name":"proxy"}': {".": {}, "f:name": {}, "f:image": {}}}}}}}),
            [Drift("a", Field.OTHER, "Deployment d-1-a, container proxy", "", '{"image": "p", "name": "proxy"}',
                   "mesh")],
        ),
        (
            deployment((("template", "spec", "nodeSelector"), {"disk": "ssd"}),
                       by={"x": owner(("f:template", "f:spec", "f:nodeSelector", "f:disk"))}),
            [Drift("a", Field.OTHER, "Deployment d-1-a, nodeSelector.disk", "", "ssd", "x")],
        ),
        (deployment((("paused",), True), by={"kubectl-rollout": owner(("f:paused",))}),
         [Drift("a", Field.OTHER, "Deployment d-1-a, paused", "", "true", "kubectl-rollout")]),
        # restarted by hand: what runs is the same
        (deployment((RESTARTED, "now"), by={"kubectl-rollout": owner(tuple(f"f:{step}" for step in RESTARTED))}), []),
        # a secret is nobody's business
        (
            deployment(((*IN_CONTAINER, "env", 1, "value"), "mine"),
                       lost=((*OWN_IN_CONTAINER, "f:env", 'k:{"name":"API_TOKEN"}', "f:value"),)),
            [Drift("a", Field.OTHER, "Deployment d-1-a, container scorer, variable API_TOKEN, value", MASK, MASK)],
        ),
        (
            deployment((("template", "spec", "containers", 1),
                        {"name": "proxy", "env": [{"name": "MESH_TOKEN", "value": "x"}, {"name": "A", "value": "1"}]}),
                       by={"mesh": {"f:template": {"f:spec": {"f:containers": {
                           'k:{"name":"proxy"}': {".": {}, "f:name": {}, "f:env": {}}}}}}}),
            [Drift("a", Field.OTHER, "Deployment d-1-a, container proxy", "",
                   f'{{"env": [{{"name": "MESH_TOKEN", "value": {json.dumps(MASK)}}}, {{"name": "A", "value": "1"}}], '
                   '"name": "proxy"}', "mesh")],
        ),
    ],
)  # fmt: skip
def test_k8s_deployments(live: K8sDeployment, expected: list[Drift]) -> None:
    """Fields that are ours no more, and fields that never were."""
    assert shown(live) == expected


def test_without_book_keeping_values_decide() -> None:
    """Somebody may have cleared it: what is as it was is no drift, what is not may be."""
    live = deployment(((*IN_CONTAINER, "image"), "evil:9"))
    assert live.metadata is not None
    live.metadata.managedFields = None
    assert [(each.field, each.found) for each in shown(live)] == [(Field.IMAGE, "evil:9")]


def test_without_a_note_only_what_others_own_is_known() -> None:
    """As of an object that somebody has made with our labels on it."""
    live = deployment(((*IN_CONTAINER, "image"), "evil:9"), lost=(IMAGE,), by={"kubectl-set": owner(IMAGE)})
    assert live.metadata is not None
    live.metadata.annotations = None
    where = "Deployment d-1-a, container scorer, image"
    assert shown(live) == [Drift("a", Field.IMAGE, where, "", "evil:9", "kubectl-set")]


def test_other_objects_of_a_deployment() -> None:
    """Services by composition, the route by none; a list without keys is a value as a whole, defaults aside."""
    ports = [{"port": 8080, "protocol": "TCP", "targetPort": "http"}]
    rules = [{"backendRefs": [{"name": "d-1-a", "weight": 1}]}]

    def live(kind: Any, wanted: dict[str, Any], found: dict[str, Any], by: dict[str, Any]) -> Any:
        entries = [{"manager": "kubectl-edit", "operation": "Update", "fieldsV1": {"f:spec": by}}]
        about = metadata("d-1", annotations={names.APPLIED: json.dumps({"spec": wanted})}, managedFields=entries)
        return made(kind, {"metadata": about, "spec": found})

    service = live(
        Service,
        {"ports": ports},
        {"ports": [{**ports[0], "targetPort": 9}]},
        {"f:ports": {'k:{"port":8080,"protocol":"TCP"}': {"f:targetPort": {}}}},
    )
    rule = [{"backendRefs": [{"name": "d-1-a", "weight": 7, "kind": "Service"}]}]
    route = live(HTTPRoute, {"rules": rules}, {"rules": rule}, {"f:rules": {}})
    same = live(HTTPRoute, {"rules": rules}, {"rules": [{**rules[0], "matches": []}]}, {"f:rules": {}})
    picture = Picture("w", None, {"a": Composed(service=service)}, route)
    assert [(each.composition, each.where, each.found) for each in drift_of(picture)] == [
        ("", "HTTPRoute d-1, rules", json.dumps(rule, sort_keys=True)),
        ("a", "Service d-1, port 8080, targetPort", "9"),
    ]
    assert drift_of(Picture("w", None, {}, same)) == ()
