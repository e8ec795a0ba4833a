"""Pages of scorer images."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from mlops_console.access import Right
from mlops_console.errors import Missing
from mlops_console.keyset import COUNT_CAP, capped_count
from mlops_console.queries import ALL, history_of
from mlops_console.web import lists
from mlops_console.web.dialogs import Deletion, ask_deletion
from mlops_console.web.forms import add_faults
from mlops_console.web.http import ConsoleRequest, enter, enter_workspace
from mlops_console.web.navigation import history_url
from mlops_console.web.submission import submit
from runtimes import queries
from runtimes.actions import images, states
from runtimes.actions.checks import refuse_managed
from runtimes.listing import RuntimeRow, image_rows, runtime_rows
from runtimes.models import Runtime, RuntimeImage, Version
from runtimes.orders import IMAGE_ORDERS
from runtimes.queries import RowFilter
from runtimes.rules.lifecycle import StateVerb
from runtimes.web.conflicts import conflict_of
from runtimes.web.forms import ImageCreateForm, ImageFilterForm, ImageForm
from runtimes.web.image_rows import bound_rows_html, rows_html
from runtimes.web.states import StateDialog, answer, layers_of, runtimes_affected, verb_buttons
from runtimes.web.uses import use_counts, uses_affected, uses_of

BOUND_MAX: Final = 50


@require_GET
def image_list(request: ConsoleRequest, workspace: str) -> HttpResponse:
    """The table of images in a scope."""
    scope = enter(request, workspace)
    filters = ImageFilterForm(request.GET)
    narrow = filters.narrow
    context = lists.context(
        queries.image_source(scope, narrow),
        lists.read(request, IMAGE_ORDERS, "name"),
        f"images {scope.uid} {narrow}",
        read=image_rows,
    )
    context |= {
        "filters": filters,
        "filtered": narrow != RowFilter(),
        "may_write": lists.may_write(request),
        "rows_html": rows_html(context["page"].rows, scope),
    }
    return render(request, "runtimes/image_list.html", context)


@require_GET
def image_detail(request: ConsoleRequest, workspace: str, uid: str) -> HttpResponse:
    """One image with its versions, its runtimes and its history."""
    image = _image(request, workspace, uid)
    may_change = request.actor.may(Right.CHANGE_STATE, image.workspace)
    may_delete = request.actor.may(Right.DELETE, image.workspace)
    base = _address(image)
    used = use_counts(request.actor, Version.objects.filter(image=image))
    bound = queries.runtimes_on(image, request.actor)
    bound_count = capped_count(bound)
    versions = list(queries.versions_of(image))
    for version in versions:
        version.image = image
    context = {
        "image": image,
        "versions": [
            {
                "row": version,
                "current": version.version == image.current_version,
                "used": used[version.pk],
                "may_delete": may_delete and not version.managed_by_bootstrap,
                "verbs": verb_buttons(version.state, f"{base}versions/{version.version}/", StateVerb.ACTIVATE)
                if may_change
                else [],
            }
            for version in versions
        ],
        "runtimes": bound_rows_html(_first_bound(bound)),
        "more_runtimes": max(0, min(bound_count, COUNT_CAP) - BOUND_MAX),
        "is_capped": bound_count > COUNT_CAP,
        "layers": layers_of(image),
        "verbs": verb_buttons(image.state, base) if may_change else [],
        "may_write": request.actor.may(Right.WRITE, image.workspace) and not image.managed_by_bootstrap,
        "may_delete": may_delete and not image.managed_by_bootstrap,
        "may_change": may_change,
        "deployments_of": ALL if request.actor.is_platform_admin else workspace,
        "uses": uses_of(request.actor, workspace, RuntimeImage.objects.filter(pk=image.pk)),
        "history": history_of(image.name, *(version.name for version in versions)),
        "history_url": history_url(image.workspace.uid, image.name),
    }
    return render(request, "runtimes/image_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def image_create(request: ConsoleRequest, workspace: str) -> HttpResponse:
    """The form for a new image."""
    place = enter_workspace(request, workspace)
    request.actor.require(Right.WRITE, place)
    form = ImageCreateForm(request.POST or None)
    outcome = submit(
        request,
        check=form.is_valid,
        perform=lambda: images.create_image(
            actor=request.actor, workspace=place, now=timezone.now(), **form.cleaned_data
        ),
        blame=partial(add_faults, form),
    )
    if outcome.done:
        messages.success(request, f"Runtime image {outcome.done.display_name} created.")
        return redirect(_address(outcome.done))
    context = {"form": form, "refusal": outcome.refusal}
    return render(request, "runtimes/image_create.html", context, status=outcome.status)


@require_http_methods(["GET", "HEAD", "POST"])
def image_update(request: ConsoleRequest, workspace: str, uid: str) -> HttpResponse:
    """The form for an existing image."""
    image = _image(request, workspace, uid)
    request.actor.require(Right.WRITE, image.workspace)
    refuse_managed(image, "edited")
    form = ImageForm(request.POST or None, initial={name: getattr(image, name) for name in ImageForm.base_fields})
    outcome = submit(
        request,
        check=form.is_valid,
        perform=lambda: images.update_image(
            actor=request.actor,
            workspace=image.workspace.uid,
            uid=uid,
            changes={name: form.cleaned_data[name] for name in ("display_name", "description")},
            revision=form.cleaned_data["revision"],
            now=timezone.now(),
        ),
        blame=partial(add_faults, form),
    )
    if outcome.done:
        messages.success(request, f"Runtime image {outcome.done.display_name} saved.")
        return redirect(_address(outcome.done))
    conflict = conflict_of(form, outcome.refused, image.name)
    context = {"form": form, "image": image, "refusal": outcome.refusal, "conflict": conflict}
    return render(request, "runtimes/image_update.html", context, status=outcome.status)


@require_http_methods(["GET", "HEAD", "POST"])
def image_delete(request: ConsoleRequest, workspace: str, uid: str) -> HttpResponse:
    """Asks before an image is deleted."""
    image = _image(request, workspace, uid)
    request.actor.require(Right.DELETE, image.workspace)
    refuse_managed(image, "deleted")
    dialog = Deletion(
        subject=image.display_name,
        lead="The image and all of its versions are removed for good; its history stays.",
        back=_address(image),
        done_back=reverse("runtimes:image-list", args=[image.workspace.uid]),
        affected=_affected(request, workspace, image),
    )
    return ask_deletion(
        request,
        dialog,
        lambda: images.delete_image(actor=request.actor, workspace=image.workspace.uid, uid=uid, now=timezone.now()),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def image_state(request: ConsoleRequest, workspace: str, uid: str, verb: StateVerb) -> HttpResponse:
    """The dialog that deprecates, disables or enables an image."""
    image = _image(request, workspace, uid)
    request.actor.require(Right.CHANGE_STATE, image.workspace)
    if verb is StateVerb.ACTIVATE:
        raise Missing("Runtime images are enabled; only versions are activated.")
    dialog = StateDialog(
        verb=verb,
        subject=image.display_name,
        back=_address(image),
        affected=_affected(request, workspace, image),
        affected_none="No runtime is bound to it, and no deployment runs it.",
    )
    return answer(
        request,
        dialog,
        lambda reason: states.change_image_state(
            actor=request.actor,
            workspace=image.workspace.uid,
            uid=uid,
            verb=verb,
            reason=reason,
            now=timezone.now(),
        ),
    )


def _image(request: ConsoleRequest, workspace: str, uid: str) -> RuntimeImage:
    """The image, its page shown under the workspace of the address."""
    return queries.find_image(enter(request, workspace), uid)


def _first_bound(runtimes: QuerySet[Runtime]) -> list[RuntimeRow]:
    """The first few of them; one that is gone since is left out."""
    keys = list(runtimes.values_list("pk", flat=True)[:BOUND_MAX])
    found = {row.pk: row for row in runtime_rows(keys)}
    return [found[key] for key in keys if key in found]


def _affected(request: ConsoleRequest, workspace: str, image: RuntimeImage) -> list[dict[str, Any]]:
    return [
        *runtimes_affected("Runtimes bound to it", queries.runtimes_on(image, request.actor)),
        *uses_affected(request.actor, workspace, RuntimeImage.objects.filter(pk=image.pk)),
    ]


def _address(image: RuntimeImage) -> str:
    return reverse("runtimes:image-detail", args=[image.workspace.uid, image.uid])
