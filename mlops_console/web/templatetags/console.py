"""What the templates of every page share: icons, badges, times, and links that keep the rest of the query."""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Any, Final

from django import template
from django.forms import BaseForm
from django.forms.formsets import BaseFormSet
from django.http import QueryDict
from django.template import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from mlops_console.keyset import COUNT_CAP
from mlops_console.web import icons
from mlops_console.web.filters import Chip, drawn, in_force
from mlops_console.web.http import address_of, address_without
from mlops_console.web.stencils import Stencil

register = template.Library()
register.simple_tag(address_of)
register.simple_tag(drawn, name="filter_field")

NOTHING: Final = "–"
_ICON_SIZE: Final = 16  # of icons whose size console.css says
_SORT_HEADER: Final = Stencil("components/_sort_header.html")

# state: tone (a class of console.css), icon; unknown states are shown plainly
_STATES: Final = {
    "ACTIVE": ("good", "circle-check"),
    "DEPRECATED": ("warning", "triangle-alert"),
    "DISABLED": ("danger", "ban"),
    "EXPIRED": ("warning", "clock-alert"),
    "REVOKED": ("plain", "ban"),
    "HEALTHY": ("good", "circle-check"),
    "UNHEALTHY": ("danger", "heart-crack"),
    "FAILED": ("danger", "circle-x"),
    "PENDING": ("info", "hourglass"),
    "LAUNCHING": ("info", "rocket"),
    "STOPPED": ("plain", "circle-pause"),
    "TERMINATING": ("warning", "power"),
    "RUNNING": ("info", "loader"),
    "PAUSED": ("warning", "circle-pause"),
    "UNDOING": ("warning", "undo-2"),
    "SUCCEEDED": ("good", "circle-check"),
    "ROLLED_BACK": ("warning", "undo-2"),
}
_PAST: Final = {"bootstrap": "applied", "reapply": "re-applied"}
_UNITS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60))
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_RELATIVE_UP_TO: Final = timedelta(days=30)


@dataclass(frozen=True)
class FormFault:
    """One thing wrong with a form, and the id of the control to correct; `""` where it concerns the whole."""

    id: str
    label: str
    text: str


@dataclass(frozen=True)
class Change:
    """One field of an audit entry as text; a missing side is empty."""

    field: str
    before: str
    after: str


@register.simple_tag
def kept(template: str, **values: Hashable) -> SafeString:
    """What a template says of some values, rendered once for each: an include that sees nothing else of the page."""
    return _stencil(template).fill({}, **values)


@register.simple_tag
def icon(name: str, size: int = _ICON_SIZE, css: str = "") -> SafeString:
    """An icon of `size` CSS pixels, silent to screen readers; raises UnknownIcon."""
    return _svg(str(name), size, str(css))


@register.simple_tag
def state_badge(state: str) -> SafeString:
    """A state as an icon and a word; the icon is one of those that console.css draws."""
    tone, symbol = _STATES.get(state, ("plain", "circle"))
    word = str(state).replace("_", " ").capitalize()
    return format_html('<span class="badge {}" data-icon="{}">{}</span>', tone, symbol, word)


@register.simple_tag
def ago(instant: datetime | None) -> str:
    """An instant as `<time>`: in relative words while it is near, as a date later; exact in its title."""
    if instant is None:
        return NOTHING
    texts = time_texts(instant, timezone.now())
    return format_html('<time datetime="{datetime}" title="{title}">{words}</time>', **texts)


def time_texts(instant: datetime, now: datetime) -> dict[str, str]:
    """What a `<time>` says, for stencils: `datetime`, `title` and `words`."""
    utc = instant.astimezone(UTC)
    exact = utc.isoformat("T", "seconds")
    return {"datetime": exact, "title": f"{_day(utc)}, {exact[11:19]} UTC", "words": relative(instant, now)}


def relative(instant: datetime, now: datetime) -> str:
    """An instant as seen from `now`: "3 minutes ago", "in 2 days", or its date when further away than 30 days."""
    distance = abs(now - instant)
    if distance > _RELATIVE_UP_TO:
        return _day(instant)
    seconds = int(distance.total_seconds())
    for unit, length in _UNITS:
        if count := seconds // length:
            words = f"{count} {unit}{'' if count == 1 else 's'}"
            return f"{words} ago" if instant <= now else f"in {words}"
    return "just now"


@register.filter
def thousands(number: int | None) -> str:
    """A whole number with thousands separators."""
    return NOTHING if number is None else f"{number:,}"


@register.simple_tag
def row_count(count: int) -> str:
    """How many rows there are: "1 row", "1,234 rows", "10,000+ rows"."""
    if count > COUNT_CAP:
        return f"{COUNT_CAP:,}+ rows"
    return f"{count:,} row{'' if count == 1 else 's'}"


