"""What images, versions and runtimes have in common: two layers of state and a revision."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Greatest
from django.utils import timezone

from runtimes.rules.ceiling import Layers
from runtimes.rules.lifecycle import State

STATES = [(state.value, state.value.title()) for state in State]


def known_state(field: str) -> models.CheckConstraint:
    """A constraint that a column holds a state."""
    return models.CheckConstraint(
        condition=Q(**{f"{field}__in": [state.value for state in State]}), name=f"%(class)s_{field}_known"
    )


def reason_of(api_state: str, api_reason: str, platform_state: str | None, platform_reason: str) -> str:
    """Why a row is in its effective state: the values file speaks where people hold it there without a word."""
    if platform_state is None or platform_state < api_state:
        return api_reason
    both = platform_state == api_state
    return api_reason if both and (api_reason or api_state == State.ACTIVE) else platform_reason


class Layered(models.Model):
    """A row with the state a person gave it and, where a values file manages it, the platform's state above.

    `state` is the more restrictive of the two and is computed by the database: the three words happen to sort
    from least to most restrictive, and GREATEST ignores the platform's NULL.
    """

    api_state = models.CharField(max_length=10, choices=STATES, default=State.ACTIVE.value)
    api_reason = models.TextField(blank=True)
    api_state_at = models.DateTimeField(null=True, blank=True)
    api_state_by = models.CharField(max_length=300, blank=True)
    platform_state = models.CharField(max_length=10, choices=STATES, null=True, blank=True)  # noqa: DJ001 NULL: no values file manages this row
    platform_reason = models.TextField(blank=True)
    platform_state_at = models.DateTimeField(null=True, blank=True)
    state = models.GeneratedField(
        expression=Greatest("api_state", "platform_state"),
        output_field=models.CharField(max_length=10, choices=STATES),
        db_persist=True,
    )
    managed_by_bootstrap = models.GeneratedField(
        expression=Q(platform_state__isnull=False),  # type: ignore[arg-type] # a condition is an expression too
        output_field=models.BooleanField(),
        db_persist=True,
    )
    revision = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        abstract = True
        constraints: ClassVar[tuple[models.BaseConstraint, ...]] = (
            known_state("api_state"),
            known_state("platform_state"),
        )

    @property
    def name(self) -> str:
        """The resource name."""
        raise NotImplementedError

    @property
    def values_key(self) -> str:
        """Where a values file says what this row is."""
        raise NotImplementedError

    @property
    def layers(self) -> Layers:
        """The two states as the rules take them."""
        platform = State(self.platform_state) if self.platform_state else None
        return Layers(api=State(self.api_state), platform=platform)

    @property
    def platform_holds(self) -> bool:
        """Whether the values file is what keeps the row from a better state."""
        return self.platform_state is not None and self.platform_state == self.layers.effective != self.api_state

    @property
    def state_reason(self) -> str:
        """Why the row is in its effective state."""
        return reason_of(self.api_state, self.api_reason, self.platform_state, self.platform_reason)

    @property
    def state_at(self) -> datetime | None:
        """When the layer that decides was last set."""
        return self.platform_state_at if self.platform_holds else self.api_state_at
