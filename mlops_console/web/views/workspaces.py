"""Pages of workspaces, and the switch from one to another."""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Final

from django.contrib import messages
from django.db.models import PROTECT, Count, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from mlops_console.access import Role
from mlops_console.actions.workspaces import create_workspace, delete_workspace, update_workspace
from mlops_console.errors import NotAllowed
from mlops_console.models import Membership, Workspace
from mlops_console.queries import ALL, history_of, scope_for, workspaces_of
from mlops_console.web import lists
from mlops_console.web.dialogs import Deletion, ask_deletion
from mlops_console.web.forms import SearchForm, WorkspaceForm, add_faults
from mlops_console.web.http import ConsoleRequest, enter_workspace
from mlops_console.web.submission import submit

ORDERS: Final[dict[str, tuple[str, ...]]] = {
    "name": ("display_name",),
    "id": ("uid",),
    "members": ("member_count",),
    "updated": ("updated_at",),
}
# Lists that another workspace has as well, by the word after the workspace; `-` has no members.
_LISTS: Final = {
    "runtimes": "runtimes:runtime-list",
    "runtime-images": "runtimes:image-list",
    "experiments": "deployments:experiment-list",
    "deployments": "deployments:deployment-list",
    "rollouts": "deployments:rollout-list",
    "audit": "console:audit-list",
    "members": "console:member-list",
}
DELETE: Final = {"label": "Delete", "tone": "danger", "icon": "trash-2"}
_PLACE: Final = re.compile(r"/workspaces/([^/]+)/(?:([a-z-]+)/)?")
OFFERED_MAX: Final = 50
# What a workspace may hold, and the page that lists it.
_HOLDING_URLS: Final = {
    "runtimes": "runtimes:runtime-list",
    "runtime images": "runtimes:image-list",
    "experiments": "deployments:experiment-list",
    "deployments": "deployments:deployment-list",
}


@require_GET
def workspace_list(request: ConsoleRequest) -> HttpResponse:
    """The workspaces that the person may see."""
    filters = SearchForm(request.GET)
    query = lists.read(request, ORDERS, "name")
    rows = _searched(_with_member_count(workspaces_of(request.actor)), filters.text)
    context = lists.context(rows, query, f"workspaces:{filters.text}")
    for row in context["page"].rows:
        row.role = _role_label(request, row)
    return render(
        request,
        "mlops_console/workspace_list.html",
        context | {"filters": filters, "may_create": request.actor.is_platform_admin},
    )


