"""Version numbers: their form, where they come from, their order, and which one is current."""

from __future__ import annotations

import re
from itertools import pairwise, permutations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from semver import Version as Semantic

from runtimes.rules.lifecycle import State
from runtimes.rules.versions import (
    ARCHITECTURES,
    VERSION_MAX,
    VersionFault,
    check_architectures,
    check_probe_path,
    current,
    parse_reference,
    parse_version,
    precedence,
    version_for,
)

DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("text", "version"),
    [
        pytest.param("1.5.4", "v1.5.4", id="without v"),
        pytest.param("v1.5.4", "v1.5.4", id="with v"),
        pytest.param(" v1.5.4\n", "v1.5.4", id="blanks around"),
        pytest.param("0.0.0", "v0.0.0", id="zeros"),
        pytest.param("1.0.0-rc.1", "v1.0.0-rc.1", id="pre-release"),
        pytest.param("1.0.0-0", "v1.0.0-0", id="pre-release zero"),
        pytest.param("1.0.0-01a", "v1.0.0-01a", id="leading zero before a letter"),
        pytest.param("1.0.0--", "v1.0.0--", id="pre-release of a hyphen"),
        pytest.param("20261124.0.10", "v20261124.0.10", id="date"),
        pytest.param("1.0.0-" + "a" * 57, "v1.0.0-" + "a" * 57, id="64 characters"),
        pytest.param("v1.0." + "9" * 59, "v1.0." + "9" * 59, id="64 characters, a long number"),
    ],
)
def test_a_version_is_stored_with_its_v(text: str, version: str) -> None:
    assert parse_version(text) == version
    assert parse_version(version) == version


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param("", "'' is not a semantic version: it is not three numbers", id="empty"),
        pytest.param("v", "'v' is not a semantic version: it is not three numbers", id="v only"),
        pytest.param("1.2", "'1.2' is not a semantic version: it has 2 of three numbers", id="two numbers"),
        pytest.param("1", "it has 1 of three numbers", id="one number"),
        pytest.param("1.2.3.4", "it is not three numbers", id="four numbers"),
        pytest.param("v1.2.3+meta", r"'v1.2.3\+meta' has build metadata", id="build metadata"),
        pytest.param("1.2.3-rc.1+5", "has build metadata", id="build metadata of a pre-release"),
        pytest.param("1.2.3+", "has build metadata", id="empty build metadata"),
        pytest.param("01.2.3", "part '01' is not a number without leading zeros", id="leading zero"),
        pytest.param("1..3", "part '' is not a number", id="empty number"),
        pytest.param("V1.2.3", "part 'V1' is not a number", id="upper-case v"),
        pytest.param("vv1.2.3", "part 'v1' is not a number", id="two vs"),
        pytest.param("1.2.x", "part 'x' is not a number", id="letter"),
        pytest.param("-1.2.3", "is not a semantic version", id="negative"),
        pytest.param("1.2.3-", "pre-release has an empty part", id="empty pre-release"),
        pytest.param("1.2.3-rc..1", "pre-release has an empty part", id="empty identifier"),
        pytest.param("1.2.3-rc.01", "number 01 in its pre-release has leading zeros", id="zero in pre-release"),
        pytest.param("1.2.3-rc_1", "'_' has no place in it", id="underscore"),
        pytest.param("1.2. 3", "' ' has no place in it", id="space"),
        pytest.param("1.2.3\x00", r"'\\x00' has no place in it", id="NUL"),
        pytest.param("1.2.\u0663", "has no place in it", id="digit of another script"),
        pytest.param("latest", "is not a semantic version", id="word"),
        pytest.param("1.0.0-" + "a" * 58, "has 65 characters with its v; at most 64", id="64 characters without v"),
        pytest.param("1." * 500_000, "at most 64 are allowed", id="a million characters"),
        pytest.param("9" * 5000 + ".0.0", "at most 64 are allowed", id="more digits than int reads"),
    ],
)
def test_a_version_is_refused(text: str, fault: str) -> None:
    with pytest.raises(VersionFault, match=fault) as caught:
        parse_version(text)
    assert len(str(caught.value)) < 300
    with pytest.raises(VersionFault):
        precedence(text)


