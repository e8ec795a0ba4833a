"""What sound values files want."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from runtimes.bootstrap import WantedImage, WantedRuntime, WantedVersion, read_values
from runtimes.rules.lifecycle import State
from runtimes.rules.runtime import RuntimeSpec
from tests.runtimes.bootstrap.charts import SCORER, composition, with_runtime


def test_everything_that_can_be_said() -> None:
    text = """
replicaCount: 3
image: {registry: "", pullPolicy: Always}
config:
  logLevel: debug
  deployer:
    composition:
      processors: [{name: unzip}]
      runtimeImages:
        mojo:
          displayName: H2O-3 MOJO Scorer
          description: MOJOs
          state: DEPRECATED
          stateReason: going away
          versions:
            - image: {registry: "host:5000", repository: h2oai/h2o3mojo-scorer, tag: 1.5.4}
              version: v1.6.0
              state: ACTIVE
              stateReason: checked by Eve
              readinessProbePath: /ready?deep=1
              architectures: [arm64, amd64]
      runtimes:
        mojo_cpu:
          displayName: MOJO
          description: on CPUs
          modelType: h2o3_mojo
          runtimeImage: mojo@1.6.0
          environmentVariables: {OMP_NUM_THREADS: "4", GPUS: "{GPU_COUNT}"}
          dataVolumeReadOnly: true
          volumes:
            - {id: tmp, type: EMPTY_DIR, readOnly: false, mountPaths: [/tmp], properties: {medium: Memory}}
          securityContext:
            {runAsUser: "1001", runAsNonRoot: true, privileged: null, capabilities: {drop: [ALL]}}
          selector: {"python?absent=match": "3.11"}
          scoringEndpoint: /model/score
          state: DISABLED
          stateReason: "CVE-2026-1"
"""
    values = read_values(text)
    assert values.images == (
        WantedImage(
            uid="mojo",
            display_name="H2O-3 MOJO Scorer",
            description="MOJOs",
            state=State.DEPRECATED,
            state_reason="going away",
            versions=(
                WantedVersion(
                    version="v1.6.0",
                    reference="host:5000/h2oai/h2o3mojo-scorer:1.5.4",
                    state_reason="checked by Eve",
                    readiness_probe_path="/ready?deep=1",
                    architectures=("amd64", "arm64"),
                ),
            ),
        ),
    )
    assert values.runtimes == (
        WantedRuntime(
            uid="mojo_cpu",
            model_type="h2o3_mojo",
            image="mojo",
            pinned_version="v1.6.0",
            state=State.DISABLED,
            state_reason="CVE-2026-1",
            spec=RuntimeSpec(
                display_name="MOJO",
                description="on CPUs",
                environment_variables={"OMP_NUM_THREADS": "4", "GPUS": "{GPU_COUNT}"},
                data_volume_read_only=True,
                volumes=[
                    {
                        "id": "tmp",
                        "type": "EMPTY_DIR",
                        "readOnly": False,
                        "mountPaths": ["/tmp"],
                        "properties": {"medium": "Memory"},
                    }
                ],
                security_context={"runAsUser": 1001, "runAsNonRoot": True, "capabilities": {"drop": ["ALL"]}},
                selector={"python?absent=match": "3.11"},
                scoring_endpoint="/model/score",
            ),
        ),
    )
    assert values.digest == sha256(text.encode()).hexdigest()
    assert values == read_values(text.encode())


def test_what_is_left_out_has_a_default() -> None:
    values = read_values(with_runtime(description=None, volumes=None, securityContext=None, state=None))
    (image,), (runtime,) = values.images, values.runtimes
    assert (image.display_name, image.state, image.state_reason) == ("mojo", State.ACTIVE, "")
    assert image.versions == (WantedVersion(version="v1.5.4", reference="h2oai/h2o3mojo-scorer:1.5.4"),)
    assert runtime == WantedRuntime(
        uid="r", model_type="h2o3_mojo", image="mojo", spec=RuntimeSpec(display_name="r", volumes=[])
    )


@pytest.mark.parametrize(("images", "runtimes"), [({}, {}), ({"mojo": {}}, {}), ({"mojo": {"versions": []}}, {})])
def test_little_is_enough(images: Any, runtimes: Any) -> None:
    assert len(read_values(composition(images, runtimes)).images) == len(images)


def test_one_section_is_enough() -> None:
    text = "config: {deployer: {composition: {runtimeImages: {mojo: {}}}}}"
    assert [image.uid for image in read_values(text).images] == ["mojo"]


@pytest.mark.parametrize("reason", [None, "", "  "])
def test_a_restriction_without_a_reason_gets_one(reason: str | None) -> None:
    values = read_values(with_runtime(state="DISABLED", stateReason=reason))
    assert values.runtimes[0].state_reason == "set in values.yaml"


@pytest.mark.parametrize(
    ("registry", "image", "reference"),
    [
        ("", SCORER, "h2oai/h2o3mojo-scorer:1.5.4"),
        ("mirror.example:5000", SCORER, "mirror.example:5000/h2oai/h2o3mojo-scorer:1.5.4"),
        ("mirror.example", SCORER | {"registry": "gcr.io"}, "gcr.io/h2oai/h2o3mojo-scorer:1.5.4"),
        ("mirror.example", SCORER | {"repository": "gcr.io/a/b"}, "gcr.io/a/b:1.5.4"),
        ("mirror.example", {"repository": "a/b:1.2.3"}, "mirror.example/a/b:1.2.3"),
        ("", SCORER | {"registry": "gcr.io/team"}, "gcr.io/team/h2oai/h2o3mojo-scorer:1.5.4"),
        ("", SCORER | {"tag": f"1.5.4@sha256:{'a' * 64}"}, f"h2oai/h2o3mojo-scorer:1.5.4@sha256:{'a' * 64}"),
    ],
)
def test_references(registry: str, image: dict[str, str], reference: str) -> None:
    text = composition({"mojo": {"versions": [{"image": image}]}}, {}, image={"registry": registry})
    assert read_values(text).images[0].versions[0].reference == reference


@pytest.mark.parametrize("chart", [{"image": "scorer:1"}, {"image": None}, {"image": {"registry": None}}, {}])
def test_a_chart_without_a_registry(chart: dict[str, Any]) -> None:
    text = composition({"mojo": {"versions": [{"image": SCORER}]}}, {}, **chart)
    assert read_values(text).images[0].versions[0].reference == "h2oai/h2o3mojo-scorer:1.5.4"