@register.simple_tag(takes_context=True)
def sort_header(
    context: Context, key: str, label: str, *, first: str = "", css: str = "", title: str = ""
) -> SafeString:
    """A column header that sorts; `first="-"` makes its first click sort downwards."""
    sort = str(context.get("sort", ""))
    direction = {key: "ascending", f"-{key}": "descending"}.get(sort, "none")
    following = {"ascending": f"-{key}", "descending": key}.get(direction, f"{first}{key}")
    url = address_without(context["request"], "page", "sort", sort=following)
    return _SORT_HEADER.fill({"url": url}, key=key, label=label, css=css, title=title, direction=direction)


@register.simple_tag(takes_context=True)
def page_url(context: Context, token: str) -> str:
    """The address of another page of this list; `""` is the first."""
    return address_without(context["request"], "page", page=token)


@register.simple_tag(takes_context=True)
def carry(context: Context, *, only: str = "", without: str = "", form: str = "") -> SafeString:
    """Hidden inputs that repeat the present query in a GET form; `form` ties them to one that stands elsewhere."""
    query: QueryDict = context["request"].GET
    wanted, unwanted = only.split(), without.split()
    tie = format_html(' form="{}"', form) if form else ""
    return format_html_join(
        "",
        '<input type="hidden" name="{}" value="{}"{}>',
        (
            (name, value, tie)
            for name, values in query.lists()
            if name not in unwanted and (not wanted or name in wanted)
            for value in values
        ),
    )


@register.simple_tag(takes_context=True)
def active_filters(context: Context, filters: BaseForm) -> list[Chip]:
    """The filters in force, by the fields of their form."""
    return in_force(context["request"], filters)


@register.filter
def past(verb: str) -> str:
    """A verb of the audit trail as part of a sentence: "created", "disabled"."""
    return _PAST.get(verb, f"{verb}d" if verb.endswith("e") else f"{verb}ed")


@register.simple_tag
def form_faults(form: BaseForm | str, formsets: Iterable[BaseForm | BaseFormSet[Any]] | str = ()) -> list[FormFault]:
    """What is wrong with a form and with its formsets or further forms, in the order of the page."""
    parts = [part for part in (form, *(formsets or ())) if isinstance(part, (BaseForm, BaseFormSet))]
    return [fault for part in parts if part.is_bound for fault in _faults(part)]


@register.filter
def sentence(text: object) -> str:
    """The text of an error if it is meant for people; Django hands over bare class names as well."""
    return str(text) if " " in str(text) else ""


@register.filter
@lru_cache(maxsize=4096)
def breakable(text: str) -> SafeString:
    """A name without blanks, such as an image reference, that may go on in the next line after _ - / : and @."""
    parts = re.findall(r"[^_/:@-]*[_/:@-]*", str(text))
    return format_html_join(mark_safe("<wbr>"), "{}", ((part,) for part in parts if part))


@register.filter
def changes(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[Change]:
    """What differs between two states of one thing, field by field; nested maps are opened up to their entries."""
    old, new = dict(_flat(before or {})), dict(_flat(after or {}))
    fields = (Change(field, old.get(field, ""), new.get(field, "")) for field in {**old, **new})
    return [change for change in fields if change.before != change.after]


@cache
def _stencil(template: str) -> Stencil:
    return Stencil(template)


@lru_cache(maxsize=256)
def _svg(name: str, size: int, css: str) -> SafeString:
    if name not in icons.NAMES:
        raise icons.UnknownIcon(name)
    return format_html(
        '<svg class="icon{}{}"{} aria-hidden="true"><use href="{}#{}"/></svg>',
        " " if css else "",
        css,
        "" if size == _ICON_SIZE else format_html(' width="{0}" height="{0}"', size),
        static(icons.FILE.name),
        name,
    )


def _day(instant: datetime) -> str:
    """Its date: not by strftime, which takes longer than all else of a row."""
    return f"{instant.day} {_MONTHS[instant.month - 1]} {instant.year}"


def _faults(part: BaseForm | BaseFormSet[Any]) -> Iterable[FormFault]:
    if isinstance(part, BaseFormSet):
        yield from (FormFault("", "", str(text)) for text in part.non_form_errors())
        for number, row in enumerate(part.forms, start=1):
            yield from (replace(fault, label=f"{fault.label} {number}".strip()) for fault in _faults(row))
        return
    yield from (FormFault("", "", str(text)) for text in part.non_field_errors())
    for field in part:
        # A group of boxes has no control of its own: its first box stands for it.
        control = field.id_for_label or f"{field.auto_id}_0"
        yield from (FormFault(control, str(field.label), str(text)) for text in field.errors)


def _flat(values: Mapping[str, Any], path: str = "") -> Iterable[tuple[str, str]]:
    for key, value in values.items():
        name = f"{path}{key}"
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{name}.")
        else:
            yield name, _text(value)


def _text(value: Any) -> str:
    if value in (None, "", [], {}):
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
