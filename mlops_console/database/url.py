"""From DATABASE_URL to Django's settings of a database."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from mlops_console.env import SettingFault

ALLOWED = "a URL such as postgresql://user:password@host:5432/database, or postgresql:///database?host=/socket/folder"
CONNECT_TIMEOUT_SECONDS = 10


def database_from_url(name: str, url: str) -> dict[str, Any]:
    """Django's settings for the server that `url` points at; raises SettingFault, never showing the password."""
    if not url.startswith(("postgresql://", "postgres://")):
        raise SettingFault(name, without_password(url), ALLOWED)
    try:
        parts = conninfo_to_dict(url, connect_timeout=None)
    except ProgrammingError as error:
        # libpq quotes what it stumbled over, and that may be the password
        cause = re.sub(r'".*"', '"…"', str(error), flags=re.DOTALL).strip()
        raise SettingFault(name, without_password(url), f"{ALLOWED} ({cause})") from None
    if fault := _fault(parts):
        raise SettingFault(name, without_password(url), f"{ALLOWED} ({fault})")
    return {
        "ENGINE": "mlops_console.database.external",
        "NAME": parts.pop("dbname", ""),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "OPTIONS": {"connect_timeout": CONNECT_TIMEOUT_SECONDS, **parts},
    }


def _fault(parts: Mapping[str, Any]) -> str:
    """What libpq would only notice when connecting."""
    if not parts.get("dbname") and not parts.get("service"):
        return "it names no database"
    for port in str(parts.get("port", "")).split(","):
        if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            return "a port is a number from 1 to 65535"
    if any("@" in host[1:] for host in str(parts.get("host", "")).split(",")):
        return "an @ in a user name or password is written %40"
    return ""


def without_password(url: str) -> str:
    """The URL with dots for whatever may hold a password."""
    url = re.sub(r"//.*@", "//…@", url, flags=re.DOTALL)
    url = re.sub(r"(password=)[^&]*", r"\1…", url, flags=re.IGNORECASE)
    return url if "://" in url and "@" not in url.split("://", 1)[0] else "…"
