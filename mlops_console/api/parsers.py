"""Request bodies: JSON from programs, and the plain forms of the browsable API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any, Final

from rest_framework.exceptions import ParseError
from rest_framework.parsers import FormParser, JSONParser

BODY_MAX: Final = 4 * 1024 * 1024
CONTENT: Final = "_content"


class JsonBody(JSONParser):
    """JSON of at most 4 MiB."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """What the text says; raises ParseError."""
        raw = stream.read(BODY_MAX + 1)
        if len(raw) > BODY_MAX:
            raise ParseError(f"The body is longer than {BODY_MAX:,} bytes.")
        if not raw.strip():
            return {}
        try:
            return super().parse(BytesIO(raw), media_type, parser_context)
        except RecursionError:
            raise ParseError("The body is nested too deeply.") from None


class PlainForm(FormParser):
    """A form of the browsable API: a JSON text in one field, or one field for each key."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The JSON body that the form stands for; raises ParseError."""
        fields = super().parse(stream, media_type, parser_context)
        if CONTENT not in fields:
            return {name: value for name, value in fields.items() if value and not name.startswith(("_", "?"))}
        try:
            return json.loads(fields[CONTENT] or "{}")
        except (ValueError, RecursionError) as fault:
            raise ParseError(f"The content is no JSON: {fault}") from None
