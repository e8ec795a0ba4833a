"""The filters of a list: which of them are in force, and their markup."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as column
from typing import Any, Final
from weakref import ReferenceType, ref

from django.forms import BaseForm, BoundField, Widget
from django.http import HttpRequest
from django.utils.safestring import SafeString

from mlops_console.web.http import address_without
from mlops_console.web.stencils import Stencil

_FILTER: Final = Stencil("components/_filter.html")


@dataclass(frozen=True)
class Chip:
    """One filter in force, and the address of the list without it."""

    label: str
    value: str
    clear_url: str


@dataclass(frozen=True)
class _Filter:
    """All that the markup of a field depends on; the field itself lives while it is drawn, and is not kept."""

    widget: type[Widget]
    name: str
    label: str
    attrs: str
    choices: tuple[Any, ...]
    value: str
    faults: tuple[str, ...]
    field: ReferenceType[BoundField] = column(compare=False)


def in_force(request: HttpRequest, filters: BaseForm) -> list[Chip]:
    """The filters in force, by the fields of their form."""
    return [
        Chip(str(field.label), shown, address_without(request, "page", field.html_name))
        for field in filters
        if not field.is_hidden and (shown := _shown(field))
    ]


def drawn(field: BoundField) -> SafeString:
    """A field with its label, drawn once for all that it shows: a select takes longer to draw than rows to be found."""
    shown = _Filter(
        widget=type(field.field.widget),
        name=field.html_name,
        label=str(field.label),
        attrs=str(field.field.widget.attrs),
        choices=tuple(getattr(field.field, "choices", ())),
        value=repr(field.value()),
        faults=tuple(map(str, field.form.errors.get(field.name, ()))),
        field=ref(field),
    )
    return _FILTER.fill({}, shown=shown)


def _shown(field: BoundField) -> str:
    """What was chosen in a field, in the words of its choices; `""` where nothing was."""
    value = field.value()
    chosen = [str(each) for each in value] if isinstance(value, (list, tuple)) else [str(value or "")]
    words = {str(key): str(word) for key, word in getattr(field.field, "choices", ())}
    return ", ".join(words.get(each, each) for each in chosen if each.strip())
