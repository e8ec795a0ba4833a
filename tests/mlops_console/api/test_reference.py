"""An OpenAPI document as people read it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client

from mlops_console.api.reference import Answer, Field, Reference, Type, read
from mlops_console.api.views.docs import reference
from tests.cast import Cast


def document(**changes: Any) -> dict[str, Any]:
    """A document of one operation, changed a little."""
    operation = {
        "operationId": "createThing",
        "summary": "Make a thing",
        "description": "With `colour`.",
        "tags": ["Things"],
        "parameters": [
            {"name": "If-Match", "in": "header", "schema": {"type": "string"}},
            {
                "name": "size",
                "in": "query",
                "schema": {"type": "integer", "format": "int32"},
                "description": "How big.",
            },
            {"name": "part", "in": "path", "required": True, "schema": {"type": "string"}},
            {"name": "thing", "in": "path", "required": True, "schema": {"type": "string", "enum": ["a", "b"]}},
        ],
        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
        "responses": {
            "404": {"description": "None.", "content": {"application/json": {"schema": {"type": "object"}}}},
            "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
        },
    }
    schemas = {
        "Thing": {
            "type": "object",
            "description": "A thing.",
            "required": ["name"],
            "properties": {
                "name": {"type": "string", "description": "What it is called."},
                "madeAt": {"type": "string", "format": "date-time"},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
                "byName": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Thing"}},
                "lists": {"type": "array", "items": {"type": "array", "items": {"type": "boolean"}}},
                "colour": {
                    "allOf": [{"$ref": "#/components/schemas/Colour"}],
                    "description": "Its paint.\n\n* `RED` - Red\n* `BLUE` - Blue",
                },
                "whatever": {},
            },
        },
        "Colour": {"type": "string", "enum": ["RED", "BLUE"], "description": "* `RED` - Red\n* `BLUE` - Blue"},
    }
    return {
        "info": {"title": "Things", "version": "1", "description": "All about things."},
        "paths": {"/things/{thing}/{part}": {"post": operation | changes}},
        "components": {"schemas": schemas},
    }


def test_an_operation() -> None:
    told = read(document())
    (section,) = told.sections
    (operation,) = section.operations
    assert (section.title, section.anchor) == ("Things", "section-things")
    assert (operation.id, operation.method, operation.path) == ("createThing", "POST", "/things/{thing}/{part}")
    assert operation.summary == "Make a thing"
    assert operation.text == "With <code>colour</code>."
    assert operation.body == "Thing"
    assert [field.name for field in operation.fields][:2] == ["name", "madeAt"]


def test_parameters_come_in_the_order_in_which_they_are_written() -> None:
    parameters = read(document()).sections[0].operations[0].parameters
    assert [(each.name, each.place, each.required) for each in parameters] == [
        ("thing", "path", True),
        ("part", "path", True),
        ("size", "query", False),
        ("If-Match", "header", False),
    ]
    assert parameters[0].choices == ("a", "b")
    assert parameters[2].type == Type("integer (int32)")


def test_types_are_words_that_may_end_in_a_schema() -> None:
    thing, colour = read(document()).schemas
    assert {field.name: field.type for field in thing.fields} == {
        "name": Type("string"),
        "madeAt": Type("string (date-time)"),
        "labels": Type("map of string"),
        "parts": Type("list of", "Thing"),
        "byName": Type("map of", "Thing"),
        "lists": Type("list of list of boolean"),
        "colour": Type("", "Colour"),
        "whatever": Type("anything"),
    }
    assert thing.fields[0] == Field("What it is called.", "name", Type("string"), required=True)
    assert colour.choices == ("RED", "BLUE")


def test_what_only_repeats_the_choices_is_left_out() -> None:
    thing, colour = read(document()).schemas
    assert colour.description == ""
    assert next(field for field in thing.fields if field.name == "colour").description == "Its paint."


def test_answers_come_by_status() -> None:
    operation = read(document()).sections[0].operations[0]
    (success,) = operation.successes
    assert (success.status, success.schema, success.fields[0].name) == ("200", "Thing", "name")
    assert operation.refusals == [Answer("None.", "404", "", ())]


@pytest.mark.parametrize(
    ("body", "example"),
    [
        ({"examples": {"One": {"value": {"a": "é"}}, "Two": {"value": {}}}}, {"a": "é"}),
        ({"examples": {"Elsewhere": {"externalValue": "http://x"}}}, None),
        ({}, None),
    ],
)
def test_the_first_example(body: dict[str, Any], example: object) -> None:
    told = read(document(requestBody={"content": {"application/json": body}}))
    found = told.sections[0].operations[0].example
    assert (json.loads(found) if found else None) == example
    assert "\\u" not in found


def test_what_is_not_said_is_not_made_up() -> None:
    told = read({"info": {"title": "", "version": ""}, "paths": {"/": {"get": {"operationId": "x", "responses": {}}}}})
    (operation,) = told.sections[0].operations
    assert told.sections[0].title == "Other"
    assert (operation.summary, operation.parameters, operation.fields, operation.answers) == ("", (), (), ())


@pytest.fixture(scope="module")
def ours() -> Reference:
    return reference()


class TestOurs:
    def test_every_operation_is_told(self, ours: Reference) -> None:
        for section in ours.sections:
            for operation in section.operations:
                assert operation.summary, operation.id
                assert all(each.description for each in operation.parameters), operation.id
                assert [answer.status for answer in operation.successes] == ["200"], operation.id
                if operation.method in ("POST", "PATCH"):
                    assert operation.fields, operation.id

    def test_whatever_takes_a_body_has_an_example(self, ours: Reference) -> None:
        takes = [each for section in ours.sections for each in section.operations if each.body]
        assert len(takes) > 10
        assert all(json.loads(operation.example) for operation in takes)

    def test_states_are_choices(self, ours: Reference) -> None:
        state = next(schema for schema in ours.schemas if schema.name == "State")
        assert state.choices == ("ACTIVE", "DEPRECATED", "DISABLED")


@pytest.mark.django_db
class TestPage:
    def test_every_anchor_is_there(self, cast: Cast) -> None:
        html = cast.client("stranger").get("/api/docs/").content.decode()
        ids = re.findall(r' id="([^"]+)"', html)
        assert len(ids) == len(set(ids))
        assert set(re.findall(r'href="#([^"]+)"', html)) <= set(ids)
        assert "/api/runtime/v1/workspaces/{workspace}/runtimes/{runtime}:deprecate" in html.replace("<wbr>", "")
        assert "curl -H &quot;Authorization: Bearer $TOKEN&quot; http://testserver/api/me" in html.replace(
            '"', "&quot;"
        )

    def test_one_signs_in_first(self, cast: Cast) -> None:
        assert Client().get("/api/docs/")["Location"] == "/accounts/login/?next=/api/docs/"

    @pytest.mark.parametrize(("wanted", "begins"), [("json", b"{"), ("yaml", b"openapi: 3.")])
    def test_the_document_itself(self, cast: Cast, wanted: str, begins: bytes) -> None:
        answer = cast.client("stranger").get(f"/api/schema/?format={wanted}")
        assert answer.status_code == 200
        assert answer.content.startswith(begins)
