"""Values files to read."""

from __future__ import annotations

from io import StringIO
from typing import Any, Final

from ruamel.yaml import YAML

COMPOSITION: Final = "config.deployer.composition"
SCORER: Final = {"repository": "h2oai/h2o3mojo-scorer", "tag": "1.5.4"}


def composition(images: Any, runtimes: Any, **chart: Any) -> str:
    """A values file of a chart."""
    written = StringIO()
    sections = {"runtimeImages": images, "runtimes": runtimes}
    YAML(typ="safe", pure=True).dump({"config": {"deployer": {"composition": sections}}, **chart}, written)
    return written.getvalue()


def with_version(**version: Any) -> str:
    """A file with the image `mojo`, which has one version."""
    return composition({"mojo": {"versions": [{"image": SCORER, **version}]}}, {})


def with_runtime(**runtime: Any) -> str:
    """A file with the image `mojo` in v1.5.4 and the runtime `r` on it."""
    sound = {"modelType": "h2o3_mojo", "runtimeImage": "mojo"}
    return composition({"mojo": {"versions": [{"image": SCORER}]}}, {"r": sound | runtime})
