"""Entries of the audit trail, in the order in which they were written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import accumulate
from typing import Any, Final

from bench.loading import words
from bench.loading.copying import copy
from bench.loading.fleet import ACTIVE, DAYS, DEPRECATED, DISABLED, END, Fleet
from mlops_console.audit import Kind, Verb
from mlops_console.models import AuditEntry

COLUMNS: Final = (
    "at",
    "actor_kind",
    "actor",
    "verb",
    "subject_kind",
    "subject",
    "workspace",
    "reason",
    "before",
    "after",
    "request_id",
)
# What is done to a runtime, and how often.
_VERBS: Final = {Verb.UPDATE: 40, Verb.CREATE: 20, Verb.DEPRECATE: 15, Verb.DISABLE: 10, Verb.ENABLE: 15}
_STATES: Final = {Verb.DEPRECATE: DEPRECATED, Verb.DISABLE: DISABLED, Verb.ENABLE: ACTIVE}
_DEPLOYMENT_SHARE: Final = 0.3


def fill(fleet: Fleet, count: int, runtimes: Sequence[tuple[str, str]], deployments: Sequence[tuple[str, str]]) -> None:
    """Write so many entries about subjects given as workspaces and names."""
    copy(AuditEntry, COLUMNS, _rows(fleet, count, runtimes, deployments))


def _rows(
    fleet: Fleet, count: int, runtimes: Sequence[tuple[str, str]], deployments: Sequence[tuple[str, str]]
) -> Iterator[tuple[Any, ...]]:
    chances, pick = fleet.chances, fleet.chances.choice
    said = [_said(fleet, verb) for verb, weight in _VERBS.items() for _ in range(weight)]
    actors = list(_actors(fleet))
    often = list(accumulate(1 / (place + 10) for place in range(len(actors))))
    begin, step = END - timedelta(days=DAYS), timedelta(days=DAYS) / max(1, count)
    for number in range(count):
        if deployments and chances.random() < _DEPLOYMENT_SHARE:
            kind, (workspace, subject) = Kind.DEPLOYMENT.value, pick(deployments)
            verb, reason, before, after = Verb.UPGRADE.value, pick(words.REASONS), "{}", '{"rollout": 1}'
        else:
            kind, (workspace, subject) = Kind.RUNTIME.value, pick(runtimes)
            verb, reason, before, after = pick(said)
        actor_kind, actor = chances.choices(actors, cum_weights=often)[0]
        request = f"{chances.getrandbits(64):016x}"
        yield (
            begin + number * step, actor_kind, actor, verb, kind, subject, workspace, reason, before, after, request
        )  # fmt: skip


def _actors(fleet: Fleet) -> Iterator[tuple[str, str]]:
    for number, person in enumerate(fleet.people):
        yield ("token", f"{person} (token ci)") if number % 4 == 3 else ("person", person)


def _said(fleet: Fleet, verb: Verb) -> tuple[str, str, str, str]:
    """Verb, reason, and what was before and after."""
    if verb in _STATES:
        old = fleet.chances.choice([state for state in (ACTIVE, DEPRECATED, DISABLED) if state != _STATES[verb]])
        before, after = ({"api_state": each, "state": each} for each in (old, _STATES[verb]))
        return verb.value, fleet.chances.choice(words.REASONS), json.dumps(before), json.dumps(after)
    made = {"display_name": fleet.chances.choice(words.SUBJECTS), "description": fleet.chances.choice(words.SENTENCES)}
    old_made = made | {"description": ""} if verb is Verb.UPDATE else {}
    return verb.value, "", json.dumps(old_made), json.dumps(made)
