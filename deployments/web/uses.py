"""The deployments that stand on runtimes, images and versions, for the pages and dialogs of those."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet
from django.urls import reverse

from deployments.models import Composition, Deployment
from mlops_console.actor import Actor
from mlops_console.queries import ALL, workspaces_of
from runtimes.models import Runtime, RuntimeImage, Version
from runtimes.web.uses import Rows, Use

SHOWN: Final = 10


def deployments_on(actor: Actor, workspace: str, rows: Rows) -> Use:
    """The live deployments that some runtimes carry, or that run a version of some images, or some versions."""
    path, filter_name = _PATHS[rows.model]
    there = Q(deployment__deleted_at__isnull=True, deployment__workspace__in=workspaces_of(actor))
    compositions = Composition.objects.filter(there, **{f"{path}__in": rows.order_by()})
    counted = compositions.order_by().aggregate(all=Count("pk"), deployments=Count("deployment", distinct=True))
    total = counted["deployments"]
    first = Deployment.objects.filter(pk__in=compositions.order_by().values("deployment")).select_related("workspace")
    by_row = compositions.order_by().values_list(path).annotate(Count("deployment", distinct=True))
    only = list(rows[:2]) if total else []
    return Use(
        title="Deployments",
        summary=_summary(counted["all"], total),
        items=_items(first.order_by("display_name", "pk")[:SHOWN], compositions) if total else [],
        total=total,
        counts=dict(by_row) if total else {},
        url=_url(actor, workspace, filter_name, only[0].name) if len(only) == 1 else "",
        none="Nothing runs on it.",
    )


_PATHS: Final[dict[type[Any], tuple[str, str]]] = {
    Runtime: ("runtime", "runtime"),
    RuntimeImage: ("version__image", "image"),
    Version: ("version", "version"),
}


def _summary(compositions: int, deployments: int) -> str:
    return (
        f"{compositions:,} live composition{'' if compositions == 1 else 's'} "
        f"in {deployments:,} deployment{'' if deployments == 1 else 's'}"
    )


def _items(deployments: QuerySet[Deployment], compositions: QuerySet[Composition]) -> list[dict[str, Any]]:
    shown = list(deployments)
    running: dict[int, list[str]] = {}
    found = compositions.filter(deployment__in=[each.pk for each in shown]).order_by("position")
    for deployment, experiment, version in found.values_list(
        "deployment_id", "experiment__display_name", "version__version"
    ):
        running.setdefault(deployment, []).append(f"{experiment} on {version}")
    return [
        {
            "label": each.display_name,
            "url": reverse("deployments:deployment-detail", args=[each.workspace.uid, each.uid]),
            "state": each.health,
            "note": f"in {each.workspace}: {_few(running[each.pk])}",
        }
        for each in shown
    ]


def _few(names: list[str]) -> str:
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")


def _url(actor: Actor, workspace: str, filter_name: str, name: str) -> str:
    """The table of deployments narrowed to a row; platform admins see those of all workspaces there, as here."""
    uid = ALL if actor.is_platform_admin else workspace
    return f"{reverse('deployments:deployment-list', args=[uid])}?{urlencode({filter_name: name})}"
