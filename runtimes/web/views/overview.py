"""The first page: the fleet at a glance."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from mlops_console.keyset import capped_count
from mlops_console.models import GLOBAL
from mlops_console.queries import ALL, workspaces_of
from mlops_console.web.http import ConsoleRequest
from runtimes import fleet
from runtimes.fleet import Tally
from runtimes.models import Runtime, RuntimeImage, Version
from runtimes.queries import held_count, held_rows
from runtimes.rules.lifecycle import State

WORKSPACES_SHOWN: Final = 10
ITEMS_SHOWN: Final = 5
COUNTED_MAX: Final = 1_000

_Row = Runtime | RuntimeImage | Version


@require_GET
def overview(request: ConsoleRequest) -> HttpResponse:
    """How much there is, what wants attention, what happened last."""
    actor = request.actor
    workspaces = list(workspaces_of(actor)[: WORKSPACES_SHOWN + 1])
    shown = workspaces[:WORKSPACES_SHOWN]
    uid = ALL if actor.is_platform_admin else _only([each.uid for each in workspaces])
    runtimes, images = (fleet.tally(model.objects.all(), actor) for model in (Runtime, RuntimeImage))
    context = {
        "stats": [
            _stats("Runtimes", "runtimes:runtime-list", uid, runtimes),
            _stats("Runtime images", "runtimes:image-list", uid, images),
        ],
        "empty": not (runtimes.total or images.total),
        "attention": _attention(request),
        "tallies": [
            {
                "workspace": each.workspace,
                "runtimes": _counts("runtimes:runtime-list", each.workspace.uid, each.runtimes),
                "images": _counts("runtimes:image-list", each.workspace.uid, each.images),
            }
            for each in fleet.tallies(shown)
        ],
        "states": [state.value.title() for state in State],
        "entries": list(fleet.latest_changes(actor)),
        "audit_url": reverse("console:audit-list", args=[uid]) if uid else "",
    }
    return render(request, "runtimes/overview.html", context)


def _only(uids: list[str]) -> str:
    """The workspace whose lists hold all that a member sees: their only one, as it inherits from `global`."""
    own = [uid for uid in uids if uid != GLOBAL]
    if len(own) > 1:
        return ""
    return own[0] if own else GLOBAL


def _stats(label: str, url: str, uid: str, tally: Tally) -> dict[str, Any]:
    return {
        "label": label,
        "total": tally.total,
        "url": reverse(url, args=[uid]) if uid else "",
        "counts": _counts(url, uid, tally),
    }


def _counts(url: str, uid: str, tally: Tally) -> list[dict[str, Any]]:
    return [
        {
            "state": state,
            "count": count,
            "url": f"{reverse(url, args=[uid])}?state={state}" if uid else "",
        }
        for state, count in tally.by_state.items()
    ]


def _attention(request: ConsoleRequest) -> list[dict[str, Any]]:
    """What somebody should look at; an empty list is good news."""
    held = list(islice(held_rows(ITEMS_SHOWN), ITEMS_SHOWN))
    idle = fleet.idle_images(request.actor)
    first_idle = list(idle[:ITEMS_SHOWN])
    stranded = fleet.stranded_keys(request.actor, COUNTED_MAX + 1)
    found = [
        _concern(
            "Held below the platform's state",
            "values.yaml would allow more; a person has tightened these.",
            ((each, each.api_reason) for each in held),
            held_count() if len(held) == ITEMS_SHOWN else len(held),
        ),
        _concern(
            "Images without a usable version",
            "Whatever is bound to them cannot start: add or activate a version.",
            ((each, "") for each in first_idle),
            capped_count(idle, COUNTED_MAX) if len(first_idle) == ITEMS_SHOWN else len(first_idle),
        ),
        _concern(
            "Runtimes on something disabled",
            "New deployments on them are refused: move them, or disable them too.",
            ((each, f"{_below(each)} is disabled") for each in fleet.stranded_runtimes(stranded)[:ITEMS_SHOWN]),
            len(stranded),
        ),
    ]
    return [each for each in found if each["count"]]


def _concern(title: str, text: str, rows: Iterable[tuple[_Row, str]], count: int) -> dict[str, Any]:
    items = [
        {"label": _label(row), "url": _address(row), "state": row.state, "note": note}
        for row, note in islice(rows, ITEMS_SHOWN)
    ]
    seen = min(count, COUNTED_MAX)
    return {
        "title": title,
        "text": text,
        "items": items,
        "count": seen,
        "more": seen - len(items),
        "or_more": "+" if count > COUNTED_MAX else "",
    }


def _below(runtime: Runtime) -> str:
    if runtime.image.state == State.DISABLED:
        return runtime.image.display_name
    return f"{runtime.image.display_name} {runtime.pinned_version}"


def _label(row: _Row) -> str:
    return f"{row.image.display_name} {row.version}" if isinstance(row, Version) else row.display_name


def _address(row: _Row) -> str:
    if isinstance(row, Runtime):
        return reverse("runtimes:runtime-detail", args=[row.workspace.uid, row.uid])
    image = row.image if isinstance(row, Version) else row
    return reverse("runtimes:image-detail", args=[image.workspace.uid, image.uid])
