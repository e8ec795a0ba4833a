"""From what is wanted to what stands around the pods."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ConfigMap

from deployments.engines.contract import Share, Traffic, Wanted
from deployments.engines.kubernetes import names
from deployments.engines.kubernetes.manifests import anchors, compositions, routes
from deployments.engines.kubernetes.manifests.objects import applied_to, compact, noted
from deployments.engines.kubernetes.manifests.ownership import made_ours
from deployments.engines.kubernetes.options import Options
from deployments.planning.modes import Mode
from tests.deployments.engines.kubernetes.things import AWKWARD, OPTIONS, wanted, workload

LABEL = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
A, B = workload("a-1"), workload("b-1")


def test_a_composition_rolls_without_a_gap() -> None:
    """What the K8s Deployment says about replicas and time."""
    of = workload(replicas=3, ready_within_seconds=0.5)
    spec = compositions.k8s_deployment("d-1", of, {"the": "template"}, OPTIONS)["spec"]
    selector = {"mlops-console.dev/deployment": "d-1", "mlops-console.dev/composition": "a"}
    assert spec == {
        "replicas": 3,
        "minReadySeconds": 5,
        "progressDeadlineSeconds": 6,
        "revisionHistoryLimit": 1,
        "selector": {"matchLabels": selector},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": "25%"}},
        "template": {"the": "template"},
    }
    assert compositions.service("d-1", "a")["spec"]["selector"] == selector


def test_only_several_replicas_have_a_budget() -> None:
    """A single one could never leave its node."""
    assert compositions.budget("d-1", workload()) is None
    budget = compositions.budget("d-1", workload(replicas=2))
    assert budget is not None
    assert budget["spec"]["maxUnavailable"] == 1
    assert budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


@pytest.mark.parametrize(
    ("weights", "ready", "found"),
    [
        ({"a-1": 1}, "a", {"a": 1}),
        ({"a-1": 1}, "", {"a": 1}),
        ({"a-1": 70, "b-1": 30}, "ab", {"a": 70, "b": 30}),
        ({"a-1": 70, "b-1": 30}, "b", {"a": 0, "b": 30}),
        ({"a-1": 70, "b-1": 30}, "", {"a": 70, "b": 30}),
        ({"a-1": 1, "b-1": 0}, "b", {"a": 1, "b": 0}),
        ({"a-1": 1, "gone-1": 0}, "a", {"a": 1}),
    ],
)
def test_weights_go_to_what_is_ready(weights: dict[str, int], ready: str, found: dict[str, int]) -> None:
    """Never all of them 0: without a ready pod it is the Service that answers 503."""
    (rule,) = routes.route(wanted(A, B, weights=weights), set(ready), OPTIONS)["spec"]["rules"]
    assert {each["name"]: each["weight"] for each in rule["backendRefs"]} == {
        names.object_name("d-1", composition): weight for composition, weight in found.items()
    }


@pytest.mark.parametrize(("ready", "copies"), [("ab", ["b"]), ("a", [])])
def test_copies_go_to_what_is_ready(ready: str, copies: list[str]) -> None:
    """And no request."""
    shadow = Wanted("d-1", (A, B), Traffic(Mode.SHADOW, (Share("a-1"),), "b-1"))
    (rule,) = routes.route(shadow, set(ready), OPTIONS)["spec"]["rules"]
    mirrored = [each["requestMirror"]["backendRef"]["name"] for each in rule["filters"] if "requestMirror" in each]
    assert mirrored == [names.object_name("d-1", each) for each in copies]
    assert [each["name"] for each in rule["backendRefs"]] == [names.object_name("d-1", "a")]


def test_one_prefix_of_the_gateway_is_a_deployments() -> None:
    """Which its scorers do not see."""
    spec = routes.route(wanted(A, deployment="d_1"), {"a"}, OPTIONS)["spec"]
    assert spec["parentRefs"] == [
        {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "public", "namespace": "ingress"}
    ]
    assert spec["rules"][0]["matches"] == [{"path": {"type": "PathPrefix", "value": "/d_1"}}]
    assert spec["rules"][0]["filters"] == [
        {"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}}}
    ]
    (parent,) = routes.route(wanted(A), {"a"}, replace(OPTIONS, gateway="public"))["spec"]["parentRefs"]
    assert "namespace" not in parent


def test_nowhere_is_a_service_without_pods() -> None:
    """A route without a backend would be answered 500."""
    route = routes.route(wanted(A, traffic=None), {"a"}, OPTIONS)
    assert routes.services_of(route["spec"]) == {names.object_name("d-1")}
    service = routes.nowhere("d-1")
    assert service["metadata"]["name"] == names.object_name("d-1")
    assert "selector" not in service["spec"]
    assert names.COMPOSITION not in service["metadata"]["labels"]


def test_a_route_does_not_change_while_a_composition_is_upgraded() -> None:
    """It names compositions, so that an upgrade costs no write of it."""
    old, new = workload("a-1"), workload("a-2", version="v2.0.0")
    before = routes.route(wanted(old), {"a"}, OPTIONS)
    assert routes.route(wanted(old, new, weights={"a-1": 1}), {"a"}, OPTIONS) == before
    assert routes.route(wanted(old, new), {"a"}, OPTIONS) == before
    assert routes.route(wanted(new), {"a"}, OPTIONS) == before


def test_names_never_meet() -> None:
    """Each fits every kind of object, though ids hold what no object's name may."""
    ids = [*AWKWARD, "a-b", "ab"]
    pairs = [(one, other) for one in ids for other in ids]
    found = [names.object_name(*each) for each in [*((each,) for each in ids), *pairs]]
    assert len(set(found)) == len(found)
    assert all(LABEL.fullmatch(each) for each in found), found


