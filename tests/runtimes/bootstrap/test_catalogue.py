"""The catalogue that the demo starts with."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

import runtimes.demo
from runtimes.bootstrap import Present, Values, read_values, reconcile
from runtimes.rules.environment import looks_secret, resolve, uses_template
from runtimes.rules.lifecycle import State
from runtimes.rules.versions import current

CATALOGUE: Final = Path(runtimes.demo.__file__).parent / "catalogue" / "values.yaml"


@pytest.fixture(scope="module")
def values() -> Values:
    return read_values(CATALOGUE.read_bytes())


def test_its_size(values: Values) -> None:
    versions = sum(len(image.versions) for image in values.images)
    assert (len(values.images), versions, len(values.runtimes)) == (12, 41, 20)
    assert len(reconcile(Present(), values).changes) == 73


def test_it_has_a_bit_of_everything(values: Values) -> None:
    assert {runtime.state for runtime in values.runtimes} == set(State)
    assert {version.state for image in values.images for version in image.versions} == set(State)
    specs = [runtime.spec for runtime in values.runtimes]
    variables = [pair for spec in specs for pair in spec.environment_variables.items()]
    assert any(runtime.pinned_version for runtime in values.runtimes)
    assert any(spec.volumes and spec.security_context and spec.scoring_endpoint for spec in specs)
    assert any("?absent=" in key for spec in specs for key in spec.selector)
    assert any(uses_template(value) for _, value in variables)
    assert any(looks_secret(key) for key, _ in variables)
    assert {
        "dai_mojo_pipeline",
        "dai_python_scoring_pipeline",
        "h2o3_mojo",
        "mlflow_zip",
        "python/mlflow",
        "vllm_config",
    } <= set(values.model_types)


def test_every_restriction_has_its_own_reason(values: Values) -> None:
    entries = [
        *values.images,
        *values.runtimes,
        *(each for image in values.images for each in image.versions),
    ]
    reasons = [entry.state_reason for entry in entries if entry.state is not State.ACTIVE]
    assert all(reason not in ("", "set in values.yaml") for reason in reasons)


def test_every_image_has_a_current_version(values: Values) -> None:
    best = {
        image.uid: current((version.version, version.state) for version in image.versions) for image in values.images
    }
    assert all(best.values())
    assert (best["h2oai-mlflow-scorer-py311"], best["h2oai-mojo-scorer"]) == ("v1.10.0", "v2.2.1")


@pytest.mark.parametrize(("gpu_count", "device", "parallel"), [(0, "cpu", "1"), (1, "cuda", "1"), (4, "cuda", "4")])
def test_its_templates(values: Values, gpu_count: int, device: str, parallel: str) -> None:
    (vllm,) = (runtime.spec for runtime in values.runtimes if runtime.uid == "vllm_runtime")
    resolved = {key: resolve(value, gpu_count) for key, value in vllm.environment_variables.items()}
    assert resolved["VLLM_TARGET_DEVICE"] == device
    assert resolved["VLLM_TENSOR_PARALLEL_SIZE"] == parallel
