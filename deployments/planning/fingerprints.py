"""What a plan was computed from, as one hash: it moves when, and only when, the plan might (R10)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from deployments.planning.aims import Aim, Row, Unknown
from deployments.planning.snapshot import DeploymentFact, VersionFact
from deployments.planning.targets import Latest, Targets, target_text


def fingerprint(deployment: DeploymentFact, rows: Sequence[Row], targets: Targets) -> str:
    """The SHA-256 of all that the plan rests on, in hexadecimal digits.

    Names for people are left out: they change nothing that is done. So are, of compositions that stay as they are,
    the states of what they run; and of an image, the versions that no target leads to.
    """
    selected = [(row, row.aim) for row in rows if row.aim is not None]
    content = {
        "deployment": [deployment.name, deployment.revision, deployment.paused, deployment.rollout_in_progress],
        "targets": {experiment_id: target_text(target) for experiment_id, target in targets.items()},
        "compositions": [_composition(row) for row in rows],
        "runtimes": {row.runtime.name: [row.runtime.state, row.runtime.image] for row, _ in selected},
        "images": {aim.image.name: aim.image.state for _, aim in selected if not isinstance(aim, Unknown)},
        "versions": {row.before.name: _version(row.before) for row, _ in selected}
        | {aim.version.name: _version(aim.version) for _, aim in selected if isinstance(aim, Aim)},
    }
    return sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _composition(row: Row) -> list[Any]:
    """A composition and where it is led. A pin counts where it is what leads it."""
    composition = row.composition
    return [
        composition.uid,
        composition.experiment_id,
        composition.runtime,
        composition.version,
        row.aim.version.name if isinstance(row.aim, Aim) else None,
        row.runtime.pinned if isinstance(row.target, Latest) else None,
    ]


def _version(version: VersionFact) -> list[Any]:
    return [version.number, version.state, version.reference, version.probe_path, sorted(version.architectures)]
