"""Container image references."""

from __future__ import annotations

from contextlib import suppress
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtimes.rules.versions import ImageReference, ReferenceFault, parse_reference

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        pytest.param("scorer", ("", "scorer", "", ""), id="name only"),
        pytest.param("scorer:1.5.4", ("", "scorer", "1.5.4", ""), id="name and tag"),
        pytest.param("h2oai/scorer:1.5.4", ("", "h2oai/scorer", "1.5.4", ""), id="folder"),
        pytest.param("localhost/scorer:1", ("localhost", "scorer", "1", ""), id="localhost"),
        pytest.param("localhost:5000/s:1", ("localhost:5000", "s", "1", ""), id="localhost and port"),
        pytest.param("reg.example.com/a/b:1", ("reg.example.com", "a/b", "1", ""), id="registry"),
        pytest.param("Reg.Example.COM/a:1", ("Reg.Example.COM", "a", "1", ""), id="upper-case registry"),
        pytest.param("10.0.0.1:443/a:1", ("10.0.0.1:443", "a", "1", ""), id="address"),
        pytest.param("[2001:db8::1]:5000/a:1", ("[2001:db8::1]:5000", "a", "1", ""), id="IPv6 address"),
        pytest.param("reg:5000/a/b", ("reg:5000", "a/b", "", ""), id="registry port without tag"),
        pytest.param("reg:65535/a", ("reg:65535", "a", "", ""), id="highest port"),
        pytest.param("scorer:5000", ("", "scorer", "5000", ""), id="number as tag, no port"),
        pytest.param(f"a/b@{DIGEST}", ("", "a/b", "", DIGEST), id="digest without tag"),
        pytest.param(f"r:5000/a/b:1.2@{DIGEST}", ("r:5000", "a/b", "1.2", DIGEST), id="everything"),
        pytest.param("x/a.b_c__d--e/f:_x.Y-1", ("", "x/a.b_c__d--e/f", "_x.Y-1", ""), id="separators"),
        pytest.param("a:" + "t" * 128, ("", "a", "t" * 128, ""), id="longest tag"),
        pytest.param("a" * 255 + ":1", ("", "a" * 255, "1", ""), id="longest repository"),
        pytest.param(
            f"r.{'o' * 53}/{'a' * 255}:{'t' * 128}@{DIGEST}",
            (f"r.{'o' * 53}", "a" * 255, "t" * 128, DIGEST),
            id="512 characters",
        ),
    ],
)
def test_a_reference_falls_into_parts(text: str, parts: tuple[str, str, str, str]) -> None:
    assert parse_reference(text) == ImageReference(*parts)
    assert str(parse_reference(text)) == text


