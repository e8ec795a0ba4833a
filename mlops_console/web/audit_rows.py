"""The rows of the table of audit entries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db.models import BooleanField, ExpressionWrapper, F, Q
from django.utils import timezone
from django.utils.safestring import SafeString

from mlops_console.models import AuditEntry
from mlops_console.queries import Scope
from mlops_console.statements import Among, Statement
from mlops_console.web.http import address_of
from mlops_console.web.stencils import Stencil, joined
from mlops_console.web.templatetags.console import NOTHING, time_texts

_ROW: Final = Stencil("mlops_console/_audit_row.html")


class AuditRow(NamedTuple):
    """What the list shows of an entry."""

    pk: int
    at: datetime
    actor_kind: str
    actor: str
    verb: str
    subject_kind: str
    subject: str
    reason: str
    is_changed: bool


_IS_CHANGED: Final = ExpressionWrapper(~Q(before={}, after={}), BooleanField())
_SHOWN: Final = (*AuditRow._fields[:-1], _IS_CHANGED)
_ROWS: Final = Statement(lambda pks: AuditEntry.objects.order_by().filter(Among(F("pk"), pks)).values_list(*_SHOWN))


def audit_rows(pks: Sequence[Any]) -> Iterator[AuditRow]:
    """The rows of some primary keys, in no order; whoever asks has found the keys in a scope."""
    return map(AuditRow._make, _ROWS.rows(pks=list(pks)))


def rows_html(rows: Iterable[AuditRow], scope: Scope) -> SafeString:
    """The rows of a page; what changed is only asked for when an entry is opened."""
    now = timezone.now()
    folder = address_of("console:audit-list", scope.uid)
    filled = [
        _ROW.fill(
            {
                "url": f"{folder}{row.pk}/",
                "actor": row.actor,
                "subject": row.subject,
                "reason": row.reason or NOTHING,
                **time_texts(row.at, now),
            },
            actor_kind=row.actor_kind,
            verb=row.verb,
            subject_kind=row.subject_kind,
            is_changed=row.is_changed,
        )
        for row in rows
    ]
    return joined(filled)
