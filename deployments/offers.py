"""What a new deployment may be made of: the experiments of a workspace, and for each the runtimes that take it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from django.db.models import Count

from deployments.models import Experiment
from deployments.planning.matching import Match, match
from deployments.snapshots import candidates_of
from mlops_console.queries import Scope
from runtimes.queries import runtimes_in

EXPERIMENTS_MAX: Final = 500


@dataclass(frozen=True)
class Offer:
    """The runtimes for one experiment: those that take it, those that do not, and how many are of other types."""

    experiment: Experiment
    fitting: list[Match]
    others: list[Match]
    of_other_types: Mapping[str, int] = field(default_factory=dict)

    @property
    def others_count(self) -> int:
        """How many runtimes do not take it."""
        return len(self.others) + sum(self.of_other_types.values())


def pickable_experiments(scope: Scope, chosen: Collection[str]) -> tuple[list[Experiment], bool]:
    """The newest experiments of a workspace and those chosen already, by name, and whether there are more."""
    own = Experiment.objects.filter(workspace=scope.one()).only("uid", "display_name", "model_type", "metadata")
    newest = list(own.order_by("-created_at", "-pk")[: EXPERIMENTS_MAX + 1])
    found = {each.uid: each for each in newest[:EXPERIMENTS_MAX]}
    found |= {each.uid: each for each in own.filter(uid__in=set(chosen) - found.keys())}
    return sorted(found.values(), key=lambda each: each.display_name.casefold()), len(newest) > EXPERIMENTS_MAX


def offers_for(scope: Scope, experiments: Collection[Experiment]) -> dict[str, Offer]:
    """What each of some experiments can be deployed on, by its id, in a constant number of queries."""
    rows = runtimes_in(scope)
    types = {each.model_type_id for each in experiments}
    counted = rows.order_by().values("model_type_id").annotate(count=Count("pk")).values_list("model_type_id", "count")
    by_type = dict(counted) if experiments else {}
    # Of other model types there may be thousands, and of each the reason is the same.
    candidates, world = candidates_of(rows if None in types else rows.filter(model_type__in=types))
    offers = {}
    for each in experiments:
        of_type = [one for one in candidates if each.model_type_id in (None, one.model_type)]
        metadata = {key: str(value) for key, value in each.metadata.items()}
        answers = match(of_type, world, each.model_type_id or "", metadata)
        offers[each.uid] = Offer(
            experiment=each,
            fitting=[answer for answer in answers if answer.ok],
            others=[answer for answer in answers if not answer.ok],
            of_other_types={name: n for name, n in by_type.items() if each.model_type_id not in (None, name)},
        )
    return offers
