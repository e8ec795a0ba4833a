"""Making, changing and removing workspaces."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mlops_console.access import Role
from mlops_console.actions.workspaces import create_workspace, delete_workspace, update_workspace
from mlops_console.errors import DomainError, Invalid, Missing, NotAllowed, Refused
from mlops_console.models import AuditEntry, Membership, Workspace
from tests.cast import Cast
from tests.factories import make_image

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_its_maker_becomes_its_admin(cast: Cast) -> None:
    made = create_workspace(actor=cast.actor("admin"), display_name="  Fraud  ", uid="fraud", now=NOW)
    assert (made.name, made.display_name, made.creator) == ("workspaces/fraud", "Fraud", cast.admin)
    assert Membership.objects.get(workspace=made).role == Role.ADMIN
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.subject, entry.workspace) == ("create", "workspaces/fraud", "fraud")


def test_without_an_id_one_is_made_up(cast: Cast) -> None:
    made = create_workspace(actor=cast.actor("admin"), display_name="Fraud", now=NOW)
    assert len(made.uid) == 36


@pytest.mark.parametrize("role", ["owner", "operator", "viewer", "stranger"])
def test_only_platform_admins_make_workspaces(cast: Cast, role: str) -> None:
    with pytest.raises(NotAllowed):
        create_workspace(actor=cast.actor(role), display_name="Fraud", now=NOW)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"display_name": "  "}, "display_name"),
        ({"display_name": "a\x00b"}, "display_name"),
        ({"display_name": "x" * 201}, "display_name"),
        ({"uid": "Fraud"}, "uid"),
        ({"uid": "-"}, "uid"),
        ({"uid": "x" * 64}, "uid"),
        ({"uid": "a/b"}, "uid"),
        ({"description": "a\x00"}, "description"),
        ({"description": "x" * 2001}, "description"),
        ({"annotations": {"team": 7}}, "annotations.team"),
        ({"annotations": {"team": "a\x00"}}, "annotations.team"),
        ({"annotations": {"k" * 254: ""}}, f"annotations.{'k' * 253}"),
        ({"annotations": {"team": "x" * 32_769}}, "annotations.team"),
        ({"annotations": {str(number): "" for number in range(101)}}, "annotations"),
    ],
)
def test_a_faulty_workspace_is_not_made(cast: Cast, values: dict[str, object], field: str) -> None:
    given = {"display_name": "Fraud", "uid": "fraud"} | values
    with pytest.raises(Invalid) as caught:
        create_workspace(actor=cast.actor("admin"), now=NOW, **given)  # type: ignore[arg-type] # wrong on purpose
    assert set(caught.value.fields) == {field}
    assert not AuditEntry.objects.exists()


def test_an_id_is_taken_once(cast: Cast) -> None:
    with pytest.raises(Refused, match="lab"):
        create_workspace(actor=cast.actor("admin"), display_name="Lab", uid="lab", now=NOW)


def test_a_change_records_what_differs(cast: Cast) -> None:
    changes = {"display_name": "Laboratory", "description": ""}
    update_workspace(actor=cast.actor("owner"), workspace=cast.workspace, changes=changes, now=NOW)
    entry = AuditEntry.objects.get()
    assert (entry.before, entry.after) == ({"display_name": "Lab"}, {"display_name": "Laboratory"})
    assert Workspace.objects.get(uid="lab").updater == cast.owner


def test_a_change_of_nothing_is_recorded_as_nothing(cast: Cast) -> None:
    update_workspace(actor=cast.actor("owner"), workspace=cast.workspace, changes={"display_name": "Lab"}, now=NOW)
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(("role", "fault"), [("operator", NotAllowed), ("viewer", NotAllowed), ("stranger", Missing)])
def test_others_change_and_delete_nothing(cast: Cast, role: str, fault: type[DomainError]) -> None:
    actor = cast.actor(role)
    with pytest.raises(fault):
        update_workspace(actor=actor, workspace=cast.workspace, changes={"display_name": "Mine"}, now=NOW)
    with pytest.raises(fault):
        delete_workspace(actor=actor, workspace=cast.workspace, now=NOW)
    assert Workspace.objects.get(uid="lab").display_name == "Lab"


def test_members_do_not_change_global(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        update_workspace(actor=cast.actor("owner"), workspace=cast.everyone, changes={"display_name": "Ours"}, now=NOW)


def test_an_empty_workspace_goes_and_its_trail_stays(cast: Cast) -> None:
    delete_workspace(actor=cast.actor("owner"), workspace=cast.workspace, now=NOW)
    assert not Workspace.objects.filter(uid="lab").exists()
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.workspace, entry.before["display_name"]) == ("delete", "lab", "Lab")


def test_what_a_workspace_holds_keeps_it(cast: Cast) -> None:
    make_image(cast.workspace)
    with pytest.raises(Refused, match="runtime images") as caught:
        delete_workspace(actor=cast.actor("owner"), workspace=cast.workspace, now=NOW)
    assert caught.value.data == {"holds": ["runtime images"]}
    assert Workspace.objects.filter(uid="lab").exists()


def test_global_stays(cast: Cast) -> None:
    with pytest.raises(Refused, match="inherits"):
        delete_workspace(actor=cast.actor("admin"), workspace=cast.everyone, now=NOW)


def test_a_workspace_that_is_gone_is_missing(cast: Cast) -> None:
    Workspace.objects.filter(uid="lab").delete()
    with pytest.raises(Missing):
        update_workspace(actor=cast.actor("admin"), workspace=cast.workspace, changes={}, now=NOW)
