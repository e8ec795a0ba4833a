"""The way to an address of the API, by the addresses that its path leads through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.urls import Resolver404, resolve, reverse
from django.utils.encoding import escape_uri_path

_PARTS_MAX: Final = 12


def crumbs(path: str) -> Iterator[tuple[str, str]]:
    """The parts of a path that are addresses of their own, with these; what is left at its end leads nowhere."""
    root = reverse("api:root")
    if path == root:
        return
    yield "API", root
    start = len(root)
    ends = [at for at in range(start, len(path)) if path[at] in "/:"] + [len(path)]
    for end in ends[:_PARTS_MAX]:
        if end > start and _is_address(path[:end]):
            yield path[start:end].lstrip("/"), escape_uri_path(path[:end])
            start = end
    if path[start:].strip("/"):
        yield path[start:].lstrip("/"), ""


def _is_address(path: str) -> bool:
    try:
        return resolve(path).url_name != "api-nowhere"
    except Resolver404:
        return False
