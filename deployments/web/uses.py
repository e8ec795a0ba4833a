"""The deployments that stand on runtimes, images and versions, for the pages and dialogs of those."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Count, F, Func, IntegerField, Q, QuerySet, Window
from django.urls import reverse

from deployments.models import Composition, Deployment
from mlops_console.actor import Actor
from mlops_console.queries import ALL, workspaces_of
from runtimes.models import Runtime, RuntimeImage, Version
from runtimes.web.uses import Rows, Use

SHOWN: Final = 10


class _InAll(Func):
    """The sum of what is counted in groups, over all of them: Django's own takes no count."""

    function = "SUM"
    window_compatible = True
    output_field = IntegerField()


def deployments_on(actor: Actor, workspace: str, rows: Rows) -> Use:
    """The live deployments that some runtimes carry, or that run a version of some images, or some versions."""
    compositions = _live(actor, rows)
    # Thousands may stand on one image: to go through them takes longer than all else, so that is done once.
    by_deployment = compositions.values_list("deployment").annotate(
        name=F("deployment__display_name"), here=Count("pk"), all=Window(_InAll("here")), total=Window(Count("*"))
    )
    first = list(by_deployment.order_by("name", "deployment")[:SHOWN])
    _, _, _, in_all, total = first[0] if first else (0, "", 0, 0, 0)
    return Use(
        title="Deployments",
        summary=_summary(int(in_all), total),
        items=_items([key for key, *_ in first], compositions) if first else [],
        total=total,
        url=_url(actor, workspace, rows) if first else "",
        none="Nothing runs on it.",
    )


def deployment_counts(actor: Actor, rows: Rows) -> dict[int, int]:
    """How many such deployments each row has, by its key; none are told of rows that have none."""
    path = _KINDS[rows.model].path
    return dict(_live(actor, rows).values_list(path).annotate(Count("deployment", distinct=True)))


@dataclass(frozen=True)
class _Kind:
    """Rows that things stand on: where a composition names them, the filter of the table, what their names take."""

    path: str
    filter_name: str
    named_by: str


_KINDS: Final[dict[type[Any], _Kind]] = {
    Runtime: _Kind("runtime", "runtime", "workspace"),
    RuntimeImage: _Kind("version__image", "image", "workspace"),
    Version: _Kind("version", "version", "image__workspace"),
}


def _live(actor: Actor, rows: Rows) -> QuerySet[Composition]:
    """The compositions on some rows in the live deployments that one may see, in no order."""
    there = Q(deployment__deleted_at__isnull=True)
    if not actor.is_platform_admin:
        there &= Q(deployment__workspace__in=workspaces_of(actor))
    return Composition.objects.filter(there, **{f"{_KINDS[rows.model].path}__in": rows.order_by()}).order_by()


def _summary(compositions: int, deployments: int) -> str:
    return (
        f"{compositions:,} live composition{'' if compositions == 1 else 's'} "
        f"in {deployments:,} deployment{'' if deployments == 1 else 's'}"
    )


def _items(keys: Sequence[int], compositions: QuerySet[Composition]) -> list[dict[str, Any]]:
    running: dict[int, list[str]] = {}
    found = compositions.filter(deployment__in=keys).order_by("position")
    for deployment, experiment, version in found.values_list(
        "deployment_id", "experiment__display_name", "version__version"
    ):
        running.setdefault(deployment, []).append(f"{experiment} on {version}")
    named = ("uid", "display_name", "health", "workspace__uid", "workspace__display_name")
    shown = Deployment.objects.select_related("workspace").only(*named).in_bulk(running)
    return [
        {
            "label": shown[key].display_name,
            "url": reverse("deployments:deployment-detail", args=[shown[key].workspace.uid, shown[key].uid]),
            "state": shown[key].health,
            "note": f"in {shown[key].workspace}: {_few(running[key])}",
        }
        for key in keys
        if key in shown  # unless it has gone since
    ]


def _few(names: list[str]) -> str:
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")


def _url(actor: Actor, workspace: str, rows: Rows) -> str:
    """The table of deployments narrowed to a row, or `""` for several: platform admins see those of all workspaces."""
    kind = _KINDS[rows.model]
    only = rows.select_related(kind.named_by)[:2]
    if len(only) != 1:
        return ""
    uid = ALL if actor.is_platform_admin else workspace
    return f"{reverse('deployments:deployment-list', args=[uid])}?{urlencode({kind.filter_name: only[0].name})}"
