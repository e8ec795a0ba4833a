"""Runtimes: most of them in a few large workspaces, most of them active, on images of the platform or of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import accumulate
from typing import Any, Final

from bench.loading import words
from bench.loading.copying import copy
from bench.loading.fleet import ACTIVE, DEPRECATED, DISABLED, END, Fleet, Image
from bench.loading.words import Selector
from runtimes.models import Runtime

GLOBAL_RUNTIMES: Final = 200  # and one of a thousand, but never more than one of twenty
LARGE_SHARES: Final = (0.2, 0.1, 0.05)  # of the first workspaces after `global`
KEPT: Final = 60  # runtimes of a workspace that its deployments choose from
OWN_IMAGE, PINNED, PINNED_WELL, UNTOUCHED = 0.25, 0.3, 0.95, 0.6
COLUMNS: Final = (
    "id",
    "workspace_id",
    "uid",
    "display_name",
    "description",
    "model_type_id",
    "image_id",
    "pinned_version_id",
    "environment_variables",
    "data_volume_read_only",
    "volumes",
    "security_context",
    "selector",
    "scoring_endpoint",
    "api_state",
    "api_reason",
    "api_state_at",
    "api_state_by",
    "platform_state",
    "platform_reason",
    "platform_state_at",
    "revision",
    "created_at",
    "updated_at",
)


@dataclass(frozen=True)
class Usable:
    """A runtime that deployments can run on, with the versions that they may be found running."""

    key: int
    name: str
    model_type: str
    environment: str
    volumes: str
    context: str
    selector: Selector
    versions: list[int]


@dataclass
class Runtimes:
    """What later rows need to know of the runtimes: by workspace some that can be used, and some names of all."""

    usable: dict[int, list[Usable]] = field(default_factory=dict)
    names: list[tuple[str, str]] = field(default_factory=list)  # workspace and resource name, for the audit trail


def fill(fleet: Fleet, count: int) -> Runtimes:
    """Write so many runtimes."""
    found = Runtimes()
    copy(Runtime, COLUMNS, _rows(fleet, count, found))
    return found


def _weights(fleet: Fleet, count: int) -> list[float]:
    """How likely a runtime is to be in each workspace: the share falls off behind the large ones."""
    named = (min(0.05, 0.001 + GLOBAL_RUNTIMES / count), *LARGE_SHARES)
    tail = [1 / (place + 4) for place in range(len(fleet.workspaces) - len(named))]
    left = (1 - sum(named)) / sum(tail)
    return list(accumulate((*named, *(left * each for each in tail))))


def _rows(fleet: Fleet, count: int, found: Runtimes) -> Iterator[tuple[Any, ...]]:
    chances, pick = fleet.chances, fleet.chances.choice
    configured = words.configurations(chances)
    places, weights = list(fleet.workspaces), _weights(fleet, count)
    platform = places[0]
    of_types = list(accumulate(1 / (place + 1) for place in range(len(fleet.model_types))))
    every = max(1, count // 5_000)
    for key in range(1, count + 1):
        # The first ones go round, so that no workspace stays empty.
        place = places[key % len(places)] if key <= len(places) else chances.choices(places, cum_weights=weights)[0]
        model_type = chances.choices(fleet.model_types, cum_weights=of_types)[0]
        own = place != platform and chances.random() < OWN_IMAGE
        image: Image = pick(fleet.own[place] if own else fleet.offered[model_type])
        pinned = None
        if chances.random() < PINNED:
            pinned = pick(image.usable if image.usable and chances.random() < PINNED_WELL else image.versions)
        name = " ".join(filter(None, (pick(words.SUBJECTS), pick(words.REGIONS), pick(words.FLAVOURS))))
        uid = f"{name.lower().replace(' ', '-')}-{key:x}"
        environment, selector = pick(configured.environments), pick(configured.selectors)
        volumes, context = pick(configured.volumes), pick(configured.contexts)
        made = fleet.instant()
        changed = made if chances.random() < UNTOUCHED else made + chances.random() * (END - made)
        api, platform_state = _states(fleet, managed=place == platform)
        yield (
            key,
            place,
            uid,
            name,
            pick(words.SENTENCES) if key % 5 else "",
            model_type,
            image.key,
            pinned,
            environment,
            pick((None, None, True, False)),
            volumes,
            context,
            selector.text,
            "/model/score" if key % 10 == 0 else "",
            api,
            "" if api == ACTIVE else pick(words.REASONS),
            None if api == ACTIVE else changed,
            "" if api == ACTIVE else pick(fleet.people),
            platform_state,
            "" if platform_state in (None, ACTIVE) else pick(words.REASONS),
            None if platform_state in (None, ACTIVE) else changed - timedelta(hours=1),
            1 if changed == made else chances.randint(2, 9),
            made,
            changed,
        )
        full = f"workspaces/{fleet.workspaces[place]}/runtimes/{uid}"
        if key % every == 0:
            found.names.append((fleet.workspaces[place], full))
        usable = found.usable.setdefault(place, [])
        versions = [each for each in image.usable if pinned in (None, each)]
        if len(usable) < KEPT and versions and DISABLED not in (api, platform_state):
            usable.append(Usable(key, full, model_type, environment, volumes, context, selector, versions))


def _states(fleet: Fleet, *, managed: bool) -> tuple[str, str | None]:
    """What people say and what the platform says; only `global` has rows that a values file manages."""
    by_people = fleet.chances.choices((ACTIVE, DEPRECATED, DISABLED), cum_weights=(88, 96, 100))[0]
    if not managed:
        return by_people, None
    return by_people, fleet.chances.choices((ACTIVE, DEPRECATED, DISABLED), cum_weights=(85, 95, 100))[0]
