"""How an action's faults come back to a form's fields."""

from __future__ import annotations

from mlops_console.errors import Invalid
from mlops_console.queries import AuditFilter
from mlops_console.web.forms import AuditFilterForm, WorkspaceForm, add_faults


def test_faults_go_to_their_field_the_field_of_the_part_or_the_whole_form() -> None:
    form = WorkspaceForm({"display_name": "Fraud"})
    assert form.is_valid()
    add_faults(
        form,
        Invalid({"uid": "Too long.", "description.3": "No NUL.", "annotations.team": "No text.", "": "Not today."}),
    )
    assert form.errors == {
        "uid": ["Too long."],
        "description": ["3: No NUL."],
        "__all__": ["annotations.team: No text.", "Not today."],
    }


def test_a_filter_leaves_out_what_was_typed_wrongly() -> None:
    form = AuditFilterForm({"actor": "owner", "verb": "explode", "since": "yesterday"}, all_workspaces=True)
    assert form.narrow() == AuditFilter(actor="owner")
    assert set(form.errors) == {"verb", "since"}
