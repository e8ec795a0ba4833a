"""Who may ask for metrics without signing in: a program that knows METRICS_TOKEN."""

from __future__ import annotations

import secrets


def knows_token(authorization: str, token: str) -> bool:
    """Whether the value of an Authorization header brings the token; never where that is empty."""
    scheme, _, given = authorization.partition(" ")
    # How long the comparison takes does not tell how much of it was right.
    is_same = secrets.compare_digest(given.strip().encode(errors="replace"), token.encode())
    return bool(token) and scheme.lower() == "bearer" and is_same
