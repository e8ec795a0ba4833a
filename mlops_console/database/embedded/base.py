"""Django's PostgreSQL backend over the embedded server, which starts with the first connection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db.backends.postgresql import base
from psycopg import OperationalError

from mlops_console.database import supply
from mlops_console.database.cluster import SUPERUSER, Cluster


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to the embedded server; a server that was killed is started again by the next connection."""

    def __init__(self, settings_dict: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        home = Path(settings_dict["DATA_DIR"]).resolve() / "postgres"
        self.cluster = Cluster(home, durable=settings_dict.get("DURABLE", True))
        settings_dict |= {"HOST": str(self.cluster.sockets), "USER": SUPERUSER, "PASSWORD": "", "PORT": ""}
        super().__init__(settings_dict, *args, **kwargs)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect, starting the server when it does not answer; raises StartFault when it cannot run."""
        supply.join(self.cluster)
        try:
            return super().get_new_connection(conn_params)
        except OperationalError:
            supply.ensure(self.cluster)
            return super().get_new_connection(conn_params)
