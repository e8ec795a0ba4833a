"""Plans of PostgreSQL at 40,000 audit entries: the list follows an index, and never reads or sorts the whole trail."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection

from bench.load import Sizes, fill
from mlops_console.actor import ActorKind, system
from mlops_console.keyset import Order, capped_count, page
from mlops_console.models import AuditEntry, Token, User
from mlops_console.queries import AuditFilter, audit_source, scope_for
from mlops_console.web.audit_rows import audit_rows
from tests.house.test_plans import plans

pytestmark = pytest.mark.django_db
ADMIN = system(ActorKind.COMMAND, "reader")
TABLE = "console_auditentry"
NEWEST = Order((), descending=True)


@pytest.fixture
def actor(db: None) -> str:
    """Whose token did much of what is in the trail."""
    fill(Sizes(runtimes=2_000, deployments=20, compositions=40, large=2, audit=40_000), 3)
    busy = AuditEntry.objects.filter(actor_kind="token").order_by().values_list("actor", flat=True).first()
    assert busy is not None
    person, _, name = busy.removesuffix(")").partition(" (token ")
    Token.objects.create(user=User.objects.get_or_create(username=person)[0], name=name, digest=name)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        # What VACUUM would note, which this transaction cannot run.
        cursor.execute("UPDATE pg_class SET relallvisible = relpages WHERE relname = %s", [TABLE])
    return person


def faults(ask: Callable[[], object]) -> list[str]:
    """Where a plan reads the trail from end to end, or sorts anything."""
    kinds = [str(node["Node Type"]) for each in plans(ask) for node in each]
    return [kind for kind in kinds if kind in {"Seq Scan", "Sort"}]


def test_every_page_follows_an_index_and_is_counted_in_one(actor: str) -> None:
    everywhere = scope_for(ADMIN, "-")
    sources = {
        "of a workspace": audit_source(scope_for(ADMIN, "retail-risk")),
        "all": audit_source(everywhere),
        "of a person and their token": audit_source(everywhere, AuditFilter(actor=actor)),
        "of a token": audit_source(everywhere, AuditFilter(actor=f"{actor} (token ci)")),
        "of a verb": audit_source(everywhere, AuditFilter(verb="disable")),
    }
    found = {}
    for words, source in sources.items():
        cut = partial(page, source, order=NEWEST, size=50, read=audit_rows)
        first = cut()
        assert len(first.rows) == 50, words
        for place, token in (("first", ""), ("deep", cut(token=first.next).next), ("last", first.last)):
            found[f"{words}, {place}"] = faults(partial(cut, token=token))
        ((*_, scan),) = plans(partial(capped_count, source))
        assert scan["Node Type"] == "Index Only Scan", words
    assert {where: each for where, each in found.items() if each} == {}


def test_a_subject_is_found_by_its_name(actor: str) -> None:
    subject = AuditEntry.objects.filter(subject__startswith="workspaces/").order_by("pk")[100].subject
    source = audit_source(scope_for(ADMIN, "-"), AuditFilter(subject=subject))
    assert page(source, order=NEWEST, size=50, read=audit_rows).rows
    assert "Seq Scan" not in faults(partial(page, source, order=NEWEST, size=50, read=audit_rows))
