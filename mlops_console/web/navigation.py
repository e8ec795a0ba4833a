"""What base.html shows around every page: navigation, and the workspace switcher."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final, NamedTuple, cast
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from mlops_console.access import Right
from mlops_console.queries import ALL, workspace_names
from mlops_console.web.http import ConsoleRequest, address_of

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
SWITCHER_MAX: Final = 20  # workspaces that a select still offers at a glance; of more, one is searched for
_ROWS: Final = "rows"


class Link(NamedTuple):
    """An entry of the navigation."""

    label: str
    url: str
    icon: str
    current: bool


class Choice(NamedTuple):
    """A workspace to switch to."""

    uid: str
    label: str


class Navigation:
    """The frame of one page. What it shows is looked up when it is shown: parts of pages come without."""

    def __init__(self, request: ConsoleRequest) -> None:
        self._request, self._actor, self.scope = request, request.actor, request.scope

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """The main navigation; from pages outside a workspace it leads everywhere, or to one's first workspace."""
        uid = self.scope.uid if self.scope else self._home
        return (
            self._link("Overview", "runtimes:overview", "layout-dashboard"),
            *(self._link(label, url, icon, uid) for label, url, icon in _WORKSPACE),
            self._link("API", "api:root", "braces"),
        )

    @cached_property
    def administration(self) -> tuple[Link, ...]:
        """What is seldom gone to."""
        workspace = self.scope.workspace if self.scope else None
        links = []
        if workspace:
            links.append(self._link("Members", "console:member-list", "users", workspace.uid))
            if self._actor.may(Right.MANAGE_TOKENS, workspace):
                links.append(self._link("Tokens", "console:workspace-token-list", "key-round", workspace.uid))
        links.append(self._link("Workspaces", "console:workspace-list", "layers", exact=True))
        if self._actor.is_platform_admin:
            links += [self._link(label, url, icon) for label, url, icon in _PLATFORM]
        return tuple(links)

    @property
    def tokens(self) -> Link:
        """One's own API tokens."""
        return self._link("API tokens", "console:token-list", "key-round", exact=True)

    @property
    def sign_out_url(self) -> str:
        """Where one signs out."""
        return address_of("logout")

    @cached_property
    def choices(self) -> list[Choice]:
        """All workspaces to switch to, or none where they are too many for a select."""
        everywhere = [Choice(ALL, "All workspaces")] if self._actor.is_platform_admin else []
        return [*everywhere, *self._first] if len(self._first) <= SWITCHER_MAX else []

    @property
    def switch_url(self) -> str:
        """Where one goes from this workspace to another."""
        return address_of("console:workspace-switch")

    @cached_property
    def search_url(self) -> str:
        """Where one looks for another workspace, to come to the same kind of list there."""
        return f"{self.switch_url}?{urlencode({'next': self._request.path})}"

    @cached_property
    def _first(self) -> list[Choice]:
        return [Choice(*each) for each in workspace_names(self._actor, SWITCHER_MAX + 1)]

    @property
    def _home(self) -> str:
        if self._actor.is_platform_admin:
            return ALL
        return next((each.uid for each in self._first if each.uid != "global"), "global")

    def _link(self, label: str, url: str, icon: str, uid: str = "", *, exact: bool = False) -> Link:
        here, there = self._request.path, address_of(url, *([uid] if uid else []))
        # Every page of a workspace lies under the list of workspaces.
        current = here == there if exact or there == "/" else here.startswith(there)
        return Link(label, there, icon, current)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context processor: what stands around a page, and `frame`, the template that lists extend.

    Where htmx swaps the rows of a list that is shown already, it takes the rows and what belongs to them out of the
    answer: the rest is not made. Pages set `request.scope` to the scope they show.
    """
    ours = cast("ConsoleRequest", request)
    # Nobody has looked who asks, or how, where the host of a request is refused.
    if not hasattr(request, "htmx") or not request.user.is_authenticated:
        return {"frame": "base.html"}
    return {"frame": "rows.html" if _only_rows(ours) else "base.html", "navigation": Navigation(ours)}


def history_url(workspace: str, subject: str) -> str:
    """The audit page narrowed to one resource name."""
    return reverse("console:audit-list", args=[workspace]) + f"?{urlencode({'subject': subject})}"


def _only_rows(request: ConsoleRequest) -> bool:
    htmx = request.htmx
    return bool(htmx) and htmx.target == _ROWS and not htmx.history_restore_request