numbers = st.one_of(st.integers(0, 20), st.integers(0, 10**18)).map(str)
identifiers = st.one_of(numbers, st.text("019aAzZ-", min_size=1, max_size=4).filter(lambda part: not part.isdigit()))
prereleases = st.one_of(
    st.just(""), st.lists(identifiers, min_size=1, max_size=4).map(lambda parts: "-" + ".".join(parts))
)
versions = st.builds("v{}.{}.{}{}".format, numbers, numbers, numbers, prereleases).filter(
    lambda version: len(version) <= VERSION_MAX
)


@given(st.one_of(versions, st.text("01.-a+v", max_size=12), st.from_regex(r"\Av?[0-9.]{5,9}(-[0a.-]{1,5})?\Z")))
def test_a_version_is_what_the_standard_says(text: str) -> None:
    number = text.strip().removeprefix("v")
    sound = Semantic.is_valid(number) and "+" not in number
    try:
        assert parse_version(text) == f"v{number}"
    except VersionFault:
        assert not sound
    else:
        assert sound


@given(versions, versions)
def test_byte_order_is_semantic_order(one: str, other: str) -> None:
    first, second = (precedence(each).encode() for each in (one, other))
    assert (first > second) - (first < second) == Semantic.parse(one[1:]).compare(other[1:])


@given(versions, prereleases, prereleases)
def test_byte_order_is_semantic_order_of_pre_releases(version: str, one: str, other: str) -> None:
    core = version.partition("-")[0]
    assume(max(len(core + one), len(core + other)) <= VERSION_MAX)
    first, second = (precedence(core + each).encode() for each in (one, other))
    assert (first > second) - (first < second) == Semantic.parse(core[1:] + one).compare(core[1:] + other)


@given(versions)
def test_the_key_fits_its_column_and_has_one_version(version: str) -> None:
    key = precedence(version)
    assert key.isascii()
    assert key.isprintable()
    assert len(key) <= 400
    assert precedence(version.removeprefix("v")) == key


@pytest.mark.parametrize(
    "version",
    ["1.0.0-" + "1." * 28 + "1", "1.0.0-" + "a." * 28 + "a", "1.0." + "9" * 59, "1.0.0-" + "9" * 57],
)
def test_the_longest_keys_fit_their_column(version: str) -> None:
    assert len(parse_version(version)) >= VERSION_MAX - 1
    assert len(precedence(version)) <= 400


ASCENDING = [
    "0.0.1-alpha", "0.0.1", "0.9.0", "0.10.0", "1.0.0-0", "1.0.0-2", "1.0.0-10", "1.0.0-10.0", "1.0.0--",
    "1.0.0-A", "1.0.0-Z.1", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.1.0", "1.0.0-alpha.beta",
    "1.0.0-alpha-", "1.0.0-alpha0", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0-rc1",
    "1.0.0", "1.0.1-rc.1", "1.9.0", "1.10.0", "1.10.1", "2.0.0", "10.0.0", "100000000000000000000.0.0",
]  # fmt: skip


@pytest.mark.parametrize(("lower", "higher"), list(pairwise(ASCENDING)))
def test_versions_ascend(lower: str, higher: str) -> None:
    assert precedence(lower).encode() < precedence(higher).encode()
    assert Semantic.parse(lower) < higher


@pytest.mark.parametrize(
    ("reference", "explicit", "version"),
    [
        pytest.param("a/b:1.5.4", "", "v1.5.4", id="tag"),
        pytest.param("a/b:v1.5.4", "", "v1.5.4", id="tag with v"),
        pytest.param("a/b:1.5.4", " ", "v1.5.4", id="blank explicit version"),
        pytest.param("a/b:1.5.4", "2.0.0", "v2.0.0", id="explicit wins"),
        pytest.param("a/b:latest", "2.0.0", "v2.0.0", id="explicit with a moving tag"),
        pytest.param("a/b", "v2.0.0", "v2.0.0", id="explicit without tag"),
        pytest.param(f"r:5000/a/b:1.5.4@{DIGEST}", "", "v1.5.4", id="tag between port and digest"),
        pytest.param(f"a/b@{DIGEST}", "2.0.0-rc.1", "v2.0.0-rc.1", id="explicit with a digest"),
    ],
)
def test_a_version_comes_from_what_is_said_or_the_tag(reference: str, explicit: str, version: str) -> None:
    assert version_for(parse_reference(reference), explicit) == version


