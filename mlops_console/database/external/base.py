"""Django's PostgreSQL backend over the server of DATABASE_URL."""

from __future__ import annotations

from django.db.backends.postgresql import base

from mlops_console.faults import StartFault

OLDEST_VERSION = 15


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to a real server, refused when that is too old."""

    def check_database_version_supported(self) -> None:
        """Pass for a supported server; raises StartFault."""
        version = self.pg_version // 10_000
        if version < OLDEST_VERSION:
            raise StartFault(f"DATABASE_URL leads to PostgreSQL {version}; the console needs {OLDEST_VERSION} or newer")
