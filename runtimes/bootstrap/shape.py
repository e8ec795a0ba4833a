"""The keys that a values file may have in our sections, and the type of each."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from itertools import islice
from typing import Annotated, Any, Final, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Strict, ValidationError
from pydantic.alias_generators import to_camel

from runtimes.bootstrap.faults import Faults, Path
from runtimes.rules.lifecycle import State
from runtimes.rules.names import quoted

# Every key may be left out or left empty here: what is required is a rule, and rules are told field by field.
Text: TypeAlias = str | None


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=to_camel)


class ImagePart(_Shape):
    """Where a version's container image is pulled from."""

    registry: Text = None
    repository: Text = None
    tag: Text = None


class StatefulEntry(_Shape):
    """The state of anything, and why."""

    state: Annotated[State | None, Strict(False)] = None
    state_reason: Text = None


class VersionEntry(StatefulEntry):
    """One of `runtimeImages.<id>.versions`."""

    image: dict[str, Any] | None = None
    version: Text = None
    readiness_probe_path: Text = None
    architectures: list[str] | None = None


class ImageEntry(StatefulEntry):
    """One of `runtimeImages`."""

    display_name: Text = None
    description: Text = None
    versions: list[Any] | None = None


class RuntimeEntry(StatefulEntry):
    """One of `runtimes`."""

    display_name: Text = None
    description: Text = None
    model_type: Text = None
    runtime_image: Text = None
    environment_variables: dict[str, str] | None = None
    data_volume_read_only: bool | None = None
    volumes: list[dict[str, Any]] | None = None
    security_context: dict[str, Any] | None = None
    selector: dict[str, str] | None = None
    scoring_endpoint: Text = None


S = TypeVar("S", bound=_Shape)

CHOICES_MAX: Final = 20
_EXPECTED: Final = {
    "string_type": "text",
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "list_type": "a list",
}
_KINDS: Final[dict[type, str]] = {
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "a mapping",
}


def shaped(shape: type[S], value: Any, path: Path, faults: Faults) -> S | None:
    """The value as a shape, faulty fields left out after noting them, or None when it is no mapping."""
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False)
    known = [field.alias or name for name, field in shape.model_fields.items()]
    for each in details:
        if each["type"] == "extra_forbidden":
            sentence = f"This key is not known. {choices(str(each['loc'][0]), known)}"
        else:
            sentence = _sentence(each["type"], each["input"])
        faults.add((*path, *each["loc"]), sentence)
    if not isinstance(value, dict):
        return None
    faulty = {each["loc"][0] for each in details}
    return shape.model_validate({key: part for key, part in value.items() if key not in faulty})


def choices(given: str, known: Collection[str]) -> str:
    """Sentences that say what there is and what could have been meant."""
    if not known:
        return "There are none."
    close = difflib.get_close_matches(given[:100], known, n=1)
    meant = f"Did you mean {quoted(close[0])}? " if close else ""
    more = f" and {len(known) - CHOICES_MAX} more" if len(known) > CHOICES_MAX else ""
    return f"{meant}Known are {', '.join(quoted(each) for each in islice(known, CHOICES_MAX))}{more}."


def _sentence(kind: str, value: Any) -> str:
    if kind == "enum":
        return f"This must be one of {', '.join(State)}."
    cure = "; put it in quotes" if kind == "string_type" and isinstance(value, bool | int | float) else ""
    return f"This must be {_EXPECTED[kind]}, not {kind_of(value)}{cure}."


def kind_of(value: Any) -> str:
    """What a value read from YAML is, in words and not quoted: it may be a secret."""
    if value is None:
        return "nothing"
    return _KINDS[type(value)]