@pytest.mark.parametrize(
    ("template", "workspace", "namespace"),
    [
        ("mlops-{workspace}", "global", "mlops-global"),
        ("models", "global", "models"),
        ("1models", "global", "1models"),
        ("mlops-{workspace}", "3d6f0a1e-0000-4000-8000-000000000000", "mlops-3d6f0a1e-0000-4000-8000-000000000000"),
    ],
)
def test_namespaces(template: str, workspace: str, namespace: str) -> None:
    """By the template, if it can be had so."""
    assert Options(namespace=template).namespace_of(workspace) == namespace


@pytest.mark.parametrize("workspace", AWKWARD)
def test_a_namespace_can_be_had_for_every_workspace(workspace: str) -> None:
    """Whatever people call it."""
    assert LABEL.fullmatch(Options().namespace_of(workspace))


def test_a_note_says_what_was_applied() -> None:
    """So that the same thing is not applied again; owner and version are no part of it."""
    manifest = compositions.service("d-1", "a")
    owner = ObjectMeta(name="d-1", uid="u-1")
    applied = noted(manifest, owner, version="7")
    assert applied["metadata"]["resourceVersion"] == "7"
    assert applied["metadata"]["ownerReferences"][0]["uid"] == "u-1"
    assert applied_to(ObjectMeta(annotations=applied["metadata"]["annotations"])) == manifest
    assert "resourceVersion" not in noted(manifest, owner)["metadata"]


@pytest.mark.parametrize("note", [None, "", "{", "[]", "7"])
def test_a_broken_note_says_nothing(note: str | None) -> None:
    """Anybody may write there."""
    annotations = {} if note is None else {names.APPLIED: note}
    assert applied_to(ObjectMeta(annotations=annotations)) is None
    assert applied_to(None) is None


@pytest.mark.parametrize(("said", "epoch"), [("7", 7), ("", 0), ("seven", 0), ("-7", 0)])
def test_the_epoch_of_an_anchor(said: str, epoch: int) -> None:
    """What is no number is none."""
    anchor = ConfigMap(metadata=ObjectMeta(annotations={names.EPOCH: said}))
    assert anchors.epoch_of(anchor) == epoch


