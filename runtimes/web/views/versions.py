"""Pages of the versions of an image."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from mlops_console.access import Right
from mlops_console.errors import Missing
from mlops_console.web.dialogs import Deletion, ask_deletion
from mlops_console.web.forms import add_faults
from mlops_console.web.http import ConsoleRequest, enter
from mlops_console.web.submission import submit
from runtimes import queries
from runtimes.actions import images, states
from runtimes.actions.checks import refuse_managed
from runtimes.models import Version
from runtimes.rules.lifecycle import StateVerb
from runtimes.rules.versions import parse_reference, version_for
from runtimes.web.forms import VersionForm
from runtimes.web.states import StateDialog, affected, answer, runtimes_affected
from runtimes.web.uses import uses_affected


@require_http_methods(["GET", "HEAD", "POST"])
def version_create(request: ConsoleRequest, workspace: str, uid: str) -> HttpResponse:
    """The form that adds a version to an image."""
    image = queries.find_image(enter(request, workspace), uid)
    request.actor.require(Right.WRITE, image.workspace)
    refuse_managed(image, "extended")
    form = VersionForm(request.POST or None)
    outcome = submit(
        request,
        check=form.is_valid,
        perform=lambda: images.add_version(
            actor=request.actor,
            workspace=image.workspace.uid,
            image=uid,
            now=timezone.now(),
            **form.cleaned_data,
        ),
        blame=partial(add_faults, form),
    )
    if outcome.done:
        messages.success(request, f"Version {outcome.done} added to {image}.")
        return redirect("runtimes:image-detail", image.workspace.uid, uid)
    context = {"form": form, "image": image, "refusal": outcome.refusal}
    return render(request, "runtimes/version_create.html", context, status=outcome.status)


@require_GET
def reference_check(request: ConsoleRequest, workspace: str) -> HttpResponse:
    """How a container image reference would be read, asked for while somebody types it."""
    enter(request, workspace)
    text, explicit = request.GET.get("reference", "").strip(), request.GET.get("version", "").strip()
    if not text:
        return HttpResponse()
    parsed, version, fault = None, "", ""
    try:
        parsed = parse_reference(text)
        version = version_for(parsed, explicit)
    except ValueError as problem:
        fault = str(problem)
    context = {"parsed": parsed, "version": version, "fault": fault}
    return render(request, "runtimes/_reference.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def version_delete(request: ConsoleRequest, workspace: str, uid: str, version: str) -> HttpResponse:
    """Asks before a version is deleted."""
    row = queries.find_version(enter(request, workspace), uid, version)
    request.actor.require(Right.DELETE, row.image.workspace)
    refuse_managed(row, "deleted")
    back = reverse("runtimes:image-detail", args=[row.image.workspace.uid, uid])
    pinned = queries.runtimes_on(row.image, request.actor).filter(pinned_version=row)
    dialog = Deletion(
        subject=f"{row.image.display_name} {row.version}",
        lead="The version is removed for good; its history stays. To keep it from being used, disable it instead.",
        back=back,
        done_back=back,
        affected=[
            *runtimes_affected("Runtimes pinned to it", pinned),
            *uses_affected(request.actor, workspace, Version.objects.filter(pk=row.pk)),
        ],
    )
    return ask_deletion(
        request,
        dialog,
        lambda: images.delete_version(
            actor=request.actor,
            workspace=row.image.workspace.uid,
            image=uid,
            version=row.version,
            now=timezone.now(),
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def version_state(request: ConsoleRequest, workspace: str, uid: str, version: str, verb: StateVerb) -> HttpResponse:
    """The dialog that deprecates, disables or activates a version and shows what is current afterwards."""
    row = queries.find_version(enter(request, workspace), uid, version)
    image = row.image
    request.actor.require(Right.CHANGE_STATE, image.workspace)
    if verb is StateVerb.ENABLE:
        raise Missing("Versions are activated; runtimes and images are enabled.")
    change = queries.current_after(row, verb)
    dialog = StateDialog(
        verb=verb,
        subject=f"{image.display_name} {row.version}",
        back=reverse("runtimes:image-detail", args=[image.workspace.uid, uid]),
        affected=[
            affected("Current version of the image", [{"label": image.display_name, "note": change.sentence}], 1),
            *runtimes_affected(
                "Runtimes that resolve to this version", queries.runtimes_resolving_to(row, request.actor)
            ),
            *uses_affected(request.actor, workspace, Version.objects.filter(pk=row.pk)),
        ],
        warning=(
            f"{row.version} is the last usable version of {image.display_name}: "
            "nothing new can be deployed on it until another version is added or activated."
            if change.is_none_left
            else ""
        ),
    )
    return answer(
        request,
        dialog,
        lambda reason: states.change_version_state(
            actor=request.actor,
            workspace=image.workspace.uid,
            image=uid,
            version=row.version,
            verb=verb,
            reason=reason,
            now=timezone.now(),
        ),
    )
