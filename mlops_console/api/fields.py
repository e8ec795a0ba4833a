"""Fields that take what protobuf's JSON takes and nothing else: a text is no number, and null is as good as absent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


class Text(serializers.CharField):
    """A text, taken as it is; what it may hold is for the rules to say."""

    default_error_messages = {"invalid": "Give a text."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"allow_blank": True, "trim_whitespace": False} | kwargs)

    def to_internal_value(self, data: Any) -> str:
        """The text; numbers and booleans are no texts."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Flag(serializers.BooleanField):
    """true or false, and no word that looks like one."""

    default_error_messages = {"invalid": "Say true or false."}

    def to_internal_value(self, data: Any) -> bool:
        """The boolean."""
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


@extend_schema_field({"type": "string", "format": "int64"})
class Int64(serializers.Field[Any, Any, str, Any]):
    """A whole number, written as a text so that no reader rounds it; a JSON number is understood too."""

    default_error_messages = {"invalid": "Give a whole number."}

    def to_internal_value(self, data: Any) -> Any:
        """The number as it was given; its range is for the rules to say."""
        if isinstance(data, bool) or not isinstance(data, str | int):
            self.fail("invalid")
        return data

    def to_representation(self, value: Any) -> str:
        """The digits."""
        return str(value)


class TextMap(serializers.DictField):
    """Keys with text values."""

    child = Text()
    default_error_messages = {
        "not_a_dict": "Give an object with text values.",
        "key": "A key holds NUL or half a surrogate pair.",
    }

    def to_internal_value(self, data: Any) -> dict[str, str]:
        """The map, its keys checked like its values."""
        if isinstance(data, Mapping) and any("\x00" in key or not _encodable(key) for key in data):
            self.fail("key")
        return super().to_internal_value(data)


class Wire(serializers.Serializer[Any]):
    """An object of the wire: unknown keys are dropped, and so is whatever is null, both ways."""

    default_error_messages = {"invalid": "Give a JSON object."}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """What was given of the known fields."""
        found = super().to_internal_value(data)
        return {key: value for key, value in found.items() if value is not None}

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """What there is to say of each field."""
        found = super().to_representation(instance)
        return {key: value for key, value in found.items() if value is not None}


def optional(field: type[serializers.Field[Any, Any, Any, Any]], **kwargs: Any) -> Any:
    """A field of a request that may be absent or null."""
    return field(required=False, allow_null=True, **kwargs)


def _encodable(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)
