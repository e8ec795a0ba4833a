"""One runtime: its page, its state dialogs and its deletion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from mlops_console.access import Right
from mlops_console.errors import Missing
from mlops_console.queries import history_of
from mlops_console.web.dialogs import Deletion, ask_deletion
from mlops_console.web.http import ConsoleRequest, enter
from mlops_console.web.navigation import history_url
from runtimes import queries
from runtimes.actions import runtimes, states
from runtimes.actions.checks import refuse_managed
from runtimes.models import Runtime
from runtimes.rules.environment import MASK, looks_secret, resolve, uses_template
from runtimes.rules.lifecycle import StateVerb
from runtimes.web.forms import SecurityContextForm
from runtimes.web.rows import security_initial
from runtimes.web.states import StateDialog, affected, answer, layers_of, verb_buttons
from runtimes.web.uses import uses_affected, uses_of

GPU_COUNTS: Final = (0, 1, 2)


@dataclass(frozen=True)
class Variable:
    """An environment variable as the page shows it: `resolved` is empty where the value holds no template."""

    key: str
    value: str
    masked: bool
    resolved: tuple[tuple[int, str], ...]


@require_GET
def runtime_detail(request: ConsoleRequest, workspace: str, uid: str) -> HttpResponse:
    """One runtime with its configuration, the layers of its state and its history."""
    runtime = _runtime(request, workspace, uid)
    actor, place = request.actor, runtime.workspace
    editable = not runtime.managed_by_bootstrap
    shown = variables(runtime, reveal=actor.may(Right.WRITE, place))
    context = {
        "runtime": runtime,
        "variables": shown,
        # Without a template there is nothing to preview.
        "gpu_counts": GPU_COUNTS if any(each.resolved for each in shown) else (),
        "layers": layers_of(runtime),
        "verbs": verb_buttons(runtime.state, _address(runtime)) if actor.may(Right.CHANGE_STATE, place) else [],
        "may_write": editable and actor.may(Right.WRITE, place),
        "may_delete": editable and actor.may(Right.DELETE, place),
        "security_context": security_properties(runtime.security_context),
        "history": history_of(runtime.name),
        "history_url": history_url(place.uid, runtime.name),
        "current": queries.current_of(runtime),
        "uses": uses_of(actor, workspace, Runtime.objects.filter(pk=runtime.pk)),
    }
    return render(request, "runtimes/runtime_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def runtime_delete(request: ConsoleRequest, workspace: str, uid: str) -> HttpResponse:
    """Asks before a runtime is deleted."""
    runtime = _runtime(request, workspace, uid)
    request.actor.require(Right.DELETE, runtime.workspace)
    refuse_managed(runtime, "deleted")
    dialog = Deletion(
        subject=runtime.display_name,
        lead="The runtime is removed for good; its history stays.",
        back=_address(runtime),
        done_back=reverse("runtimes:runtime-list", args=[runtime.workspace.uid]),
        affected=uses_affected(request.actor, workspace, Runtime.objects.filter(pk=runtime.pk)),
    )
    return ask_deletion(
        request,
        dialog,
        lambda: runtimes.delete_runtime(
            actor=request.actor, workspace=runtime.workspace.uid, uid=uid, now=timezone.now()
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def runtime_state(request: ConsoleRequest, workspace: str, uid: str, verb: StateVerb) -> HttpResponse:
    """The dialog that deprecates, disables or enables a runtime."""
    runtime = _runtime(request, workspace, uid)
    request.actor.require(Right.CHANGE_STATE, runtime.workspace)
    if verb is StateVerb.ACTIVATE:
        raise Missing("Runtimes are enabled; only versions are activated.")
    item = {"label": runtime.display_name, "state": runtime.state, "note": runtime.name}
    dialog = StateDialog(
        verb=verb,
        subject=runtime.display_name,
        back=_address(runtime),
        affected=[
            affected("Runtimes", [item], 1),
            *uses_affected(request.actor, workspace, Runtime.objects.filter(pk=runtime.pk)),
        ],
    )
    return answer(
        request,
        dialog,
        lambda reason: states.change_runtime_state(
            actor=request.actor,
            workspace=runtime.workspace.uid,
            uid=uid,
            verb=verb,
            reason=reason,
            now=timezone.now(),
        ),
    )


def variables(runtime: Runtime, *, reveal: bool) -> list[Variable]:
    """The environment of a runtime; values of secret-looking keys are masked unless revealed (R12)."""
    shown = []
    for key, value in sorted(runtime.environment_variables.items()):
        masked = looks_secret(key) and not reveal
        resolved: tuple[tuple[int, str], ...] = ()
        if uses_template(value) and not masked:
            resolved = tuple((count, resolve(value, count)) for count in GPU_COUNTS)
        shown.append(Variable(key, MASK if masked else value, masked, resolved))
    return shown


def security_properties(context: Mapping[str, Any]) -> list[dict[str, str]]:
    """A security context as rows of label and value, in the words of its form."""
    rows = []
    for name, value in security_initial(context).items():
        if value not in (None, ""):
            label = str(SecurityContextForm.base_fields[name].label)
            rows.append({"label": label, "value": {"true": "Yes", "false": "No"}.get(value, str(value))})
    return rows


def _runtime(request: ConsoleRequest, workspace: str, uid: str) -> Runtime:
    """The runtime, its page shown under the workspace of the address."""
    return queries.find_runtime(enter(request, workspace), uid)


def _address(runtime: Runtime) -> str:
    return reverse("runtimes:runtime-detail", args=[runtime.workspace.uid, runtime.uid])
