"""Forms of the floor, and how an action's faults come back to a form's fields."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any, Final

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts

from mlops_console.access import Role
from mlops_console.audit import Verb
from mlops_console.errors import Invalid
from mlops_console.models import TokenState
from mlops_console.queries import AuditFilter

UID_HELP: Final = (
    "Up to 63 lower-case letters, digits, - and _. It stands in addresses and resource names; "
    "leave it empty to get a generated one."
)


def add_faults(form: forms.Form, invalid: Invalid) -> None:
    """Put each fault of an action on the field it names, or on the whole form where it has no such field.

    The fault of a part (`annotations.team`) goes to the field that holds the part, which then names it.
    """
    for path, fault in invalid.fields.items():
        field, _, part = path.partition(".")
        if path in form.fields:
            form.add_error(path, fault)
        elif field in form.fields:
            form.add_error(field, f"{part}: {fault}")
        else:
            form.add_error(None, f"{path}: {fault}" if path else fault)


class SearchForm(forms.Form):
    """The search box of a list that has no other filter."""

    q = forms.CharField(label="Search", max_length=200, required=False)

    @property
    def text(self) -> str:
        """What to search for; `""` where nothing, or nothing searchable, was typed."""
        self.is_valid()
        return str(self.cleaned_data.get("q", ""))


class AuditFilterForm(forms.Form):
    """What the audit page narrows by."""

    actor = forms.CharField(label="Actor", max_length=300, required=False)
    verb = forms.ChoiceField(
        label="Verb",
        choices=[("", "Any"), *((verb.value, verb.value.capitalize()) for verb in Verb)],
        required=False,
    )
    subject = forms.CharField(label="Subject", max_length=400, required=False)
    workspace = forms.CharField(label="Workspace", max_length=63, required=False)
    since = forms.DateField(
        label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, data: Mapping[str, Any], *, all_workspaces: bool) -> None:
        super().__init__(data)
        if not all_workspaces:
            del self.fields["workspace"]

    def narrow(self) -> AuditFilter:
        """The filter that was asked for, without the fields that were filled in wrongly."""
        self.is_valid()
        return AuditFilter(**{field: value for field, value in self.cleaned_data.items() if value})


class TokenFilterForm(SearchForm):
    """What a list of tokens narrows by."""

    state = forms.ChoiceField(label="State", choices=[("", "Any"), *TokenState.choices], required=False)

    @property
    def chosen_state(self) -> str:
        """The state to narrow to; `""` where none, or an unknown one, was chosen."""
        self.is_valid()
        return str(self.cleaned_data.get("state", ""))


class TokenForm(forms.Form):
    """A token to make."""

    name = forms.CharField(
        label="Name",
        max_length=100,
        help_text="What uses it, such as a program; the audit trail names it.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    expires_at = forms.DateField(
        label="Expires",
        required=False,
        help_text="It works to the end of that day, UTC. Left empty, it works until it is revoked.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    read_only = forms.BooleanField(
        label="Read-only", required=False, help_text="It reads what you may read, and changes nothing."
    )

    def clean_expires_at(self) -> datetime | None:
        """The last second of the day that was chosen."""
        day = self.cleaned_data["expires_at"]
        return datetime.combine(day, time(23, 59, 59), tzinfo=UTC) if day else None


class WorkspaceForm(forms.Form):
    """A workspace to make or to edit; its id cannot change."""

    display_name = forms.CharField(label="Name", max_length=200)
    uid = forms.CharField(label="ID", max_length=63, required=False, help_text=UID_HELP)
    description = forms.CharField(
        label="Description",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "data-counter": ""}),
    )

    def __init__(self, *args: Any, locked: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if locked:
            self.fields["uid"].disabled = True
            self.fields["uid"].help_text = "It cannot be changed: resource names and addresses hold it."


class MemberForm(forms.Form):
    """Who is what in a workspace."""

    username = forms.CharField(label="Username", max_length=150)
    role = forms.ChoiceField(label="Role", choices=[(role.value, role.label) for role in Role])


class PersonForm(forms.Form):
    """An account to make."""

    username = forms.CharField(
        label="Username", max_length=150, help_text="Up to 150 letters, digits and @ . + - _ to sign in with."
    )
    display_name = forms.CharField(label="Display name", max_length=150, required=False)
    email = forms.EmailField(label="Email", required=False)
    is_platform_admin = forms.BooleanField(
        label="Platform admin",
        required=False,
        help_text="May do everything in every workspace, in global, and on these pages.",
    )
    password = forms.CharField(
        label="Password",
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = " ".join(password_validators_help_texts())


class PersonUpdateForm(PersonForm):
    """An account to edit; the password stays as it is unless a new one is given."""

    is_active = forms.BooleanField(
        label="Active",
        required=False,
        help_text="An inactive account can neither sign in nor use its tokens.",
    )
    field_order = ("username", "display_name", "email", "is_active", "is_platform_admin", "password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].disabled = True
        self.fields["username"].help_text = "It cannot be changed: the audit trail names people by it."
        self.fields["password"].label = "New password"
        self.fields["password"].required = False
