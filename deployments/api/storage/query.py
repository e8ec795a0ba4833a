"""What the lists of the storage service are narrowed and ordered by."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, TypeAlias, TypeVar

from django.db.models import F, Model, Q, QuerySet
from django.db.models.lookups import IContains

from mlops_console.access import Right
from mlops_console.api.base import PAGE_SIZE, ApiView
from mlops_console.errors import Invalid
from mlops_console.keyset import BadPageToken, Order, Page, page

M = TypeVar("M", bound=Model)
_LOOKUPS: Final = {
    "LESS_THAN": "lt",
    "LESS_OR_EQUAL_TO": "lte",
    "GREATER_THAN": "gt",
    "GREATER_OR_EQUAL_TO": "gte",
}
_NUMBER_MAX: Final = 2**31 - 1


@dataclass(frozen=True)
class Column:
    """A field of the wire: the column behind it, and how a value for it is read."""

    path: str
    read: Callable[[Mapping[str, Any]], Any]


Columns: TypeAlias = Mapping[str, Column]


def text(value: Mapping[str, Any]) -> str:
    """A text; raises ValueError."""
    for key in ("stringValue", "idValue"):
        if key in value:
            return str(value[key])
    raise ValueError("give a stringValue")


def number(value: Mapping[str, Any]) -> int:
    """A whole number; raises ValueError."""
    given = str(value.get("int64Value", value.get("stringValue", "")))
    if not (given.isascii() and given.isdigit() and len(given) <= 10 and int(given) <= _NUMBER_MAX):
        raise ValueError("give an int64Value from 0")
    return int(given)


def instant(value: Mapping[str, Any]) -> datetime:
    """An instant; raises ValueError."""
    given = datetime.fromisoformat(str(value.get("timestampValue", "")).upper())
    if given.tzinfo is None:
        raise ValueError("give an instant with its zone")
    try:
        return given.astimezone(UTC)
    except OverflowError:
        raise ValueError("there is no such instant") from None


class Call(ApiView):
    """What every call shares: it is a POST, and the rights that it takes are for its action to say."""

    rights: ClassVar[Mapping[str, Right]] = {"POST": Right.VIEW}
    tag = "Storage"

    def cut(
        self, rows: QuerySet[M], columns: Columns, given: Mapping[str, Any], default: Order
    ) -> tuple[Page[M], dict[str, Any]]:
        """The page that a body asks for, and what tells of the next one; raises Invalid."""
        paging = given.get("paging", {})
        condition, order = where(given, columns), _order(given, columns, default)
        asked = json.dumps(given.get("filter", {}), sort_keys=True, default=str)
        try:
            found = page(
                rows.filter(condition),
                order=order,
                size=paging.get("pageSize") or PAGE_SIZE,
                token=paging.get("pageToken", ""),
                binding=f"{self.request.path}?{given.get('projectId', '')}{asked}",
            )
        except BadPageToken as fault:
            raise Invalid({"paging.pageToken": str(fault)}) from None
        return found, {"paging": {"nextPageToken": found.next}} if found.next else {}

    def needed(self, given: Mapping[str, Any], key: str) -> str:
        """A field that the body has to have; raises Invalid."""
        if not given.get(key):
            raise Invalid({key: "Give one."})
        return str(given[key])


def where(given: Mapping[str, Any], columns: Columns) -> Q:
    """The condition that the filter of a body states; raises Invalid."""
    clauses = given.get("filter", {}).get("query", {}).get("clause", [])
    if len(clauses) > 1:
        raise Invalid({"filter": "There is at most one clause."})
    constraints = clauses[0].get("propertyConstraint", []) if clauses else []
    return Q(*(_condition(each, columns) for each in constraints))


def _condition(constraint: Mapping[str, Any], columns: Columns) -> Q:
    column = _known(constraint, columns, "filter")
    operator = constraint.get("operator", "EQUAL_TO")
    values = constraint.get("values", []) if operator == "IN_LIST" else [constraint.get("value", {})]
    try:
        read = [column.read(each) for each in values]
    except ValueError as fault:
        raise Invalid({"filter": f"{constraint['property']['field']}: {fault}."}) from None
    match operator:
        case "IN_LIST":
            return Q(**{f"{column.path}__in": read})
        case "NOT_EQUAL_TO":
            return ~Q(**{column.path: read[0]})
        case "CONTAINS" | "ICONTAINS" if column.read is text:
            return Q(IContains(F(column.path), read[0]))
        case "EQUAL_TO":
            return Q(**{column.path: read[0]})
        case _ if operator in _LOOKUPS:
            return Q(**{f"{column.path}__{_LOOKUPS[operator]}": read[0]})
    raise Invalid({"filter": f"{operator} does not go with {constraint['property']['field']}."})


def _order(given: Mapping[str, Any], columns: Columns, default: Order) -> Order:
    wanted: dict[str, str] = {}
    for each in given.get("sorting", {}).get("property", []):
        path = _known(each, columns, "sorting").path
        wanted.setdefault(path, f"-{path}" if each.get("order") == "DESCENDING" else path)
    return Order(tuple(wanted.values())) if wanted else default


def _known(given: Mapping[str, Any], columns: Columns, place: str) -> Column:
    name = given.get("property", {}).get("field", "")
    if name not in columns:
        raise Invalid({place: f"There is no field {name[:60]!r} here; the fields are {', '.join(columns)}."})
    return columns[name]
