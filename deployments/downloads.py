"""Where pods get a model's file, and the bearer token that belongs to that file alone.

The token stays the same for as long as the file: what was started with it may start again at any time. It is signed
with SECRET_KEY; one that an earlier key has signed is good while that is among SECRET_KEY_FALLBACKS.
"""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.core.signing import BadSignature, Signer

from deployments.engines.contract import Download

# Written out, as a worker that asked for it would load every page there is.
PATH: Final = "/api/storage/engine/artifacts/"
_SALT: Final = "deployments.storage.engine"


def download_of(artifact: str) -> Download | None:
    """How another machine gets a file; None where scorers run on this one."""
    if not settings.KUBERNETES_CONSOLE_URL:
        return None
    return Download(f"{settings.KUBERNETES_CONSOLE_URL}{PATH}{artifact}", token_of(artifact))


def token_of(artifact: str) -> str:
    """The token of a file."""
    return Signer(salt=_SALT).sign(artifact)


def opens(token: str, artifact: str) -> bool:
    """Whether a token is that of a file, found out in the same time whatever it is."""
    try:
        return Signer(salt=_SALT).unsign(token) == artifact
    except BadSignature:
        return False