def test_an_anchor_says_the_same_under_another_epoch() -> None:
    """A turn without work need not raise it."""
    said = anchors.anchor(wanted(A, epoch=1, title="One"), {"s"})
    live = ConfigMap(metadata=ObjectMeta(annotations=said["metadata"]["annotations"]), data=said["data"])
    assert anchors.says_the_same(live, anchors.anchor(wanted(A, epoch=2, title="One"), {"s"}))
    assert not anchors.says_the_same(live, anchors.anchor(wanted(A, epoch=1, title="Two"), {"s"}))
    assert not anchors.says_the_same(live, anchors.anchor(wanted(A, epoch=1, title="One"), set()))
    assert anchors.secrets_of(live) == {"s"}
    assert anchors.secrets_of(None) == set()


OURS = {"manager": "mlops-console", "operation": "Apply", "apiVersion": "apps/v1"}
THEIRS = {"manager": "kubectl", "operation": "Update", "apiVersion": "apps/v1"}


def test_what_others_have_of_a_specification_becomes_ours() -> None:
    """So that applying without it takes it away; their labels and the status stay theirs."""
    status = {"manager": "kube-controller-manager", "subresource": "status", "fieldsV1": {"f:status": {}}}
    entries: list[dict[str, Any]] = [
        {**THEIRS, "fieldsV1": {"f:metadata": {"f:labels": {"f:x": {}}}, "f:spec": {"f:a": {"f:b": {}}}}},
        {**OURS, "fieldsV1": {"f:metadata": {"f:labels": {}}, "f:spec": {"f:a": {"f:c": {}}, "f:d": {}}}},
        status,
        {**THEIRS, "manager": "hpa", "subresource": "scale", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
    ]
    live = {"apiVersion": "apps/v1", "metadata": {"managedFields": entries}}
    spec: dict[str, Any] = {"f:a": {"f:b": {}, "f:c": {}}, "f:d": {}, "f:replicas": {}}
    assert made_ours(live) == [
        {**OURS, "fieldsV1": {"f:metadata": {"f:labels": {}}, "f:spec": spec}},
        {**THEIRS, "fieldsV1": {"f:metadata": {"f:labels": {"f:x": {}}}}},
        status,
    ]


def test_that_pods_were_restarted_stays_theirs() -> None:
    """Or applying again would replace them once more."""
    annotation: dict[str, Any] = {"f:kubectl.kubernetes.io/restartedAt": {}}
    template = {"f:metadata": {"f:annotations": annotation}, "f:spec": {"f:x": {}}}
    live = {
        "apiVersion": "apps/v1",
        "metadata": {
            "managedFields": [
                {**OURS, "fieldsV1": {"f:spec": {"f:d": {}}}},
                {**THEIRS, "fieldsV1": {"f:spec": {"f:template": template}}},
            ]
        },
    }
    assert made_ours(live) == [
        {**OURS, "fieldsV1": {"f:spec": {"f:d": {}, "f:template": {"f:spec": {"f:x": {}}}}}},
        {**THEIRS, "fieldsV1": {"f:spec": {"f:template": {"f:metadata": {"f:annotations": annotation}}}}},
    ]


def test_what_nobody_has_applied_becomes_ours() -> None:
    """Somebody may have removed our entry, too."""
    live = {"apiVersion": "v1", "metadata": {"managedFields": [{**THEIRS, "fieldsV1": {"f:spec": {"f:a": {}}}}]}}
    (entry,) = made_ours(live)
    assert (entry["manager"], entry["operation"]) == ("mlops-console", "Apply")
    assert entry["fieldsV1"] == {"f:spec": {"f:a": {}}}


def test_the_same_content_reads_the_same() -> None:
    """In whatever order it was put together."""
    assert compact({"b": 1, "a": [1, 2]}) == compact({"a": [1, 2], "b": 1}) == '{"a":[1,2],"b":1}'
