"""The audit trail can be added to; the database refuses the rest."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from mlops_console import audit
from mlops_console.models import AuditEntry
from tests.cast import Cast

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def write(cast: Cast, count: int = 1) -> None:
    subject = audit.Subject(audit.Kind.RUNTIME, "workspaces/lab/runtimes/mojo", "lab")
    audit.record(
        audit.entry(
            actor=cast.actor("operator"),
            verb=audit.Verb.DISABLE,
            subject=subject,
            now=NOW,
            reason=f"CVE {number}",
            before={"state": "ACTIVE"},
            after={"state": "DISABLED"},
        )
        for number in range(count)
    )


def test_an_entry_names_who_did_what_to_which_row_when_and_why(cast: Cast) -> None:
    write(cast)
    found = AuditEntry.objects.get()
    assert (found.actor_kind, found.actor, found.verb) == ("person", "operator", "disable")
    assert (found.subject_kind, found.subject, found.workspace) == (
        "runtime",
        "workspaces/lab/runtimes/mojo",
        "lab",
    )
    assert (found.at, found.reason, found.request_id) == (NOW, "CVE 0", "test")
    assert (found.before, found.after) == ({"state": "ACTIVE"}, {"state": "DISABLED"})


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE console_auditentry SET actor = 'nobody'",
        "UPDATE console_auditentry SET actor = 'nobody' WHERE id = -1",
        "DELETE FROM console_auditentry",
        "TRUNCATE console_auditentry",
        "TRUNCATE console_auditentry CASCADE",
        "INSERT INTO console_auditentry SELECT * FROM console_auditentry "
        "ON CONFLICT (id) DO UPDATE SET actor = 'nobody'",
    ],
)
def test_the_database_refuses_to_change_the_past(cast: Cast, statement: str) -> None:
    write(cast)
    with (
        pytest.raises(ProgrammingError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert AuditEntry.objects.get().actor == "operator"


def test_the_orm_is_refused_too(cast: Cast) -> None:
    write(cast)
    entry = AuditEntry.objects.get()
    with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
        entry.delete()
    with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
        AuditEntry.objects.update(reason="")


def test_thousands_of_entries_take_one_statement_per_thousand(cast: Cast) -> None:
    actor = cast.actor("operator")
    subject = audit.Subject(audit.Kind.RUNTIME, "workspaces/lab/runtimes/mojo", "lab")
    entries = [audit.entry(actor=actor, verb=audit.Verb.ENABLE, subject=subject, now=NOW) for _ in range(2500)]
    with CaptureQueriesContext(connection) as queries:
        audit.record(entries)
    assert len(queries) == 3
