"""Making a plan of an upgrade and keeping it, to be started as it was shown (R9, R10)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from deployments import queries
from deployments.models import Deployment, Plan
from deployments.planning.plan import Plan as Planned
from deployments.planning.plan import plan
from deployments.planning.stored import to_data
from deployments.planning.targets import Targets, target_text
from deployments.snapshots import deployment_facts
from mlops_console.access import Right
from mlops_console.actor import Actor

KEPT: Final = timedelta(days=1)


def planned(deployment: Deployment, targets: Targets) -> Planned:
    """What an upgrade would do to a deployment now; nothing is kept."""
    facts, world = deployment_facts([deployment], targets)
    return plan(facts[0], world, targets)


@transaction.atomic
def make_plan(*, actor: Actor, workspace: str, uid: str, targets: Targets, now: datetime) -> tuple[Plan, Planned]:
    """Plan an upgrade and keep the plan, so that just this one can be started; raises Missing or NotAllowed.

    With each new plan go those, of whatever deployment, that nobody started within a day.
    """
    deployment = queries.find_deployment(actor, workspace, uid)
    actor.require(Right.WRITE, deployment.workspace)
    answer = planned(deployment, targets)
    _forget(now - KEPT)
    # No audit entry: a plan changes nothing.
    kept = Plan.objects.create(
        deployment=deployment,
        actor=actor.name,
        fingerprint=answer.fingerprint,
        targets={name: target_text(target) for name, target in targets.items()},
        data=to_data(answer),
        created_at=now,
    )
    return kept, answer


def _forget(before: datetime) -> None:
    """Delete older plans without a rollout, but for one that somebody is starting just now."""
    stale = Plan.objects.filter(created_at__lt=before, rollouts=None).order_by()
    keys = list(stale.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True))
    if keys:
        # Django reads what it deletes; their data it need not.
        Plan.objects.filter(pk__in=keys).only("pk").delete()
