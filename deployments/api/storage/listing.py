"""How the lists of the storage service are narrowed, ordered and paged, in their requests."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from mlops_console.api.fields import Flag, Int64, Text, Wire, optional

OPERATORS = [
    "OPERATOR_UNSPECIFIED",
    "EQUAL_TO",
    "NOT_EQUAL_TO",
    "LESS_THAN",
    "LESS_OR_EQUAL_TO",
    "GREATER_THAN",
    "GREATER_OR_EQUAL_TO",
    "CONTAINS",
    "ICONTAINS",
    "IN_LIST",
]
ORDERS = ["ASCENDING", "DESCENDING"]


@extend_schema_serializer(component_name="StorageValue")
class ValueShape(Wire):
    """A value of one sort."""

    stringValue = optional(Text)
    int64Value = optional(Int64)
    doubleValue = optional(serializers.FloatField)
    boolValue = optional(Flag)
    timestampValue = optional(Text, help_text="An instant with its zone.")
    jsonValue = optional(Text, help_text="A JSON text.")
    idValue = optional(Text)


class PropertyInput(Wire):
    """A field of what is listed."""

    field = optional(Text)


class ConstraintInput(Wire):
    """What a field has to be."""

    property = optional(PropertyInput)
    operator = optional(serializers.ChoiceField, choices=OPERATORS)
    value = optional(ValueShape)
    values = optional(serializers.ListField, child=ValueShape(), help_text="For IN_LIST.")


class ClauseInput(Wire):
    """Constraints that all have to hold."""

    propertyConstraint = optional(serializers.ListField, child=ConstraintInput())


class QueryInput(Wire):
    """Clauses, one of which has to hold."""

    clause = optional(serializers.ListField, child=ClauseInput())


class FilterInput(Wire):
    """What a list is narrowed by."""

    query = optional(QueryInput)


class SortInput(Wire):
    """A field to order by."""

    property = optional(PropertyInput)
    order = optional(serializers.ChoiceField, choices=ORDERS)


class SortingInput(Wire):
    """What a list is ordered by."""

    property = optional(serializers.ListField, child=SortInput())


class PagingInput(Wire):
    """Which page of a list is wanted."""

    pageSize = optional(serializers.IntegerField, min_value=0, max_value=1000, help_text="50 where it is 0.")
    pageToken = optional(Text)


class Narrowed(Wire):
    """What lists and counts share."""

    filter = optional(FilterInput)


class Listed(Narrowed):
    """What lists share."""

    sorting = optional(SortingInput)
    paging = optional(PagingInput)
