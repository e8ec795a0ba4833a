"""Who belongs to a workspace: one table that is also its form."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from mlops_console.access import Right, Role
from mlops_console.actions.members import remove_member, set_role
from mlops_console.errors import Missing
from mlops_console.models import Membership
from mlops_console.queries import memberships_in
from mlops_console.web import lists
from mlops_console.web.dialogs import Deletion, ask_deletion
from mlops_console.web.forms import MemberForm, SearchForm, add_faults
from mlops_console.web.http import ConsoleRequest, enter_workspace, redirect_back
from mlops_console.web.submission import submit

ORDERS: Final[dict[str, tuple[str, ...]]] = {"username": ("user__username",), "role": ("role",)}


@require_http_methods(["GET", "HEAD", "POST"])
def member_list(request: ConsoleRequest, workspace: str) -> HttpResponse:
    """The members; a POST makes somebody a member or changes what they are."""
    row = enter_workspace(request, workspace)
    if request.method == "POST":
        request.actor.require(Right.MANAGE_MEMBERS, row)
    form = MemberForm(request.POST or None)
    outcome = submit(
        request,
        check=form.is_valid,
        perform=lambda: set_role(
            actor=request.actor,
            workspace=row,
            username=form.cleaned_data["username"],
            role=Role(form.cleaned_data["role"]),
            now=timezone.now(),
        ),
        blame=partial(add_faults, form),
    )
    if outcome.done:
        member = outcome.done
        messages.success(request, f"{member.user} is now {Role(member.role).label.lower()} of {row.display_name}.")
        return redirect_back(request, request.path)
    filters = SearchForm(request.GET)
    query = lists.read(request, ORDERS, "username")
    rows = _searched(memberships_in(row), filters.text)
    context: dict[str, Any] = lists.context(rows, query, f"members {row.uid} {filters.text}")
    context |= {
        "workspace": row,
        "filters": filters,
        # A refused change of a member was made in the table; the form below it is for somebody new.
        "form": MemberForm() if outcome.refused else form,
        "message": outcome.refusal,
        "roles": list(Role),
        # A role in global would say nothing: everyone reads there, and only platform admins write.
        "may_manage": request.actor.may(Right.MANAGE_MEMBERS, row) and not row.is_global,
    }
    return render(request, "mlops_console/member_list.html", context, status=outcome.status)


@require_http_methods(["GET", "HEAD", "POST"])
def member_remove(request: ConsoleRequest, workspace: str, username: str) -> HttpResponse:
    """Asks before a membership ends."""
    row = enter_workspace(request, workspace)
    request.actor.require(Right.MANAGE_MEMBERS, row)
    member = memberships_in(row).filter(user__username=username).first()
    if member is None:
        raise Missing(f"{username} is not a member of {row.display_name}.")
    members = reverse("console:member-list", args=[row.uid])
    dialog = Deletion(
        subject=str(member.user),
        lead="They and their tokens lose the workspace at once; what they did stays in the audit trail.",
        back=members,
        done_back=members,
        verb="Remove",
        done=f"removed from {row.display_name}",
    )
    return ask_deletion(
        request,
        dialog,
        lambda: remove_member(actor=request.actor, workspace=row, username=username, now=timezone.now()),
    )


def _searched(rows: QuerySet[Membership], text: str) -> QuerySet[Membership]:
    named = Q(user__username__icontains=text) | Q(user__display_name__icontains=text)
    return rows.filter(named) if text else rows
