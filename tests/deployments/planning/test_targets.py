"""Targets as words, and whom they are for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.planning import WILDCARD, Keep, Latest, Target, Targets, ToImage, ToVersion, parse_target, target_text
from deployments.planning.targets import target_for

IMAGE = "workspaces/global/runtimeImages/mojo"


@pytest.mark.parametrize(
    ("target", "text"),
    [
        pytest.param(Latest(), "latest", id="latest"),
        pytest.param(Keep(), "keep", id="keep"),
        pytest.param(ToVersion(f"{IMAGE}/versions/v1.0.0"), f"version:{IMAGE}/versions/v1.0.0", id="version"),
        pytest.param(ToImage(IMAGE), f"image:{IMAGE}", id="image"),
        pytest.param(ToVersion(""), "version:", id="a version without a name"),
        pytest.param(ToVersion("latest"), "version:latest", id="a version that is called latest"),
        pytest.param(ToImage("version:x"), "image:version:x", id="colons in a name"),
    ],
)
def test_a_target_is_one_word(target: Target, text: str) -> None:
    assert target_text(target) == text
    assert parse_target(text) == target


@pytest.mark.parametrize("text", ["", "LATEST", " latest", "latest:", "keep:x", "version", IMAGE, "runtime:x", ":"])
def test_other_words_are_no_target(text: str) -> None:
    with pytest.raises(ValueError, match="A target is latest, keep, version: or image: with a resource name"):
        parse_target(text)


@given(st.builds(ToVersion, st.text()) | st.builds(ToImage, st.text()))
def test_a_name_survives_whatever_it_is(target: Target) -> None:
    assert parse_target(target_text(target)) == target


@pytest.mark.parametrize(
    ("targets", "target"),
    [
        pytest.param({}, None, id="nothing"),
        pytest.param({"e2": Latest()}, None, id="another"),
        pytest.param({"e1": Latest()}, Latest(), id="by id"),
        pytest.param({WILDCARD: Latest()}, Latest(), id="by wildcard"),
        pytest.param({WILDCARD: Latest(), "e1": Keep()}, Keep(), id="by id before the wildcard"),
        pytest.param({"E1": Latest()}, None, id="another case of letters"),
    ],
)
def test_whose_target_it_is(targets: Targets, target: Target | None) -> None:
    assert target_for("e1", targets) == target
