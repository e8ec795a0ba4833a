"""DATABASE_URL: every form PostgreSQL knows, and never a password in a complaint."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.db import connections
from django.db.backends.base.base import RAN_DB_VERSION_CHECK

from mlops_console.database.external import base
from mlops_console.database.url import database_from_url
from mlops_console.env import SettingFault
from mlops_console.faults import StartFault


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param(
            "postgresql://u:p%40ss@db.example.org:6432/console",
            {"NAME": "console", "USER": "u", "PASSWORD": "p@ss", "HOST": "db.example.org", "PORT": "6432"},
            id="plain",
        ),
        pytest.param(
            "postgres:///console?host=/var/run/postgresql&user=u",
            {"NAME": "console", "USER": "u", "HOST": "/var/run/postgresql", "PORT": ""},
            id="socket",
        ),
        pytest.param(
            "postgresql://%2Fvar%2Frun%2Fpostgresql/console",
            {"NAME": "console", "HOST": "/var/run/postgresql"},
            id="socket-encoded",
        ),
        pytest.param(
            "postgresql://a:5432,b:5433/console?target_session_attrs=read-write",
            {"HOST": "a,b", "PORT": "5432,5433", "OPTIONS": {"target_session_attrs": "read-write"}},
            id="hosts",
        ),
        pytest.param("postgresql://[2001:db8::1]:5432/console", {"HOST": "2001:db8::1", "PORT": "5432"}, id="ipv6"),
        pytest.param(
            "postgresql://h/console?sslmode=verify-full&sslrootcert=/ca.pem&connect_timeout=3",
            {"OPTIONS": {"sslmode": "verify-full", "sslrootcert": "/ca.pem", "connect_timeout": "3"}},
            id="tls",
        ),
        pytest.param("postgresql://?service=console", {"NAME": "", "OPTIONS": {"service": "console"}}, id="service"),
    ],
)
def test_every_form_of_url_is_understood(url: str, expected: dict[str, Any]) -> None:
    database = database_from_url("DATABASE_URL", url)
    options = expected.pop("OPTIONS", {})
    assert {name: database[name] for name in expected} == expected
    assert database["OPTIONS"] == {"connect_timeout": 10, **options}


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:hunter2@h/d",
        "hunter2",
        "user=u password=hunter2",
        "postgresql://u:hunter2@h/",
        "postgresql://u:hunter2@h:http/d",
        "postgresql://u:hunter2%zz@h/d",
        "postgresql://u:hunter2@[h/d",
        "postgresql://u:hunt@er2\"hunter2'@[h/d",
        "postgresql://h/d?password=hunter2&nonsense=1",
        "postgresql://h/d?PASSWORD=hunter2",
    ],
)
def test_a_bad_url_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(SettingFault) as fault:
        database_from_url("DATABASE_URL", url)
    assert str(fault.value).startswith("DATABASE_URL is ")
    assert "hunter2" not in str(fault.value)
    assert "\n" not in str(fault.value)


@pytest.fixture
def external(db: None) -> Any:
    """Django's connection to the test server as if it were somebody else's, one dead host before it."""
    ours = connections["default"].settings_dict
    url = f"postgresql:///{ours['NAME']}?host=/no/such/folder,{ours['HOST']}&user={ours['USER']}"
    parts = database_from_url("DATABASE_URL", url)
    connection = base.DatabaseWrapper({**ours, **parts}, "external")
    connections["external"] = connection
    yield connection
    connection.close()
    del connections["external"]


def test_a_socket_behind_a_dead_host_is_reached(external: Any) -> None:
    with external.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        assert cursor.fetchone() == (external.settings_dict["NAME"],)
    assert external.connection.info.status == psycopg.pq.ConnStatus.OK


def test_a_server_that_is_too_old_is_refused(external: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "OLDEST_VERSION", 99)
    RAN_DB_VERSION_CHECK.discard("external")  # Django asks once per alias
    with pytest.raises(StartFault, match="DATABASE_URL leads to PostgreSQL 18; the console needs 99 or newer"):
        external.ensure_connection()
