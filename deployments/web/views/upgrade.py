"""The upgrade wizard: choose targets, see what would be done and why, give a reason, start."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from deployments import queries, rollout_queries
from deployments.actions.plans import make_plan
from deployments.actions.rollouts import start_plan
from deployments.models import Deployment, Plan
from deployments.planning import CompositionFact, VersionFact, World, from_data, latest_of, target_text
from deployments.planning import Plan as Planned
from deployments.snapshots import deployment_facts, images_in
from deployments.web.plan_rows import beside, shown
from deployments.web.upgrade_forms import SELECTS_MAX, UpgradeForm, image_groups
from mlops_console.access import Right
from mlops_console.errors import Invalid, Refused
from mlops_console.queries import scope_for
from mlops_console.web.http import ConsoleRequest, enter

_NO_REASON: Final = "Give a reason: everybody who looks after this deployment will ask for it."
_NOT_PREVIEWED: Final = "Nothing was started: this is what your choices would do. Look at it, then start it."
_CHOSEN_ANEW: Final = (
    "Nothing was started: the targets were changed after the preview. This is the preview of your new choices."
)


@dataclass(frozen=True)
class _Screen:
    """What came of a form: the plan to show, and what to say above it."""

    plan: Plan | None = None
    planned: Planned | None = None
    status: HTTPStatus = HTTPStatus.OK
    notice: str = ""
    refusal: str = ""
    sides: dict[str, Any] = field(default_factory=dict)


@require_http_methods(["GET", "HEAD", "POST"])
def deployment_upgrade(request: ConsoleRequest, workspace: str, uid: str) -> HttpResponse:
    """The wizard for one deployment."""
    deployment = queries.find_deployment(request.actor, workspace, uid)
    enter(request, workspace)
    request.actor.require(Right.WRITE, deployment.workspace)
    form, context = _form(request, deployment)
    screen = _Screen()
    if request.method == "POST":
        if not form.is_valid():
            screen = _again(_kept(request, deployment), HTTPStatus.UNPROCESSABLE_ENTITY)
        elif "start" in request.POST:
            started = _start(request, deployment, form)
            if isinstance(started, HttpResponse):
                return started
            screen = started
        else:
            screen = _previewed(request, deployment, form)
    # For the eye: what is only previewed needs no reason yet.
    form.fields["reason"].required = True
    context |= {
        "deployment": deployment,
        "form": form,
        "screen": screen,
        "preview": shown(deployment, screen.planned) if screen.planned else None,
        "active": rollout_queries.active_rollout(deployment),
    }
    return render(request, "deployments/deployment_upgrade.html", context, status=screen.status)


def _form(request: ConsoleRequest, deployment: Deployment) -> tuple[UpgradeForm, dict[str, Any]]:
    """The form with its choices, and what is told about what it leaves out."""
    facts, world = deployment_facts([deployment], first=SELECTS_MAX)
    own = {each.experiment_id: each for each in facts[0].compositions}
    count = queries.experiment_count(deployment)
    images = images_in(scope_for(request.actor, deployment.workspace.uid))
    groups, left_out = image_groups(images, first=world.images)
    form = UpgradeForm(
        request.POST if request.method == "POST" else None,
        experiments=[(each.experiment_id, each.experiment_name, _known(each, world)) for each in own.values()],
        images=groups,
    )
    return form, {"other_count": count - len(own), "versions_left_out": left_out}


def _known(composition: CompositionFact, world: World) -> str:
    """What is to know before a target is chosen."""
    runtime = world.runtimes[composition.runtime]
    runs = world.version(composition.version)
    latest = latest_of(runtime, world)
    told = "there is no latest version to go to" if latest is None else f"latest is {_called(latest, runs, world)}"
    if latest is not None and latest.name == runs.name:
        told = "which is the latest"
    return f"Runs {runs.number} of {world.images[runs.image].display_name}; {told}. Runtime: {runtime.display_name}."


def _called(version: VersionFact, beside_version: VersionFact, world: World) -> str:
    if version.image == beside_version.image:
        return version.number
    return f"{version.number} of {world.images[version.image].display_name}"


def _previewed(
    request: ConsoleRequest, deployment: Deployment, form: UpgradeForm, status: HTTPStatus = HTTPStatus.OK, **said: Any
) -> _Screen:
    plan, answer = make_plan(
        actor=request.actor,
        workspace=deployment.workspace.uid,
        uid=deployment.uid,
        targets=form.targets(),
        now=timezone.now(),
    )
    return _Screen(plan, answer, status, **said)


def _again(kept: Plan | None, status: HTTPStatus = HTTPStatus.OK, **said: Any) -> _Screen:
    """What was shown already."""
    return _Screen(kept, from_data(kept.data) if kept else None, status, **said)


def _kept(request: ConsoleRequest, deployment: Deployment) -> Plan | None:
    """The plan that was shown when the form was sent."""
    return rollout_queries.find_plan(deployment, request.POST.get("plan", ""))


def _start(request: ConsoleRequest, deployment: Deployment, form: UpgradeForm) -> _Screen | HttpResponse:
    """Start what was shown, and nothing else."""
    kept = _kept(request, deployment)
    if kept is None or kept.targets != {uid: target_text(target) for uid, target in form.targets().items()}:
        return _previewed(
            request, deployment, form, HTTPStatus.CONFLICT, notice=_CHOSEN_ANEW if kept else _NOT_PREVIEWED
        )
    reason = form.cleaned_data["reason"]
    if not reason:
        form.complain_about_reason(_NO_REASON)
        return _again(kept, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        rollout = start_plan(
            actor=request.actor,
            workspace=deployment.workspace.uid,
            uid=deployment.uid,
            plan=kept.uid,
            reason=reason,
            now=timezone.now(),
            leave_out_blocked=form.cleaned_data["leave_out_blocked"],
        )
    except Invalid as fault:
        form.complain_about_reason(fault.fields.get("reason", str(fault)))
        return _again(kept, HTTPStatus.UNPROCESSABLE_ENTITY)
    except Refused as fault:
        return _refused(request, deployment, form, kept, fault)
    if rollout is None:
        return _again(kept, notice="Nothing was started: there is nothing to be done.")
    messages.success(request, f"Rollout #{rollout.number} of {deployment.display_name} started.")
    return redirect("deployments:rollout-detail", deployment.workspace.uid, rollout.pk)


def _refused(request: ConsoleRequest, deployment: Deployment, form: UpgradeForm, kept: Plan, fault: Refused) -> _Screen:
    if fault.code != "plan-moved":
        return _again(kept, HTTPStatus.CONFLICT, refusal=fault.message)
    anew = _previewed(request, deployment, form, HTTPStatus.CONFLICT)
    sides = beside(from_data(kept.data), anew.planned) | {"made_at": kept.created_at} if anew.planned else {}
    return replace(anew, sides=sides)
