"""How deployments are and where they are scored, one at a time or many at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from deployments import queries
from deployments.api import wording
from deployments.api.shapes import ErrorMap, MetadataShape, StatusShape
from deployments.models import Deployment
from mlops_console.api.base import ApiView
from mlops_console.api.errors import domain_body
from mlops_console.api.schema import holding
from mlops_console.errors import Invalid, Missing

NAMES_MAX: Final = 1_000
_NAMES: Final = OpenApiParameter(
    "names", many=True, description="Full names, each as it stands in one answer; 1 to 1000."
)


class DeploymentStatus(ApiView):
    """How a deployment is."""

    tag, operations = "Deployments", {"GET": "getDeploymentStatus"}

    @extend_schema(responses=holding("DeploymentStatusAnswer", deploymentStatus=StatusShape()))
    def get(self, request: Request, workspace: str, deployment: str) -> Response:
        """The status of a deployment."""
        self.enter_workspace(workspace)
        row = queries.find_deployment(self.actor, workspace, deployment)
        told = wording.status(row, is_rolling=bool(wording.rolling([row])))
        return self.answer({"deploymentStatus": StatusShape(told).data})


class DeploymentMetadata(ApiView):
    """Where a deployment is scored."""

    tag, operations = "Deployments", {"GET": "getDeploymentMetadata"}

    @extend_schema(responses=holding("DeploymentMetadataAnswer", deploymentMetadata=MetadataShape()))
    def get(self, request: Request, workspace: str, deployment: str) -> Response:
        """The addresses of a deployment."""
        self.enter_workspace(workspace)
        row = queries.find_deployment(self.actor, workspace, deployment)
        return self.answer({"deploymentMetadata": MetadataShape(wording.metadata(row)).data})


class StatusBatch(ApiView):
    """How several deployments are."""

    tag, operations = "Deployments", {"GET": "batchGetDeploymentStatuses"}

    @extend_schema(
        parameters=[_NAMES],
        responses=holding("DeploymentStatuses", deploymentStatuses=StatusShape(many=True), errors=ErrorMap()),
    )
    def get(self, request: Request, workspace: str) -> Response:
        """The status of each that is named, or an error under its name."""
        found, errors = _found(self, workspace, "status")
        rolling = wording.rolling(found)
        told = [wording.status(row, is_rolling=row.pk in rolling) for row in found]
        return self.answer({"deploymentStatuses": StatusShape(told, many=True).data, "errors": errors})


class MetadataBatch(ApiView):
    """Where several deployments are scored."""

    tag, operations = "Deployments", {"GET": "batchGetDeploymentsMetadata"}

    @extend_schema(
        parameters=[_NAMES],
        responses=holding("DeploymentsMetadata", deploymentsMetadata=MetadataShape(many=True), errors=ErrorMap()),
    )
    def get(self, request: Request, workspace: str) -> Response:
        """The addresses of each that is named, or an error under its name."""
        found, errors = _found(self, workspace, "metadata")
        told = [wording.metadata(row) for row in found]
        return self.answer({"deploymentsMetadata": MetadataShape(told, many=True).data, "errors": errors})


def by_name(view: ApiView, workspace: str, names: Sequence[str]) -> Callable[[str], Deployment]:
    """A function from names of deployments to those of a scope, read in one query; it raises Missing."""
    wanted = [name.rpartition("/")[2] for name in names]
    rows = queries.deployments_in(view.enter(workspace)).filter(uid__in=wanted)
    known = {row.name: row for row in rows}

    def find(name: str) -> Deployment:
        if name not in known:
            raise Missing(f"There is no deployment {name} in workspace {workspace}.")
        return known[name]

    return find


def _found(view: ApiView, workspace: str, part: str) -> tuple[list[Deployment], dict[str, Any]]:
    """The deployments that `names` names, and an error for each other name; raises Invalid."""
    names = list(dict.fromkeys(view.request.query_params.getlist("names")))
    if not 1 <= len(names) <= NAMES_MAX:
        raise Invalid({"names": f"Give 1 to {NAMES_MAX:,} names."})
    find = by_name(view, workspace, [name.removesuffix(f"/{part}") for name in names])
    found, errors = [], {}
    for name in names:
        try:
            if not name.endswith(f"/{part}"):
                raise Invalid({"names": f"A name reads workspaces/W/deployments/D/{part}."})
            found.append(find(name.removesuffix(f"/{part}")))
        except (Invalid, Missing) as fault:
            errors[name] = domain_body(fault, {})
    return found, errors
