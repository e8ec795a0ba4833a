"""JSON and texts as HTML: nothing is lost, and nothing gets out."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_console.api.markup import address_of, addresses, coloured, prose, words

TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(["<b>", "&amp;", '"', "workspaces/a<b>"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
)


@given(VALUES)
def test_without_its_tags_it_is_the_same_json(value: Any) -> None:
    plain = unescape(re.sub(r"<[^<>]+>", "", coloured(value)))
    assert plain == json.dumps(value, indent=2, ensure_ascii=False)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("users/system", "/api/authz/v1/users/system"),
        ("workspaces/lab", "/api/authz/v1/workspaces/lab"),
        ("workspaces/lab/runtimes/r-1", "/api/runtime/v1/workspaces/lab/runtimes/r-1"),
        ("workspaces/lab/runtimeImages/i", "/api/runtime/v1/workspaces/lab/runtimeImages/i"),
        (
            "workspaces/lab/runtimeImages/i/versions/v1.0.0-rc.1+b",
            "/api/runtime/v1/workspaces/lab/runtimeImages/i/versions/v1.0.0-rc.1%2Bb",
        ),
        ('workspaces/"><b>', "/api/authz/v1/workspaces/%22%3E%3Cb%3E"),
        ("workspaces/lab/unknown/x", ""),
        ("workspaces/lab/runtimes", ""),
        ("workspaces/lab/runtimes/r and more", ""),
        ("see workspaces/lab", ""),
        ("users/", ""),
        ("", ""),
    ],
)
def test_resource_names_have_addresses(name: str, address: str) -> None:
    assert address_of(name) == address


def test_so_have_the_apis_own_urls_and_no_others() -> None:
    find = addresses("https://console.example.org/")
    assert find("https://console.example.org/api/me") == "https://console.example.org/api/me"
    assert find("workspaces/lab") == "/api/authz/v1/workspaces/lab"
    for other in ("https://console.example.org.evil.example/api/", "https://console.example.org/accounts/logout/"):
        assert find(other) == ""


def test_code_in_a_sentence() -> None:
    assert prose("Say `a < b` or <b>") == "Say <code>a &lt; b</code> or &lt;b&gt;"


@pytest.mark.parametrize(("name", "said"), [("runtimeImages", "Runtime images"), ("count", "Count"), ("", "")])
def test_names_in_words(name: str, said: str) -> None:
    assert words(name) == said
