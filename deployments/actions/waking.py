"""Waking the workers."""

from __future__ import annotations

from typing import Final

from django.db import connection

CHANNEL: Final = "deployments"


def wake() -> None:
    """Tell every sleeping worker, once this transaction is committed, that there is something to look at."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