@require_GET
def workspace_detail(request: ConsoleRequest, workspace: str) -> HttpResponse:
    """One workspace: what it is, what it holds, who may do what in it, its history."""
    row = enter_workspace(request, workspace)
    return render(
        request,
        "mlops_console/workspace_detail.html",
        {
            "workspace": row,
            "role": _role_label(request, row),
            "member_count": row.memberships.count(),
            "holdings": _holdings(row),
            "annotations": sorted(row.annotations.items()),
            "entries": history_of(row.name),
            "may_edit": _may_edit(request, row),
            "verbs": [] if row.is_global else [DELETE | {"url": reverse("console:workspace-delete", args=[row.uid])}],
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def workspace_create(request: ConsoleRequest) -> HttpResponse:
    """The form for a new workspace."""
    request.actor.require_platform_admin("create workspaces")
    form = WorkspaceForm(request.POST or None)
    outcome = submit(
        request,
        check=form.is_valid,
        perform=lambda: create_workspace(actor=request.actor, now=timezone.now(), **form.cleaned_data),
        blame=partial(add_faults, form),
    )
    if outcome.done:
        messages.success(request, f"Workspace {outcome.done.display_name} created; you are its admin.")
        return redirect("console:workspace-detail", outcome.done.uid)
    context = {"form": form, "message": outcome.refusal}
    return render(request, "mlops_console/workspace_form.html", context, status=outcome.status)


@require_http_methods(["GET", "HEAD", "POST"])
def workspace_update(request: ConsoleRequest, workspace: str) -> HttpResponse:
    """The form for a workspace's name and description."""
    row = _to_manage(request, workspace, "change")
    shown = {"uid": row.uid, "display_name": row.display_name, "description": row.description}
    form = WorkspaceForm(request.POST or None, initial=shown, locked=True)
    outcome = submit(
        request,
        check=form.is_valid,
        perform=lambda: update_workspace(
            actor=request.actor,
            workspace=row,
            changes={field: form.cleaned_data[field] for field in ("display_name", "description")},
            now=timezone.now(),
        ),
        blame=partial(add_faults, form),
    )
    if outcome.done:
        messages.success(request, f"Workspace {outcome.done.display_name} saved.")
        return redirect("console:workspace-detail", row.uid)
    context = {"form": form, "workspace": row, "message": outcome.refusal}
    return render(request, "mlops_console/workspace_form.html", context, status=outcome.status)


@require_http_methods(["GET", "HEAD", "POST"])
def workspace_delete(request: ConsoleRequest, workspace: str) -> HttpResponse:
    """Asks before a workspace is deleted, and names what it still holds."""
    row = _to_manage(request, workspace, "delete")
    held = [
        {"label": f"{each['count']:,} {each['label']}", "url": each["url"]} for each in _holdings(row) if each["count"]
    ]
    dialog = Deletion(
        subject=f"Workspace {row.display_name}",
        lead="Its memberships end with it; its audit trail stays. What it holds must be deleted first.",
        back=reverse("console:workspace-detail", args=[row.uid]),
        done_back=reverse("console:workspace-list"),
        affected=[{"title": "Still in it", "items": held, "more": 0}] if held else [],
    )
    return ask_deletion(
        request, dialog, lambda: delete_workspace(actor=request.actor, workspace=row, now=timezone.now())
    )


@require_GET
def workspace_switch(request: ConsoleRequest) -> HttpResponse:
    """Go to the same kind of list in another workspace, by default to its runtimes, or look for one if none is named.

    A search that finds only one leads there, unless it was sent while somebody still types.
    """
    here = request.GET.get("next", "")
    if "workspace" in request.GET:
        return redirect(_same_list(here, scope_for(request.actor, request.GET["workspace"]).uid))
    text = SearchForm(request.GET).text
    named = _searched(workspaces_of(request.actor), text).values_list("uid", "display_name")
    found = list(named[: OFFERED_MAX + 1])
    if request.actor.is_platform_admin and text.lower() in "all workspaces":
        found.insert(0, (ALL, "All workspaces"))
    if text and len(found) == 1 and not request.htmx:
        return redirect(_same_list(here, found[0][0]))
    place = _PLACE.match(here)
    context = {
        "offered": [(uid, label, _same_list(here, uid)) for uid, label in found[:OFFERED_MAX]],
        "more": len(found) > OFFERED_MAX,
        "current": place.group(1) if place else "",
        "text": text,
        "next": here,
    }
    template = "mlops_console/_workspace_switch.html" if request.htmx else "mlops_console/workspace_switch.html"
    return render(request, template, context)


def _same_list(here: str, uid: str) -> str:
    """The address in a workspace of the kind of list that somebody looks at."""
    place = _PLACE.match(here)
    target = _LISTS.get(place.group(2) or "", "") if place else ""
    if not target or (uid == ALL and target == "console:member-list"):
        target = "runtimes:runtime-list"
    return reverse(target, args=[uid])


def _to_manage(request: ConsoleRequest, uid: str, what: str) -> Workspace:
    row = enter_workspace(request, uid)
    if not _may_edit(request, row):
        raise NotAllowed(f"Only admins of {row.display_name} may {what} this workspace.")
    return row


def _may_edit(request: ConsoleRequest, row: Workspace) -> bool:
    return request.actor.role_in(row) is Role.ADMIN


def _role_label(request: ConsoleRequest, row: Workspace) -> str:
    role = request.actor.role_in(row)
    return role.label if role else ""


def _searched(rows: QuerySet[Workspace], text: str) -> QuerySet[Workspace]:
    return rows.filter(Q(display_name__icontains=text) | Q(uid__icontains=text)) if text else rows


def _with_member_count(rows: QuerySet[Workspace]) -> QuerySet[Workspace]:
    counted = Membership.objects.filter(workspace=OuterRef("pk")).order_by().values("workspace")
    return rows.annotate(member_count=Coalesce(Subquery(counted.annotate(n=Count("*")).values("n")), Value(0)))


def _holdings(row: Workspace) -> list[dict[str, Any]]:
    """What keeps a workspace from being deleted, kind by kind; the kinds belong to apps above this one."""
    found = []
    for relation in Workspace._meta.related_objects:
        if relation.on_delete is PROTECT:
            label = str(relation.related_model._meta.verbose_name_plural)
            rows = relation.related_model._default_manager.filter(**{relation.field.name: row})
            url = reverse(_HOLDING_URLS[label], args=[row.uid]) if label in _HOLDING_URLS else ""
            found.append({"label": label, "count": rows.count(), "url": url})
    return found
