"""The page of known model types."""

from __future__ import annotations

from functools import partial

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from mlops_console.queries import history_of
from mlops_console.web.dialogs import Deletion, ask_deletion
from mlops_console.web.forms import add_faults
from mlops_console.web.http import ConsoleRequest
from mlops_console.web.submission import submit
from runtimes import queries
from runtimes.actions import model_types


class ModelTypeForm(forms.Form):
    """A model type to make known."""

    name = forms.CharField(
        label="Model type", max_length=100, help_text="As experiments name it, for example h2o3_mojo."
    )
    display_name = forms.CharField(label="Name", required=False, max_length=200, help_text="As people call it.")


@require_http_methods(["GET", "HEAD", "POST"])
def model_type_list(request: ConsoleRequest) -> HttpResponse:
    """The known model types, and the form that adds one."""
    request.actor.require_platform_admin("change model types")
    form = ModelTypeForm(request.POST or None)
    outcome = submit(
        request,
        check=form.is_valid,
        perform=lambda: model_types.add_model_type(actor=request.actor, now=timezone.now(), **form.cleaned_data),
        blame=partial(add_faults, form),
    )
    if outcome.done:
        messages.success(request, f"Model type {outcome.done} added.")
        return redirect("runtimes:model-type-list")
    known = list(queries.model_types_with_use())
    context = {
        "form": form,
        "refusal": outcome.refusal,
        "model_types": known,
        "history": history_of(*(f"modelTypes/{each}" for each in known)),
    }
    return render(request, "runtimes/model_type_list.html", context, status=outcome.status)


@require_http_methods(["GET", "HEAD", "POST"])
def model_type_delete(request: ConsoleRequest, name: str) -> HttpResponse:
    """Asks before a model type is deleted."""
    request.actor.require_platform_admin("change model types")
    back = reverse("runtimes:model-type-list")
    return ask_deletion(
        request,
        Deletion(name, "Filters and pickers no longer offer it.", back, back),
        lambda: model_types.delete_model_type(actor=request.actor, name=name, now=timezone.now()),
    )
