"""Rollouts by the API: how they get on, and what people want of them."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from deployments import queries
from deployments.actions import rollouts as actions
from deployments.api import fields
from deployments.api.inputs import REASON_HELP, ReasonInput
from deployments.api.plans import RolloutShape, rollout_data
from deployments.models import Deployment, Rollout, RolloutStep
from mlops_console.access import Right
from mlops_console.api.base import ApiView
from mlops_console.api.forms import Ask
from mlops_console.api.schema import LIST_PARAMETERS, holding, page_of
from mlops_console.errors import Missing

ANSWER: Final = holding("RolloutAnswer", rollout=RolloutShape())
VERBS: Final = dict.fromkeys((":pause", ":resume", ":abort"), Right.WRITE)
_DIGITS_MAX: Final = 9


class RolloutCollection(ApiView):
    """The rollouts of a deployment, the newest first."""

    tag, operations = "Upgrades", {"GET": "listRollouts"}

    @extend_schema(parameters=LIST_PARAMETERS, responses=page_of("RolloutPage", "rollouts", RolloutShape))
    def get(self, request: Request, workspace: str, deployment: str) -> Response:
        """A page of rollouts."""
        self.enter_workspace(workspace)
        row = queries.find_deployment(self.actor, workspace, deployment)
        cut = self.listed(_with_steps(queries.rollouts_of(row)), fields.ROLLOUTS, fields.NEWEST_FIRST)
        shown = [rollout_data(each, row.name) for each in cut.rows]
        return self.answer({"rollouts": RolloutShape(shown, many=True).data, "nextPageToken": cut.next})


class RolloutResource(ApiView):
    """One rollout of a deployment, by its number."""

    tag, operations = "Upgrades", {"GET": "getRollout"}
    verbs = VERBS

    @extend_schema(responses=ANSWER)
    def get(self, request: Request, workspace: str, deployment: str, rollout: str) -> Response:
        """A rollout with what happened in it."""
        self.enter_workspace(workspace)
        row = queries.find_deployment(self.actor, workspace, deployment)
        return _shown(self, row, number_of(rollout))


class RolloutVerb(ApiView):
    """What the verbs share."""

    tag = "Upgrades"
    asks = (Ask("reason", REASON_HELP, "text"),)

    def wanted(self, workspace: str, deployment: str, rollout: str) -> dict[str, Any]:
        """The arguments of the action."""
        self.enter_workspace(workspace)
        return {
            "actor": self.actor,
            "workspace": workspace,
            "uid": deployment,
            "number": number_of(rollout),
            "reason": self.body(ReasonInput).get("reason", ""),
            "now": timezone.now(),
        }

    def shown(self, workspace: str, deployment: str, rollout: str) -> Response:
        """The rollout as it is afterwards."""
        row = queries.find_deployment(self.actor, workspace, deployment)
        return _shown(self, row, number_of(rollout))


class RolloutPause(RolloutVerb):
    """Begin no further composition until resumed."""

    operations = {"POST": "pauseRollout"}

    @extend_schema(request=ReasonInput, responses=ANSWER)
    def post(self, request: Request, workspace: str, deployment: str, rollout: str) -> Response:
        """Pause a rollout."""
        actions.pause_rollout(**self.wanted(workspace, deployment, rollout))
        return self.shown(workspace, deployment, rollout)


class RolloutResume(RolloutVerb):
    """Go on with a paused rollout."""

    operations = {"POST": "resumeRollout"}

    @extend_schema(request=ReasonInput, responses=ANSWER)
    def post(self, request: Request, workspace: str, deployment: str, rollout: str) -> Response:
        """Resume a rollout."""
        actions.resume_rollout(**self.wanted(workspace, deployment, rollout))
        return self.shown(workspace, deployment, rollout)


class RolloutAbort(RolloutVerb):
    """Undo what a rollout has moved so far."""

    operations = {"POST": "abortRollout"}

    @extend_schema(request=ReasonInput, responses=ANSWER)
    def post(self, request: Request, workspace: str, deployment: str, rollout: str) -> Response:
        """Abort a rollout."""
        actions.abort_rollout(**self.wanted(workspace, deployment, rollout))
        return self.shown(workspace, deployment, rollout)


def number_of(text: str) -> int:
    """The number of a rollout in an address; raises Missing."""
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX):
        raise Missing(f"There is no rollout {text}: they are numbered.")
    return int(text)


def _with_steps(rows: QuerySet[Rollout]) -> QuerySet[Rollout]:
    steps = RolloutStep.objects.select_related(
        "composition__experiment", "before__image__workspace", "after__image__workspace"
    )
    return rows.prefetch_related(Prefetch("steps", steps.order_by("position")))


def _shown(view: ApiView, deployment: Deployment, number: int) -> Response:
    found = queries.find_rollout(deployment, number)
    row = _with_steps(Rollout.objects.filter(pk=found.pk)).get()
    happened = queries.events_of(row)
    events = [{"time": each.at, "kind": each.kind, "message": each.sentence} for each in happened]
    return view.answer({"rollout": RolloutShape(rollout_data(row, deployment.name, events=events)).data})
