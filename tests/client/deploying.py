"""What the tests of deployments share: models that are uploaded, deployments that are waited for."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable
from typing import Any

from h2o_mlops import options, types

PATIENCE_SECONDS = 60
OPEN = options.SecurityOptions(security_type=types.SecurityType.DISABLED)
ROWS = {"fields": ["x"], "rows": [["3"], ["-1"]]}


def packed(coefficient: float) -> io.BytesIO:
    """A zip with a linear model: the answer is 1 + coefficient * x."""
    model = {
        "kind": "linear",
        "target": "price",
        "intercept": 1,
        "inputs": [{"name": "x", "coefficient": coefficient}],
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("model/model.json", json.dumps(model))
    out.seek(0)
    return out


def answer(coefficient: float) -> list[list[float]]:
    """What such a model makes of ROWS."""
    return [[1.0 + 3 * coefficient], [1.0 - coefficient]]


def register(workspace: Any, name: str, coefficient: float) -> Any:
    """A registered model with one version, made of an uploaded file."""
    experiment = workspace.experiments.create(packed(coefficient), name, ingestion_poll_interval=1)
    return workspace.models.register(experiment, name=name)


def scoring(admin: Any, runtime: Any) -> Any:
    """The scoring runtime of a runtime."""
    return admin.runtimes.scoring.list(runtime_uid=runtime._resource_name)[0]


def deploy(
    workspace: Any, name: str, *parts: Any, mode: Any = types.DeploymentModeType.SINGLE_MODEL, **more: Any
) -> Any:
    """A deployment that is healthy."""
    made = workspace.deployments.create(
        name=name, composition_options=list(parts), security_options=OPEN, mode=mode, **more
    )
    made.wait_for_healthy(timeout=PATIENCE_SECONDS, interval=1)
    return made


def versions(deployment: Any) -> dict[str, str]:
    """The number of the version that runs, by experiment."""
    found = {}
    for element in deployment._get_deployment_elements():
        part = element.deployment_composition
        found[part.experiment_id] = part.runtime_image.rpartition("/")[2]
    return found


def until(holds: Callable[[], object], *, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until something holds; fails the test when that takes too long."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)
