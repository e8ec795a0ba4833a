"""Upgrading runtime images by the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from deployments import queries
from deployments.actions.plans import planned
from deployments.api import wording
from deployments.api.inputs import BatchUpgradeInput, UpgradeInput
from deployments.api.plans import PlanShape, plan_data
from deployments.api.shapes import DeploymentShape, ErrorMap
from deployments.api.upgrading import start, targets_of
from deployments.api.views.deployments import ANSWER, shown
from mlops_console.access import Right
from mlops_console.api.base import ApiView
from mlops_console.api.errors import domain_body
from mlops_console.api.schema import ETAG, holding
from mlops_console.errors import DomainError, Invalid, Missing

REQUESTS_MAX: Final = 1_000
EXAMPLE: Final = {
    "targets": [
        {
            "experimentId": "00000000-0000-4000-8000-0000000e0001",
            "runtimeImageVersion": "workspaces/global/runtimeImages/h2oai-h2o3mojo-scorer/versions/v1.1.0",
        }
    ],
    "reason": "CVE-2026-1234",
}
BATCH_EXAMPLE: Final = {
    "requests": [{"name": "workspaces/lab/deployments/00000000-0000-4000-8000-0000000d0001"}],
    "reason": "CVE-2026-1234",
}
_EXAMPLES: Final = [
    OpenApiExample("Everything to its latest version", {"targets": []}, request_only=True),
    OpenApiExample("One experiment to a version", EXAMPLE, request_only=True),
]


class Upgrade(ApiView):
    """Move the compositions of a deployment to other versions, without losing a request."""

    tag, operations = "Upgrades", {"POST": "upgradeRuntimeImage"}
    example = {"targets": []}

    @extend_schema(parameters=[ETAG], request=UpgradeInput, responses=ANSWER, examples=_EXAMPLES)
    def post(self, request: Request, workspace: str, deployment: str) -> Response:
        """Start an upgrade. What is on its target already is skipped; if anything is blocked, nothing is started."""
        self.enter_workspace(workspace)
        given = self.body(UpgradeInput)
        start(
            actor=self.actor,
            workspace=workspace,
            uid=deployment,
            targets=targets_of(given.get("targets")),
            reason=given.get("reason", ""),
            fingerprint=given.get("fingerprint", ""),
            now=timezone.now(),
        )
        return shown(self, queries.find_deployment(self.actor, workspace, deployment))


class UpgradePreview(ApiView):
    """What an upgrade would do."""

    tag, operations = "Upgrades", {"POST": "previewUpgradeRuntimeImage"}
    rights: ClassVar[Mapping[str, Right]] = {"POST": Right.VIEW}
    example = {"targets": []}

    @extend_schema(request=UpgradeInput, responses=holding("UpgradePlanAnswer", plan=PlanShape()), examples=_EXAMPLES)
    def post(self, request: Request, workspace: str, deployment: str) -> Response:
        """Plan an upgrade and change nothing; the body is that of the upgrade."""
        self.enter_workspace(workspace)
        row = queries.find_deployment(self.actor, workspace, deployment)
        targets = targets_of(self.body(UpgradeInput).get("targets"))
        return self.answer({"plan": PlanShape(plan_data(planned(row, targets))).data})


class UpgradeBatch(ApiView):
    """Upgrade many deployments of a workspace."""

    tag, operations = "Upgrades", {"POST": "batchUpgradeRuntimeImage"}
    example = BATCH_EXAMPLE

    @extend_schema(
        request=BatchUpgradeInput,
        responses=holding("BatchUpgradeAnswer", deployments=DeploymentShape(many=True), errors=ErrorMap()),
        examples=[OpenApiExample("One to its latest version", BATCH_EXAMPLE, request_only=True)],
    )
    def post(self, request: Request, workspace: str) -> Response:
        """Start an upgrade of each that is named; one that fails stands under its name and keeps no other back."""
        scope = self.enter(workspace)
        if scope.workspace is not None:
            self.actor.require(Right.WRITE, scope.workspace)
        given = self.body(BatchUpgradeInput)
        requests = given.get("requests", [])
        if not 1 <= len(requests) <= REQUESTS_MAX:
            raise Invalid({"requests": f"Give 1 to {REQUESTS_MAX:,} requests."})
        names = [each.get("name", "") for each in requests]
        if len(set(names)) < len(names):
            raise Invalid({"requests": "A deployment is named twice."})
        done, errors = [], {}
        for name, each in zip(names, requests, strict=True):
            try:
                done.append(self._start(workspace, name, each, given.get("reason", "")))
            except DomainError as fault:
                errors[name] = domain_body(fault, {})
        rows = queries.deployments_in(scope).filter(uid__in=done)
        order = {uid: number for number, uid in enumerate(done)}
        found = wording.complete(sorted(rows, key=lambda row: order[row.uid]))
        told = [wording.deployment(row, self.actor) for row in found]
        return self.answer({"deployments": DeploymentShape(told, many=True).data, "errors": errors})

    def _start(self, workspace: str, name: str, wanted: Mapping[str, Any], reason: str) -> str:
        match name.split("/"):
            case ["workspaces", place, "deployments", uid] if workspace in (place, "-"):
                targets = targets_of(wanted.get("targets"))
                start(actor=self.actor, workspace=place, uid=uid, targets=targets, reason=reason, now=timezone.now())
                return uid
        raise Missing(f"There is no deployment {name} in workspace {workspace}.")
