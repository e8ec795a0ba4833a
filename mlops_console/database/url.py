"""From DATABASE_URL to Django's settings of a database."""

from __future__ import annotations

import re
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
    database = {
        "ENGINE": "mlops_console.database.external",
        "NAME": parts.pop("dbname", ""),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "OPTIONS": {"connect_timeout": CONNECT_TIMEOUT_SECONDS, **parts},
    }
    if not database["NAME"] and "service" not in parts:
        raise SettingFault(name, without_password(url), f"{ALLOWED} (it names no database)")
    return database


def without_password(url: str) -> str:
    """The URL with dots for whatever may hold a password."""
    url = re.sub(r"//.*@", "//…@", url, flags=re.DOTALL)
    url = re.sub(r"(password=)[^&]*", r"\1…", url, flags=re.IGNORECASE)
    return url if "://" in url and "@" not in url.split("://", 1)[0] else "…"
