"""What a runtime may be configured with: every field's rule in one answer."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from runtimes.rules.names import DESCRIPTION_MAX, DISPLAY_NAME_MAX
from runtimes.rules.runtime import ENDPOINT_MAX, RuntimeSpec, check_scoring_endpoint, faults

SOUND = RuntimeSpec(
    display_name="H2O-3 MOJO Scorer",
    description="MOJOs\non CPUs",
    environment_variables={"OMP_NUM_THREADS": "4", "GPUS": "{GPU_COUNT}"},
    data_volume_read_only=True,
    volumes=[{"id": "tmp", "type": "EMPTY_DIR", "mountPaths": ["/tmp"]}],
    security_context={"runAsUser": "1000", "seccompProfile": {"type": "RuntimeDefault"}},
    selector={"python?absent=match": "3.11"},
    scoring_endpoint="/model/score",
)


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(SOUND, id="everything"),
        pytest.param(RuntimeSpec(display_name="x"), id="a name only"),
        pytest.param(replace(SOUND, display_name="x" * DISPLAY_NAME_MAX), id="longest name"),
        pytest.param(replace(SOUND, display_name=f"  {'x' * DISPLAY_NAME_MAX}\n"), id="blanks around the name"),
        pytest.param(replace(SOUND, description="x" * DESCRIPTION_MAX), id="longest description"),
    ],
)
def test_a_spec_is_accepted(spec: RuntimeSpec) -> None:
    assert faults(spec) == {}


@pytest.mark.parametrize(
    ("changes", "path", "fault"),
    [
        pytest.param({"display_name": ""}, "display_name", "Name must not be blank.", id="no name"),
        pytest.param({"display_name": " \t"}, "display_name", "Name must not be blank.", id="blank name"),
        pytest.param({"display_name": "x" * 201}, "display_name", "Name has 201 characters; at most 200", id="name"),
        pytest.param({"display_name": "a\x00"}, "display_name", "a NUL character at position 2", id="NUL in the name"),
        pytest.param({"display_name": "a\nb"}, "display_name", "it is a single line", id="name of two lines"),
        pytest.param({"description": "x" * 2001}, "description", "has 2,001 characters", id="long description"),
        pytest.param({"description": "\x1b[1m"}, "description", "U+001B at position 1", id="escape in the description"),
        pytest.param({"scoring_endpoint": "a b"}, "scoring_endpoint", "the path of a URL", id="endpoint"),
        pytest.param(
            {"environment_variables": {"A": "1", "A-B": "2"}},
            "environment_variables.A-B",
            "'A-B' is not a name",
            id="variable",
        ),
        pytest.param(
            {"environment_variables": {"A": "ab{else}"}},
            "environment_variables.A",
            "{else} without a {if …} before it (at position 3)",
            id="template",
        ),
        pytest.param(
            {"environment_variables": {f"A{number}": "" for number in range(10_000)}},
            "environment_variables",
            "There are 10,000 variables; at most 500",
            id="10,000 variables",
        ),
        pytest.param(
            {"volumes": [{"id": "tmp", "type": "EMPTY_DIR", "mountPaths": ["/tmp", "tmp"]}]},
            "volumes.0.mountPaths.1",
            "is not an absolute path",
            id="mount path",
        ),
        pytest.param({"volumes": [{}] * 51}, "volumes", "There are 51 volumes", id="51 volumes"),
        pytest.param({"security_context": {"privileged": 1}}, "security_context.privileged", "Say true", id="flag"),
        pytest.param(
            {"security_context": {"seccompProfile": {"type": "x"}}},
            "security_context.seccompProfile.type",
            "The type is one of RuntimeDefault",
            id="seccomp profile",
        ),
        pytest.param(
            {"selector": {"team?absent=maybe": "x"}},
            "selector.team?absent=maybe",
            "only absent=match or absent=require is allowed",
            id="selector",
        ),
        pytest.param(
            {"selector": {f"k{number}": "" for number in range(101)}}, "selector", "101 entries", id="101 entries"
        ),
    ],
)
def test_a_fault_is_told_at_its_path(changes: dict[str, Any], path: str, fault: str) -> None:
    found = faults(replace(SOUND, **changes))
    assert list(found) == [path]
    assert fault in found[path]


def test_every_fault_is_told() -> None:
    spec = RuntimeSpec(
        display_name="",
        description="\x00",
        environment_variables={"1": ""},
        volumes=[{"id": "a", "type": "EMPTY_DIR"}],
        security_context={"runAsUser": -1},
        selector={"?": ""},
        scoring_endpoint="http://host/?",
    )
    assert set(faults(spec)) == {
        "display_name",
        "description",
        "environment_variables.1",
        "volumes.0.mountPaths",
        "security_context.runAsUser",
        "selector.?",
        "scoring_endpoint",
    }


@pytest.mark.parametrize(
    "path", ["", "/", "/model/score", "model/score", "/v1/models/a%20b:predict", "x" * ENDPOINT_MAX]
)
def test_a_scoring_endpoint_is_kept(path: str) -> None:
    assert check_scoring_endpoint(path) == path


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        pytest.param("x" * (ENDPOINT_MAX + 1), "has 501 characters; at most 500", id="501 characters"),
        pytest.param("/a b", "is the path of a URL", id="space"),
        pytest.param("/a\n", "is the path of a URL", id="line end"),
        pytest.param("/a\x00", "is the path of a URL", id="NUL"),
        pytest.param("/é", "is the path of a URL", id="accent"),
        pytest.param("http://host/score", "is the path of a URL", id="whole address"),
        pytest.param("//host/score", "is the path of a URL", id="other host"),
        pytest.param("/model/../../other/score", "is the path of a URL", id="way up"),
        pytest.param("/a?b=c", "is the path of a URL", id="query"),
        pytest.param("/a#b", "is the path of a URL", id="fragment"),
        pytest.param("/a\\b", "is the path of a URL", id="backslash"),
    ],
)
def test_a_scoring_endpoint_is_refused(path: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        check_scoring_endpoint(path)


def test_a_spec_does_not_change_under_its_reader() -> None:
    with pytest.raises(FrozenInstanceError):
        SOUND.display_name = "other"  # type: ignore[misc]
