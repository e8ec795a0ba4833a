"""Fields whose words are not what the column holds, and fields that are lists: what a filter makes of them."""

from __future__ import annotations

import pytest
from django.db.models import Q

from mlops_console.api.conditions import Field, Fields, Kind, order, where
from mlops_console.errors import Invalid
from mlops_console.keyset import Order
from mlops_console.models import Membership, Workspace
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def having(username: str) -> Q:
    return Q(pk__in=Membership.objects.filter(user__username=username).values("workspace"))


FIELDS: Fields = {
    "display_name": Field("display_name"),
    "kind": Field("uid", Kind.CHOICE, ("OURS", "THEIRS"), stored={"OURS": "lab", "THEIRS": "elsewhere"}),
    "members": Field(kind=Kind.MEMBERS, having=having),
}


def selected(text: str) -> set[str]:
    return set(Workspace.objects.filter(where(text, FIELDS)).values_list("uid", flat=True))


@pytest.mark.parametrize(
    ("text", "uids"),
    [
        pytest.param("kind = OURS", {"lab"}, id="word"),
        pytest.param("kind = 'Kind.THEIRS'", {"elsewhere"}, id="word with a class"),
        pytest.param("kind != OURS", {"elsewhere", "global"}, id="unequal"),
        pytest.param("kind in ['OURS', 'THEIRS']", {"lab", "elsewhere"}, id="in"),
        pytest.param("kind:'our'", {"lab"}, id="part of a word"),
        pytest.param("kind:'lab'", set(), id="not part of what is stored"),
        pytest.param("members:'viewer'", {"lab"}, id="a member"),
        pytest.param("members:'view'", set(), id="part of a member"),
        pytest.param("members:'viewer' OR members:'stranger'", {"lab", "elsewhere"}, id="one of two members"),
        pytest.param("members:'viewer' AND members:'owner'", {"lab"}, id="two members"),
        pytest.param("members:'nobody'", set(), id="nobody"),
    ],
)
def test_a_filter_selects(cast: Cast, text: str, uids: set[str]) -> None:
    assert selected(text) == uids


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("kind = lab", "none of OURS, THEIRS", id="what is stored is no word"),
        pytest.param("members = 'viewer'", "ask with : whether it has a member", id="equal"),
        pytest.param("members in ['viewer']", "ask with : whether it has a member", id="in"),
        pytest.param("members:timestamp('2026-01-02T03:04:05Z')", "Here comes a text", id="an instant"),
    ],
)
def test_a_filter_is_refused(cast: Cast, text: str, told: str) -> None:
    with pytest.raises(Invalid, match=told):
        where(text, FIELDS)


def test_nothing_is_ordered_by_a_list() -> None:
    with pytest.raises(Invalid, match="members is a list"):
        order("members", FIELDS, Order(("uid",)))
    assert order("kind desc", FIELDS, Order(("uid",))) == Order(("-uid",))
