"""The form of a runtime, new or existing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from mlops_console.access import Right
from mlops_console.errors import Invalid
from mlops_console.queries import Scope
from mlops_console.web.forms import add_faults
from mlops_console.web.http import ConsoleRequest, enter
from mlops_console.web.submission import Submission, submit
from runtimes import queries
from runtimes.actions import runtimes
from runtimes.actions.checks import refuse_managed
from runtimes.models import Runtime, RuntimeImage
from runtimes.rules.runtime import RuntimeSpec
from runtimes.web.conflicts import conflict_of
from runtimes.web.forms import RuntimeForm
from runtimes.web.rows import RuntimeRows, changes_rows, typed

_PLAIN = ("display_name", "description", "data_volume_read_only", "scoring_endpoint")


@require_http_methods(["GET", "HEAD", "POST"])
def runtime_create(request: ConsoleRequest, workspace: str) -> HttpResponse:
    """The form for a new runtime."""
    scope = enter(request, workspace)
    place = scope.one()
    request.actor.require(Right.WRITE, place)
    form, rows = _typed(request) or (RuntimeForm(), RuntimeRows())
    images = list(queries.pickable_images(scope).only("uid", "display_name", "workspace__uid"))
    chosen = next((each for each in images if each.name == request.POST.get("runtime_image")), None)
    form.offer(list(queries.model_types()), image_choices(scope, images), version_choices(chosen))
    outcome: Submission[Runtime] = Submission()
    if form.is_bound:
        outcome = submit(
            request,
            check=lambda: _check(form, rows),
            perform=lambda: runtimes.create_runtime(
                actor=request.actor,
                workspace=place,
                uid=form.cleaned_data["uid"],
                model_type=form.cleaned_data["model_type"],
                runtime_image=form.cleaned_data["pinned_version"] or form.cleaned_data["runtime_image"],
                spec=RuntimeSpec(**_changes(form, rows)),
                now=timezone.now(),
            ),
            blame=lambda fault: blame(form, rows, fault),
        )
    if outcome.done:
        messages.success(request, f"Runtime {outcome.done.display_name} created.")
        return redirect("runtimes:runtime-detail", workspace, outcome.done.uid)
    context = {"form": form, "rows": rows, "refusal": outcome.refusal}
    return render(request, "runtimes/runtime_create.html", context, status=outcome.status)


@require_http_methods(["GET", "HEAD", "POST"])
def runtime_update(request: ConsoleRequest, workspace: str, uid: str) -> HttpResponse:
    """The form for an existing runtime, its immutable fields locked."""
    runtime = queries.find_runtime(enter(request, workspace), uid)
    request.actor.require(Right.WRITE, runtime.workspace)
    refuse_managed(runtime, "edited")
    spec = runtimes.spec_of(runtime)
    form, rows = _typed(request) or (RuntimeForm(initial=_initial(runtime)), RuntimeRows.stored(spec))
    form.lock(runtime.model_type_id, (runtime.runtime_image_name, image_label(runtime)))
    outcome: Submission[Runtime] = Submission()
    if form.is_bound:
        outcome = submit(
            request,
            check=lambda: _check(form, rows),
            perform=lambda: runtimes.update_runtime(
                actor=request.actor,
                workspace=runtime.workspace.uid,
                uid=uid,
                changes=_changes(form, rows),
                revision=form.cleaned_data["revision"],
                # Locked fields are not sent by a browser; whatever else sends them is told, not ignored.
                model_type=request.POST.get("model_type"),
                runtime_image=request.POST.get("runtime_image"),
                now=timezone.now(),
            ),
            blame=lambda fault: blame(form, rows, fault),
        )
    if outcome.done:
        messages.success(request, f"Runtime {outcome.done.display_name} saved.")
        return redirect("runtimes:runtime-detail", runtime.workspace.uid, uid)
    context = {
        "form": form,
        "rows": rows,
        "runtime": runtime,
        "refusal": outcome.refusal,
        "conflict": conflict_of(form, outcome.refused, runtime.name),
    }
    return render(request, "runtimes/runtime_update.html", context, status=outcome.status)


def blame(form: RuntimeForm, rows: RuntimeRows, fault: Invalid) -> None:
    """Put each fault at its field, in a row or in the form."""
    rest = {path: sentence for path, sentence in fault.fields.items() if not rows.blame(path, sentence)}
    add_faults(form, Invalid(rest))


def image_choices(scope: Scope, images: list[RuntimeImage]) -> list[tuple[str, str]]:
    """The picker of images, each with its current version."""
    return [
        (
            image.name,
            f"{image.display_name}: current version ({image.current_version or 'none usable'})"
            f"{' · global' if image.workspace == scope.inherited else ''}",
        )
        for image in images
    ]


def version_choices(image: RuntimeImage | None) -> list[tuple[str, str]]:
    """The versions that a runtime on an image may be pinned to, highest first."""
    if image is None:
        return []
    rows = queries.versions_of(image).values_list("version", "state")
    return [
        (f"{image.name}/versions/{version}", version if state == "ACTIVE" else f"{version} ({state.lower()})")
        for version, state in rows
    ]


def image_label(runtime: Runtime) -> str:
    """What the locked picker shows."""
    if runtime.pinned_version:
        return f"{runtime.image.display_name}: pinned to {runtime.pinned_version}"
    return f"{runtime.image.display_name}: current version"


def _typed(request: ConsoleRequest) -> tuple[RuntimeForm, RuntimeRows] | None:
    """What was posted: bound to be checked, or unbound where only rows or versions were asked for."""
    if request.method != "POST":
        return None
    if changes_rows(request.POST) or "offer" in request.POST:
        return RuntimeForm(initial=typed(request.POST, RuntimeForm)), RuntimeRows.retyped(request.POST)
    return RuntimeForm(request.POST), RuntimeRows(request.POST)


def _check(form: RuntimeForm, rows: RuntimeRows) -> bool:
    # Both are checked even when the first fails: every fault is shown at once.
    return all([form.is_valid(), rows.is_valid()])


def _changes(form: RuntimeForm, rows: RuntimeRows) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in _PLAIN} | rows.values()


def _initial(runtime: Runtime) -> dict[str, Any]:
    words = {True: "true", False: "false", None: ""}
    return {name: getattr(runtime, name) for name in (*_PLAIN, "revision")} | {
        "data_volume_read_only": words[runtime.data_volume_read_only]
    }
