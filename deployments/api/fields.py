"""What lists of the deployer can be filtered and ordered by, and what updates of a deployment may change."""

from __future__ import annotations

from typing import Final

from django.db.models import Case, CharField, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Concat

from deployments.models import Composition, Deployment
from deployments.planning.modes import Mode
from deployments.rollouts.snapshot import Health, Status
from mlops_console.api.conditions import Field, Fields, Kind
from mlops_console.api.shapes import SYSTEM
from mlops_console.keyset import Order

# What the wire calls the modes.
TYPES: Final = {Mode.SINGLE: "SINGLE_MODEL", Mode.SPLIT: "AB_TEST", Mode.SHADOW: "CHAMPION_CHALLENGER"}
# States that the wire knows beside those that the worker tells of; no deployment is ever in one.
_OTHER_STATES: Final = ("PREPARING", "TERMINATED", "DEPLOYED")


def serving(uid: str) -> Q:
    """The condition that a deployment has an experiment."""
    return Q(Exists(Composition.objects.filter(deployment=OuterRef("pk"), experiment__uid=uid)))


DEPLOYMENTS: Final[Fields] = {
    "display_name": Field("display_name"),
    "description": Field("description"),
    "deployment_type": Field(
        "mode", Kind.CHOICE, tuple(TYPES.values()), stored={word: mode.value for mode, word in TYPES.items()}
    ),
    "creator": Field("creator_name"),
    "create_time": Field("created_at", Kind.INSTANT),
    "update_time": Field("updated_at", Kind.INSTANT),
    "deployment_state": Field("health", Kind.CHOICE, (*map(str, Health), *_OTHER_STATES)),
    "experiment_ids": Field(kind=Kind.MEMBERS, having=serving),
}
ROLLOUTS: Final[Fields] = {
    "status": Field("status", Kind.CHOICE, tuple(map(str, Status))),
    "reason": Field("reason"),
    "started_by": Field("started_by"),
    "create_time": Field("created_at", Kind.INSTANT),
}
BY_NAME: Final = Order(("display_name", "uid"))
NEWEST_FIRST: Final = Order(("-number",))

# From the paths of an update mask to fields of the action; those below are the same for every element.
DEPLOYMENT_MASK: Final = {
    "display_name": "display_name",
    "description": "description",
    "deployment.environment_variables": "environment_variables",
    "deployment.kubernetes_resource_spec": "resources",
    "deployment.kubernetes_config_shortcut": "shortcut",
    "deployment.securities": "securities",
    "deployment.vpa_spec": "vpa",
    "deployment.pod_disruption_budget": "budget",
    "deployment.cors": "cors",
    "deployment.monitoring": "monitoring",
}


def with_creator(rows: QuerySet[Deployment]) -> QuerySet[Deployment]:
    """Deployments with the resource name of who made each."""
    person = Concat(Value("users/"), Cast(F("creator__uid"), CharField()), output_field=CharField())
    made = When(creator__isnull=False, then=person)
    return rows.annotate(creator_name=Case(made, default=Value(f"users/{SYSTEM}"), output_field=CharField()))
