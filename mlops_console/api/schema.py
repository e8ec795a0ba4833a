"""How the API describes itself as OpenAPI: what the views have in common is said here once."""

from __future__ import annotations

import inspect
import re
from typing import Any, Final

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, inline_serializer
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer

from mlops_console.api.converters import UidConverter
from mlops_console.api.fields import Wire
from mlops_console.api.parsers import JsonBody
from mlops_console.api.shapes import ErrorShape

FILTER: Final = OpenApiParameter(
    "filter",
    description=(
        "Conditions such as `display_name:'mojo' AND state = ACTIVE`; "
        "operators `=` `!=` `<` `<=` `>` `>=` `in` and `:` for contains; "
        "one of AND and OR on a level, parentheses for the next. docs/api.md lists the fields."
    ),
)
LIST_PARAMETERS: Final = [
    FILTER,
    OpenApiParameter("orderBy", description="Fields separated by commas, each with ` desc` where it goes downwards."),
    OpenApiParameter("pageSize", int, description="1 to 1000 rows; 50 where it is not given."),
    OpenApiParameter("pageToken", description="`nextPageToken` of the page before; filter and order must be the same."),
]
IF_MATCH: Final = OpenApiParameter(
    "If-Match",
    location=OpenApiParameter.HEADER,
    description="The ETag of the row as the caller last saw it; a stale one is answered 409.",
)
ETAG: Final = OpenApiParameter(
    "ETag", location=OpenApiParameter.HEADER, response=[200], description="The row as it is now, for `If-Match`."
)
DRY_RUN: Final = OpenApiParameter(
    "dryRun", bool, description="true: say what would change and whom it affects, and change nothing."
)


def changing(**fields: Any) -> list[OpenApiExample]:
    """The example of an update that changes some fields and leaves the others alone."""
    return [OpenApiExample("A change of what it names", fields, request_only=True)]


def update_mask(paths: Any) -> OpenApiParameter:
    """The parameter that says which fields an update changes."""
    return OpenApiParameter(
        "updateMask",
        description=(
            f"Some of {', '.join(paths)}, separated by commas; a field that the body says nothing about is cleared. "
            "Not given: whatever the body holds is changed."
        ),
    )


def holding(name: str, **fields: Any) -> Any:
    """An answer that holds a few named things."""
    return inline_serializer(name, fields)


def page_of(name: str, key: str, shape: type[Wire]) -> Any:
    """The answer of a list."""
    return holding(
        name,
        **{key: shape(many=True)},
        nextPageToken=serializers.CharField(allow_blank=True, help_text="Empty on the last page."),
    )


COUNT: Final = holding("Count", count=serializers.CharField(help_text="An int64, and therefore a text."))
NOTHING: Final = OpenApiResponse(OpenApiTypes.OBJECT, description="An empty object.")


# What stands in the braces of a path.
_PATH: Final = {
    "workspace": "Id of a workspace.",
    "user": "Id of a user, or `system` for the console itself.",
    "runtime": "Id of a runtime of the workspace, or of one that it inherits from `global`.",
    "image": "Id of a runtime image of the workspace, or of one that it inherits from `global`.",
    "version": "A semantic version; a leading `v` is optional.",
    "deployment": "Id of a deployment of the workspace.",
    "experiment": "Id of an experiment of the workspace.",
    "rollout": "Number of a rollout.",
}
_IN_BRACES: Final = re.compile(r"{(\w+)}")


class ConsoleSchema(AutoSchema):
    """Words and ids from the views, and the errors that every operation may answer with."""

    def get_summary(self) -> str:
        """The first sentence about the method."""
        told: str = getattr(self.view, "summary", "")
        return (told or _sentences(getattr(self.view, self.method.lower()))[0]).rstrip(".")

    def get_description(self) -> str:  # type: ignore[override] # as its base does
        """What else there is to say about the method, and what its view stands for."""
        told = getattr(self.view, self.method.lower())
        if hasattr(self.view, "summary"):
            return inspect.getdoc(told) or ""
        about = inspect.getdoc(type(self.view)) if self.method == "GET" else ""
        return " ".join(filter(None, (_sentences(told)[1], about)))

    def get_override_parameters(self) -> list[Any]:
        """The parts of the path, in words."""
        names = _IN_BRACES.findall(self.path)
        told = dict(_PATH)
        if names == ["workspace"] and self.get_operation_id().startswith(("list", "count")):
            told["workspace"] += " `-` stands for all of them, for platform admins only."
        pattern = f"^{UidConverter.regex}$"
        return [
            OpenApiParameter(name, location=OpenApiParameter.PATH, description=told.get(name, ""), pattern=pattern)
            for name in names
        ]

    def get_operation_id(self) -> str:
        """The word that the view has for its method."""
        operations: dict[str, str] = getattr(self.view, "operations", {})
        return operations.get(self.method, "") or super().get_operation_id()

    def get_tags(self) -> list[str]:
        """The section of the docs that the view belongs to."""
        tag: str = getattr(self.view, "tag", "")
        return [tag] if tag else super().get_tags()

    def map_parsers(self) -> list[str]:
        """What programs send; the forms of the browsable API are its own affair."""
        return [JsonBody.media_type]

    def map_renderers(self, attribute: str) -> list[str]:
        """What programs are sent; so are its pages."""
        return [getattr(JSONRenderer, attribute)]

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        """An object of the wire, in which whatever may be null is absent then, and therefore not required."""
        schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        known = schema.get("properties", {})
        if required := [name for name in schema.pop("required", ()) if not known[name].get("nullable")]:
            schema["required"] = required
        return schema

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        """What the view says, and an error for each status that its method may have."""
        known: Any = self.get_response_serializers()
        answers: dict[Any, Any] = dict(known) if isinstance(known, dict) else {200: known}
        refused = {400: "The request is wrong.", 401: "No token, or none that opens a door.", 403: "Not allowed."}
        refused |= {404: "There is no such thing, or none that the caller may know of.", 406: "Only JSON and HTML."}
        if self.method != "GET":
            refused |= {409: "The rules, or somebody else's change, say no.", 415: "The body is no JSON."}
        answers |= {status: OpenApiResponse(ErrorShape, description=text) for status, text in refused.items()}
        return {
            str(status): self._get_response_for_code(shape, str(status), direction=direction)  # type: ignore[no-untyped-call]
            for status, shape in answers.items()
        }


def _sentences(told: object) -> tuple[str, str]:
    """The first sentence of a docstring, and the rest."""
    first, stop, rest = " ".join((inspect.getdoc(told) or "").split()).partition(". ")
    return first + stop.strip(), rest
