"""Values files with faults: every one is told, at its path."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtimes.bootstrap import ValuesFaults, read_values
from tests.runtimes.bootstrap.charts import COMPOSITION, SCORER, composition, with_runtime, with_version

IMAGE: Final = f"{COMPOSITION}.runtimeImages.mojo"
VERSION: Final = f"{IMAGE}.versions.0"
RUNTIME: Final = f"{COMPOSITION}.runtimes.r"

BAD: Final = {
    "empty": ("", "", "must be a mapping, not nothing"),
    "list": ("- a\n- b\n", "", "must be a mapping, not a list"),
    "text": ("just text", "", "must be a mapping, not text"),
    "another-chart": ("replicas: 1\n", "config", "must be a mapping, not nothing"),
    "deployer-is-a-list": ("config: {deployer: []}", "config.deployer", "not a list"),
    "no-composition": ("config: {deployer: {}}", COMPOSITION, "not nothing"),
    "no-sections": ("config: {deployer: {composition: {}}}", COMPOSITION, "neither"),
    "misspelt-section": (
        "config: {deployer: {composition: {runtimeImages: {}, runtime: {}}}}",
        f"{COMPOSITION}.runtime",
        "Did you mean runtimes?",
    ),
    "empty-section": (composition({}, None), f"{COMPOSITION}.runtimes", "write {} for none"),
    "section-is-a-list": (composition([], {}), f"{COMPOSITION}.runtimeImages", "not a list"),
    "entry": (composition({"mojo": []}, {}), IMAGE, "not a list"),
    "image-id": (composition({"Mojo": {}}, {}), f"{COMPOSITION}.runtimeImages.Mojo", "lower-case"),
    "long-id": (composition({"a" * 64: {}}, {}), f"{COMPOSITION}.runtimeImages.{'a' * 64}", "64 characters"),
    "line-break-in-id": (composition({"a\nb": {}}, {}), f"{COMPOSITION}.runtimeImages.a\\nb", "lower-case"),
    "unknown-key": (
        composition({"mojo": {"displayname": "x"}}, {}),
        f"{IMAGE}.displayname",
        "Did you mean 'displayName'? Known are ",
    ),
    "nul-in-name": (composition({"mojo": {"displayName": "a\0b"}}, {}), f"{IMAGE}.displayName", "NUL"),
    "versions-as-mapping": (
        composition({"mojo": {"versions": {"1.5.4": {"image": SCORER}}}}, {}),
        f"{IMAGE}.versions",
        "must be a list, not a mapping",
    ),
    "version-is-a-number": (composition({"mojo": {"versions": [1]}}, {}), VERSION, "not a number"),
    "no-image": (composition({"mojo": {"versions": [{}]}}, {}), f"{VERSION}.image.repository", "required"),
    "image-is-a-list": (with_version(image=[]), f"{VERSION}.image", "not a list"),
    "no-repository": (with_version(image={"tag": "1.0.0"}), f"{VERSION}.image.repository", "required"),
    "in-image": (
        with_version(image=SCORER | {"repositry": "x"}),
        f"{VERSION}.image.repositry",
        "'repository'",
    ),
    "upper-case-repository": (
        with_version(image=SCORER | {"repository": "h2oai/Scorer"}),
        f"{VERSION}.image.repository",
        "upper-case",
    ),
    "space": (with_version(image=SCORER | {"repository": "a b"}), f"{VERSION}.image.repository", "blank"),
    "tag-twice": (with_version(image=SCORER | {"repository": "a/b:1.0.0"}), f"{VERSION}.image", "tag"),
    "scheme": (
        with_version(image=SCORER | {"registry": "https://gcr.io"}),
        f"{VERSION}.image.registry",
        "scheme",
    ),
    "tag-is-a-number": (
        with_version(image=SCORER | {"tag": 1.1}),
        f"{VERSION}.image.tag",
        "put it in quotes",
    ),
    "tag-1.2": (with_version(image=SCORER | {"tag": "1.2"}), f"{VERSION}.image.tag", "'1.2'"),
    "latest": (with_version(image=SCORER | {"tag": "latest"}), f"{VERSION}.image.tag", "latest"),
    "no-tag": (with_version(image={"repository": "a/b"}), f"{VERSION}.image.tag", "no tag"),
    "build-metadata": (with_version(version="v1.2.3+meta"), f"{VERSION}.version", "build metadata"),
    "version-1.2": (with_version(version="1.2"), f"{VERSION}.version", "semantic version"),
    "state": (with_version(state="disabled"), f"{VERSION}.state", "ACTIVE, DEPRECATED, DISABLED"),
    "long-reason": (with_version(stateReason="x" * 1001), f"{VERSION}.stateReason", "1,001"),
    "probe-path": (with_version(readinessProbePath="ready"), f"{VERSION}.readinessProbePath", "/"),
    "architecture": (with_version(architectures=["vax"]), f"{VERSION}.architectures", "vax"),
    "not-text": (with_version(architectures=["amd64", 64]), f"{VERSION}.architectures.1", "text"),
    "version-twice": (
        composition({"mojo": {"versions": [{"image": SCORER}, {"image": SCORER | {"tag": "v1.5.4"}}]}}, {}),
        f"{IMAGE}.versions.1.image.tag",
        "v1.5.4 already",
    ),
    "explicit-version-twice": (
        composition({"mojo": {"versions": [{"image": SCORER}, {"image": SCORER, "version": "1.5.4"}]}}, {}),
        f"{IMAGE}.versions.1.version",
        "v1.5.4 already",
    ),
    "chart-registry": (composition({}, {}, image={"registry": "https://mirror"}), "image.registry", "scheme"),
    "registry-number": (composition({}, {}, image={"registry": 5000}), "image.registry", "a number"),
    "no-model-type": (with_runtime(modelType=None), f"{RUNTIME}.modelType", "required"),
    "no-runtime-image": (with_runtime(runtimeImage=None), f"{RUNTIME}.runtimeImage", "required"),
    "unknown-image": (with_runtime(runtimeImage="moyo"), f"{RUNTIME}.runtimeImage", "Did you mean 'mojo'?"),
    "unknown-version": (
        with_runtime(runtimeImage="mojo@1.5.5"),
        f"{RUNTIME}.runtimeImage",
        "no version v1.5.5. Did you mean 'v1.5.4'?",
    ),
    "pinned-to-latest": (
        with_runtime(runtimeImage="mojo@latest"),
        f"{RUNTIME}.runtimeImage",
        "semantic version",
    ),
    "number-in-environment": (
        with_runtime(environmentVariables={"OMP_NUM_THREADS": 4}),
        f"{RUNTIME}.environmentVariables.OMP_NUM_THREADS",
        "must be text, not a number; put it in quotes",
    ),
    "nothing-in-environment": (
        with_runtime(environmentVariables={"A": None}),
        f"{RUNTIME}.environmentVariables.A",
        "must be text, not nothing",
    ),
    "broken-template": (
        with_runtime(environmentVariables={"A": "{if GPU_COUNT > 1}x"}),
        f"{RUNTIME}.environmentVariables.A",
        "position 1",
    ),
    "10000-variables": (
        with_runtime(environmentVariables={f"V{n}": "" for n in range(10_000)}),
        f"{RUNTIME}.environmentVariables",
        "10,000",
    ),
    "selector-suffix": (
        with_runtime(selector={"python?absent=maybe": "3"}),
        f"{RUNTIME}.selector.python?absent=maybe",
        "absent=match",
    ),
    "selector": (with_runtime(selector={"python": 3.11}), f"{RUNTIME}.selector.python", "quotes"),
    "bool": (with_runtime(dataVolumeReadOnly="yes"), f"{RUNTIME}.dataVolumeReadOnly", "true or false"),
    "volume": (with_runtime(volumes=[7]), f"{RUNTIME}.volumes.0", "must be a mapping"),
    "mount-path": (
        with_runtime(volumes=[{"id": "a", "type": "EMPTY_DIR", "mountPaths": ["/a", "b"]}]),
        f"{RUNTIME}.volumes.0.mountPaths.1",
        "absolute",
    ),
    "seccomp": (
        with_runtime(securityContext={"seccompProfile": {"type": "Localhost"}}),
        f"{RUNTIME}.securityContext.seccompProfile.localhostProfile",
        "Localhost",
    ),
    "unknown-runtime-key": (with_runtime(env={}), f"{RUNTIME}.env", "Known are"),
    "reason-is-a-list": (with_runtime(stateReason=["x"]), f"{RUNTIME}.stateReason", "not a list"),
    "long-name": (with_runtime(displayName="x" * 201), f"{RUNTIME}.displayName", "201"),
    "runtime-is-text": (composition({}, {"r": "mojo"}), RUNTIME, "must be a mapping, not text"),
    "duplicate-key": ("a: 1\na: 2\n", "line 2, column 1", "given twice"),
    "lone-surrogate": ("\ud800", "line 1", "UTF-8"),
}


def faults(text: bytes | str) -> list[tuple[str, str]]:
    """Path and message of each fault."""
    with pytest.raises(ValuesFaults) as caught:
        read_values(text)
    return [(fault.path, fault.message) for fault in caught.value.faults]


@pytest.mark.parametrize(("text", "path", "message"), BAD.values(), ids=BAD)
def test_one_fault_at_its_path(text: str, path: str, message: str) -> None:
    ((told, sentence),) = faults(text)
    assert told == path
    assert message in sentence


def test_all_faults_are_told_in_order() -> None:
    images = {
        "mojo": {"versions": [{"image": SCORER | {"tag": f"1.{n}"}} for n in range(11)]},
        "other": {"state": "ON", "versions": [{"image": SCORER, "architectures": ["vax"]}]},
        "broken": 5,
    }
    runtimes = {
        "a": {"modelType": 1, "runtimeImage": "mojo@1.0.0", "environmentVariables": {"B": 1, "A": 2}, "x": 1},
        "b": {"runtimeImage": "none"},
        "c": {"modelType": "x", "runtimeImage": "broken@1.0.0"},
    }
    assert [path.removeprefix(f"{COMPOSITION}.") for path, _ in faults(composition(images, runtimes))] == [
        "runtimeImages.broken",
        *(f"runtimeImages.mojo.versions.{n}.image.tag" for n in range(11)),
        "runtimeImages.other.state",
        "runtimeImages.other.versions.0.architectures",
        "runtimes.a.environmentVariables.A",
        "runtimes.a.environmentVariables.B",
        "runtimes.a.modelType",
        "runtimes.a.x",
        "runtimes.b.modelType",
        "runtimes.b.runtimeImage",
    ]


def test_a_value_of_the_wrong_type_is_not_told() -> None:
    ((_, sentence),) = faults(with_runtime(environmentVariables={"API_TOKEN": 987654321}))
    assert "987654321" not in sentence


KEYS: Final = [
    "image",
    "versions",
    "version",
    "state",
    "modelType",
    "runtimeImage",
    "environmentVariables",
    "volumes",
    "id",
    "type",
    "securityContext",
    "selector",
    "mountPaths",
    "properties",
    "capabilities",
    "add",
    "seccompProfile",
    "mojo",
    "1",
]
keys = st.sampled_from(KEYS)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | keys
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)
sections = st.dictionaries(keys, st.dictionaries(keys, trees, max_size=4), max_size=2)


@settings(max_examples=200, deadline=None)
@given(images=sections, runtimes=sections)
def test_whatever_stands_there_is_answered(images: Any, runtimes: Any) -> None:
    try:
        read_values(composition(images, runtimes))
    except ValuesFaults as found:
        assert "\n" not in str(found.faults[0])  # noqa: PT017 most files are bad, a few are not
