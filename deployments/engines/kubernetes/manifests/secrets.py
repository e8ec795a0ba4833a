"""What of a workload nobody is to read in its pods' specification."""

from __future__ import annotations

from base64 import b64encode
from typing import Final

from lightkube.resources.core_v1 import Secret

from deployments.engines.contract import Workload
from deployments.engines.kubernetes import names
from deployments.engines.kubernetes.manifests.objects import Manifest, manifest
from runtimes.rules.environment import looks_secret

TOKEN: Final = "artifact-token"  # noqa: S105 the name of one; no variable has it, as it holds a hyphen


def secret_name(deployment: str, key: str) -> str:
    """The name of a workload's Secret."""
    return names.object_name(deployment, key)


def secret(deployment: str, workload: Workload) -> Manifest | None:
    """The Secret of a workload, None where it has nothing to hide; immutable, as what a key names is."""
    values = {key: value for key, value in workload.environment.items() if looks_secret(key)}
    if workload.download:
        values[TOKEN] = workload.download.token
    if not values:
        return None
    return manifest(
        Secret,
        secret_name(deployment, workload.key),
        names.labels(deployment, workload.composition, **{names.KEY: workload.key}),
        type="Opaque",
        immutable=True,
        data={key: b64encode(value.encode()).decode() for key, value in values.items()},
    )
