"""The verbs of deployments that answer nothing, as the wire has it."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from deployments.actions import changes
from deployments.actions import deployments as actions
from deployments.api.inputs import REASON_HELP, ReasonInput
from deployments.api.views.deployments import NAMES
from mlops_console.api.base import ApiView
from mlops_console.api.forms import Ask
from mlops_console.api.schema import NOTHING


class Verb(ApiView):
    """What the verbs share."""

    tag, names = "Deployments", NAMES
    asks = (Ask("reason", REASON_HELP, "text"),)

    def wanted(self, workspace: str, deployment: str) -> dict[str, Any]:
        """The arguments of the action."""
        self.enter_workspace(workspace)
        return {
            "actor": self.actor,
            "workspace": workspace,
            "uid": deployment,
            "reason": self.body(ReasonInput).get("reason", ""),
            "now": timezone.now(),
        }


class DeploymentPause(Verb):
    """Let nothing of a deployment run until it is resumed."""

    operations = {"POST": "pauseDeployment"}

    @extend_schema(request=ReasonInput, responses=NOTHING)
    def post(self, request: Request, workspace: str, deployment: str) -> Response:
        """Pause a deployment; refused while a rollout is under way."""
        actions.pause_deployment(**self.wanted(workspace, deployment))
        return self.answer({})


class DeploymentResume(Verb):
    """Let a paused deployment run again."""

    operations = {"POST": "resumeDeployment"}

    @extend_schema(request=ReasonInput, responses=NOTHING)
    def post(self, request: Request, workspace: str, deployment: str) -> Response:
        """Resume a deployment."""
        actions.resume_deployment(**self.wanted(workspace, deployment))
        return self.answer({})


class DeploymentRetry(Verb):
    """Start a deployment anew that never came up."""

    operations = {"POST": "retryDeployment"}

    @extend_schema(request=ReasonInput, responses=NOTHING)
    def post(self, request: Request, workspace: str, deployment: str) -> Response:
        """Retry a failed deployment; any other is left alone."""
        changes.retry_deployment(**self.wanted(workspace, deployment))
        return self.answer({})