@pytest.mark.parametrize(
    ("text", "fault", "position"),
    [
        pytest.param("", "Give a container image such as", None, id="empty"),
        pytest.param("a" * 513, "has 513 characters; at most 512", 513, id="513 characters"),
        pytest.param("a" * 1_000_000, "has 1,000,000 characters", 513, id="a million characters"),
        pytest.param("my scorer:1", "blank or control character at position 3", 3, id="space"),
        pytest.param(" scorer:1", "blank or control character at position 1", 1, id="space before"),
        pytest.param("scorer:1\n", "blank or control character at position 9", 9, id="line end"),
        pytest.param("sco\x00rer", "blank or control character at position 4", 4, id="NUL"),
        pytest.param("sco\u00a0rer", "blank or control character at position 4", 4, id="no-break space"),
        pytest.param("https://reg.io/a:1", "has no scheme", 1, id="scheme"),
        pytest.param("h2oai/Scorer:1", "part 'Scorer' has upper-case letters", 7, id="upper-case repository"),
        pytest.param("h2oai/scorER:1", "part 'scorER' has upper-case letters", 11, id="upper-case inside"),
        pytest.param("H2OAI/scorer:1", "part 'H2OAI' has upper-case letters", 1, id="upper-case folder"),
        pytest.param("r.io/h2oai/Sc:1", "part 'Sc' has upper-case letters", 12, id="upper-case after a registry"),
        pytest.param("Scorer", "has upper-case letters", 1, id="upper-case name"),
        pytest.param("a//b:1", "empty part", 3, id="two slashes"),
        pytest.param("/a:1", "empty part", 1, id="slash first"),
        pytest.param("a/:1", "empty part", 3, id="no name before the tag"),
        pytest.param("r.io/", "empty part", 6, id="registry only"),
        pytest.param(":1.2.3", "empty part", 1, id="tag only"),
        pytest.param(f"@{DIGEST}", "empty part", 1, id="digest only"),
        pytest.param("a..b:1", "part 'a..b' is not lower-case", 2, id="two dots"),
        pytest.param("x/a___b", "part 'a___b' is not lower-case", 4, id="three underscores"),
        pytest.param("x/-a", "part '-a' is not lower-case", 3, id="hyphen first"),
        pytest.param("x/a-", "part 'a-' is not lower-case", 4, id="hyphen last"),
        pytest.param("x/é", "part 'é' is not lower-case", 3, id="accent"),
        pytest.param("x/a:b/c:1", "part 'a:b' is not lower-case", 4, id="colon inside the repository"),
        pytest.param("a:", "tag '' is not", 3, id="colon without tag"),
        pytest.param("a:1:2", "tag '1:2' is not", 3, id="two tags"),
        pytest.param("a:.1", r"tag '\.1' is not", 3, id="dot first in tag"),
        pytest.param("a:1+b", r"tag '1\+b' is not", 3, id="plus in tag"),
        pytest.param("a:" + "t" * 129, "tag 't+…' is not 1 to 128", 3, id="tag of 129 characters"),
        pytest.param("a" * 256, "repository has 256 characters; at most 255", 1, id="long repository"),
        pytest.param("a@", "digest '' is not sha256:", 3, id="at sign without digest"),
        pytest.param("a@sha256:abc", "digest 'sha256:abc' is not", 3, id="short digest"),
        pytest.param(f"a@{DIGEST}0", "is not sha256:", 3, id="digest of 65 digits"),
        pytest.param(f"a:1@{DIGEST.upper()}", "is not sha256:", 5, id="upper-case digest"),
        pytest.param("a@md5:" + "0" * 64, "is not sha256:", 3, id="other algorithm"),
        pytest.param(f"a@{DIGEST}@{DIGEST}", "is not sha256:", 3, id="two digests"),
        pytest.param(f"a@{DIGEST}:1", "is not sha256:", 3, id="tag after the digest"),
        pytest.param("-r.io/a", "registry '-r.io' is not a host name", 1, id="hyphen first in host"),
        pytest.param("r-.io/a", "registry 'r-.io' is not a host name", 1, id="hyphen last in label"),
        pytest.param("r..io/a", "registry 'r..io' is not a host name", 1, id="empty label"),
        pytest.param("r.io:/a", "registry 'r.io:' is not a host name", 1, id="empty port"),
        pytest.param("r.io:a/b", "registry 'r.io:a' is not a host name", 1, id="port of letters"),
        pytest.param("r.io:123456/b", "is not a host name", 1, id="port of six digits"),
        pytest.param("r.io:65536/b", "port of the registry .* from 1 to 65535", 6, id="port too high"),
        pytest.param("r.io:0/b", "port of the registry", 6, id="port 0"),
        pytest.param("r_x.io/b", "registry 'r_x.io' is not a host name", 1, id="underscore in host"),
        pytest.param("[::1/b", "registry .* is not a host name", 1, id="open bracket"),
    ],
)
def test_a_reference_is_refused(text: str, fault: str, position: int | None) -> None:
    with pytest.raises(ReferenceFault, match=fault) as caught:
        parse_reference(text)
    assert caught.value.position == position
    assert len(str(caught.value)) < 300


labels = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9-]{0,8}[A-Za-z0-9])?", fullmatch=True)
ports = st.one_of(st.just(""), st.integers(1, 65_535).map(lambda port: f":{port}"))
hosts = st.one_of(st.just("localhost"), st.lists(labels, min_size=2, max_size=4).map(".".join), st.just("[::1]"))
components = st.from_regex(r"[a-z0-9]{1,6}((\.|_|__|-{1,3})[a-z0-9]{1,6}){0,3}", fullmatch=True)
tags = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True)
digests = st.text("0123456789abcdef", min_size=64, max_size=64).map("sha256:{}".format)


@st.composite
def references(draw: st.DrawFn) -> ImageReference:
    registry = draw(st.one_of(st.just(""), st.tuples(hosts, ports).map("".join)))
    folders = draw(st.lists(components, min_size=1, max_size=4))
    if not registry and len(folders) > 1 and ("." in folders[0] or folders[0] == "localhost"):
        folders[0] = "h2oai"
    return ImageReference(
        registry,
        "/".join(folders),
        draw(st.one_of(st.just(""), tags)),
        draw(st.one_of(st.just(""), digests)),
    )


@given(references())
def test_what_is_written_is_read_again(reference: ImageReference) -> None:
    assert parse_reference(str(reference)) == reference


@given(st.one_of(st.text(max_size=40), st.text("aA1.:/@_-[] \x00", max_size=40)))
def test_any_text_is_kept_verbatim_or_refused_at_a_place(text: str) -> None:
    try:
        assert str(parse_reference(text)) == text
    except ReferenceFault as fault:
        position = fault.position
    else:
        return
    assert position is None if text == "" else position in range(1, len(text) + 2)


@pytest.mark.parametrize("unit", ["a", "a-", "-", "a.", "a/", "_", "a:", "a@", "[", "."])
def test_hostile_repetition_is_answered_at_once(unit: str) -> None:
    for text in (unit * 250, f"r.{unit * 120}/x", f"x/{unit * 120}!", unit * 200_000):
        start = perf_counter()
        with suppress(ReferenceFault):
            parse_reference(text)
        assert perf_counter() - start < 0.5