@pytest.mark.parametrize(
    ("reference", "explicit", "fault"),
    [
        pytest.param("a/b", "", "no tag to take a version from: give the version", id="no tag"),
        pytest.param("r:5000/a/b", "", "no tag to take a version from: give the version", id="port, no tag"),
        pytest.param(f"a/b@{DIGEST}", "", "no tag to take a version from: give the version", id="digest only"),
        pytest.param("a/b:latest", "", "tag latest moves, so it names no version: give the version", id="latest"),
        pytest.param("a/b:nightly", "", "tag nightly moves, so it names no version: give the", id="nightly"),
        pytest.param("a/b:1.2", "", "tag '1.2' is not a semantic version: give the version", id="two numbers"),
        pytest.param("scorer:5000", "", "tag '5000' is not a semantic version: give the version", id="number"),
        pytest.param("a/b:1.2.3-gpu_x", "", "is not a semantic version: give the version", id="underscore"),
        pytest.param("a/b:1.2.3", "1.2", "'1.2' is not a semantic version", id="bad explicit, good tag"),
        pytest.param("a/b:1.2.3", "v1.2.3+meta", "has build metadata", id="explicit build metadata"),
    ],
)
def test_what_names_no_version_is_refused_with_what_to_give(reference: str, explicit: str, fault: str) -> None:
    with pytest.raises(VersionFault, match=re.escape(fault)):
        version_for(parse_reference(reference), explicit)


A, P, D = State.ACTIVE, State.DEPRECATED, State.DISABLED


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        pytest.param({}, None, id="no versions"),
        pytest.param({"v1.0.0": D, "v2.0.0": D}, None, id="all disabled"),
        pytest.param({"v1.9.0": A, "v1.10.0": A}, "v1.10.0", id="numbers, not words"),
        pytest.param({"v1.0.0": A, "v2.0.0": P}, "v1.0.0", id="active before a higher deprecated"),
        pytest.param({"v1.0.0": P, "v2.0.0": P, "v3.0.0": D}, "v2.0.0", id="highest deprecated"),
        pytest.param({"v1.0.0": A, "v1.0.0-rc.1": A}, "v1.0.0", id="release before its pre-release"),
        pytest.param({"v1.0.0": A, "v1.1.0-rc.1": A}, "v1.1.0-rc.1", id="lone higher pre-release"),
        pytest.param({"v1.0.0": A, "v2.0.0": D}, "v1.0.0", id="disabled left out"),
    ],
)
def test_the_current_version(states: dict[str, State], expected: str | None) -> None:
    for order in permutations(states.items()):
        assert current(iter(order)) == expected


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param("", "", id="default"),
        pytest.param("  ", "", id="blank"),
        pytest.param("/readyz", "/readyz", id="plain"),
        pytest.param(" /v1/ready?full=1 ", "/v1/ready?full=1", id="query and blanks around"),
        pytest.param("/" + "a" * 199, "/" + "a" * 199, id="200 characters"),
    ],
)
def test_a_probe_path_is_kept(given: str, kept: str) -> None:
    assert check_probe_path(given) == kept


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("readyz", id="no slash"),
        pytest.param("http://host/readyz", id="whole address"),
        pytest.param("/a b", id="space"),
        pytest.param("/a\x00", id="NUL"),
        pytest.param("/a\nb", id="line end"),
        pytest.param("/é", id="accent"),
        pytest.param("/a#b", id="fragment"),
        pytest.param("/" + "a" * 200, id="201 characters"),
        pytest.param("/" * 100_000 + " ", id="100,000 slashes"),
    ],
)
def test_a_probe_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="begins with / and has at most 200 characters"):
        check_probe_path(path)


def test_architectures_come_once_in_their_usual_order() -> None:
    assert check_architectures([]) == ()
    assert check_architectures(["arm64", "amd64", "arm64"]) == ("amd64", "arm64")
    assert check_architectures(ARCHITECTURES) == ARCHITECTURES


@pytest.mark.parametrize("name", ["x86", "AMD64", "", "arm64 ", "\x00"])
def test_an_unknown_architecture_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no known architecture; known are amd64, arm64"):
        check_architectures(["amd64", name])
