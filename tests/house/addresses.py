"""Every address that the console answers at."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver


def routes(resolver: URLResolver | None = None, name: str = "", path: str = "/") -> Iterator[tuple[str, str]]:
    """Every url name with its namespace, and the path with its parameters as OpenAPI writes them."""
    for pattern in (resolver or get_resolver()).url_patterns:
        there = path + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(pattern.pattern))
        if isinstance(pattern, URLPattern):
            yield f"{name}{pattern.name}", there
        else:
            yield from routes(pattern, f"{pattern.namespace}:" if pattern.namespace else name, there)


def is_api(name: str) -> bool:
    """Whether a url name is the API's, and not that of a page, which people sign in for."""
    namespace, colon, _ = name.rpartition(":")
    if colon:
        return namespace.endswith("api") and name != "api:docs"
    return name in ("version", "api-nowhere") or name.startswith("discovery-")
