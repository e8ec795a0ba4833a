"""What `filter` and `orderBy` of a list ask of the database, over the fields that the list names and no others."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, TypeAlias

from django.db.models import F, Q
from django.db.models.lookups import IContains

from mlops_console.api.language import (
    Condition,
    Every,
    Expression,
    Instant,
    Item,
    LanguageFault,
    Listed,
    Some,
    Word,
    parse_filter,
    parse_order,
    quoted,
)
from mlops_console.errors import Invalid
from mlops_console.keyset import Order

_LOOKUPS: Final = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
_UNSPECIFIED: Final = "_UNSPECIFIED"
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
# Unlike an empty Q, which vanishes wherever it is put, this one is true also beside an OR.
_TRUE: Final = ~Q(pk__in=[])


class Kind(StrEnum):
    """What a field holds, and so which operators and values it takes."""

    TEXT = "text"
    CHOICE = "choice"
    INSTANT = "instant"
    MEMBERS = "members"


@dataclass(frozen=True)
class Field:
    """A field of the API: the column behind it, what it holds, and of a choice the words that there are.

    `stored` leads from such words to what the column holds, where that is not the same. A list of members has no
    column: `having` is the condition that a row has one.
    """

    path: str = ""
    kind: Kind = Kind.TEXT
    choices: tuple[str, ...] = ()
    stored: Mapping[str, str] = field(default_factory=dict)
    having: Callable[[str], Q] | None = None


Fields: TypeAlias = Mapping[str, Field]


def where(text: str, fields: Fields) -> Q:
    """The condition that a filter states over some fields; raises Invalid."""
    try:
        expression = parse_filter(text)
        return Q() if expression == Every(()) else _compiled(expression, fields)
    except LanguageFault as fault:
        raise Invalid({"filter": f"{fault}."}) from None


def order(text: str, fields: Fields, default: Order) -> Order:
    """The order that a text names, `default` where it names none; raises Invalid."""
    columns: dict[str, str] = {}
    try:
        for each in parse_order(text):
            known = _known(each.field, fields, each.position)
            if known.kind is Kind.MEMBERS:
                raise LanguageFault(f"{each.field} is a list, and nothing is ordered by it", each.position)
            columns.setdefault(known.path, f"-{known.path}" if each.descending else known.path)
    except LanguageFault as fault:
        raise Invalid({"orderBy": f"{fault}."}) from None
    return Order(tuple(columns.values())) if columns else default


def _known(name: str, fields: Fields, position: int) -> Field:
    if name not in fields:
        raise LanguageFault(f"There is no field {quoted(name)} here; the fields are {', '.join(fields)}", position)
    return fields[name]


def _compiled(expression: Expression, fields: Fields) -> Q:
    if isinstance(expression, Condition):
        return _condition(expression, _known(expression.field, fields, expression.position))
    # At once, not by |, which copies what it has so far for every term.
    terms = [_compiled(term, fields) for term in expression.terms]
    return Q(*terms, _connector=Q.OR if isinstance(expression, Some) else Q.AND) if terms else _TRUE


def _condition(condition: Condition, field: Field) -> Q:
    value, operator = condition.value, condition.operator
    items = value.items if isinstance(value, Listed) else (value,)
    if operator == ":":
        return _containing(condition, field, items[0])
    if field.kind is Kind.MEMBERS:
        raise LanguageFault(f"{condition.field} is a list; ask with : whether it has a member", condition.position)
    if field.kind is Kind.CHOICE and operator in _LOOKUPS:
        raise LanguageFault(f"{condition.field} has no order to compare by; use =, !=, in or :", condition.position)
    read = [_READERS[field.kind](item, field) for item in items]
    match operator:
        case "in":
            return Q(**{f"{field.path}__in": read})
        case "=":
            return Q(**{field.path: read[0]})
        case "!=":
            return ~Q(**{field.path: read[0]})
    return Q(**{f"{field.path}__{_LOOKUPS[operator]}": read[0]})


def _containing(condition: Condition, field: Field, part: Item) -> Q:
    if field.having is not None:
        return field.having(_text(part))
    match field.kind:
        case Kind.INSTANT:
            raise LanguageFault(
                f"{condition.field} is an instant and contains nothing; use =, !=, <, <=, >, >= or in",
                condition.position,
            )
        case Kind.CHOICE:
            wanted = _member(_text(part)).casefold()
            found = [field.stored.get(each, each) for each in field.choices if wanted in each.casefold()]
            return Q(**{f"{field.path}__in": found})
    # As an expression, because a foreign key that holds a text knows no such lookup by its name.
    return Q(IContains(F(field.path), _text(part)))


def _text(item: Item, field: Field | None = None) -> str:
    if isinstance(item, Instant):
        raise LanguageFault("Here comes a text or a word, not a timestamp", item.position)
    return "" if item == Word("None") else item.text


def _choice(item: Item, field: Field) -> str:
    member = _member(item.text)
    if member not in field.choices and not member.endswith(_UNSPECIFIED):
        raise LanguageFault(f"{quoted(member)} is none of {', '.join(field.choices)}", item.position)
    return field.stored.get(member, member)


def _member(text: str) -> str:
    """A member of an enum without the class that may stand before it."""
    return text.rpartition(".")[2]


def _instant(item: Item, field: Field) -> datetime:
    if isinstance(item, Word) or not _INSTANT.fullmatch(item.text.upper()):
        raise LanguageFault(
            f"{quoted(item.text)} is no instant with its zone, such as timestamp('2026-01-02T03:04:05Z')", item.position
        )
    try:
        return datetime.fromisoformat(item.text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise LanguageFault(f"There is no instant {quoted(item.text)}", item.position) from None


_READERS: Final = {Kind.TEXT: _text, Kind.CHOICE: _choice, Kind.INSTANT: _instant}
