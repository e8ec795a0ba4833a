"""HTML from the plain texts and the JSON that the API speaks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from html import escape
from typing import Any, Final
from urllib.parse import quote

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

# By which service the things of a collection are found; the apps above name their own collections here.
SERVICES: Final = {
    "users": "/api/authz/v1/",
    "workspaces": "/api/authz/v1/",
    "runtimes": "/api/runtime/v1/",
    "runtimeImages": "/api/runtime/v1/",
    "deployments": "/api/deployer/v2/",
}
_PART: Final = r"/(?:versions|rollouts)/[^/:\s]+|/status|/metadata"
_NAME: Final = re.compile(rf"(users|workspaces)/[^/:\s]+(?:/(\w+)/[^/:\s]+(?:{_PART})?)?")

Address = Callable[[str], str]


def address_of(name: str) -> str:
    """The address of what has a resource name; `""` for any other text."""
    found = _NAME.fullmatch(name) if name.startswith(("workspaces/", "users/")) else None
    service = SERVICES.get(found[2] or found[1]) if found else None
    return f"{service}{quote(name)}" if service else ""


def addresses(origin: str) -> Address:
    """A function from texts to addresses: resource names, and URLs of the API at an origin."""
    base = f"{origin.rstrip('/')}/api/"

    def find(text: str) -> str:
        return text if text.startswith(base) else address_of(text)

    return find


def coloured(value: Any, address: Address = address_of) -> SafeString:
    """JSON as lines of HTML, what has an address being a link."""
    parts: list[str] = []
    _write(value, "\n", parts, address)
    return mark_safe("".join(parts))  # noqa: S308 - every text went through _text


def prose(text: str) -> SafeString:
    """A plain text, its parts between backticks as code."""
    parts = re.split(r"`([^`]+)`", text)
    return format_html_join("", "{}", ((_code(part) if at % 2 else part,) for at, part in enumerate(parts)))


def words(name: str) -> str:
    """A name of the wire in words: `runtimeImages` are "Runtime images"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).capitalize()


def _write(value: Any, margin: str, parts: list[str], address: Address) -> None:
    """Append one value; thousands of rows come through here, so there is no template and no line too many."""
    if isinstance(value, str):
        link = address(value)
        shown = f'<span class="s">{_text(value)}</span>'
        parts.append(f'<a href="{escape(link)}">{shown}</a>' if link else shown)
    elif value and isinstance(value, dict | list):
        inner = margin + "  "
        opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
        parts.append(opening)
        for number, (key, item) in enumerate(_items(value)):
            parts.append(f"{',' if number else ''}{inner}{key}")
            _write(item, inner, parts, address)
        parts.append(margin + closing)
    else:
        parts.append(f'<span class="n">{json.dumps(value)}</span>')


def _items(value: dict[str, Any] | list[Any]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list):
        return (("", item) for item in value)
    return ((f'<span class="k">{_text(key)}</span>: ', item) for key, item in value.items())


def _code(text: str) -> SafeString:
    return format_html("<code>{}</code>", text)


def _text(text: str) -> str:
    return escape(json.dumps(text, ensure_ascii=False), quote=False)
