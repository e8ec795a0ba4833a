"""What of a deployment's drift can be kept; the same for pages and actions."""

from __future__ import annotations

from deployments.engines.contract import Field
from deployments.models import Deployment
from deployments.planning.adoption import Choice, choices
from deployments.snapshots import deployment_facts


def choices_for(deployment: Deployment) -> tuple[Choice, ...]:
    """What may become of each line of drift; without any, no query is made."""
    lines = deployment.drift_lines
    if not lines:
        return ()
    references = {each.found for each in lines if each.field is Field.IMAGE}
    facts, world = deployment_facts([deployment], references=references)
    return choices(facts[0], world, lines)
