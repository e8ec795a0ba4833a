"""The OpenAPI document shaped for reading: sections, operations, fields."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.safestring import SafeString

from mlops_console.api.markup import prose

_METHODS: Final = ("get", "post", "put", "patch", "delete")
_PLACES: Final = {"path": 0, "query": 1, "header": 2}
_REF: Final = "#/components/schemas/"
_CHOICES: Final = re.compile(r"(?:^|\n\n)\* `.*", re.DOTALL)

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Type:
    """What a value is: words, and the schema that they end with, if it is one of its own."""

    words: str
    schema: str = ""


@dataclass(frozen=True)
class Described:
    """Whatever the document says a sentence about."""

    description: str

    @property
    def text(self) -> SafeString:
        """The sentence with its code marked."""
        return prose(self.description)


@dataclass(frozen=True)
class Field(Described):
    """One field of an object."""

    name: str
    type: Type
    required: bool
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parameter(Field):
    """One parameter of an operation; `place` is path, query or header."""

    place: str = "query"


@dataclass(frozen=True)
class Answer(Described):
    """What one status means, and the schema of its body."""

    status: str
    schema: str
    fields: tuple[Field, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the request was carried out."""
        return self.status.startswith("2")


@dataclass(frozen=True)
class Operation(Described):
    """One method of one path."""

    id: str
    method: str
    path: str
    summary: str
    parameters: tuple[Parameter, ...]
    body: str
    fields: tuple[Field, ...]
    example: str
    answers: tuple[Answer, ...]

    @property
    def successes(self) -> list[Answer]:
        """What it answers when all is well."""
        return [answer for answer in self.answers if answer.ok]

    @property
    def refusals(self) -> list[Answer]:
        """What it answers otherwise."""
        return [answer for answer in self.answers if not answer.ok]


@dataclass(frozen=True)
class Section:
    """The operations that share a tag."""

    title: str
    operations: list[Operation] = field(default_factory=list)

    @property
    def anchor(self) -> str:
        """Its place on the page."""
        return "section-" + self.title.lower().replace(" ", "-")


@dataclass(frozen=True)
class Schema(Described):
    """One named schema: an object with fields, or a choice of words."""

    name: str
    fields: tuple[Field, ...]
    choices: tuple[str, ...]


@dataclass(frozen=True)
class Reference:
    """A whole API."""

    title: str
    version: str
    description: str
    sections: tuple[Section, ...]
    schemas: tuple[Schema, ...]


def read(document: Json) -> Reference:
    """The reference of an OpenAPI 3.0 document."""
    known: Json = document.get("components", {}).get("schemas", {})
    sections: dict[str, Section] = {}
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods:
                told = methods[method]
                title = (told.get("tags") or ["Other"])[0]
                sections.setdefault(title, Section(title)).operations.append(_operation(method, path, told, known))
    info = document["info"]
    return Reference(
        title=info["title"],
        version=info["version"],
        description=info.get("description", ""),
        sections=tuple(sections.values()),
        schemas=tuple(_schema(name, told) for name, told in known.items()),
    )


def _operation(method: str, path: str, told: Json, known: Json) -> Operation:
    body = told.get("requestBody", {}).get("content", {}).get("application/json", {})
    return Operation(
        id=told["operationId"],
        method=method.upper(),
        path=path,
        summary=told.get("summary", ""),
        description=told.get("description", ""),
        parameters=_parameters(path, told),
        body=_name(body.get("schema", {})),
        fields=_fields(_resolved(body.get("schema", {}), known)),
        example=_example(body),
        answers=tuple(_answer(status, answer, known) for status, answer in sorted(told["responses"].items())),
    )


def _parameters(path: str, told: Json) -> tuple[Parameter, ...]:
    """The parameters in the order of the path, then those of the query and the headers."""
    found = map(_parameter, told.get("parameters", []))
    return tuple(sorted(found, key=lambda each: (_PLACES[each.place], path.find(f"{{{each.name}}}"))))


def _parameter(told: Json) -> Parameter:
    return Parameter(
        name=told["name"],
        type=_type(told.get("schema", {})),
        required=told.get("required", False),
        description=told.get("description", ""),
        choices=_choices(told.get("schema", {})),
        place=told["in"],
    )


def _answer(status: str, told: Json, known: Json) -> Answer:
    schema = told.get("content", {}).get("application/json", {}).get("schema", {})
    return Answer(told.get("description", ""), status, _name(schema), _fields(_resolved(schema, known)))


def _schema(name: str, told: Json) -> Schema:
    return Schema(_description(told), name, _fields(told), _choices(told))


def _fields(schema: Json) -> tuple[Field, ...]:
    required = schema.get("required", ())
    return tuple(
        Field(_description(told), name, _type(told), name in required, _choices(told))
        for name, told in schema.get("properties", {}).items()
    )


def _type(schema: Json) -> Type:
    if name := _name(schema):
        return Type("", name)
    match schema.get("type"):
        case "array":
            inner = _type(schema.get("items", {}))
            return Type(f"list of {inner.words}".rstrip(), inner.schema)
        case "object" if schema.get("additionalProperties"):
            inner = _type(schema["additionalProperties"])
            return Type(f"map of {inner.words}".rstrip(), inner.schema)
        case str(word):
            return Type(f"{word} ({schema['format']})" if "format" in schema else word)
    return Type("anything")


def _choices(schema: Json) -> tuple[str, ...]:
    return tuple(str(choice) for choice in schema.get("enum", ()))


def _description(told: Json) -> str:
    """What is said about something, without the list of its choices that drf-spectacular adds."""
    return _CHOICES.sub("", told.get("description", ""))


def _name(schema: Json) -> str:
    """The named schema that this one is, which drf-spectacular wraps into `allOf` to say more about it."""
    return next((each["$ref"].removeprefix(_REF) for each in _wrapped(schema) if "$ref" in each), "")


def _wrapped(schema: Json) -> Iterator[Json]:
    yield schema
    if len(schema.get("allOf", ())) == 1:
        yield schema["allOf"][0]


def _resolved(schema: Json, known: Json) -> Json:
    found: Json = known.get(_name(schema), schema)
    return found


def _example(body: Json) -> str:
    values = [each["value"] for each in body.get("examples", {}).values() if "value" in each]
    return json.dumps(values[0], indent=2, ensure_ascii=False) if values else ""
