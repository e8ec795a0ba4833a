"""From rows to what the wire says of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.db.models import Prefetch, QuerySet, prefetch_related_objects

from deployments.api.elements import SPEC, spec_of
from deployments.models import Composition, Deployment, Rollout
from deployments.planning.modes import Mode, percentages
from deployments.queries import whole_compositions, with_latest
from deployments.rollouts.snapshot import Health
from mlops_console.access import Right
from mlops_console.actor import Actor
from mlops_console.api.shapes import SYSTEM
from runtimes.rules.environment import masked

_SCORE: Final = "/model/score"
_DRIFTED: Final = "Somebody changed it outside of the console; its page says what, and lets one adopt or re-apply it."
_ENDPOINTS: Final = {
    Health.HEALTHY: "ENDPOINT_STATE_READY",
    Health.UNHEALTHY: "ENDPOINT_STATE_ERROR",
    Health.FAILED: "ENDPOINT_STATE_ERROR",
}


def complete(deployments: Sequence[Deployment]) -> Sequence[Deployment]:
    """Deployments with their compositions as `deployment` words them, in one query for all."""
    rows: QuerySet[Composition] = with_latest(whole_compositions())
    prefetch_related_objects(list(deployments), Prefetch("compositions", rows.order_by("position"), to_attr="shown"))
    return deployments


def deployment(row: Deployment, actor: Actor) -> dict[str, Any]:
    """A deployment that `complete` has seen."""
    elements = [_element(row, each, actor) for each in row.shown]  # type: ignore[attr-defined] # see `complete`
    return {
        "name": row.name,
        "displayName": row.display_name,
        "description": row.description,
        "etag": str(row.revision),
        "createTime": row.created_at,
        "updateTime": row.updated_at,
        "creator": row.creator.name if row.creator else f"users/{SYSTEM}",
        "namespace": "",
        "securities": [{"disabledSecurity": {}, "id": "1", "displayName": _security_name(row)}],
        "paused": row.paused,
        "canPause": not row.paused,
        "canResume": row.paused,
        **_by_mode(row, elements),
    }


def status(row: Deployment, *, is_rolling: bool) -> dict[str, Any]:
    """How a deployment is."""
    return {
        "name": f"{row.name}/status",
        "state": row.health,
        "message": " ".join(filter(None, (row.health_message, _troubled(row), _DRIFTED if row.drift else ""))),
        "updateTime": row.health_at,
        "updatesAllowed": not (is_rolling or row.paused or row.drift or row.reapply),
        "lastUpdateOutcome": "ROLLED_BACK" if row.was_rolled_back else "LAST_UPDATE_OUTCOME_UNSPECIFIED",
    }


def _troubled(row: Deployment) -> str:
    return f"The engine cannot do its work now: {row.trouble}" if row.trouble else ""


def rolling(deployments: Iterable[Deployment]) -> set[int]:
    """The keys of those deployments in which a rollout is under way."""
    found = Rollout.objects.active().filter(deployment__in=[each.pk for each in deployments])
    return set(found.values_list("deployment_id", flat=True))


def metadata(row: Deployment) -> dict[str, Any]:
    """Where a deployment is scored."""
    told: dict[str, Any] = {"name": f"{row.name}/metadata"}
    if row.address:
        # The client derives other addresses from the first part of the path, which is the deployment's own.
        base = row.address.rstrip("/")
        told["scoringInterface"] = {
            "score": {"uri": base + _SCORE, "method": "POST"},
            "sampleRequest": {"uri": f"{base}/model/sample_request", "method": "GET"},
            "capabilities": {"uri": f"{base}/model/capabilities", "method": "GET"},
            "defaultEndpointState": _ENDPOINTS.get(Health(row.health), "ENDPOINT_STATE_PENDING"),
        }
    return told


def _by_mode(row: Deployment, elements: list[dict[str, Any]]) -> dict[str, Any]:
    match Mode(row.mode):
        case Mode.SINGLE:
            return {"single": elements[0]}
        case Mode.SHADOW:
            return {"shadow": {"primaryElement": elements[0], "secondaryElement": elements[1]}}
        case Mode.SPLIT:
            weights = [each.weight for each in row.shown]  # type: ignore[attr-defined] # see `complete`
            for element, weight, share in zip(elements, weights, percentages(weights), strict=True):
                element |= {"weight": weight, "effectivePercentage": share}
            return {"split": {"splitElements": elements}}


def _element(row: Deployment, composition: Composition, actor: Actor) -> dict[str, Any]:
    kind = composition.runtime.model_type_id
    latest = composition.latest_id  # annotated by `with_latest`
    variables = row.environment_variables
    return {
        "deploymentComposition": {
            "experimentId": composition.experiment.uid,
            "deployableArtifactType": composition.artifact_type or kind,
            "artifactProcessor": composition.artifact_processor or kind,
            "runtime": composition.runtime.name,
            "runtimeImage": composition.version.name,
            "runtimeImageUpgradeAvailable": latest is not None and latest != composition.version_id,
        },
        "kubernetesResourceSpec": spec_of({SPEC: composition.options.get(SPEC)}),
        "kubernetesConfigShortcut": {},
        "runtimeEnvironmentVariables": (
            dict(variables) if actor.may(Right.WRITE, row.workspace) else masked(variables)
        ),
        "runningReplicas": 1 if row.health == Health.HEALTHY else 0,
        "effectiveReplicas": 0 if row.paused else 1,
    }


def _security_name(row: Deployment) -> str:
    return str(row.securities[0].get("displayName", "")) if row.securities else ""
