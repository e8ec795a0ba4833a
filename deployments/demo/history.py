"""The demo's catalogue at earlier releases, so that what was deployed then runs older versions by now; pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypeVar

from runtimes.bootstrap import Values, WantedImage, WantedRuntime, WantedVersion
from runtimes.rules.lifecycle import State
from runtimes.rules.versions import precedence

W = TypeVar("W", WantedImage, WantedVersion, WantedRuntime)

# For each earlier release, the images that there were and the newest version of each.
RELEASES: Final[tuple[Mapping[str, str], ...]] = (
    {
        "h2oai-h2o3mojo-scorer": "v1.4.8",
        "h2oai-mojo-scorer": "v2.1.0",
        "h2oai-mlflow-scorer-sklearn": "v1.0.0",
    },
    {
        "h2oai-h2o3mojo-scorer": "v1.5.3",
        "h2oai-mojo-scorer": "v2.2.0",
        "h2oai-mlflow-scorer-sklearn": "v1.1.0",
        "h2oai-mlflow-scorer-py311": "v1.9.0",
    },
)


def as_of(values: Values, newest: Mapping[str, str]) -> Values:
    """A catalogue with only those images, up to those versions, when nothing of it was deprecated or disabled yet."""
    images = []
    for image in values.images:
        if image.uid in newest:
            ends = precedence(newest[image.uid])
            versions = (_active(each) for each in image.versions if precedence(each.version) <= ends)
            images.append(replace(_active(image), versions=tuple(versions)))
    runtimes = (_active(each) for each in values.runtimes if each.image in newest and not each.pinned_version)
    digest = hashlib.sha256(f"{values.digest} {sorted(newest.items())}".encode()).hexdigest()
    return Values(images=tuple(images), runtimes=tuple(runtimes), digest=digest)


def _active(entry: W) -> W:
    return replace(entry, state=State.ACTIVE, state_reason="")
