"""The fleet at a glance: how much there is in which state, and what wants somebody's attention."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Value

from mlops_console.actor import Actor
from mlops_console.models import GLOBAL, AuditEntry, Workspace
from mlops_console.queries import workspaces_of
from mlops_console.statements import Among
from runtimes.models import Runtime, RuntimeImage, Version
from runtimes.rules.lifecycle import State

_DISABLED: Final = State.DISABLED.value


@dataclass
class Tally:
    """How many rows are in each state."""

    by_state: dict[str, int] = field(default_factory=lambda: dict.fromkeys(State, 0))

    @property
    def total(self) -> int:
        """All of them, whatever their state."""
        return sum(self.by_state.values())

    def add(self, other: Tally) -> None:
        """Count another tally in."""
        for state, count in other.by_state.items():
            self.by_state[state] += count


@dataclass(frozen=True)
class WorkspaceTally:
    """What the lists of one workspace show: its own rows and the inherited ones (R2)."""

    workspace: Workspace
    runtimes: Tally
    images: Tally


def tally(rows: QuerySet[Runtime] | QuerySet[RuntimeImage], actor: Actor) -> Tally:
    """Count the rows that an actor sees, each once."""
    seen = rows.filter(_visible(actor)).order_by()
    # Counting all is cheaper than looking at the state of each, and nearly all are active.
    others = {state: seen.filter(state=state) for state in (State.DEPRECATED, State.DISABLED)}
    counts = dict(_counted("", seen).union(*(_counted(state, each) for state, each in others.items()), all=True))
    total = counts.pop("")
    found = Tally()
    found.by_state |= {State.ACTIVE: total - sum(counts.values()), **counts}
    return found


def tallies(workspaces: Iterable[Workspace]) -> list[WorkspaceTally]:
    """Count what each of some workspaces offers, in two queries however many they are."""
    shown = list(workspaces)
    runtimes, images = (_tallies(model, shown) for model in (Runtime, RuntimeImage))
    return [WorkspaceTally(each, runtimes[each.uid], images[each.uid]) for each in shown]


def idle_images(actor: Actor) -> QuerySet[RuntimeImage]:
    """Images that are not disabled but have no usable version: whatever is bound to them cannot start."""
    usable = Version.objects.filter(image=OuterRef("pk")).exclude(state=_DISABLED)
    rows = RuntimeImage.objects.filter(_visible(actor), ~Exists(usable)).exclude(state=_DISABLED)
    return rows.select_related("workspace").order_by("display_name", "pk")


def stranded_keys(actor: Actor, limit: int) -> list[int]:
    """The keys of runtimes, `limit` at most, that are not disabled themselves but whose image or pinned version is."""
    images = list(RuntimeImage.objects.filter(state=_DISABLED).order_by().values_list("pk", flat=True))
    versions = list(Version.objects.filter(state=_DISABLED).order_by().values_list("pk", flat=True))
    if not (images or versions):
        return []
    rows = Runtime.objects.filter(_visible(actor)).exclude(state=_DISABLED).order_by()
    # By either of two keys, each of which has its index; "one or the other" in one condition has none.
    below = Among(F("image"), images)
    bound, pinned = rows.filter(below), rows.filter(~Q(below), Among(F("pinned_version"), versions))
    return list(bound.values_list("pk", flat=True).union(pinned.values_list("pk", flat=True), all=True)[:limit])


def stranded_runtimes(keys: Sequence[int]) -> QuerySet[Runtime]:
    """Some of them by name, with what they are bound to."""
    rows = Runtime.objects.filter(Among(F("pk"), list(keys))) if keys else Runtime.objects.none()
    return rows.select_related("workspace", "image", "pinned_version").order_by("display_name", "pk")


def latest_changes(actor: Actor, limit: int = 10) -> QuerySet[AuditEntry]:
    """What happened last in the workspaces that an actor sees."""
    if actor.is_platform_admin:
        return AuditEntry.objects.all()[:limit]
    return AuditEntry.objects.filter(workspace__in=workspaces_of(actor).order_by().values("uid"))[:limit]


def _counted(name: str, rows: QuerySet[Runtime] | QuerySet[RuntimeImage]) -> QuerySet[Any, tuple[str, int]]:
    """How many rows there are, under a name, as one row of a union."""
    return rows.values_list(Value(name)).annotate(count=Count("*"))


def _visible(actor: Actor) -> Q:
    return Q() if actor.is_platform_admin else Q(workspace__in=workspaces_of(actor).order_by())


def _tallies(model: type[Runtime | RuntimeImage], workspaces: list[Workspace]) -> dict[str, Tally]:
    found = {uid: Tally() for uid in (GLOBAL, *(each.uid for each in workspaces))}
    rows = model._default_manager.filter(workspace__uid__in=list(found)).order_by()
    for uid, state, count in rows.values_list("workspace__uid", "state").annotate(count=Count("*")):
        found[uid].by_state[state] = count
    for uid, each in found.items():
        if uid != GLOBAL:
            each.add(found[GLOBAL])
    return found
