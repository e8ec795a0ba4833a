"""Pages of people's accounts, for platform admins."""

from __future__ import annotations

from functools import partial
from typing import Final

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from mlops_console.actions.people import create_person, update_person
from mlops_console.errors import Missing
from mlops_console.models import User
from mlops_console.queries import history_of, people
from mlops_console.web import lists
from mlops_console.web.forms import PersonForm, PersonUpdateForm, SearchForm, add_faults
from mlops_console.web.http import ConsoleRequest, person_of
from mlops_console.web.submission import submit

ORDERS: Final[dict[str, tuple[str, ...]]] = {
    "username": ("username",),
    "name": ("display_name",),
    "workspaces": ("workspace_count",),
    "created": ("created_at",),
}
_SHOWN: Final = ("username", "display_name", "email", "is_active", "is_platform_admin")


@require_GET
def person_list(request: ConsoleRequest) -> HttpResponse:
    """Everyone who has an account."""
    request.actor.require_platform_admin("see all accounts")
    filters = SearchForm(request.GET)
    query = lists.read(request, ORDERS, "username")
    context = lists.context(_searched(people(), filters.text), query, f"people:{filters.text}")
    return render(request, "mlops_console/person_list.html", context | {"filters": filters})


@require_http_methods(["GET", "HEAD", "POST"])
def person_create(request: ConsoleRequest) -> HttpResponse:
    """The form for a new account."""
    request.actor.require_platform_admin("create accounts")
    form = PersonForm(request.POST or None)
    outcome = submit(
        request,
        check=form.is_valid,
        perform=lambda: create_person(actor=request.actor, now=timezone.now(), **form.cleaned_data),
        blame=partial(add_faults, form),
    )
    if outcome.done:
        messages.success(request, f"{outcome.done} can sign in as {outcome.done.username} now.")
        return redirect("console:person-list")
    context = {"form": form, "message": outcome.refusal}
    return render(request, "mlops_console/person_form.html", context, status=outcome.status)


@require_http_methods(["GET", "HEAD", "POST"])
def person_update(request: ConsoleRequest, username: str) -> HttpResponse:
    """The form for an account: names, rights and a new password."""
    request.actor.require_platform_admin("change accounts")
    user = User.objects.filter(username=username).first()
    if user is None:
        raise Missing(f"There is nobody with the user name {username}.")
    form = PersonUpdateForm(request.POST or None, initial={field: getattr(user, field) for field in _SHOWN})
    outcome = submit(
        request,
        check=form.is_valid,
        perform=lambda: _save(request, user, form),
        blame=partial(add_faults, form),
    )
    if outcome.done:
        messages.success(request, f"The account of {outcome.done} is saved.")
        return redirect("console:person-list")
    context = {
        "form": form,
        "person": user,
        "message": outcome.refusal,
        "memberships": user.memberships.select_related("workspace").order_by("workspace__display_name")[:50],
        "entries": history_of(f"users/{user.username}"),
    }
    return render(request, "mlops_console/person_form.html", context, status=outcome.status)


def _save(request: ConsoleRequest, user: User, form: PersonUpdateForm) -> User:
    changes = {field: form.cleaned_data[field] for field in _SHOWN if field != "username"}
    password = form.cleaned_data["password"]
    saved = update_person(
        actor=request.actor,
        username=user.username,
        changes=changes,
        password=password,
        now=timezone.now(),
    )
    if password and saved.pk == person_of(request).pk:
        # A changed password ends the sessions of an account; the one that changed it goes on.
        update_session_auth_hash(request, saved)
    return saved


def _searched(rows: QuerySet[User], text: str) -> QuerySet[User]:
    found = Q(username__icontains=text) | Q(display_name__icontains=text) | Q(email__icontains=text)
    return rows.filter(found) if text else rows
