"""The published client, made as its users make it."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable
from typing import Any

import h2o_mlops
import httpx

_made: list[Any] = []


def connect(url: str, token_provider: Callable[[], str], made_by: Callable[..., Any] = h2o_mlops.Client) -> Any:
    """A client of the console at `url`, without the warnings that the way it asks for TLS provokes."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"ssl\.(SSLContext\(\)|PROTOCOL_TLS) .*deprecated", DeprecationWarning)
        made = _patiently(lambda: made_by(h2o_cloud_url=url, token_provider=token_provider))
    _made.append(made)  # kept: one that is collected leaves its sockets open, which Python warns of
    return made


def _patiently(make: Callable[[], Any]) -> Any:
    """What `make` makes; the client waits for 5 s at most, and the demo's scorers may be just starting."""
    for _ in range(5):
        try:
            return make()
        except httpx.TimeoutException:
            continue
    return make()


def disconnect() -> None:
    """Close the connections of all clients, which themselves have no way of doing so."""
    for each in gc.get_objects():
        if type(each) is httpx.Client:
            each.close()
    _made.clear()
