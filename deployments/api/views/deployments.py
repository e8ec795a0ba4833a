"""Deployments by the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from deployments import queries
from deployments.actions import changes as changing_actions
from deployments.actions import deployments as actions
from deployments.api import fields, wording
from deployments.api.elements import Elements, check_rest, elements_of
from deployments.api.inputs import DeploymentInput
from deployments.api.shapes import DeploymentShape
from deployments.models import Deployment
from mlops_console.access import Right
from mlops_console.api.base import ApiView
from mlops_console.api.schema import (
    COUNT,
    ETAG,
    FILTER,
    LIST_PARAMETERS,
    NOTHING,
    changing,
    holding,
    page_of,
    update_mask,
)
from mlops_console.errors import Invalid
from mlops_console.queries import Scope
from runtimes import queries as runtimes

EXAMPLE: Final = {
    "displayName": "Churn live",
    "single": {
        "deploymentComposition": {
            "experimentId": "00000000-0000-4000-8000-0000000e0001",
            "runtime": "workspaces/lab/runtimes/mojo",
        }
    },
    "securities": [{"disabledSecurity": {}}],
}
ANSWER: Final = holding("DeploymentAnswer", deployment=DeploymentShape())
VERBS: Final = dict.fromkeys((":upgradeRuntimeImage", ":pause", ":resume", ":retry"), Right.WRITE) | {
    ":previewUpgradeRuntimeImage": Right.VIEW
}
NAMES: Final = {"uid": "deployment"}
_EXAMPLES: Final = [OpenApiExample("A single model", EXAMPLE, request_only=True)]
_PAIR: Final = "It is not the pair that this runtime has in artifactCompositions: {}."


class DeploymentCollection(ApiView):
    """The deployments of a workspace; `-` stands for all workspaces."""

    tag, names = "Deployments", NAMES
    operations = {"GET": "listDeployments", "POST": "createDeployment"}
    example = EXAMPLE
    suffixes = (":count",)

    @extend_schema(parameters=LIST_PARAMETERS, responses=page_of("DeploymentPage", "deployments", DeploymentShape))
    def get(self, request: Request, workspace: str) -> Response:
        """A page of deployments."""
        rows = fields.with_creator(queries.deployments_in(self.enter(workspace)))
        cut = self.listed(rows, fields.DEPLOYMENTS, fields.BY_NAME)
        shown = [wording.deployment(row, self.actor) for row in wording.complete(cut.rows)]
        return self.answer({"deployments": DeploymentShape(shown, many=True).data, "nextPageToken": cut.next})

    @extend_schema(parameters=[ETAG], request=DeploymentInput, responses=ANSWER, examples=_EXAMPLES)
    def post(self, request: Request, workspace: str) -> Response:
        """Make a deployment; each composition begins on the version that its runtime stands for now."""
        scope = self.enter(workspace)
        place = scope.one()
        given = self.body(DeploymentInput)
        elements = elements_of(given)
        check_rest(given)
        try:
            made = actions.create_deployment(
                actor=self.actor,
                workspace=place,
                display_name=given.get("display_name", ""),
                description=given.get("description", ""),
                mode=elements.mode,
                wishes=_wishes(elements, scope),
                environment_variables=elements.environment_variables,
                securities=[{"displayName": each.get("displayName", "")} for each in given.get("securities", [])],
                now=timezone.now(),
            )
        except Invalid as fault:
            raise elements.placed(fault) from None
        return shown(self, made)


class DeploymentCount(ApiView):
    """How many deployments there are."""

    tag, operations = "Deployments", {"GET": "countDeployments"}

    @extend_schema(parameters=[FILTER], responses=COUNT)
    def get(self, request: Request, workspace: str) -> Response:
        """Count the deployments exactly."""
        rows = fields.with_creator(queries.deployments_in(self.enter(workspace)))
        return self.answer({"count": self.counted(rows, fields.DEPLOYMENTS)})


class DeploymentResource(ApiView):
    """One deployment."""

    tag, names = "Deployments", NAMES
    operations = {"GET": "getDeployment", "PATCH": "updateDeployment", "DELETE": "deleteDeployment"}
    mask, verbs = {"display_name": "display_name", "description": "description"}, VERBS
    suffixes = ("/status", "/metadata", "/rollouts")

    @extend_schema(parameters=[ETAG], responses=ANSWER)
    def get(self, request: Request, workspace: str, deployment: str) -> Response:
        """A deployment by id."""
        self.enter_workspace(workspace)
        return shown(self, queries.find_deployment(self.actor, workspace, deployment))

    @extend_schema(
        parameters=[update_mask(fields.DEPLOYMENT_MASK), ETAG],
        request=DeploymentInput,
        responses=ANSWER,
        examples=changing(description="Scores customers who may leave."),
    )
    def patch(self, request: Request, workspace: str, deployment: str) -> Response:
        """Change a deployment; what its elements were started with changes only while it is paused, and by a mask."""
        self.enter_workspace(workspace)
        row = queries.find_deployment(self.actor, workspace, deployment)
        self.actor.require(Right.WRITE, row.workspace)
        cleared = {"display_name": "", "description": ""}
        wanted, rest = self.masked_body(DeploymentInput, fields.DEPLOYMENT_MASK, _NOTHING | cleared)
        check_rest(wanted)
        changes = {field: wanted[field] for field in cleared if field in wanted}
        if _OF_ELEMENTS & wanted.keys():
            changes |= self._of_elements(row, elements_of(rest), wanted)
        saved = changing_actions.update_deployment(
            actor=self.actor,
            workspace=workspace,
            uid=deployment,
            changes=changes,
            revision=rest.get("etag", ""),
            now=timezone.now(),
        )
        return shown(self, saved)

    @extend_schema(responses=NOTHING)
    def delete(self, request: Request, workspace: str, deployment: str) -> Response:
        """Remove a deployment; what runs of it is drained and stopped."""
        self.enter_workspace(workspace)
        actions.delete_deployment(actor=self.actor, workspace=workspace, uid=deployment, now=timezone.now())
        return self.answer({})

    def _of_elements(self, row: Deployment, elements: Elements, wanted: Mapping[str, Any]) -> dict[str, Any]:
        if elements.mode != row.mode or len(elements.rows) != row.compositions.count():
            raise Invalid({"": "The elements are not those of this deployment."})
        changes: dict[str, Any] = {}
        if "environment_variables" in wanted:
            changes["environment_variables"] = elements.environment_variables
        if "resources" in wanted:
            changes["options"] = elements.options()
        return changes


# What is the same for every element, and what there is to clear otherwise.
_OF_ELEMENTS: Final = {"environment_variables", "resources", "shortcut", "vpa", "budget"}
_NOTHING: Final[dict[str, Any]] = dict.fromkeys(_OF_ELEMENTS) | {"securities": [], "cors": None, "monitoring": None}


def shown(view: ApiView, row: Deployment) -> Response:
    """One deployment as an answer."""
    told = wording.deployment(wording.complete([row])[0], view.actor)
    return view.answer({"deployment": DeploymentShape(told).data}, revision=row.revision)


def _wishes(elements: Elements, scope: Scope) -> list[actions.Wish]:
    """What the elements ask for; raises Invalid for a pair of types that their runtime does not have."""
    parts = [row.get("deploymentComposition", {}) for row in elements.rows]
    names = [_full(part.get("runtime", "")) for part in parts]
    known = {each.name: each.model_type_id for each in runtimes.named(runtimes.runtimes_in(scope), set(names))}
    options = elements.options()
    faults, wishes = {}, []
    for number, (part, name) in enumerate(zip(parts, names, strict=True)):
        kind = known.get(name, "")
        for key in ("deployableArtifactType", "artifactProcessor"):
            if name in known and part.get(key, kind) not in ("", kind):
                faults[f"{elements.places[number]}.deploymentComposition.{key}"] = _PAIR.format(kind)
        wishes.append(
            actions.Wish(
                experiment=part.get("experimentId", ""),
                runtime=name,
                weight=elements.rows[number].get("weight"),
                artifact_type=kind,
                artifact_processor=kind,
                options=options[number],
            )
        )
    if faults:
        raise Invalid(faults)
    return wishes


def _full(name: str) -> str:
    return f"workspaces/global/runtimes/{name}" if name and "/" not in name else name
