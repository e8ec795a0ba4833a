"""What base.html shows around every page: navigation, and the workspace switcher."""

from __future__ import annotations

from typing import Any, Final, cast
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from mlops_console.access import Right
from mlops_console.actor import Actor
from mlops_console.queries import ALL, Scope, workspaces_of
from mlops_console.web.http import ConsoleRequest

# label, url name, icon; those of a workspace take its uid
_WORKSPACE: Final = (
    ("Runtimes", "runtimes:runtime-list", "cpu"),
    ("Runtime images", "runtimes:image-list", "container"),
    ("Experiments", "deployments:experiment-list", "flask-conical"),
    ("Deployments", "deployments:deployment-list", "rocket"),
    ("Rollouts", "deployments:rollout-list", "circle-arrow-up"),
    ("Audit", "console:audit-list", "scroll-text"),
)
_PLATFORM: Final = (
    ("People", "console:person-list", "user-cog"),
    ("Model types", "runtimes:model-type-list", "shapes"),
    ("Bootstrap", "runtimes:bootstrap-detail", "file-down"),
)
SWITCHER_MAX: Final = 200


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context processor for signed-in people; pages set `request.scope` to the scope they show."""
    # Nobody has looked who asks where the host of a request is refused.
    if not hasattr(request, "user") or not request.user.is_authenticated:
        return {}
    ours = cast("ConsoleRequest", request)
    actor, scope = ours.actor, ours.scope
    mine = list(workspaces_of(actor)[:SWITCHER_MAX])
    uid = scope.uid if scope else _home(actor, [each.uid for each in mine])
    choices = [{"uid": each.uid, "label": each.display_name} for each in mine]
    if actor.is_platform_admin:
        choices.insert(0, {"uid": ALL, "label": "All workspaces"})
    return {
        "nav": [_link(request, "Overview", "runtimes:overview", "layout-dashboard")]
        + [_link(request, label, url, icon, uid) for label, url, icon in _WORKSPACE]
        + [_link(request, "API", "api:root", "braces")],
        "admin_nav": _administration(request, actor, scope),
        "scope": scope,
        "workspaces": choices,
        "switch_url": reverse("console:workspace-switch"),
    }


def history_url(workspace: str, subject: str) -> str:
    """The audit page narrowed to one resource name."""
    return reverse("console:audit-list", args=[workspace]) + f"?{urlencode({'subject': subject})}"


def _administration(request: HttpRequest, actor: Actor, scope: Scope | None) -> list[dict[str, Any]]:
    links = []
    if scope and scope.workspace:
        links.append(_link(request, "Members", "console:member-list", "users", scope.uid))
        if actor.may(Right.MANAGE_TOKENS, scope.workspace):
            links.append(_link(request, "Tokens", "console:workspace-token-list", "key-round", scope.uid))
    links.append(_link(request, "Workspaces", "console:workspace-list", "layers", exact=True))
    if actor.is_platform_admin:
        links += [_link(request, label, url, icon) for label, url, icon in _PLATFORM]
    return links


def _home(actor: Actor, uids: list[str]) -> str:
    """Where links lead from pages outside a workspace: everywhere for platform admins, else one's first workspace."""
    if actor.is_platform_admin:
        return ALL
    return next((uid for uid in uids if uid != "global"), "global")


def _link(
    request: HttpRequest, label: str, url: str, icon: str, uid: str = "", *, exact: bool = False
) -> dict[str, Any]:
    path = reverse(url, args=[uid] if uid else [])
    # Every page of a workspace lies under the list of workspaces.
    current = request.path == path if exact or path == "/" else request.path.startswith(path)
    return {"label": label, "url": path, "icon": icon, "current": current}
